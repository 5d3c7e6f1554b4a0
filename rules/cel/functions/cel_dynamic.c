/* cel_dynamic.c - see cel_dynamic.h. The copy is paid for piece by piece: a list that shares its
 * parts can hold more values than there is room for. */
#include "rules/cel/functions/cel_dynamic.h"

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_conversions.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/value/cel_base64.h"

#define EXACT_MAX ((INT64_C(1) << 53) - 1) /* whole numbers up to here are double as well */
#define UNIT 16                            /* bytes that cost as much as a value */
#define SORT_COST 8                        /* of a key among others */

static struct cel_value copied(struct cel_run *run, struct cel_value value, unsigned depth);

static struct cel_value list_of(struct cel_run *run, const struct cel_list *from, unsigned depth)
{
    struct cel_list *list = cel_arena_take(run->arena, sizeof(*list));
    struct cel_value *items = cel_arena_take(run->arena, from->count * sizeof(*items));

    if (!list || !items)
        return cel_out_of_memory();
    for (size_t i = 0; i < from->count; i++) {
        items[i] = copied(run, from->items[i], depth);
        if (items[i].kind == CEL_ERROR)
            return items[i];
    }
    *list = (struct cel_list){.count = from->count, .items = items};
    return cel_list(list);
}

static struct cel_value key_of(struct cel_run *run, struct cel_value key)
{
    if (!cel_run_spend(run, SORT_COST))
        return cel_over_budget();
    return key.kind == CEL_STRING ? key : cel_as_string(run, key);
}

static struct cel_value map_of(struct cel_run *run, const struct cel_map *from, unsigned depth)
{
    struct cel_entry *entries = cel_arena_take(run->arena, from->count * sizeof(*entries));

    if (!entries)
        return cel_out_of_memory();
    for (size_t i = 0; i < from->count; i++) {
        struct cel_entry *entry = &entries[i];

        entry->key = key_of(run, from->entries[i].key);
        if (entry->key.kind == CEL_ERROR)
            return entry->key;
        entry->value = copied(run, from->entries[i].value, depth);
        if (entry->value.kind == CEL_ERROR)
            return entry->value;
    }
    return cel_map_make(run->arena, entries, from->count);
}

static struct cel_value base64_of(struct cel_run *run, struct cel_value bytes)
{
    char *text = cel_arena_take(run->arena, 4 * (((size_t)bytes.extra + 2) / 3) + 1);

    if (!cel_run_spend(run, bytes.extra / UNIT))
        return cel_over_budget();
    if (!text)
        return cel_out_of_memory();
    return cel_string(text, cel_base64_write(bytes.text, bytes.extra, text));
}

static struct cel_value copied(struct cel_run *run, struct cel_value value, unsigned depth)
{
    if (depth == 0)
        return cel_error("a value nested too deeply for JSON");
    if (!cel_run_spend(run, 1))
        return cel_over_budget();
    switch ((enum cel_kind)value.kind) {
    case CEL_NULL:
    case CEL_BOOL:
    case CEL_DOUBLE:
    case CEL_STRING:
        return value;
    case CEL_INT:
        if (value.integer >= -EXACT_MAX && value.integer <= EXACT_MAX)
            return cel_double((double)value.integer);
        return cel_as_string(run, value);
    case CEL_UINT:
        if (value.natural <= EXACT_MAX)
            return cel_double((double)value.natural);
        return cel_as_string(run, value);
    case CEL_TIMESTAMP:
    case CEL_DURATION:
        return cel_as_string(run, value);
    case CEL_BYTES:
        return base64_of(run, value);
    case CEL_LIST:
        return list_of(run, value.list, depth - 1);
    case CEL_MAP:
        return map_of(run, value.map, depth - 1);
    default:
        return cel_error_format(run->arena,
                                "conversion error: JSON has no form for a value of "
                                "type %s",
                                cel_kind_name((enum cel_kind)value.kind));
    }
}

struct cel_value cel_dynamic(struct cel_run *run, struct cel_value value)
{
    return copied(run, value, CEL_VALUE_DEPTH_MAX);
}
