/* cel_issues.c - see cel_issues.h. */
#include "rules/cel/cel_issues.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/error.h"

static void place(struct cel_issue *issue, const char *source, size_t length)
{
    issue->line = issue->column = 1;
    for (size_t i = 0; i < length && i < issue->offset; i++) {
        if (source[i] == '\n') {
            issue->line++;
            issue->column = 1;
        } else if (((unsigned char)source[i] & 0xc0) != 0x80) { /* not inside a character */
            issue->column++;
        }
    }
}

int cel_issues_add(struct cel_issues *issues, const char *source, size_t length, uint32_t offset,
                   const char *format, ...)
{
    struct cel_issue *issue;
    va_list words;

    if (issues->count++ >= CEL_ISSUES_MAX)
        return -1;
    issue = &issues->items[issues->count - 1];
    *issue = (struct cel_issue){.offset = offset};
    place(issue, source, length);
    va_start(words, format);
    if (vasprintf(&issue->message, format, words) < 0)
        issue->message = NULL;
    va_end(words);
    return -1;
}

void cel_issues_clear(struct cel_issues *issues)
{
    for (size_t i = 0; i < issues->count && i < CEL_ISSUES_MAX; i++)
        free(issues->items[i].message);
    *issues = (struct cel_issues){0};
}

int cel_issues_error(const struct cel_issues *issues, struct error *err)
{
    const struct cel_issue *issue = issues->items;

    if (issues->count == 0)
        return error_set(err, "no reason given");
    return error_set_code(err, ERROR_INVALID, "%u:%u: %s", issue->line, issue->column,
                          issue->message ? issue->message : "out of memory");
}
