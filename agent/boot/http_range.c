/* Reading Range and If-None-Match. */
#include "agent/boot/http_range.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Digits at *at, saturating; false when there are none. */
static bool read_number(const char **at, uint64_t *ret)
{
    uint64_t value = 0;
    const char *from = *at;

    for (; isdigit((unsigned char)**at); (*at)++)
        value = value > (UINT64_MAX - 9) / 10 ? UINT64_MAX : value * 10 + (uint64_t)(**at - '0');
    *ret = value;
    return *at != from;
}

enum http_range http_range_read(const char *header, uint64_t size, uint64_t *ret_offset,
                                uint64_t *ret_length)
{
    uint64_t first, last = UINT64_MAX;
    bool has_first, has_last;
    const char *at;

    *ret_offset = 0;
    *ret_length = size;
    if (!header || strncasecmp(header, "bytes=", 6) != 0)
        return HTTP_RANGE_WHOLE;
    at = header + 6;
    has_first = read_number(&at, &first);
    if (*at++ != '-')
        return HTTP_RANGE_WHOLE;
    has_last = read_number(&at, &last);
    if (*at || (!has_first && !has_last) || (has_first && has_last && last < first))
        return HTTP_RANGE_WHOLE;
    if (!has_last)
        last = UINT64_MAX;
    if (!has_first) { /* the last so many bytes */
        first = last < size ? size - last : 0;
        if (last == 0)
            first = size;
        last = UINT64_MAX;
    }
    if (first >= size)
        return HTTP_RANGE_UNSATISFIABLE;
    *ret_offset = first;
    *ret_length = (last >= size ? size - 1 : last) - first + 1;
    return HTTP_RANGE_PART;
}

bool http_etag_listed(const char *header, const char *etag)
{
    size_t length = strlen(etag);

    if (!header)
        return false;
    while (*header) {
        header += strspn(header, " \t,");
        if (header[0] == '*')
            return true;
        if (strncmp(header, "W/", 2) == 0) /* weak comparison is enough here */
            header += 2;
        if (strncmp(header, etag, length) == 0 && strchr(", \t", header[length]))
            return true;
        header += strcspn(header, ",");
    }
    return false;
}
