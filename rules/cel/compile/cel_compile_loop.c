/* cel_compile_loop.c - comprehensions. What the macros write for map, filter and the like would
 * copy its list each turn: they are known by their shape and grow it in place.
 */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/compile/cel_compile.h"

static bool is_ident(const struct cel_node *node, const char *name)
{
    return node->kind == CEL_NODE_IDENT && strcmp(node->name, name) == 0;
}

static bool is_call(const struct cel_node *node, const char *function, size_t count)
{
    return node->kind == CEL_NODE_CALL && !node->call.target && node->call.count == count &&
           strcmp(node->call.function, function) == 0;
}

static bool is_empty(const struct cel_node *node, enum cel_node_kind kind)
{
    return node->kind == kind && node->aggregate.count == 0;
}

static bool is_true(const struct cel_node *node)
{
    return node->kind == CEL_NODE_LITERAL && node->literal.kind == CEL_BOOL &&
           node->literal.boolean;
}

static bool mentions(const struct cel_node *node, const char *name);

static bool loop_mentions(const struct cel_comprehension *loop, const char *name)
{
    bool hides_accu = strcmp(loop->accu, name) == 0;
    bool hides =
        hides_accu || strcmp(loop->var, name) == 0 || (loop->var2 && strcmp(loop->var2, name) == 0);

    if (mentions(loop->range, name) || mentions(loop->init, name))
        return true;
    if (!hides && (mentions(loop->condition, name) || mentions(loop->step, name)))
        return true;
    return !hides_accu && mentions(loop->result, name);
}

/* Whether the local of this name is read there. */
static bool mentions(const struct cel_node *node, const char *name)
{
    switch (node->kind) {
    case CEL_NODE_LITERAL:
        return false;
    case CEL_NODE_IDENT:
        return strcmp(node->name, name) == 0;
    case CEL_NODE_SELECT:
        return mentions(node->select.operand, name);
    case CEL_NODE_CALL:
        for (size_t i = 0; i < node->call.count; i++)
            if (mentions(node->call.args[i], name))
                return true;
        return node->call.target && mentions(node->call.target, name);
    case CEL_NODE_LIST:
    case CEL_NODE_MAP:
    case CEL_NODE_MESSAGE:
        for (size_t i = 0; i < node->aggregate.count; i++) {
            const struct cel_element *element = &node->aggregate.elements[i];

            if ((element->key && mentions(element->key, name)) || mentions(element->value, name))
                return true;
        }
        return false;
    case CEL_NODE_COMPREHENSION:
        return loop_mentions(&node->comprehension, name);
    }
    return true;
}

/* How a list or map grows by one in a turn. */
struct growth {
    enum cel_op_code code;
    const struct cel_node *condition; /* NULL: always */
    const struct cel_node *element;   /* or the key */
    const struct cel_node *value;     /* of a key */
};

/* insert(accu, {key: value}): the same as insert(accu, key, value) */
static bool inserts_entry(const struct cel_node *step, const char *accu, struct growth *ret)
{
    const struct cel_node *map;

    if (!is_call(step, CEL_MAP_INSERT, 2) || !is_ident(step->call.args[0], accu))
        return false;
    map = step->call.args[1];
    if (map->kind != CEL_NODE_MAP || map->aggregate.count != 1 ||
        map->aggregate.elements[0].optional)
        return false;
    ret->code = CEL_OP_INSERT;
    ret->element = map->aggregate.elements[0].key;
    ret->value = map->aggregate.elements[0].value;
    return true;
}

/* accu + [element], or insert(accu, key, value) */
static bool grows(const struct cel_node *step, const char *accu, struct growth *ret)
{
    if (is_call(step, "_+_", 2) && is_ident(step->call.args[0], accu)) {
        const struct cel_node *list = step->call.args[1];

        if (list->kind != CEL_NODE_LIST || list->aggregate.count != 1 ||
            list->aggregate.elements[0].optional)
            return false;
        ret->code = CEL_OP_COLLECT;
        ret->element = list->aggregate.elements[0].value;
        return true;
    }
    if (is_call(step, CEL_MAP_INSERT, 3) && is_ident(step->call.args[0], accu)) {
        ret->code = CEL_OP_INSERT;
        ret->element = step->call.args[1];
        ret->value = step->call.args[2];
        return true;
    }
    return inserts_entry(step, accu, ret);
}

static bool find_growth(const struct cel_comprehension *loop, struct growth *ret)
{
    const struct cel_node *step = loop->step;
    bool list = is_empty(loop->init, CEL_NODE_LIST), map = is_empty(loop->init, CEL_NODE_MAP);

    *ret = (struct growth){0};
    if (!(list || map) || !is_true(loop->condition) || !is_ident(loop->result, loop->accu))
        return false;
    if (is_call(step, "_?_:_", 3) && is_ident(step->call.args[2], loop->accu)) {
        ret->condition = step->call.args[0];
        step = step->call.args[1];
    }
    return grows(step, loop->accu, ret) && list == (ret->code == CEL_OP_COLLECT) &&
           !mentions(ret->element, loop->accu) &&
           !(ret->value && mentions(ret->value, loop->accu)) &&
           !(ret->condition && mentions(ret->condition, loop->accu));
}

static int push(struct cel_compiler *compiler, const char *name, uint32_t offset, uint32_t *ret)
{
    if (compiler->depth == CEL_SCOPE_MAX)
        return cel_compile_issue(compiler, offset, "too many variables of macros within macros");
    *ret = compiler->depth;
    compiler->scope[compiler->depth++] = name;
    if (compiler->depth > compiler->program->locals)
        compiler->program->locals = compiler->depth;
    return 0;
}

static int compile_let(struct cel_compiler *compiler, const struct cel_node *node,
                       struct cel_op *op)
{
    const struct cel_comprehension *loop = &node->comprehension;
    struct cel_op *args = cel_take_ops(compiler, 2);
    uint32_t depth = compiler->depth;
    int rc;

    if (!args || cel_compile_node(compiler, loop->init, &args[0]) < 0 ||
        push(compiler, loop->accu, node->offset, &op->slot) < 0)
        return -1;
    op->code = CEL_OP_LET;
    op->args = args;
    op->count = 2;
    rc = cel_compile_node(compiler, loop->result, &args[1]);
    compiler->depth = depth;
    return rc;
}

static void set_value(struct cel_op *op, struct cel_value value)
{
    op->code = CEL_OP_VALUE;
    op->value = value;
}

/* What is evaluated each turn, with the loop's names in scope. */
static int compile_turn(struct cel_compiler *compiler, const struct cel_comprehension *loop,
                        const struct growth *growth, struct cel_op *args)
{
    if (growth->code != CEL_OP_COLLECT && growth->code != CEL_OP_INSERT)
        return cel_compile_node(compiler, loop->condition, &args[CEL_LOOP_CONDITION]) < 0
                   ? -1
                   : cel_compile_node(compiler, loop->step, &args[CEL_LOOP_STEP]);
    if (!growth->condition)
        set_value(&args[CEL_LOOP_CONDITION], cel_bool(true));
    else if (cel_compile_node(compiler, growth->condition, &args[CEL_LOOP_CONDITION]) < 0)
        return -1;
    if (cel_compile_node(compiler, growth->element, &args[CEL_LOOP_STEP]) < 0)
        return -1;
    if (!growth->value) {
        set_value(&args[CEL_LOOP_RESULT], cel_null());
        return 0;
    }
    return cel_compile_node(compiler, growth->value, &args[CEL_LOOP_RESULT]);
}

static int compile_loop(struct cel_compiler *compiler, const struct cel_node *node,
                        const struct growth *growth, struct cel_op *args, struct cel_loop *loop)
{
    const struct cel_comprehension *from = &node->comprehension;
    uint64_t turn = 0, *outside = compiler->cost;
    bool grown = growth->code == CEL_OP_COLLECT || growth->code == CEL_OP_INSERT;

    if (cel_compile_node(compiler, from->range, &args[CEL_LOOP_RANGE]) < 0)
        return -1;
    if (grown)
        set_value(&args[CEL_LOOP_INIT], cel_null());
    else if (cel_compile_node(compiler, from->init, &args[CEL_LOOP_INIT]) < 0)
        return -1;
    if (push(compiler, from->accu, node->offset, &loop->accu) < 0 ||
        push(compiler, from->var, node->offset, &loop->var) < 0 ||
        (from->var2 && push(compiler, from->var2, node->offset, &loop->var2) < 0))
        return -1;
    compiler->cost = &turn;
    if (compile_turn(compiler, from, growth, args) < 0)
        return -1;
    compiler->cost = outside;
    compiler->depth = loop->accu + 1; /* the result sees that alone */
    loop->turn_cost = (uint32_t)turn;
    return grown ? 0 : cel_compile_node(compiler, from->result, &args[CEL_LOOP_RESULT]);
}

int cel_compile_comprehension(struct cel_compiler *compiler, const struct cel_node *node,
                              struct cel_op *op)
{
    const struct cel_comprehension *from = &node->comprehension;
    uint32_t depth = compiler->depth;
    struct cel_loop *loop;
    struct growth growth;
    struct cel_op *args;

    if (is_empty(from->range, CEL_NODE_LIST))
        return compile_let(compiler, node, op);
    args = cel_take_ops(compiler, CEL_LOOP_ARGS);
    loop = cel_arena_take(compiler->program->arena, sizeof(*loop));
    if (!args)
        return -1;
    if (!loop)
        return cel_compile_no_memory(compiler);
    *loop = (struct cel_loop){.var2 = CEL_LOCAL_NONE};
    op->code = find_growth(from, &growth) ? growth.code : CEL_OP_LOOP;
    if (op->code == CEL_OP_LOOP)
        growth = (struct growth){0};
    op->args = args;
    op->count = CEL_LOOP_ARGS;
    op->loop = loop;
    if (compile_loop(compiler, node, &growth, args, loop) < 0)
        return -1;
    compiler->depth = depth;
    return 0;
}
