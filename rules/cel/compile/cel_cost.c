/* cel_cost.c - the most that a program can cost, told before it runs. Each operation is followed
 * with the most that its value can hold: bytes and elements, with all that is in them. A loop over
 * what can hold n turns n times; an accumulator that grows in a way that is not known here makes
 * the cost unknown. Invariant: never less than a run spends.
 */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_type.h"
#include "rules/cel/compile/cel_compile.h"
#include "rules/cel/env/cel_messages.h"
#include "rules/cel/functions/cel_dynamic.h"
#include "rules/cel/regex/cel_regex.h"

#define UNKNOWN UINT64_MAX
#define NUMBER_TEXT 40 /* bytes of a number, a timestamp, a duration or an address as text */

struct estimate {
    uint64_t cost; /* of loops and sized calls, beyond the nodes */
    uint64_t size;
};

struct estimator {
    uint64_t length;  /* of each variable */
    uint64_t *locals; /* sizes */
};

static uint64_t sum(uint64_t left, uint64_t right)
{
    uint64_t total;

    return __builtin_add_overflow(left, right, &total) ? UNKNOWN : total;
}

static uint64_t product(uint64_t left, uint64_t right)
{
    uint64_t total;

    return __builtin_mul_overflow(left, right, &total) ? UNKNOWN : total;
}

/* What so many steps of a pattern cost. */
static uint64_t of_steps(uint64_t steps)
{
    return steps == UNKNOWN ? UNKNOWN : steps / CEL_REGEX_COST_STEPS;
}

static uint64_t greater(uint64_t left, uint64_t right)
{
    return left > right ? left : right;
}

static uint64_t size_of(struct cel_value value)
{
    uint64_t size = 1;

    switch (value.kind) {
    case CEL_STRING:
    case CEL_BYTES:
        return value.extra;
    case CEL_LIST:
        for (size_t i = 0; i < value.list->count; i++)
            size = sum(size, sum(1, size_of(value.list->items[i])));
        return size;
    case CEL_MAP:
        for (size_t i = 0; i < value.map->count; i++)
            size = sum(size, sum(size_of(value.map->entries[i].key),
                                 sum(1, size_of(value.map->entries[i].value))));
        return size;
    case CEL_OPTIONAL:
        return value.inner ? size_of(*value.inner) : 1;
    default:
        return 1;
    }
}

static struct estimate estimate(struct estimator *estimator, const struct cel_op *op);

/* All of them evaluated, one after the other; the size is that of all together. */
static struct estimate of_args(struct estimator *estimator, const struct cel_op *op)
{
    struct estimate all = {0};

    for (uint32_t i = 0; i < op->count; i++) {
        struct estimate one = estimate(estimator, &op->args[i]);

        all.cost = sum(all.cost, one.cost);
        all.size = sum(all.size, sum(one.size, 1));
    }
    return all;
}

/* Functions whose result holds no more than a small multiple of what they are given. What is not
 * here, and does not return a plain value, may give anything. */
static const char *const LINEAR[] = {
    "_+_",
    "string",
    "bytes",
    "dyn",
    "charAt",
    "lowerAscii",
    "upperAscii",
    "reverse",
    "split",
    "substring",
    "trim",
    "strings.quote",
    "base64.encode",
    "base64.decode",
    "optional.of",
    "optional.ofNonZeroValue",
    "optional.none",
    "optional.unwrap",
    "unwrapOpt",
    "first",
    "last",
    "value",
    "or",
    "orValue",
    "ip",
    "cidr",
    "masked",
    "@map_insert",
    "math.greatest",
    "math.least",
};

/* And those whose result holds no more than the product of two arguments. */
static const char *const MULTIPLYING[] = {"replace", "join", "format"};

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_plain(const char *signature)
{
    static const char *const PLAIN[] = {"bool",      "int",      "uint",   "double",   "null",
                                        "timestamp", "duration", "net.IP", "net.CIDR", "type<A>"};
    const char *result = strstr(signature, "-> ");

    return result && is_among(result + 3, PLAIN, sizeof(PLAIN) / sizeof(PLAIN[0]));
}

static uint64_t result_size(const struct cel_call *call, uint64_t size)
{
    bool plain = true;

    for (size_t i = 0; i < call->count; i++)
        plain = plain && is_plain(call->candidates[i].overload->signature);
    if (plain)
        return NUMBER_TEXT;
    if (is_among(call->function, LINEAR, sizeof(LINEAR) / sizeof(LINEAR[0])))
        return sum(product(size, 4), NUMBER_TEXT);
    if (is_among(call->function, MULTIPLYING, sizeof(MULTIPLYING) / sizeof(MULTIPLYING[0])))
        return product(sum(size, NUMBER_TEXT), sum(size, NUMBER_TEXT));
    return UNKNOWN;
}

static bool is_number(const struct cel_op *op)
{
    return op->code == CEL_OP_VALUE && (op->value.kind == CEL_INT || op->value.kind == CEL_UINT ||
                                        op->value.kind == CEL_DOUBLE);
}

static struct estimate of_sum(const struct cel_op *op, struct estimate all)
{
    if (is_number(&op->args[0]) || is_number(&op->args[1]))
        return (struct estimate){all.cost, 1};
    return (struct estimate){sum(all.cost, all.size), greater(all.size, NUMBER_TEXT)};
}

static struct estimate of_choice(struct estimator *estimator, const struct cel_op *op)
{
    struct estimate one = estimate(estimator, &op->args[1]),
                    other = estimate(estimator, &op->args[2]);
    uint64_t cost = estimate(estimator, &op->args[0]).cost;

    return (struct estimate){sum(cost, sum(one.cost, other.cost)), greater(one.size, other.size)};
}

static struct estimate of_call(struct estimator *estimator, const struct cel_op *op)
{
    struct estimate all = of_args(estimator, op);
    uint64_t size = all.size;

    if (strcmp(op->call->function, "_+_") == 0)
        return of_sum(op, all);
    all.size = result_size(op->call, size);
    if (strcmp(op->call->function, "matches") == 0)
        /* Any pattern: compiled, then each character by each of the most instructions. */
        all.cost =
            sum(all.cost,
                of_steps(sum(CEL_REGEX_STEPS_MAX, cel_regex_steps(CEL_REGEX_PROGRAM_MAX, size))));
    else if (strcmp(op->call->function, CEL_MAP_INSERT) == 0)
        all.cost = sum(all.cost, product(size, 8)); /* sorted anew */
    else
        /* Finding a double's digits, and what is written are included. */
        all.cost = sum(all.cost, sum(sum(size, NUMBER_TEXT), all.size / 16));
    return all;
}

static struct estimate of_matches(struct estimator *estimator, const struct cel_op *op)
{
    struct estimate text = estimate(estimator, op->args);
    uint64_t steps = cel_regex_steps(cel_regex_size(op->regex), text.size);

    return (struct estimate){sum(text.cost, of_steps(steps)), 1};
}

static uint64_t turns_of(const struct cel_op *range, uint64_t size)
{
    if (range->code == CEL_OP_VALUE && range->value.kind == CEL_LIST)
        return range->value.list->count;
    if (range->code == CEL_OP_VALUE && range->value.kind == CEL_MAP)
        return range->value.map->count;
    if (range->code == CEL_OP_LIST)
        return range->count;
    return size;
}

/* What the accumulator holds at the end. */
static uint64_t accumulated(const struct cel_op *op, uint64_t turns, uint64_t init, uint64_t step,
                            uint64_t value)
{
    if (op->code == CEL_OP_COLLECT || op->code == CEL_OP_INSERT)
        return product(turns, sum(sum(step, value), 1));
    return step <= greater(init, NUMBER_TEXT) ? greater(init, NUMBER_TEXT) : UNKNOWN;
}

static struct estimate of_loop(struct estimator *estimator, const struct cel_op *op)
{
    const struct cel_loop *loop = op->loop;
    bool grown = op->code != CEL_OP_LOOP;
    struct estimate range = estimate(estimator, &op->args[CEL_LOOP_RANGE]);
    struct estimate init = estimate(estimator, &op->args[CEL_LOOP_INIT]);
    struct estimate condition, step, result = {0};
    uint64_t turns = turns_of(&op->args[CEL_LOOP_RANGE], range.size), turn;

    estimator->locals[loop->accu] = greater(init.size, NUMBER_TEXT);
    estimator->locals[loop->var] = greater(range.size, 1);
    if (loop->var2 != CEL_LOCAL_NONE)
        estimator->locals[loop->var2] = greater(range.size, 1);
    condition = estimate(estimator, &op->args[CEL_LOOP_CONDITION]);
    step = estimate(estimator, &op->args[CEL_LOOP_STEP]);
    if (grown)
        result = estimate(estimator, &op->args[CEL_LOOP_RESULT]);
    turn = sum(sum(loop->turn_cost, 1), sum(condition.cost, step.cost));
    if (grown)
        turn = sum(turn, result.cost);
    estimator->locals[loop->accu] = accumulated(op, turns, init.size, step.size, result.size);
    if (!grown)
        result = estimate(estimator, &op->args[CEL_LOOP_RESULT]);
    return (struct estimate){
        sum(sum(range.cost, init.cost), sum(product(turns, turn), grown ? 0 : result.cost)),
        grown ? estimator->locals[loop->accu] : result.size,
    };
}

/* Those that keep any value walk it, and make text of some that is in it. */
static struct estimate of_message(struct estimator *estimator, const struct cel_op *op)
{
    const struct cel_type *type = op->message->shape->type;
    struct estimate all = of_args(estimator, op);

    if (type->form == CEL_TYPE_KIND && type->count == 0)
        return (struct estimate){all.cost, greater(all.size, 1)};
    return (struct estimate){
        sum(all.cost, product(all.size, CEL_DYNAMIC_COST)),
        sum(product(all.size, NUMBER_TEXT), NUMBER_TEXT),
    };
}

static struct estimate of_let(struct estimator *estimator, const struct cel_op *op)
{
    struct estimate value = estimate(estimator, &op->args[0]), body;

    estimator->locals[op->slot] = value.size;
    body = estimate(estimator, &op->args[1]);
    return (struct estimate){sum(value.cost, body.cost), body.size};
}

/* A part of a value, or a value beside it that costs as much as it is long to compare. */
static struct estimate of_comparison(struct estimator *estimator, const struct cel_op *op)
{
    struct estimate all = of_args(estimator, op);

    return (struct estimate){sum(all.cost, sum(all.size, size_of(op->value))), 1};
}

static struct estimate estimate(struct estimator *estimator, const struct cel_op *op)
{
    struct estimate all;

    switch ((enum cel_op_code)op->code) {
    case CEL_OP_VALUE:
        return (struct estimate){0, size_of(op->value)};
    case CEL_OP_SLOT:
        return (struct estimate){0, estimator->length};
    case CEL_OP_LOCAL:
        return (struct estimate){0, estimator->locals[op->slot]};
    case CEL_OP_HAS_SLOT:
        return (struct estimate){0, 1};
    case CEL_OP_SELECT:
    case CEL_OP_INDEX:
    case CEL_OP_OPTIONAL:
    case CEL_OP_LIST:
    case CEL_OP_MAP:
        all = of_args(estimator, op);
        /* A long key is compared with its length. */
        all.cost =
            sum(all.cost, op->code == CEL_OP_INDEX || op->code == CEL_OP_OPTIONAL ? all.size : 0);
        return all;
    case CEL_OP_AND:
    case CEL_OP_OR:
    case CEL_OP_NOT:
    case CEL_OP_HAS:
    case CEL_OP_NOT_STRICTLY_FALSE:
    case CEL_OP_IN_TEXTS:
        return (struct estimate){of_args(estimator, op).cost, 1};
    case CEL_OP_IS:
    case CEL_OP_IS_NOT:
    case CEL_OP_EQUAL:
    case CEL_OP_NOT_EQUAL:
    case CEL_OP_LESS:
    case CEL_OP_LESS_EQUAL:
    case CEL_OP_GREATER:
    case CEL_OP_GREATER_EQUAL:
        return of_comparison(estimator, op);
    case CEL_OP_MATCHES:
        return of_matches(estimator, op);
    case CEL_OP_CHOOSE:
        return of_choice(estimator, op);
    case CEL_OP_CALL:
        return of_call(estimator, op);
    case CEL_OP_MESSAGE:
        return of_message(estimator, op);
    case CEL_OP_LET:
        return of_let(estimator, op);
    case CEL_OP_LOOP:
    case CEL_OP_COLLECT:
    case CEL_OP_INSERT:
        return of_loop(estimator, op);
    }
    return (struct estimate){UNKNOWN, UNKNOWN};
}

uint64_t cel_program_cost(const struct cel_program *program, size_t length)
{
    size_t room = (program->locals + 1) * sizeof(uint64_t);
    struct cel_arena *arena = cel_arena_create(room + 64);
    struct estimator estimator = {.length = length};
    struct estimate all = {UNKNOWN, UNKNOWN};

    if (arena && (estimator.locals = cel_arena_take(arena, room)))
        all = estimate(&estimator, program->root);
    cel_arena_destroy(arena);
    return sum(program->cost, all.cost);
}
