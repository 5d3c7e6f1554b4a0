/* rule_issues.h - all that is wrong with one rule file, each with its line and column, and how a
 * person is shown it: under the line it stands in, with a caret. Spec: docs/rule-language.md,
 * "Errors".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct text;

#define RULE_ISSUES_MAX 100 /* what comes after is counted only */

struct rule_issue {
    unsigned line, column; /* from 1; columns count code points */
    char *message;         /* owned; one line of UTF-8 */
};

struct rule_issues {
    size_t count; /* of all; the first RULE_ISSUES_MAX that were found stand in items */
    struct rule_issue items[RULE_ISSUES_MAX];
    bool no_memory; /* the file is not to blame */
};

/* Returns -1. */
int rule_issues_add(struct rule_issues *issues, unsigned line, unsigned column, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
/* What 'err' says, ":line:column: message" or a message about the line and column given. */
int rule_issues_take(struct rule_issues *issues, unsigned line, unsigned column,
                     const struct error *err);
int rule_issues_no_memory(struct rule_issues *issues);
bool rule_issues_full(const struct rule_issues *issues);
size_t rule_issues_kept(const struct rule_issues *issues); /* how many stand in items */
void rule_issues_sort(struct rule_issues *issues);         /* by line, then column */
void rule_issues_clear(struct rule_issues *issues);        /* frees */

/* The first as "name:line:column: message (and 2 more)", code ERROR_INVALID; for want of memory
 * ERROR_UNAVAILABLE. Returns -1. */
int rule_issues_error(const struct rule_issues *issues, const char *name, struct error *err);
/* Each as "name:line:column: message", the line of 'bytes' below it and a caret below its column.
 * Control characters of the file are not shown. */
void rule_issues_write(const struct rule_issues *issues, const char *name, const char *bytes,
                       size_t length, struct text *out);
