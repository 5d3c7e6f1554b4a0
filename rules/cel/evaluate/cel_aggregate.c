/* cel_aggregate.c - lists, maps and messages that an expression writes down. What is written with
 * '?' is an optional, and left out when it is none. */
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/env/cel_messages.h"
#include "rules/cel/evaluate/cel_op.h"

/* 1: *value stands; 0: it is none; -1: *value is an error. */
static int take_optional(const struct cel_op *op, struct cel_frame *frame, struct cel_value *value)
{
    if (value->kind != CEL_OPTIONAL) {
        *value = cel_place(op, cel_error_format(frame->run->arena,
                                                "what is written with '?' must be an optional, "
                                                "not %s",
                                                cel_kind_name(value->kind)));
        return -1;
    }
    if (!value->inner)
        return 0;
    *value = *value->inner;
    return 1;
}

struct cel_value cel_evaluate_list(const struct cel_op *op, struct cel_frame *frame)
{
    struct cel_list *list = cel_arena_take(frame->run->arena, sizeof(*list));
    struct cel_value *items = cel_arena_take(frame->run->arena, op->count * sizeof(*items));
    size_t count = 0;

    if (!list || !items)
        return cel_place(op, cel_out_of_memory());
    for (uint32_t i = 0; i < op->count; i++) {
        struct cel_value value = cel_evaluate(&op->args[i], frame);
        int stands = 1;

        if (value.kind == CEL_ERROR)
            return value;
        if (op->optional && op->optional[i])
            stands = take_optional(&op->args[i], frame, &value);
        if (stands < 0)
            return value;
        if (stands)
            items[count++] = value;
    }
    *list = (struct cel_list){.count = count, .items = items};
    return cel_list(list);
}

struct cel_value cel_evaluate_map(const struct cel_op *op, struct cel_frame *frame)
{
    size_t pairs = op->count / 2, count = 0;
    struct cel_entry *entries = cel_arena_take(frame->run->arena, pairs * sizeof(*entries));

    if (!entries)
        return cel_place(op, cel_out_of_memory());
    for (size_t i = 0; i < pairs; i++) {
        struct cel_value key = cel_evaluate(&op->args[2 * i], frame), value;
        int stands = 1;

        if (key.kind == CEL_ERROR)
            return key;
        value = cel_evaluate(&op->args[2 * i + 1], frame);
        if (value.kind == CEL_ERROR)
            return value;
        if (op->optional && op->optional[i])
            stands = take_optional(&op->args[2 * i + 1], frame, &value);
        if (stands < 0)
            return value;
        if (stands)
            entries[count++] = (struct cel_entry){.key = key, .value = value};
    }
    return cel_place(op, cel_map_make(frame->run->arena, entries, count));
}

static bool is_of(struct cel_value value, const struct cel_type *type)
{
    return type->form != CEL_TYPE_KIND || value.kind == type->kind;
}

/* What the field keeps of the value, which is of any kind. */
static struct cel_value take_field(const struct cel_shape *shape, uint8_t at, struct cel_run *run,
                                   struct cel_value value)
{
    const struct cel_field *field = &shape->message->fields[at];

    if (!is_of(value, shape->fields[at]))
        return cel_error_format(run->arena,
                                "no such overload: the field '%s' of %s is of type %s, found %s",
                                field->name, shape->message->name, field->type,
                                cel_kind_name((enum cel_kind)value.kind));
    return field->take ? field->take(run, &value, 1) : value;
}

struct cel_value cel_evaluate_message(const struct cel_op *op, struct cel_frame *frame)
{
    const struct cel_literal *literal = op->message;
    const struct cel_message *message = literal->shape->message;
    struct cel_value fields[CEL_FIELDS_MAX];

    for (size_t i = 0; i < message->count; i++)
        fields[i] = message->fields[i].zero;
    for (uint32_t i = 0; i < op->count; i++) {
        struct cel_value value = cel_evaluate(&op->args[i], frame);
        int stands = 1;

        if (value.kind == CEL_ERROR)
            return value;
        if (literal->optional[i])
            stands = take_optional(&op->args[i], frame, &value);
        if (stands < 0)
            return value;
        if (!stands)
            continue;
        value = take_field(literal->shape, literal->fields[i], frame->run, value);
        if (value.kind == CEL_ERROR)
            return cel_place(&op->args[i], value);
        fields[literal->fields[i]] = value;
    }
    return message->make ? cel_place(op, message->make(frame->run, fields, message->count))
                         : fields[0];
}
