/* cel_regex_tree.h - a regular expression as it was read, before it is a program. All of it lives
 * in the arena. Flags are worked in already: what (?i), (?s) and (?m) say stands in the characters
 * and the places themselves. Who is greedy does not matter where only "is there a match" is asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/regex/cel_unicode.h"

struct cel_arena;
struct error;

#define CEL_REGEX_REPEAT_MAX 1000
#define CEL_REGEX_RANGES_MAX 16384 /* of all classes of a pattern: 128 KiB */
#define CEL_REGEX_ENDLESS (-1)

enum cel_regex_place {
    CEL_REGEX_TEXT_BEGIN,
    CEL_REGEX_TEXT_END,
    CEL_REGEX_LINE_BEGIN,
    CEL_REGEX_LINE_END,
    CEL_REGEX_WORD_EDGE, /* of ASCII words */
    CEL_REGEX_NO_WORD_EDGE,
};

enum cel_regex_form {
    CEL_REGEX_EMPTY,
    CEL_REGEX_RUNE,
    CEL_REGEX_CLASS,
    CEL_REGEX_PLACE,
    CEL_REGEX_SEQUENCE,
    CEL_REGEX_CHOICE,
    CEL_REGEX_REPEAT,
};

struct cel_regex_node {
    enum cel_regex_form form;
    struct cel_regex_node *previous; /* beside it in the same sequence or choice */
    union {
        uint32_t rune;
        struct {
            const struct cel_range *ranges; /* in order and apart */
            size_t count;
        } class;
        enum cel_regex_place place;
        struct cel_regex_node *last; /* of a sequence or choice; NULL: it has no parts */
        struct {
            struct cel_regex_node *of;
            int min, max;
        } repeat;
    };
};

/* Takes 'count' off *steps; false: there were fewer, and none are left. */
static inline bool cel_regex_spend(uint64_t *steps, uint64_t count)
{
    bool enough = *steps > count;

    *steps = enough ? *steps - count : 0;
    return enough;
}

/* NULL with 'err', which names the character. */
struct cel_regex_node *cel_regex_parse(struct cel_arena *arena, const char *pattern, size_t length,
                                       uint64_t *steps, struct error *err);
/* Sets 'err': memory ran out, or steps, if none are left. */
void cel_regex_too_much(uint64_t steps, struct error *err);

/* ---- sets of characters ---- */

/* It grows in the arena. Once it had no room, or no steps were left, it stays 'broken'. */
struct cel_regex_set {
    struct cel_arena *arena;
    uint64_t *steps;
    struct cel_range *ranges;
    size_t count, room;
    bool broken;
};

void cel_regex_set_add(struct cel_regex_set *set, uint32_t low, uint32_t high);
void cel_regex_set_sort(struct cel_regex_set *set); /* in order and apart */
void cel_regex_set_negate(struct cel_regex_set *set);
void cel_regex_set_fold(struct cel_regex_set *set); /* all cases of all letters in it */
void cel_regex_set_add_all(struct cel_regex_set *set, const struct cel_regex_set *other);

/* Add what a name stands for; false: there is no such name. 'd', 's', 'w'; "alpha" of [:alpha:];
 * "L", "Lu", "Greek" of \p{...}. */
bool cel_regex_add_perl(struct cel_regex_set *set, char letter);
bool cel_regex_add_posix(struct cel_regex_set *set, const char *name, size_t length);
bool cel_regex_add_unicode(struct cel_regex_set *set, const char *name, size_t length);
