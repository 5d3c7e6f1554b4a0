/* cel_compile.h - the compiler's state, between its files, and what it makes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_program.h"
#include "rules/cel/evaluate/cel_op.h"

#define CEL_SCOPE_MAX (3 * CEL_DEPTH_MAX) /* each loop brings at most three names */

struct cel_program {
    struct cel_arena *arena; /* of all of it */
    const struct cel_op *root;
    uint32_t locals; /* the frame's size */
    uint64_t cost;   /* of the nodes outside of loops */
    const int *slots;
    size_t slot_count;
    const struct cel_type *type;
};

struct cel_compiler {
    struct cel_program *program;
    const struct cel_env *env;
    bool unchecked;
    const char *source;
    size_t length;
    struct cel_issues *issues;
    struct cel_op *ops; /* as many as the tree has nodes */
    size_t used, room;
    const char *scope[CEL_SCOPE_MAX]; /* names of locals, the innermost last */
    uint32_t depth;
    uint64_t *cost; /* of what is compiled now: the program's, or of a loop's turn */
    bool reads[CEL_VARIABLES_MAX];
};

/* Fills in *op, which was taken. -1: 'issues' has one more. */
int cel_compile_node(struct cel_compiler *compiler, const struct cel_node *node, struct cel_op *op);
/* Side by side; NULL with an issue. */
struct cel_op *cel_take_ops(struct cel_compiler *compiler, size_t count);
int cel_compile_issue(struct cel_compiler *compiler, uint32_t offset, const char *what);
int cel_compile_no_memory(struct cel_compiler *compiler);
/* *op is an error when it is asked for. NULL: there was no room for its text. */
int cel_compile_failure(struct cel_compiler *compiler, struct cel_op *op, const char *text);
/* When all of its args are values and it is none that fails, the value that it has. */
void cel_fold(struct cel_compiler *compiler, struct cel_op *op);

/* cel_compile_call.c */
int cel_compile_call(struct cel_compiler *compiler, const struct cel_node *node, struct cel_op *op);
/* cel_compile_loop.c */
int cel_compile_comprehension(struct cel_compiler *compiler, const struct cel_node *node,
                              struct cel_op *op);

/* cel_compile_message.c */
int cel_compile_message(struct cel_compiler *compiler, const struct cel_node *node,
                        struct cel_op *op);

/* cel_compile_name.c: IDENT and SELECT. */
int cel_compile_ident(struct cel_compiler *compiler, const struct cel_node *node,
                      struct cel_op *op);
int cel_compile_select(struct cel_compiler *compiler, const struct cel_node *node,
                       struct cel_op *op);

/* cel_compile_leaf.c: what the operation, which is compiled, is as a leaf. */
void cel_find_leaf(struct cel_op *op);

/* cel_compile.c: fills in all of 'program' but the type, in its arena, which exists. -1: 'issues'
 * has one more. */
int cel_compile(struct cel_program *program, const struct cel_env *env, const struct cel_node *tree,
                bool unchecked, const char *source, size_t length, struct cel_issues *issues);
