/* cel_json.c - plain JSON as values (cel_json.h, cel_json_dynamic.h). */
#include "rules/cel/cel_json.h"

#include <math.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/json/cel_json_dynamic.h"

struct reader {
    struct cel_arena *arena;
    bool real; /* all numbers are double */
};

static struct cel_value plain(const struct reader *reader, const json_t *json, unsigned depth);

static struct cel_value plain_list(const struct reader *reader, const json_t *json, unsigned depth)
{
    size_t count = json_array_size(json);
    struct cel_value *items = cel_arena_take(reader->arena, count * sizeof(*items));
    struct cel_list *list = cel_arena_take(reader->arena, sizeof(*list));

    if (!items || !list)
        return cel_out_of_memory();
    for (size_t i = 0; i < count; i++) {
        items[i] = plain(reader, json_array_get(json, i), depth);
        if (cel_is(items[i], CEL_ERROR))
            return items[i];
    }
    *list = (struct cel_list){.count = count, .items = items};
    return cel_list(list);
}

static struct cel_value plain_map(const struct reader *reader, const json_t *json, unsigned depth)
{
    struct cel_entry *entries =
        cel_arena_take(reader->arena, json_object_size(json) * sizeof(*entries));
    json_t *object = (json_t *)json; /* jansson's iterator changes nothing in it */
    size_t count = 0;

    if (!entries)
        return cel_out_of_memory();
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);

        entries[count].key = cel_string(key, json_object_iter_key_len(at));
        entries[count].value = plain(reader, json_object_iter_value(at), depth);
        if (cel_is(entries[count].value, CEL_ERROR))
            return entries[count].value;
        count++;
    }
    return cel_map_make(reader->arena, entries, count);
}

static struct cel_value plain_number(double real)
{
    bool whole = real >= -0x1p63 && real < 0x1p63 && real == trunc(real);

    return whole ? cel_int((int64_t)real) : cel_double(real);
}

static struct cel_value plain(const struct reader *reader, const json_t *json, unsigned depth)
{
    if (depth == 0)
        return cel_error("JSON nested too deeply");
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return plain_map(reader, json, depth - 1);
    case JSON_ARRAY:
        return plain_list(reader, json, depth - 1);
    case JSON_STRING:
        return cel_string(json_string_value(json), json_string_length(json));
    case JSON_INTEGER:
        return reader->real ? cel_double(json_number_value(json))
                            : cel_int(json_integer_value(json));
    case JSON_REAL:
        return reader->real ? cel_double(json_real_value(json))
                            : plain_number(json_real_value(json));
    case JSON_TRUE:
    case JSON_FALSE:
        return cel_bool(json_is_true(json));
    case JSON_NULL:
        break;
    }
    return cel_null();
}

struct cel_value cel_json_value(struct cel_arena *arena, const json_t *json)
{
    struct reader reader = {.arena = arena};

    return plain(&reader, json, CEL_JSON_DEPTH_MAX);
}

struct cel_value cel_json_dynamic(struct cel_arena *arena, const json_t *json, unsigned depth)
{
    struct reader reader = {.arena = arena, .real = true};

    return plain(&reader, json, depth);
}
