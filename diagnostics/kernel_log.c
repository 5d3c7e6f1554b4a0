/* kernel_log.c - see kernel_log.h. */
#include "diagnostics/kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define RECORD_MAX 8192 /* the kernel's own limit for one read */

static const char *read_number(const char *at, const char *end, char stop, int64_t *ret_value)
{
    int64_t value = 0;
    const char *start = at;

    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (value > INT64_MAX / 16)
            return NULL;
        value = value * 10 + (*at - '0');
    }
    if (at == start || at == end || *at != stop)
        return NULL;
    *ret_value = value;
    return at + 1;
}

int kernel_record_parse(const char *bytes, size_t length, struct kernel_record *ret_record)
{
    const char *end = bytes + length, *at, *text;
    int64_t priority, sequence, time_us;
    size_t out = 0;

    if (!(at = read_number(bytes, end, ',', &priority)) ||
        !(at = read_number(at, end, ',', &sequence)) ||
        !(at = read_number(at, end, ',', &time_us)) ||
        !(text = memchr(at, ';', (size_t)(end - at))))
        return -1;
    ret_record->level = (unsigned)(priority & 7);
    ret_record->from_kernel = priority >> 3 == 0;
    ret_record->time_us = time_us;
    /* The text ends with its line; lines that follow are the device's own dictionary. */
    for (text++; text < end && *text != '\n' && out < sizeof(ret_record->text) - 1; text++)
        ret_record->text[out++] = *text < 0x20 || *text == 0x7f ? '?' : *text;
    ret_record->text[out] = '\0';
    return 0;
}

int kernel_log_open(void)
{
    return open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

int kernel_log_next(int fd, struct kernel_record *ret_record)
{
    char bytes[RECORD_MAX];

    for (;;) {
        ssize_t length = read(fd, bytes, sizeof(bytes));

        if (length < 0 && (errno == EPIPE || errno == EINTR))
            continue;
        if (length <= 0)
            return 0;
        if (kernel_record_parse(bytes, (size_t)length, ret_record) == 0)
            return 1;
    }
}
