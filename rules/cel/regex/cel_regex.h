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
#define CEL_REGEX_STEPS_MAX 1048576 /* of compiling one: some ms */
#define CEL_REGEX_COST_STEPS 4     /* for a caller with a budget: so many cost 1 of it */

struct cel_regex;

/* Work is counted in steps of a few ns: a range of a set, an instruction that is made or looked at.
 * Who asks for it says in *steps how many it may take, and finds there how many are left. */

/* Immutable and of the arena; CEL_REGEX_STEPS_MAX are always enough for what may be compiled. NULL
 * with 'err', code ERROR_INVALID, which names the character: "pattern, character 7: ...". 0 steps
 * left: it took more. */
const struct cel_regex *cel_regex_compile(struct cel_arena *arena, const char *pattern,
                                          size_t length, uint64_t *steps, struct error *err);
/* For a pattern that is searched often, say for as long as a program lives: the same with a table,
 * so that a byte costs 1 whatever the size. Takes some ms, and memory from outside the arena while
 * it works. Where no table would be small enough, or there is no room for it: 'regex' itself. */
const struct cel_regex *cel_regex_quicken(const struct cel_regex *regex, struct cel_arena *arena);
/* Whether it matches somewhere in 'text' (UTF-8). Memory for the run comes from 'arena'. 1, 0, or
 * -1: no room there, or more than *steps, of which none are left then. */
int cel_regex_search(const struct cel_regex *regex, const char *text, size_t length,
                     struct cel_arena *arena, uint64_t *steps);
/* The most steps that one byte takes. */
size_t cel_regex_size(const struct cel_regex *regex);
/* The most that a search takes when a byte takes 'size'. */
uint64_t cel_regex_steps(size_t size, uint64_t length);
