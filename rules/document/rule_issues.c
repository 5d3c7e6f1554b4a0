/* rule_issues.c - see rule_issues.h. Invariant: items[0..kept) hold messages that are valid UTF-8
 * of one line, as text_show() and the parsers' own words leave them.
 */
#include "rules/document/rule_issues.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"

#define SHOWN_BEFORE 60 /* of a long line: columns in front of the caret */
#define SHOWN_MAX 100   /* and in all */

int rule_issues_add(struct rule_issues *issues, unsigned line, unsigned column, const char *format,
                    ...)
{
    struct rule_issue *issue;
    va_list words;

    if (issues->count++ >= RULE_ISSUES_MAX)
        return -1;
    issue = &issues->items[issues->count - 1];
    *issue = (struct rule_issue){.line = line, .column = column};
    va_start(words, format);
    if (vasprintf(&issue->message, format, words) < 0) {
        issue->message = NULL;
        issues->no_memory = true;
    }
    va_end(words);
    return -1;
}

int rule_issues_take(struct rule_issues *issues, unsigned line, unsigned column,
                     const struct error *err)
{
    int behind = 0;
    unsigned at_line, at_column;

    if (err->code == ERROR_UNAVAILABLE)
        return rule_issues_no_memory(issues);
    if (sscanf(err->text, ":%u:%u: %n", &at_line, &at_column, &behind) == 2 && behind > 0)
        return rule_issues_add(issues, at_line, at_column, "%s", err->text + behind);
    return rule_issues_add(issues, line, column, "%s", error_text(err));
}

int rule_issues_no_memory(struct rule_issues *issues)
{
    issues->no_memory = true;
    return -1;
}

bool rule_issues_full(const struct rule_issues *issues)
{
    return issues->count >= RULE_ISSUES_MAX;
}

size_t rule_issues_kept(const struct rule_issues *issues)
{
    return issues->count < RULE_ISSUES_MAX ? issues->count : RULE_ISSUES_MAX;
}

static int by_place(const void *left, const void *right)
{
    const struct rule_issue *a = left, *b = right;

    if (a->line != b->line)
        return a->line > b->line ? 1 : -1;
    return (a->column > b->column) - (a->column < b->column);
}

void rule_issues_sort(struct rule_issues *issues)
{
    qsort(issues->items, rule_issues_kept(issues), sizeof(issues->items[0]), by_place);
}

void rule_issues_clear(struct rule_issues *issues)
{
    for (size_t i = 0; i < rule_issues_kept(issues); i++)
        free(issues->items[i].message);
    issues->count = 0;
    issues->no_memory = false;
}

static const char *words_of(const struct rule_issue *issue)
{
    return issue->message ? issue->message : "out of memory";
}

int rule_issues_error(const struct rule_issues *issues, const char *name, struct error *err)
{
    const struct rule_issue *first = issues->items;

    if (issues->no_memory)
        return error_no_memory(err);
    if (issues->count == 0)
        return error_set(err, "%s: no reason given", name);
    if (issues->count == 1)
        return error_set_code(err, ERROR_INVALID, "%s:%u:%u: %s", name, first->line, first->column,
                              words_of(first));
    return error_set_code(err, ERROR_INVALID, "%s:%u:%u: %s (and %zu more)", name, first->line,
                          first->column, words_of(first), issues->count - 1);
}

/* ---- for people ---- */

static const char *line_at(const char *bytes, size_t length, unsigned line, size_t *ret_length)
{
    const char *at = bytes, *end = bytes + length, *stop;

    for (; line > 1 && at; line--) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    if (!at)
        return NULL;
    stop = memchr(at, '\n', (size_t)(end - at));
    *ret_length = (size_t)((stop ? stop : end) - at);
    return at;
}

static size_t character_at(const char *at, size_t left)
{
    size_t length = 1;

    while (length < left && length < 4 && ((unsigned char)at[length] & 0xc0) == 0x80)
        length++;
    return length;
}

/* A tab would move the caret, a control character the terminal. */
static void show_character(const char *at, size_t length, struct text *out)
{
    bool control = length == 1 && ((unsigned char)*at < 0x20 || *at == 0x7f);
    bool c1 = length == 2 && *at == '\xc2' && (unsigned char)at[1] < 0xa0;

    if (control && *at == '\t')
        text_append(out, " ", 1);
    else if (control || c1 || !text_is_utf8(at, length))
        text_append(out, "?", 1);
    else
        text_append(out, at, length);
}

static void write_source(const char *line, size_t length, unsigned column, struct text *out)
{
    unsigned first = column > SHOWN_BEFORE ? column - SHOWN_BEFORE : 1, at = 1;

    if (length && line[length - 1] == '\r')
        length--;
    text_format(out, "  %s", first > 1 ? "..." : "");
    for (size_t i = 0, step; i < length && at < first + SHOWN_MAX; i += step, at++) {
        step = character_at(line + i, length - i);
        if (at >= first)
            show_character(line + i, step, out);
    }
    text_format(out, "\n  %s%*s^\n", first > 1 ? "   " : "", (int)(column - first), "");
}

void rule_issues_write(const struct rule_issues *issues, const char *name, const char *bytes,
                       size_t length, struct text *out)
{
    size_t kept = rule_issues_kept(issues), line_length = 0;

    for (size_t i = 0; i < kept; i++) {
        const struct rule_issue *issue = &issues->items[i];
        const char *line = line_at(bytes, length, issue->line, &line_length);

        text_format(out, "%s:%u:%u: %s\n", name, issue->line, issue->column, words_of(issue));
        if (line)
            write_source(line, line_length, issue->column, out);
    }
    if (issues->count > kept)
        text_format(out, "%s: and %zu more\n", name, issues->count - kept);
}
