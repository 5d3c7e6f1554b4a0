/* cel_program.c - see cel_program.h. The tree and the checker's types live in an arena of their own
 * that goes when the program stands.
 */
#include "rules/cel/cel_program.h"

#include <stdlib.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_check.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_type.h"
#include "rules/cel/compile/cel_compile.h"
#include "rules/cel/evaluate/cel_leaf.h"

#define PROGRAM_MAX (8 * 1024 * 1024)
#define FEW_LOCALS 24 /* on the stack: loops eight deep; more are taken from the run's arena */

/* A copy that lives in 'arena'. NULL: no room. */
static const struct cel_type *copy_type(struct cel_arena *arena, const struct cel_type *type)
{
    const struct cel_type **parameters =
        cel_arena_take(arena, type->count * sizeof(const struct cel_type *));
    struct cel_type *copy = cel_arena_take(arena, sizeof(*copy));

    if (!parameters || !copy)
        return NULL;
    *copy = *type;
    copy->parameters = parameters;
    if (type->name && !(copy->name = cel_arena_copy(arena, type->name, strlen(type->name))))
        return NULL;
    for (size_t i = 0; i < type->count; i++)
        if (!(parameters[i] = copy_type(arena, type->parameters[i])))
            return NULL;
    return copy;
}

static int no_memory(struct cel_issues *issues, const char *source, size_t length)
{
    return cel_issues_add(issues, source, length, 0, "out of memory while compiling");
}

/* Parse, check, compile. */
static int build(struct cel_program *program, const struct cel_env *env, struct cel_arena *arena,
                 const char *source, size_t length, bool unchecked, struct cel_issues *issues)
{
    struct cel_node *tree = cel_parse(env, source, length, arena, issues);

    if (!tree)
        return -1;
    if (unchecked)
        cel_resolve(env, tree);
    else if (cel_check(env, tree, source, length, arena, issues) < 0)
        return -1;
    if (cel_compile(program, env, tree, unchecked, source, length, issues) < 0)
        return -1;
    program->type = copy_type(program->arena, tree->type ? tree->type : &cel_type_dyn);
    return program->type ? 0 : no_memory(issues, source, length);
}

struct cel_program *cel_program_compile(const struct cel_env *env, const char *source,
                                        size_t length, const struct cel_options *options,
                                        struct cel_issues *issues)
{
    struct cel_program *program = calloc(1, sizeof(*program));
    struct cel_arena *arena = cel_arena_create(CEL_TREE_BYTES);
    int rc = -1;

    if (program)
        program->arena = cel_arena_create(PROGRAM_MAX);
    if (!program || !arena || !program->arena)
        no_memory(issues, source, length);
    else
        rc = build(program, env, arena, source, length, options && options->unchecked, issues);
    cel_arena_destroy(arena);
    if (rc < 0) {
        cel_program_destroy(program);
        return NULL;
    }
    return program;
}

void cel_program_destroy(struct cel_program *program)
{
    if (program)
        cel_arena_destroy(program->arena);
    free(program);
}

const struct cel_type *cel_program_type(const struct cel_program *program)
{
    return program->type;
}

size_t cel_program_slots(const struct cel_program *program, const int **ret_slots)
{
    *ret_slots = program->slots;
    return program->slot_count;
}

static struct cel_value __attribute__((noinline))
run_with_locals(const struct cel_program *program, struct cel_frame *frame)
{
    struct cel_value few[FEW_LOCALS];

    frame->locals = few;
    if (program->locals > FEW_LOCALS)
        frame->locals =
            cel_arena_take(frame->run->arena, program->locals * sizeof(struct cel_value));
    return frame->locals ? cel_evaluate(program->root, frame) : cel_out_of_memory();
}

/* What most rules are: leaves with && between them. -1: it is more than that. */
static inline int leaves(const struct cel_op *root, const struct cel_value *slots)
{
    int leaf = cel_leaf(root, slots);

    if (root->code != CEL_OP_AND)
        return leaf;
    for (const struct cel_op *arg = root->args, *end = arg + root->count; arg < end; arg++)
        if ((leaf = cel_leaf(arg, slots)) != 1)
            return leaf;
    return leaf;
}

struct cel_value cel_program_run(const struct cel_program *program, struct cel_run *run)
{
    struct cel_frame frame = {.run = run, .slots = run->slots};
    int leaf;

    if (run->budget < program->cost)
        return cel_place(program->root, cel_over_budget());
    run->budget -= program->cost;
    leaf = leaves(program->root, run->slots);
    if (leaf >= 0)
        return cel_bool(leaf);
    if (program->locals > 0)
        return run_with_locals(program, &frame);
    return cel_evaluate(program->root, &frame);
}
