/* cel_compile_call.c - operators and functions. The operators that look at their sides one by one,
 * and those that are compared with a constant, have operations of their own; for all else the
 * overloads that take so many arguments are gathered here and chosen by kinds when it runs.
 */
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_type.h"
#include "rules/cel/compile/cel_compile.h"
#include "rules/cel/evaluate/cel_text_set.h"
#include "rules/cel/regex/cel_regex.h"

static struct cel_arena *arena_of(struct cel_compiler *compiler)
{
    return compiler->program->arena;
}

/* ---- operators ---- */

static int compile_args(struct cel_compiler *compiler, const struct cel_node *node,
                        struct cel_op *op)
{
    size_t target = node->call.target ? 1 : 0;
    struct cel_op *args = cel_take_ops(compiler, node->call.count + target);

    if (!args)
        return -1;
    op->args = args;
    op->count = (uint32_t)(node->call.count + target);
    if (target && cel_compile_node(compiler, node->call.target, &args[0]) < 0)
        return -1;
    for (size_t i = 0; i < node->call.count; i++)
        if (cel_compile_node(compiler, node->call.args[i], &args[target + i]) < 0)
            return -1;
    return 0;
}

static int compile_plain(struct cel_compiler *compiler, const struct cel_node *node,
                         struct cel_op *op)
{
    if (compile_args(compiler, node, op) < 0)
        return -1;
    cel_fold(compiler, op);
    return 0;
}

static bool is_call(const struct cel_node *node, const char *function, size_t count)
{
    return node->kind == CEL_NODE_CALL && !node->call.target && node->call.count == count &&
           strcmp(node->call.function, function) == 0;
}

static size_t count_operands(const struct cel_node *node, const char *function)
{
    if (!is_call(node, function, 2))
        return 1;
    return count_operands(node->call.args[0], function) +
           count_operands(node->call.args[1], function);
}

/* a && b && c is one operation over three. An operand that decides nothing is left out. */
static int compile_operands(struct cel_compiler *compiler, const struct cel_node *node,
                            const char *function, struct cel_op *op, struct cel_op *args)
{
    struct cel_op *into = &args[op->count];
    bool decides = op->code == CEL_OP_OR;

    if (is_call(node, function, 2))
        return compile_operands(compiler, node->call.args[0], function, op, args) < 0
                   ? -1
                   : compile_operands(compiler, node->call.args[1], function, op, args);
    if (cel_compile_node(compiler, node, into) < 0)
        return -1;
    if (into->code == CEL_OP_VALUE && into->value.kind == CEL_BOOL &&
        into->value.boolean != decides)
        *into = (struct cel_op){0};
    else
        op->count++;
    return 0;
}

static int compile_both(struct cel_compiler *compiler, const struct cel_node *node,
                        struct cel_op *op)
{
    const char *function = op->code == CEL_OP_AND ? "_&&_" : "_||_";
    struct cel_op *args = cel_take_ops(compiler, count_operands(node, function));
    bool decides = op->code == CEL_OP_OR;

    if (!args || compile_operands(compiler, node, function, op, args) < 0)
        return -1;
    op->args = args;
    for (uint32_t i = 0; i < op->count; i++) {
        if (args[i].code == CEL_OP_VALUE && args[i].value.kind == CEL_BOOL) {
            /* It decides, whatever the others are. */
            *op = args[i];
            return 0;
        }
    }
    if (op->count == 0) {
        op->code = CEL_OP_VALUE;
        op->value = cel_bool(!decides);
    }
    return 0;
}

static int compile_choice(struct cel_compiler *compiler, const struct cel_node *node,
                          struct cel_op *op)
{
    const struct cel_op *condition;

    if (compile_args(compiler, node, op) < 0)
        return -1;
    condition = &op->args[0];
    if (condition->code == CEL_OP_VALUE && condition->value.kind == CEL_BOOL)
        *op = op->args[condition->value.boolean ? 1 : 2];
    return 0;
}

static bool is_constant(const struct cel_op *op)
{
    return op->code == CEL_OP_VALUE && op->value.kind != CEL_ERROR;
}

static int compile_same(struct cel_compiler *compiler, const struct cel_node *node,
                        struct cel_op *op)
{
    bool wanted = op->code == CEL_OP_EQUAL;
    const struct cel_op *other, *constant;

    if (compile_plain(compiler, node, op) < 0)
        return -1;
    if (op->code == CEL_OP_VALUE || (!is_constant(&op->args[0]) && !is_constant(&op->args[1])))
        return 0;
    constant = is_constant(&op->args[1]) ? &op->args[1] : &op->args[0];
    other = constant == &op->args[1] ? &op->args[0] : &op->args[1];
    op->args = other;
    op->count = 1;
    op->value = constant->value;
    op->code = wanted ? CEL_OP_IS : CEL_OP_IS_NOT;
    return 0;
}

/* ---- functions ---- */

static uint8_t kind_of(const struct cel_type *type)
{
    return type->form == CEL_TYPE_KIND && type->kind > CEL_ERROR && !type->nullable
               ? (uint8_t)type->kind
               : CEL_KINDS;
}

/* Opaque types have no values here. */
static bool may_take(const struct cel_signature *signature, bool receiver, size_t count)
{
    if (signature->receiver != receiver || signature->count != count || count > CEL_CALL_ARGS_MAX ||
        !signature->overload->call)
        return false;
    for (size_t i = 0; i < count; i++)
        if (signature->parameters[i]->form == CEL_TYPE_OPAQUE)
            return false;
    return true;
}

/* NULL: no room. Its count may be 0. */
static struct cel_call *gather(struct cel_compiler *compiler,
                               const struct cel_signature *signatures, size_t signature_count,
                               bool receiver, size_t count)
{
    struct cel_call *call = cel_arena_take(arena_of(compiler), sizeof(*call));
    struct cel_candidate *candidates;
    size_t fitting = 0;

    for (size_t i = 0; i < signature_count; i++)
        fitting += may_take(&signatures[i], receiver, count);
    candidates = cel_arena_take(arena_of(compiler), fitting * sizeof(*candidates));
    if (!call || !candidates)
        return NULL;
    call->function = signatures[0].overload->function;
    call->candidates = candidates;
    for (size_t i = 0; i < signature_count; i++) {
        struct cel_candidate *candidate = &candidates[call->count];

        if (!may_take(&signatures[i], receiver, count))
            continue;
        candidate->overload = signatures[i].overload;
        for (size_t j = 0; j < count; j++)
            candidate->kinds[j] = kind_of(signatures[i].parameters[j]);
        call->count++;
    }
    return call;
}

static bool declared_only(const struct cel_signature *signatures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (signatures[i].overload->call)
            return false;
    return count > 0;
}

static int compile_function(struct cel_compiler *compiler, const struct cel_node *node,
                            struct cel_op *op)
{
    const char *name = node->call.function;
    bool receiver = node->call.target != NULL;
    const struct cel_signature *signatures;
    size_t count;

    signatures = cel_env_signatures(compiler->env, name, &count);
    if (count == 0)
        return cel_compile_failure(
            compiler, op,
            cel_arena_format(arena_of(compiler), "undeclared reference to '%s': unbound function",
                             name));
    if (!compiler->unchecked && declared_only(signatures, count))
        return cel_compile_issue(
            compiler, node->offset,
            "this function is declared for checks alone: nothing is behind it");
    op->code = CEL_OP_CALL;
    op->call = gather(compiler, signatures, count, receiver, node->call.count + receiver);
    if (!op->call)
        return cel_compile_no_memory(compiler);
    if (op->call->count == 0)
        return cel_compile_failure(
            compiler, op,
            cel_arena_format(arena_of(compiler), "no such overload: %s with %zu arguments%s", name,
                             node->call.count, receiver ? " of a receiver" : ""));
    return compile_plain(compiler, node, op);
}

/* ---- with a constant ---- */

/* A time that is written wrongly would fail each time; whoever checks wants to know it now. */
static int compile_time(struct cel_compiler *compiler, const struct cel_node *node,
                        struct cel_op *op)
{
    struct cel_run run = {.arena = arena_of(compiler), .budget = CEL_BUDGET_DEFAULT};
    struct cel_frame frame = {.run = &run};

    if (compile_function(compiler, node, op) < 0)
        return -1;
    if (compiler->unchecked || op->code != CEL_OP_CALL || op->count != 1 ||
        !is_constant(&op->args[0]))
        return 0;
    return cel_compile_issue(compiler, op->args[0].offset, cel_evaluate(op, &frame).text);
}

static bool all_texts(const struct cel_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].kind != CEL_STRING)
            return false;
    return list->count > 0;
}

static int compile_in(struct cel_compiler *compiler, const struct cel_node *node, struct cel_op *op)
{
    const struct cel_op *list;

    if (compile_function(compiler, node, op) < 0)
        return -1;
    if (op->code != CEL_OP_CALL || op->count != 2)
        return 0;
    list = &op->args[1];
    if (!is_constant(list) || list->value.kind != CEL_LIST || !all_texts(list->value.list))
        return 0;
    op->code = CEL_OP_IN_TEXTS;
    op->count = 1;
    op->texts = cel_text_set_make(arena_of(compiler), list->value.list);
    return op->texts ? 0 : cel_compile_no_memory(compiler);
}

static int compile_matches(struct cel_compiler *compiler, const struct cel_node *node,
                           struct cel_op *op)
{
    const struct cel_regex *regex;
    const struct cel_op *pattern;
    uint64_t steps = CEL_REGEX_STEPS_MAX;
    struct error err = {0};

    if (compile_function(compiler, node, op) < 0)
        return -1;
    if (op->code != CEL_OP_CALL || op->count != 2)
        return 0;
    pattern = &op->args[1];
    if (!is_constant(pattern) || pattern->value.kind != CEL_STRING)
        return 0;
    regex = cel_regex_compile(arena_of(compiler), pattern->value.text, pattern->value.extra, &steps,
                              &err);
    if (!regex)
        return compiler->unchecked ? 0
                                   : cel_compile_issue(compiler, pattern->offset, error_text(&err));
    op->code = CEL_OP_MATCHES;
    op->count = 1;
    op->regex = cel_regex_quicken(regex, arena_of(compiler));
    return 0;
}

typedef int compile(struct cel_compiler *compiler, const struct cel_node *node, struct cel_op *op);

/* Names that no expression can spell but as an operator. */
static const struct operator
{
    const char *function;
    size_t count;
    enum cel_op_code code;
    compile *how;
}
OPERATORS[] = {
    {"_&&_", 2, CEL_OP_AND, compile_both},
    {"_||_", 2, CEL_OP_OR, compile_both},
    {"!_", 1, CEL_OP_NOT, compile_plain},
    {"_?_:_", 3, CEL_OP_CHOOSE, compile_choice},
    {CEL_NOT_STRICTLY_FALSE, 1, CEL_OP_NOT_STRICTLY_FALSE, compile_args},
    {"_==_", 2, CEL_OP_EQUAL, compile_same},
    {"_!=_", 2, CEL_OP_NOT_EQUAL, compile_same},
    {"_<_", 2, CEL_OP_LESS, compile_plain},
    {"_<=_", 2, CEL_OP_LESS_EQUAL, compile_plain},
    {"_>_", 2, CEL_OP_GREATER, compile_plain},
    {"_>=_", 2, CEL_OP_GREATER_EQUAL, compile_plain},
    {"_[_]", 2, CEL_OP_INDEX, compile_plain},
    {"_?._", 2, CEL_OP_OPTIONAL, compile_plain},
    {"_[?_]", 2, CEL_OP_OPTIONAL, compile_plain},
    {"@in", 2, CEL_OP_CALL, compile_in},
};

int cel_compile_call(struct cel_compiler *compiler, const struct cel_node *node, struct cel_op *op)
{
    const char *function = node->call.function;

    for (size_t i = 0; i < sizeof(OPERATORS) / sizeof(OPERATORS[0]); i++) {
        const struct operator* known = & OPERATORS[i];

        if (!node->call.target && node->call.count == known->count &&
            strcmp(function, known->function) == 0) {
            op->code = (uint8_t)known->code;
            return known->how(compiler, node, op);
        }
    }
    if (strcmp(function, "matches") == 0)
        return compile_matches(compiler, node, op);
    if (strcmp(function, "timestamp") == 0 || strcmp(function, "duration") == 0)
        return compile_time(compiler, node, op);
    return compile_function(compiler, node, op);
}
