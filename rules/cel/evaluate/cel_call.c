/* cel_call.c - a function's arguments, and which of its overloads takes their kinds. */
#include "rules/cel/cel_env.h"
#include "rules/cel/evaluate/cel_op.h"

#define UNIT 16 /* bytes or elements that cost as much as a node */

static uint64_t length_of(struct cel_value value)
{
    switch (value.kind) {
    case CEL_STRING:
    case CEL_BYTES:
        return value.extra;
    case CEL_LIST:
        return value.list->count;
    case CEL_MAP:
        return value.map->count;
    default:
        return 0;
    }
}

static bool takes(const struct cel_candidate *candidate, const struct cel_value *args, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (candidate->kinds[i] != args[i].kind && candidate->kinds[i] != CEL_KINDS)
            return false;
    return true;
}

static struct cel_value call(struct cel_run *run, const struct cel_overload *overload,
                             const struct cel_value *args, size_t count)
{
    uint64_t cost = 0;

    if (overload->sized)
        for (size_t i = 0; i < count; i++)
            cost += length_of(args[i]) / UNIT;
    if (cost > 0 && !cel_run_spend(run, cost))
        return cel_over_budget();
    return overload->call(run, args, count);
}

struct cel_value cel_evaluate_call(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_value args[CEL_CALL_ARGS_MAX];
    const struct cel_call *to = op->call;

    for (uint32_t i = 0; i < op->count; i++) {
        args[i] = cel_evaluate(&op->args[i], frame);
        if (args[i].kind == CEL_ERROR)
            return args[i];
    }
    for (size_t i = 0; i < to->count; i++)
        if (takes(&to->candidates[i], args, op->count))
            return cel_place(op, call(frame->run, to->candidates[i].overload, args, op->count));
    return cel_place(op, cel_no_overload(frame->run->arena, to->function, args, op->count));
}
