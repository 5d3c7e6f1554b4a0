/* json_scan.h - the first steps of who goes through JSON by hand, for want of time for a tree:
 * white space, and one character of the syntax (RFC 8259, section 2).
 */
#pragma once

#include <stdbool.h>

struct json_scan {
    const char *at, *end; /* 'at' never goes beyond 'end' */
};

static inline void json_scan_space(struct json_scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
}

/* 'c' behind white space; false: something else, which is left. */
static inline bool json_scan_take(struct json_scan *scan, char c)
{
    json_scan_space(scan);
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}
