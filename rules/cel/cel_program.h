/* cel_program.h - an expression made ready to run, and the run itself. A program is immutable: any
 * number of threads run it at once, each with a run of its own. Neither takes memory from outside
 * its arena while it runs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_run.h"
#include "rules/cel/cel_value.h"

struct cel_env;
struct cel_issues;
struct cel_type;
struct cel_program;

struct cel_options {
    bool unchecked; /* names and arguments are looked at when it runs */
};

/* NULL: 'issues' says why. 'env' is borrowed and outlives the program. 'options' may be NULL. */
struct cel_program *cel_program_compile(const struct cel_env *env, const char *source,
                                        size_t length, const struct cel_options *options,
                                        struct cel_issues *issues);
void cel_program_destroy(struct cel_program *program);

const struct cel_type *cel_program_type(const struct cel_program *program); /* dyn if unchecked */
/* The slots it reads, in rising order. */
size_t cel_program_slots(const struct cel_program *program, const int **ret_slots);
/* The most that a run can cost when none of its variables holds more than 'length' bytes and
 * elements, all that is in it counted; UINT64_MAX: more than can be said. */
uint64_t cel_program_cost(const struct cel_program *program, size_t length);

/* A value that lives as long as the arena, the slots and the program; CEL_ERROR: why there is
 * none. */
struct cel_value cel_program_run(const struct cel_program *program, struct cel_run *run);
