/* cel_loop.c - comprehensions: for each element of a list, or key of a map in the order it was
 * written. Each turn is paid for before it is taken, so that the budget bounds them all.
 */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/evaluate/cel_op.h"

struct range {
    const struct cel_list *list; /* or NULL: */
    const struct cel_map *map;
    size_t count;
};

/* False with *ret_error. */
static bool open_range(const struct cel_op *op, struct cel_frame *frame, struct range *ret,
                       struct cel_value *ret_error)
{
    struct cel_value value = cel_evaluate(&op->args[CEL_LOOP_RANGE], frame);

    if (value.kind == CEL_LIST)
        *ret = (struct range){.list = value.list, .count = value.list->count};
    else if (value.kind == CEL_MAP)
        *ret = (struct range){.map = value.map, .count = value.map->count};
    else if (value.kind == CEL_ERROR)
        *ret_error = value;
    else
        *ret_error = cel_place(&op->args[CEL_LOOP_RANGE],
                               cel_error_format(frame->run->arena,
                                                "no such overload: a value of type %s has no "
                                                "elements to go through",
                                                cel_kind_name(value.kind)));
    return ret->list || ret->map;
}

static void bind(const struct cel_loop *loop, struct cel_frame *frame, const struct range *range,
                 size_t at)
{
    struct cel_value first, second;

    if (range->list) {
        first = cel_int((int64_t)at);
        second = range->list->items[at];
    } else {
        first = range->map->entries[at].key;
        second = range->map->entries[at].value;
    }
    if (loop->var2 != CEL_LOCAL_NONE) {
        frame->locals[loop->var] = first;
        frame->locals[loop->var2] = second;
    } else {
        frame->locals[loop->var] = range->list ? second : first;
    }
}

static bool pay_turn(const struct cel_loop *loop, struct cel_frame *frame)
{
    return cel_run_spend(frame->run, (uint64_t)loop->turn_cost + 1);
}

struct cel_value cel_evaluate_loop(const struct cel_op *op, struct cel_frame *frame)
{
    const struct cel_loop *loop = op->loop;
    struct cel_value error, accu;
    struct range range = {0};

    if (!open_range(op, frame, &range, &error))
        return error;
    accu = cel_evaluate(&op->args[CEL_LOOP_INIT], frame);
    for (size_t i = 0; i < range.count; i++) {
        struct cel_value condition;

        if (!pay_turn(loop, frame))
            return cel_place(op, cel_over_budget());
        bind(loop, frame, &range, i);
        frame->locals[loop->accu] = accu;
        condition = cel_evaluate(&op->args[CEL_LOOP_CONDITION], frame);
        if (condition.kind == CEL_ERROR)
            return condition;
        if (condition.kind == CEL_BOOL && !condition.boolean)
            break;
        accu = cel_evaluate(&op->args[CEL_LOOP_STEP], frame);
    }
    frame->locals[loop->accu] = accu;
    return cel_evaluate(&op->args[CEL_LOOP_RESULT], frame);
}

/* Paid and bound. Whether it adds something: 1, 0, or -1 with *ret_error. */
static int take_turn(const struct cel_op *op, struct cel_frame *frame, const struct range *range,
                     size_t at, struct cel_value *ret_error)
{
    const struct cel_op *condition = &op->args[CEL_LOOP_CONDITION];
    struct cel_value value;

    if (!pay_turn(op->loop, frame)) {
        *ret_error = cel_place(op, cel_over_budget());
        return -1;
    }
    bind(op->loop, frame, range, at);
    value = cel_evaluate(condition, frame);
    if (value.kind == CEL_BOOL)
        return value.boolean;
    if (value.kind != CEL_ERROR)
        value = cel_no_overload(frame->run->arena, "_?_:_", &value, 1);
    *ret_error = cel_place(condition, value);
    return -1;
}

/* Room for one more of 'size' bytes; NULL: none. */
static void *grow(struct cel_frame *frame, void *old, size_t count, size_t *room, size_t size)
{
    void *grown = old;

    if (count == *room) {
        size_t more = *room ? *room * 2 : 8;

        grown = cel_arena_take(frame->run->arena, more * size);
        if (grown && count)
            memcpy(grown, old, count * size);
        *room = more;
    }
    return grown;
}

/* An error of one turn is that of the whole: a list with an error in it is none. */
struct cel_value cel_evaluate_collect(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_value *items = NULL, error;
    struct cel_list *list;
    size_t count = 0, room = 0;
    struct range range = {0};

    if (!open_range(op, frame, &range, &error))
        return error;
    for (size_t i = 0; i < range.count; i++) {
        int add = take_turn(op, frame, &range, i, &error);

        if (add < 0)
            return error;
        if (add == 0)
            continue;
        if (!(items = grow(frame, items, count, &room, sizeof(*items))))
            return cel_place(op, cel_out_of_memory());
        items[count] = cel_evaluate(&op->args[CEL_LOOP_STEP], frame);
        if (items[count++].kind == CEL_ERROR)
            return items[count - 1];
    }
    if (!(list = cel_arena_take(frame->run->arena, sizeof(*list))))
        return cel_place(op, cel_out_of_memory());
    *list = (struct cel_list){.count = count, .items = items};
    return cel_list(list);
}

/* The same; a key that stands twice is found when all of them are there. */
struct cel_value cel_evaluate_insert(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_entry *entries = NULL;
    struct cel_value error;
    size_t count = 0, room = 0;
    struct range range = {0};

    if (!open_range(op, frame, &range, &error))
        return error;
    for (size_t i = 0; i < range.count; i++) {
        struct cel_entry *entry;
        int add = take_turn(op, frame, &range, i, &error);

        if (add < 0)
            return error;
        if (add == 0)
            continue;
        if (!(entries = grow(frame, entries, count, &room, sizeof(*entries))))
            return cel_place(op, cel_out_of_memory());
        entry = &entries[count++];
        entry->key = cel_evaluate(&op->args[CEL_LOOP_STEP], frame);
        if (entry->key.kind == CEL_ERROR)
            return entry->key;
        entry->value = cel_evaluate(&op->args[CEL_LOOP_RESULT], frame);
        if (entry->value.kind == CEL_ERROR)
            return entry->value;
    }
    return cel_place(op, cel_map_make(frame->run->arena, entries, count));
}
