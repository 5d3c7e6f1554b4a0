/* cel_compile_name.c - names and fields. What a name stands for has been resolved: a slot, a type,
 * or else a local. What is none of them is an error when it is asked for, not before: `true ||
 * unknown` is true.
 */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/compile/cel_compile.h"

static uint32_t find_local(const struct cel_compiler *compiler, const char *name)
{
    for (uint32_t i = compiler->depth; i-- > 0;)
        if (strcmp(compiler->scope[i], name) == 0)
            return i;
    return CEL_LOCAL_NONE;
}

static int compile_slot(struct cel_compiler *compiler, int slot, bool test, struct cel_op *op)
{
    if (cel_compile_failure(compiler, op,
                            cel_arena_format(compiler->program->arena,
                                             "no such attribute: '%s' was not given",
                                             cel_env_slot_name(compiler->env, slot))) < 0)
        return -1;
    op->code = test ? CEL_OP_HAS_SLOT : CEL_OP_SLOT;
    op->slot = (uint32_t)slot;
    compiler->reads[slot] = true;
    return 0;
}

static int compile_type(struct cel_compiler *compiler, const char *name, struct cel_op *op)
{
    char *copy = cel_arena_copy(compiler->program->arena, name, strlen(name));

    if (!copy)
        return cel_compile_no_memory(compiler);
    op->code = CEL_OP_VALUE;
    op->value = (struct cel_value){.kind = CEL_TYPE, .extra = (uint32_t)strlen(name), .text = copy};
    return 0;
}

int cel_compile_ident(struct cel_compiler *compiler, const struct cel_node *node, struct cel_op *op)
{
    uint32_t local;

    if (node->slot >= 0)
        return compile_slot(compiler, node->slot, false, op);
    if (node->type_value)
        return compile_type(compiler, node->type_value, op);
    local = find_local(compiler, node->name);
    if (local == CEL_LOCAL_NONE)
        return cel_compile_failure(
            compiler, op,
            cel_arena_format(compiler->program->arena, "undeclared reference to '%s'", node->name));
    op->code = CEL_OP_LOCAL;
    op->slot = local;
    return 0;
}

int cel_compile_select(struct cel_compiler *compiler, const struct cel_node *node,
                       struct cel_op *op)
{
    size_t length = strlen(node->select.field);
    struct cel_op *operand;
    char *field;

    if (node->slot >= 0)
        return compile_slot(compiler, node->slot, node->select.test, op);
    if (node->type_value)
        return compile_type(compiler, node->type_value, op);
    field = cel_arena_copy(compiler->program->arena, node->select.field, length);
    if (!field)
        return cel_compile_no_memory(compiler);
    op->code = node->select.test ? CEL_OP_HAS : CEL_OP_SELECT;
    op->value = cel_string(field, length);
    if (!(operand = cel_take_ops(compiler, 1)) ||
        cel_compile_node(compiler, node->select.operand, operand) < 0)
        return -1;
    op->args = operand;
    op->count = 1;
    cel_fold(compiler, op);
    return 0;
}
