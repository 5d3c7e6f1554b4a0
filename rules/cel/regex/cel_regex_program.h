/* cel_regex_program.h - a regular expression as instructions over bytes, for those who run it. All
 * that can match from one instruction on hangs only on it, so that equal ones are one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/regex/cel_regex.h"
#include "rules/cel/regex/cel_regex_tree.h"

#define CEL_REGEX_MATCH 0 /* the first instruction */
#define CEL_REGEX_FAIL 1  /* the second: nothing goes on from here */

enum cel_regex_op {
    CEL_REGEX_OP_MATCH,
    CEL_REGEX_OP_FAIL,
    CEL_REGEX_OP_BYTES, /* one byte of sets[argument], then 'next' */
    CEL_REGEX_OP_SPLIT, /* 'next' and 'argument' */
    CEL_REGEX_OP_PLACE, /* is this one of enum cel_regex_place: then 'next' */
};

struct cel_regex_instruction {
    uint8_t op;
    uint16_t next, argument;
    uint16_t chain; /* of the compiler: the next one with the same hash */
};

struct cel_regex_bytes {
    uint64_t bits[4];
};

static inline bool cel_regex_has(const struct cel_regex_bytes *set, unsigned byte)
{
    return set->bits[byte / 64] >> (byte % 64) & 1;
}

struct cel_regex_table;

struct cel_regex {
    const struct cel_regex_instruction *program;
    const struct cel_regex_bytes *sets;
    size_t count, sets_count;
    uint16_t start;
    bool anchored; /* matches at the beginning of the text or nowhere */
    bool placed;   /* asks what stands beside a character */
    /* All matches begin with it. */
    const char *literal;
    size_t literal_length;
    bool only_literal;                   /* and are it */
    bool to_end;                         /* with only_literal: up to the end of the text */
    const struct cel_regex_table *table; /* cel_regex_table.c's; NULL: the program is walked */
};

/* ---- one step ---- */

#define CEL_REGEX_END 256 /* where a byte would be, behind the last one */

/* What stood before. */
enum cel_regex_before {
    CEL_REGEX_BEFORE_NOTHING = 1,
    CEL_REGEX_BEFORE_LINE = 2, /* a line end */
    CEL_REGEX_BEFORE_WORD = 4, /* a character of a word */
};

/* Instructions in no order, each once. */
struct cel_regex_states {
    uint16_t *items;
    size_t count;
    uint32_t *marks; /* of each instruction: the step in which it was put in */
    uint32_t step;
};

struct cel_regex_walk {
    const struct cel_regex *regex;
    struct cel_regex_states now, next, seen;
    uint16_t *stack;
    uint64_t steps; /* instructions looked at */
};

/* What a walk needs, and its setting up in 'memory', zeroed and aligned for a uint32_t. */
size_t cel_regex_walk_size(const struct cel_regex *regex);
void cel_regex_walk_start(struct cel_regex_walk *walk, const struct cel_regex *regex, void *memory);
void cel_regex_states_add(struct cel_regex_states *states, uint16_t instruction);
/* From 'now' over 'byte' or the end into 'next', which then are 'now'. True: it matched before the
 * byte. */
bool cel_regex_step(struct cel_regex_walk *walk, unsigned before, unsigned byte);
unsigned cel_regex_before(unsigned byte);

/* In UTF-8, not the first byte of a character. */
static inline bool cel_regex_continues(unsigned byte)
{
    return (byte & 0xc0) == 0x80;
}

/* ---- cel_regex_table.c ---- */

/* *ret_read: how many bytes it looked at. */
bool cel_regex_table_search(const struct cel_regex *regex, const char *text, size_t length,
                            size_t *ret_read);
