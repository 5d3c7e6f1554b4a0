/* cel_compile.c - from a tree to operations. There are never more of these than the tree has nodes,
 * so that one array of that size holds them all and pointers into it stay.
 */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/compile/cel_compile.h"

#define FOLD_BUDGET 10000 /* what is more is left to the run */

int cel_compile_issue(struct cel_compiler *compiler, uint32_t offset, const char *what)
{
    return cel_issues_add(compiler->issues, compiler->source, compiler->length, offset, "%s", what);
}

int cel_compile_no_memory(struct cel_compiler *compiler)
{
    return cel_compile_issue(compiler, 0, "out of memory while compiling");
}

int cel_compile_failure(struct cel_compiler *compiler, struct cel_op *op, const char *text)
{
    if (!text)
        return cel_compile_no_memory(compiler);
    op->code = CEL_OP_VALUE;
    op->value = (struct cel_value){.kind = CEL_ERROR, .extra = op->offset, .text = text};
    return 0;
}

struct cel_op *cel_take_ops(struct cel_compiler *compiler, size_t count)
{
    struct cel_op *taken = &compiler->ops[compiler->used];

    if (count > compiler->room - compiler->used) {
        cel_compile_no_memory(compiler);
        return NULL;
    }
    compiler->used += count;
    return taken;
}

static size_t count_nodes(const struct cel_node *node)
{
    size_t count = 1;

    switch (node->kind) {
    case CEL_NODE_LITERAL:
    case CEL_NODE_IDENT:
        break;
    case CEL_NODE_SELECT:
        count += count_nodes(node->select.operand);
        break;
    case CEL_NODE_CALL:
        if (node->call.target)
            count += count_nodes(node->call.target);
        for (size_t i = 0; i < node->call.count; i++)
            count += count_nodes(node->call.args[i]);
        break;
    case CEL_NODE_LIST:
    case CEL_NODE_MAP:
    case CEL_NODE_MESSAGE:
        for (size_t i = 0; i < node->aggregate.count; i++) {
            const struct cel_element *element = &node->aggregate.elements[i];

            count += (element->key ? count_nodes(element->key) : 0) + count_nodes(element->value);
        }
        break;
    case CEL_NODE_COMPREHENSION:
        count += count_nodes(node->comprehension.range) + count_nodes(node->comprehension.init) +
                 count_nodes(node->comprehension.condition) +
                 count_nodes(node->comprehension.step) + count_nodes(node->comprehension.result);
        break;
    }
    return count;
}

static bool all_values(const struct cel_op *op)
{
    for (uint32_t i = 0; i < op->count; i++)
        if (op->args[i].code != CEL_OP_VALUE || op->args[i].value.kind == CEL_ERROR)
            return false;
    return !((op->code == CEL_OP_LIST || op->code == CEL_OP_MAP) && op->optional);
}

void cel_fold(struct cel_compiler *compiler, struct cel_op *op)
{
    struct cel_run run = {.arena = compiler->program->arena, .budget = FOLD_BUDGET};
    struct cel_frame frame = {.run = &run};
    struct cel_value value;

    if (!all_values(op))
        return;
    value = cel_evaluate(op, &frame);
    if (value.kind == CEL_ERROR)
        return;
    op->code = CEL_OP_VALUE;
    op->value = value;
    op->count = 0;
}

static int compile_literal(struct cel_compiler *compiler, const struct cel_node *node,
                           struct cel_op *op)
{
    char *copy;

    op->code = CEL_OP_VALUE;
    op->value = node->literal;
    if (node->literal.kind != CEL_STRING && node->literal.kind != CEL_BYTES)
        return 0;
    copy = cel_arena_copy(compiler->program->arena, node->literal.text, node->literal.extra);
    op->value.text = copy;
    return copy ? 0 : cel_compile_no_memory(compiler);
}

static int compile_aggregate(struct cel_compiler *compiler, const struct cel_node *node,
                             struct cel_op *op)
{
    size_t count = node->aggregate.count, each = node->kind == CEL_NODE_MAP ? 2 : 1;
    bool *optional = cel_arena_take(compiler->program->arena, count);
    struct cel_op *args = cel_take_ops(compiler, count * each);

    if (!args)
        return -1;
    if (!optional)
        return cel_compile_no_memory(compiler);
    op->code = node->kind == CEL_NODE_MAP ? CEL_OP_MAP : CEL_OP_LIST;
    op->args = args;
    op->count = (uint32_t)(count * each);
    for (size_t i = 0; i < count; i++) {
        const struct cel_element *element = &node->aggregate.elements[i];

        if (element->optional) {
            optional[i] = true;
            op->optional = optional;
        }
        if (each == 2 && cel_compile_node(compiler, element->key, args++) < 0)
            return -1;
        if (cel_compile_node(compiler, element->value, args++) < 0)
            return -1;
    }
    cel_fold(compiler, op);
    return 0;
}

static int compile_kind(struct cel_compiler *compiler, const struct cel_node *node,
                        struct cel_op *op)
{
    switch (node->kind) {
    case CEL_NODE_LITERAL:
        return compile_literal(compiler, node, op);
    case CEL_NODE_IDENT:
        return cel_compile_ident(compiler, node, op);
    case CEL_NODE_SELECT:
        return cel_compile_select(compiler, node, op);
    case CEL_NODE_CALL:
        return cel_compile_call(compiler, node, op);
    case CEL_NODE_LIST:
    case CEL_NODE_MAP:
        return compile_aggregate(compiler, node, op);
    case CEL_NODE_MESSAGE:
        return cel_compile_message(compiler, node, op);
    case CEL_NODE_COMPREHENSION:
        return cel_compile_comprehension(compiler, node, op);
    }
    return cel_compile_issue(compiler, node->offset, "an expression of no known kind");
}

int cel_compile_node(struct cel_compiler *compiler, const struct cel_node *node, struct cel_op *op)
{
    *op = (struct cel_op){.offset = node->offset};
    ++*compiler->cost;
    if (compile_kind(compiler, node, op) < 0)
        return -1;
    cel_find_leaf(op);
    return 0;
}

static int gather_slots(struct cel_compiler *compiler)
{
    struct cel_program *program = compiler->program;
    int *slots;

    for (size_t i = 0; i < CEL_VARIABLES_MAX; i++)
        program->slot_count += compiler->reads[i];
    slots = cel_arena_take(program->arena, program->slot_count * sizeof(*slots));
    if (!slots)
        return cel_compile_no_memory(compiler);
    program->slots = slots;
    for (int i = 0; i < CEL_VARIABLES_MAX; i++)
        if (compiler->reads[i])
            *slots++ = i;
    return 0;
}

int cel_compile(struct cel_program *program, const struct cel_env *env, const struct cel_node *tree,
                bool unchecked, const char *source, size_t length, struct cel_issues *issues)
{
    struct cel_compiler compiler = {
        .program = program,
        .env = env,
        .unchecked = unchecked,
        .source = source,
        .length = length,
        .issues = issues,
        .room = count_nodes(tree),
        .cost = &program->cost,
    };
    struct cel_op *root;

    compiler.ops = cel_arena_take(program->arena, compiler.room * sizeof(*compiler.ops));
    if (!compiler.ops)
        return cel_compile_no_memory(&compiler);
    root = cel_take_ops(&compiler, 1);
    if (!root || cel_compile_node(&compiler, tree, root) < 0)
        return -1;
    program->root = root;
    return gather_slots(&compiler);
}
