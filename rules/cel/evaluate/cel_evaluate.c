/* cel_evaluate.c - one operation at a time, those it needs first. An error is a value that goes up
 * until && || ?: or a loop absorbs it. Depth is the expression's, which the parser caps.
 */
#include "rules/cel/evaluate/cel_leaf.h"
#include "rules/cel/evaluate/cel_op.h"
#include "rules/cel/evaluate/cel_text_set.h"
#include "rules/cel/functions/cel_standard.h"

/* The bytes of a text that are compared at the cost of a node. */
#define FREE_BYTES 256

/* The first error, or else the first value that is no bool. */
static struct cel_value worse(struct cel_value bad, struct cel_value value)
{
    if (bad.kind == CEL_ABSENT || (bad.kind != CEL_ERROR && value.kind == CEL_ERROR))
        return value;
    return bad;
}

static struct cel_value __attribute__((noinline))
no_bool(const struct cel_op *op, struct cel_frame *frame, const char *function,
        struct cel_value value)
{
    if (value.kind != CEL_ERROR)
        value = cel_no_overload(frame->run->arena, function, &value, 1);
    return cel_place(op, value);
}

static inline struct cel_value evaluate_both(const struct cel_op *op, struct cel_frame *frame,
                                             bool decides)
{
    struct cel_value bad = {0};

    for (const struct cel_op *arg = op->args, *end = arg + op->count; arg < end; arg++) {
        int leaf = cel_leaf(arg, frame->slots);
        struct cel_value value = leaf >= 0 ? cel_bool(leaf) : cel_evaluate(arg, frame);

        if (value.kind != CEL_BOOL)
            bad = worse(bad, value);
        else if (value.boolean == decides)
            return value;
    }
    if (bad.kind == CEL_ABSENT)
        return cel_bool(!decides);
    return no_bool(op, frame, decides ? "_||_" : "_&&_", bad);
}

static struct cel_value evaluate_choice(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_value condition = cel_evaluate(&op->args[0], frame);

    if (condition.kind != CEL_BOOL)
        return no_bool(op, frame, "_?_:_", condition);
    return cel_evaluate(&op->args[condition.boolean ? 1 : 2], frame);
}

static struct cel_value evaluate_not(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_value value = cel_evaluate(&op->args[0], frame);

    if (value.kind != CEL_BOOL)
        return no_bool(op, frame, "!_", value);
    return cel_bool(!value.boolean);
}

static inline struct cel_value same(const struct cel_op *op, struct cel_frame *frame,
                                    struct cel_value left, struct cel_value right, bool wanted)
{
    int equal;

    if (left.kind == CEL_ERROR)
        return left;
    if (right.kind == CEL_ERROR)
        return right;
    if (left.kind == CEL_STRING && right.kind == CEL_STRING && left.extra <= FREE_BYTES)
        return cel_bool(cel_same_text(left, right) == wanted);
    equal = cel_value_compare(left, right, &frame->run->budget);
    return equal < 0 ? cel_place(op, cel_over_budget()) : cel_bool(equal == wanted);
}

static struct cel_value evaluate_same(const struct cel_op *op, struct cel_frame *frame, bool wanted)
{
    struct cel_value left = cel_evaluate(&op->args[0], frame);

    return same(op, frame, left, cel_evaluate(&op->args[1], frame), wanted);
}

static struct cel_value __attribute__((noinline))
order_of(const struct cel_op *op, struct cel_frame *frame, struct cel_value left,
         struct cel_value right)
{
    static cel_function *const FUNCTIONS[] = {
        [CEL_OP_LESS] = cel_less,
        [CEL_OP_LESS_EQUAL] = cel_less_equal,
        [CEL_OP_GREATER] = cel_greater,
        [CEL_OP_GREATER_EQUAL] = cel_greater_equal,
    };
    const struct cel_value args[] = {left, right};

    if (left.kind == CEL_ERROR)
        return left;
    if (right.kind == CEL_ERROR)
        return right;
    if (args[0].kind == CEL_STRING && args[0].extra > FREE_BYTES &&
        !cel_run_spend(frame->run, args[0].extra / 16))
        return cel_place(op, cel_over_budget());
    return cel_place(op, FUNCTIONS[op->code](frame->run, args, 2));
}

static inline struct cel_value evaluate_order(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_value left = cel_evaluate(&op->args[0], frame);
    struct cel_value right = cel_evaluate(&op->args[1], frame);

    if (left.kind != CEL_INT || right.kind != CEL_INT)
        return order_of(op, frame, left, right);
    switch (op->code) {
    case CEL_OP_LESS:
        return cel_bool(left.integer < right.integer);
    case CEL_OP_LESS_EQUAL:
        return cel_bool(left.integer <= right.integer);
    case CEL_OP_GREATER:
        return cel_bool(left.integer > right.integer);
    default:
        return cel_bool(left.integer >= right.integer);
    }
}

static struct cel_value __attribute__((noinline))
evaluate_index(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_value args[] = {cel_evaluate(&op->args[0], frame),
                               cel_evaluate(&op->args[1], frame)};

    if (args[0].kind == CEL_ERROR)
        return args[0];
    if (args[1].kind == CEL_ERROR)
        return args[1];
    if (op->code == CEL_OP_INDEX)
        return cel_place(op, cel_index(frame->run, args, 2));
    return cel_place(op, cel_index_optional(frame->run, args[0], args[1]));
}

static struct cel_value evaluate_select(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_value operand = cel_evaluate(&op->args[0], frame);

    if (operand.kind == CEL_MAP) {
        const struct cel_value *found = cel_map_find(operand.map, op->value);

        if (found)
            return *found;
    } else if (operand.kind == CEL_ERROR) {
        return operand;
    }
    return cel_place(op, cel_select(frame->run, operand, op->value));
}

static struct cel_value evaluate_has(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_value operand = cel_evaluate(&op->args[0], frame);

    if (operand.kind == CEL_ERROR)
        return operand;
    return cel_place(op, cel_has(frame->run, operand, op->value));
}

static struct cel_value evaluate_in_texts(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_value text = cel_evaluate(&op->args[0], frame);

    if (text.kind == CEL_ERROR)
        return text;
    return cel_bool(text.kind == CEL_STRING && cel_text_set_has(op->texts, text));
}

static struct cel_value evaluate_matches(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_value text = cel_evaluate(&op->args[0], frame);

    if (text.kind == CEL_ERROR)
        return text;
    if (text.kind != CEL_STRING)
        return cel_place(op, cel_no_overload(frame->run->arena, "matches", &text, 1));
    return cel_place(op, cel_matches_compiled(frame->run, op->regex, text));
}

static struct cel_value evaluate_let(const struct cel_op *op, struct cel_frame *frame)
{
    frame->locals[op->slot] = cel_evaluate(&op->args[0], frame);
    return cel_evaluate(&op->args[1], frame);
}

static inline struct cel_value evaluate_slot(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_value value = frame->slots[op->slot];

    return value.kind == CEL_ABSENT ? op->value : cel_place(op, value);
}

static struct cel_value evaluate_not_strictly_false(const struct cel_op *op,
                                                    struct cel_frame *frame)
{
    struct cel_value value = cel_evaluate(&op->args[0], frame);

    return cel_bool(value.kind != CEL_BOOL || value.boolean);
}

struct cel_value cel_evaluate(const struct cel_op *op, struct cel_frame *frame)
{
    switch ((enum cel_op_code)op->code) {
    case CEL_OP_VALUE:
        return op->value;
    case CEL_OP_SLOT:
        return evaluate_slot(op, frame);
    case CEL_OP_HAS_SLOT:
        return cel_bool(frame->slots[op->slot].kind != CEL_ABSENT);
    case CEL_OP_LOCAL:
        return frame->locals[op->slot];
    case CEL_OP_SELECT:
        return evaluate_select(op, frame);
    case CEL_OP_HAS:
        return evaluate_has(op, frame);
    case CEL_OP_INDEX:
    case CEL_OP_OPTIONAL:
        return evaluate_index(op, frame);
    case CEL_OP_AND:
    case CEL_OP_OR:
        return evaluate_both(op, frame, op->code == CEL_OP_OR);
    case CEL_OP_NOT:
        return evaluate_not(op, frame);
    case CEL_OP_CHOOSE:
        return evaluate_choice(op, frame);
    case CEL_OP_NOT_STRICTLY_FALSE:
        return evaluate_not_strictly_false(op, frame);
    case CEL_OP_IS:
        return same(op, frame, cel_evaluate(&op->args[0], frame), op->value, true);
    case CEL_OP_IS_NOT:
        return same(op, frame, cel_evaluate(&op->args[0], frame), op->value, false);
    case CEL_OP_EQUAL:
        return evaluate_same(op, frame, true);
    case CEL_OP_NOT_EQUAL:
        return evaluate_same(op, frame, false);
    case CEL_OP_LESS:
    case CEL_OP_LESS_EQUAL:
    case CEL_OP_GREATER:
    case CEL_OP_GREATER_EQUAL:
        return evaluate_order(op, frame);
    case CEL_OP_IN_TEXTS:
        return evaluate_in_texts(op, frame);
    case CEL_OP_MATCHES:
        return evaluate_matches(op, frame);
    case CEL_OP_CALL:
        return cel_evaluate_call(op, frame);
    case CEL_OP_LIST:
        return cel_evaluate_list(op, frame);
    case CEL_OP_MAP:
        return cel_evaluate_map(op, frame);
    case CEL_OP_MESSAGE:
        return cel_evaluate_message(op, frame);
    case CEL_OP_LET:
        return evaluate_let(op, frame);
    case CEL_OP_LOOP:
        return cel_evaluate_loop(op, frame);
    case CEL_OP_COLLECT:
        return cel_evaluate_collect(op, frame);
    case CEL_OP_INSERT:
        return cel_evaluate_insert(op, frame);
    }
    return cel_error("an operation of no known kind");
}
