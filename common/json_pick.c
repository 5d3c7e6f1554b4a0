/* json_pick.c - see json_pick.h. Invariant: 'at' never goes beyond 'end'; a string is left behind
 * its closing quote, a value behind its last byte.
 */
#include "common/json_pick.h"

#include <stdbool.h>
#include <string.h>

#include "common/json_scan.h"
#include "common/text.h"

struct part {
    const char *bytes;
    size_t length;
};

/* At the opening quote. A quote behind an odd number of backslashes is none. */
static bool skip_string(struct json_scan *scan)
{
    const char *first = scan->at + 1, *quote = first;

    while ((quote = memchr(quote, '"', (size_t)(scan->end - quote)))) {
        const char *back = quote;

        while (back > first && back[-1] == '\\')
            back--;
        if ((quote - back) % 2 == 0) {
            scan->at = quote + 1;
            return true;
        }
        quote++;
    }
    return false;
}

static bool skip_nested(struct json_scan *scan)
{
    size_t depth = 0;

    do {
        switch (*scan->at) {
        case '"':
            if (!skip_string(scan))
                return false;
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            depth--;
            break;
        default:
            break;
        }
        scan->at++;
    } while (depth > 0 && scan->at < scan->end);
    return depth == 0;
}

static bool skip_value(struct json_scan *scan)
{
    const char *begin = scan->at;

    if (scan->at == scan->end)
        return false;
    if (*scan->at == '"')
        return skip_string(scan);
    if (*scan->at == '{' || *scan->at == '[')
        return skip_nested(scan);
    while (scan->at < scan->end && !memchr(",}] \n\r\t", *scan->at, 8))
        scan->at++;
    return scan->at > begin;
}

/* 1: a member; 0: the object is over; -1. 'first' is false from the second one on. */
static int next_member(struct json_scan *scan, bool first, struct part *ret_name,
                       struct part *ret_value)
{
    const char *begin;

    if (json_scan_take(scan, '}'))
        return 0;
    if (!first && !json_scan_take(scan, ','))
        return -1;
    json_scan_space(scan);
    begin = scan->at;
    if (begin == scan->end || *begin != '"' || !skip_string(scan))
        return -1;
    *ret_name = (struct part){begin + 1, (size_t)(scan->at - begin) - 2};
    if (memchr(ret_name->bytes, '\\', ret_name->length) || !json_scan_take(scan, ':'))
        return -1;
    json_scan_space(scan);
    begin = scan->at;
    if (!skip_value(scan))
        return -1;
    *ret_value = (struct part){begin, (size_t)(scan->at - begin)};
    return 1;
}

static bool is_named(const struct part *name, const char *wanted)
{
    return strlen(wanted) == name->length && memcmp(name->bytes, wanted, name->length) == 0;
}

int json_pick_value(const char *bytes, size_t length, const char *name, const char **ret,
                    size_t *ret_length)
{
    struct json_scan scan = {bytes, bytes + length};
    struct part member, value;
    int rc = json_scan_take(&scan, '{') ? 1 : -1;

    for (bool first = true; rc > 0; first = false) {
        rc = next_member(&scan, first, &member, &value);
        if (rc > 0 && is_named(&member, name)) {
            *ret = value.bytes;
            *ret_length = value.length;
            return 1;
        }
    }
    return rc;
}

int json_pick_members(const char *bytes, size_t length, const char *const *names, size_t count,
                      struct text *out)
{
    struct json_scan scan = {bytes, bytes + length};
    size_t before = out->length, picked = 0;
    struct part member, value;
    int rc = json_scan_take(&scan, '{') ? 1 : -1;

    text_append(out, "{", 1);
    for (bool first = true; rc > 0; first = false) {
        rc = next_member(&scan, first, &member, &value);
        for (size_t i = 0; rc > 0 && i < count; i++)
            if (is_named(&member, names[i])) {
                if (picked++)
                    text_append(out, ",", 1);
                text_append(out, "\"", 1);
                text_append(out, member.bytes, member.length);
                text_append(out, "\":", 2);
                text_append(out, value.bytes, value.length);
            }
    }
    if (rc < 0 && text_ok(out)) {
        out->length = before;
        if (out->bytes)
            out->bytes[before] = '\0';
    }
    if (rc == 0)
        text_append(out, "}", 1);
    return rc;
}
