/* cel_issues.h - all that is wrong with one expression, each with its place.
 * A caller shows them under the file that the expression stands in.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;

#define CEL_ISSUES_MAX 20 /* what comes after is counted only */

struct cel_issue {
    uint32_t offset;       /* in bytes */
    unsigned line, column; /* from 1; columns count code points */
    char *message;         /* owned */
};

struct cel_issues {
    size_t count; /* of all; the first CEL_ISSUES_MAX of them stand in items */
    struct cel_issue items[CEL_ISSUES_MAX];
};

/* 'source' places the offset. Returns -1. */
int cel_issues_add(struct cel_issues *issues, const char *source, size_t length, uint32_t offset,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));
void cel_issues_clear(struct cel_issues *issues); /* frees */

/* The first of them as "line:column: message", code ERROR_INVALID. Returns -1. */
int cel_issues_error(const struct cel_issues *issues, struct error *err);
