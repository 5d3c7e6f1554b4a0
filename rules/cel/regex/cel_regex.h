/* cel_regex.h - regular expressions that run in time linear in the text: the part of RE2's syntax
 * that has no captures to give back. No back-references, no look-around. Spec: RE2's published
 * syntax; docs/cel-functions.md, "Patterns".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cel_arena;
struct error;

#define CEL_REGEX_BYTES_MAX 1024   /* of a pattern */
#define CEL_REGEX_PROGRAM_MAX 4096 /* instructions, repeats unrolled */
#define CEL_REGEX_DEPTH_MAX 64     /* of brackets */
#define CEL_REGEX_COST_MAX 65536   /* of compiling one while an expression runs */

struct cel_regex;

/* Immutable and of the arena. NULL with 'err', code ERROR_INVALID, which names the character:
 * "pattern, character 7: ...". */
const struct cel_regex *cel_regex_compile(struct cel_arena *arena, const char *pattern,
                                          size_t length, struct error *err);
/* For a pattern that is searched often, say for as long as a program lives: the same with a table,
 * so that a byte costs 1 whatever the size. Takes some ms, and memory from outside the arena while
 * it works. Where no table would be small enough, or there is no room for it: 'regex' itself. */
const struct cel_regex *cel_regex_quicken(const struct cel_regex *regex, struct cel_arena *arena);
/* Whether it matches somewhere in 'text' (UTF-8). Memory for the run comes from 'arena'. 1, 0, or
 * -1: no room there. */
int cel_regex_search(const struct cel_regex *regex, const char *text, size_t length,
                     struct cel_arena *arena);
size_t cel_regex_size(const struct cel_regex *regex); /* the cost of one byte */
