/* cel_compile_message.c - messages that an expression writes down. What the checker has seen is
 * looked at again: who goes without it must not write past the fields that there are. */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/compile/cel_compile.h"
#include "rules/cel/env/cel_messages.h"

/* Which field each element is, none twice. NULL with an issue. */
static const struct cel_literal *find_fields(struct cel_compiler *compiler,
                                             const struct cel_node *node)
{
    const struct cel_shape *shape = node->aggregate.shape;
    size_t count = node->aggregate.count;
    struct cel_literal *literal = cel_arena_take(compiler->program->arena, sizeof(*literal));
    uint8_t *fields = cel_arena_take(compiler->program->arena, count);
    bool *optional = cel_arena_take(compiler->program->arena, count);

    if (!literal || !fields || !optional) {
        cel_compile_no_memory(compiler);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const struct cel_element *element = &node->aggregate.elements[i];
        int at = cel_message_field(shape->message, element->field);

        if (at < 0 || memchr(fields, at, i)) {
            cel_issues_add(compiler->issues, compiler->source, compiler->length, element->offset,
                           at < 0 ? "no such field: %s has no '%s'"
                                  : "%s: the field '%s' stands twice",
                           shape->message->name, element->field);
            return NULL;
        }
        fields[i] = (uint8_t)at;
        optional[i] = element->optional;
    }
    *literal = (struct cel_literal){.shape = shape, .fields = fields, .optional = optional};
    return literal;
}

/* What fails whenever it is asked for is told whoever checks now. */
static int refuse_constant(struct cel_compiler *compiler, const struct cel_op *op)
{
    struct cel_run run = {.arena = compiler->program->arena, .budget = CEL_BUDGET_DEFAULT};
    struct cel_frame frame = {.run = &run};
    struct cel_value value;

    for (uint32_t i = 0; i < op->count; i++)
        if (op->args[i].code != CEL_OP_VALUE || op->args[i].value.kind == CEL_ERROR)
            return 0;
    value = cel_evaluate(op, &frame);
    return value.kind == CEL_ERROR ? cel_compile_issue(compiler, value.extra, value.text) : 0;
}

int cel_compile_message(struct cel_compiler *compiler, const struct cel_node *node,
                        struct cel_op *op)
{
    size_t count = node->aggregate.count;
    struct cel_op *args = cel_take_ops(compiler, count);

    if (!node->aggregate.shape)
        return cel_compile_issue(compiler, node->offset,
                                 "messages are not supported: a map is written {'field': value}");
    if (!args || !(op->message = find_fields(compiler, node)))
        return -1;
    op->code = CEL_OP_MESSAGE;
    op->args = args;
    op->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        if (cel_compile_node(compiler, node->aggregate.elements[i].value, &args[i]) < 0)
            return -1;
    cel_fold(compiler, op);
    return compiler->unchecked || op->code == CEL_OP_VALUE ? 0 : refuse_constant(compiler, op);
}
