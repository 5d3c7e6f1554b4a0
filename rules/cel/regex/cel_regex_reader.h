/* cel_regex_reader.h - a pattern while it is read: characters of UTF-8, the flags in force, and
 * errors that name their character. Shared by cel_regex_parse.c and cel_regex_escape.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/regex/cel_regex_tree.h"

struct cel_regex_flags {
    bool fold;  /* i */
    bool lines; /* m: ^ and $ at each line */
    bool all;   /* s: . is any character */
};

struct cel_regex_reader {
    struct cel_arena *arena;
    uint64_t *steps; /* that are left */
    struct error *err;
    const char *pattern, *at, *end;
    struct cel_regex_flags flags;
    unsigned depth;     /* of brackets */
    size_t ranges;      /* of all classes so far */
    const char **names; /* of groups */
    size_t *name_lengths;
    size_t name_count;
};

/* "pattern, character 7: ..."; 'at' points to it. Returns -1. */
int cel_regex_wrong(struct cel_regex_reader *reader, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Memory or steps. Returns -1. */
int cel_regex_no_room(struct cel_regex_reader *reader);

static inline bool cel_regex_more(const struct cel_regex_reader *reader)
{
    return reader->at < reader->end;
}
static inline bool cel_regex_ahead(const struct cel_regex_reader *reader, char expected)
{
    return reader->at < reader->end && *reader->at == expected;
}
bool cel_regex_take(struct cel_regex_reader *reader, const char *expected);
/* 0, or -1: not UTF-8. There is at least one byte. */
int cel_regex_rune(struct cel_regex_reader *reader, uint32_t *ret);

struct cel_regex_node *cel_regex_node(struct cel_regex_reader *reader, enum cel_regex_form form);
struct cel_regex_node *cel_regex_rune_node(struct cel_regex_reader *reader, uint32_t rune);
/* The set is used up. */
struct cel_regex_node *cel_regex_class_node(struct cel_regex_reader *reader,
                                            struct cel_regex_set *set);

/* ---- cel_regex_escape.c; each stands behind what it is named for ---- */

/* '\': one character. */
int cel_regex_escaped_rune(struct cel_regex_reader *reader, const char *from, uint32_t *ret);
/* '\': a set, like \d or \pL. 1: *set has it added; 0: the escape is none of these, nothing read;
 * -1: 'err'. */
int cel_regex_escaped_set(struct cel_regex_reader *reader, const char *from,
                          struct cel_regex_set *set);
/* '[': to the closing one. */
struct cel_regex_node *cel_regex_brackets(struct cel_regex_reader *reader, const char *from);
