/* mapping_value.c - see mapping_value.h. Invariant: what is given back is JSON of at most
 * CEL_JSON_DEPTH_MAX levels and holds no NUL. */
#include "rules/mapping/mapping_value.h"

#include <math.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_conversions.h"
#include "rules/cel/cel_json.h"
#include "rules/cel/cel_program.h"
#include "rules/cel/cel_time.h"

#define TEXT_BUDGET 10000

static json_t *refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return NULL;
}

static json_t *no_memory(const char **ret_why)
{
    return refuse(ret_why, MAPPING_WHY_MEMORY);
}

/* What an optional holds; null for none. */
static struct cel_value unwrap(struct cel_value value)
{
    while (cel_is(value, CEL_OPTIONAL))
        value = value.inner ? *value.inner : cel_null();
    return value;
}

static json_t *string_of(struct cel_value string, const char **ret_why)
{
    json_t *json;

    if (string.extra && memchr(string.text, '\0', string.extra))
        return refuse(ret_why, "the character NUL is not allowed");
    json = json_stringn(string.extra ? string.text : "", string.extra);
    return json ? json : no_memory(ret_why);
}

/* CEL_ERROR: it has none. */
static struct cel_value text_of(struct cel_arena *arena, struct cel_value value)
{
    struct cel_run run = {.arena = arena, .budget = TEXT_BUDGET};

    switch (value.kind) {
    case CEL_STRING:
    case CEL_ERROR:
        return value;
    case CEL_BOOL:
    case CEL_INT:
    case CEL_UINT:
    case CEL_DOUBLE:
    case CEL_TIMESTAMP:
    case CEL_DURATION:
        return cel_as_string(&run, value);
    default:
        return cel_error("must be a string, a number or a bool");
    }
}

json_t *mapping_value_text(struct cel_arena *arena, struct cel_value value, const char **ret_why)
{
    value = unwrap(value);
    if (cel_is(value, CEL_NULL))
        return NULL;
    value = text_of(arena, value);
    return cel_is(value, CEL_ERROR) ? refuse(ret_why, value.text) : string_of(value, ret_why);
}

/* Events have microseconds. */
json_t *mapping_value_moment(struct cel_arena *arena, struct cel_value value, const char **ret_why)
{
    value = unwrap(value);
    if (cel_is(value, CEL_NULL))
        return NULL;
    if (cel_is(value, CEL_ERROR))
        return refuse(ret_why, value.text);
    if (!cel_is(value, CEL_TIMESTAMP) && !cel_is(value, CEL_STRING))
        return refuse(ret_why, "must be a timestamp or a string");
    if (cel_is(value, CEL_TIMESTAMP)) {
        value.extra -= value.extra % 1000;
        value = cel_timestamp_text(arena, value);
    }
    return cel_is(value, CEL_ERROR) ? refuse(ret_why, value.text) : string_of(value, ret_why);
}

json_t *mapping_value_count(struct cel_value value, const char **ret_why)
{
    json_t *json;

    value = unwrap(value);
    if (cel_is(value, CEL_NULL))
        return NULL;
    if (cel_is(value, CEL_ERROR))
        return refuse(ret_why, value.text);
    if (cel_is(value, CEL_UINT) && value.natural <= INT64_MAX)
        value = cel_int((int64_t)value.natural);
    if (!cel_is(value, CEL_INT))
        return refuse(ret_why, "must be an int");
    json = json_integer(value.integer);
    return json ? json : no_memory(ret_why);
}

static json_t *json_at(struct cel_arena *arena, struct cel_value value, unsigned levels,
                       const char **ret_why);

/* With a NUL behind it, which a string has not. NULL: it has no text, or one that holds NUL. */
static const char *key_of(struct cel_arena *arena, struct cel_value key)
{
    key = text_of(arena, key);
    if (cel_is(key, CEL_ERROR) || (key.extra && memchr(key.text, '\0', key.extra)))
        return NULL;
    return cel_arena_copy(arena, key.text, key.extra);
}

static json_t *object_of(struct cel_arena *arena, const struct cel_map *map, unsigned levels,
                         const char **ret_why)
{
    json_t *object = json_object();

    if (!object)
        return no_memory(ret_why);
    for (size_t i = 0; i < map->count; i++) {
        const char *key = key_of(arena, map->entries[i].key);
        json_t *member = key ? json_at(arena, map->entries[i].value, levels - 1, ret_why)
                             : refuse(ret_why, "a key of a map must be a text");

        if (!member || json_object_set_new(object, key, member) < 0) {
            json_decref(object);
            return *ret_why ? NULL : refuse(ret_why, "a key of a map is no UTF-8");
        }
    }
    return object;
}

static json_t *array_of(struct cel_arena *arena, const struct cel_list *list, unsigned levels,
                        const char **ret_why)
{
    json_t *array = json_array();

    if (!array)
        return no_memory(ret_why);
    for (size_t i = 0; i < list->count; i++) {
        json_t *item = json_at(arena, list->items[i], levels - 1, ret_why);

        if (!item || json_array_append_new(array, item) < 0) {
            json_decref(array);
            return *ret_why ? NULL : no_memory(ret_why);
        }
    }
    return array;
}

static json_t *json_at(struct cel_arena *arena, struct cel_value value, unsigned levels,
                       const char **ret_why)
{
    json_t *json;

    value = unwrap(value);
    if (levels == 0)
        return refuse(ret_why, "too many levels");
    switch (value.kind) {
    case CEL_MAP:
        return object_of(arena, value.map, levels, ret_why);
    case CEL_LIST:
        return array_of(arena, value.list, levels, ret_why);
    case CEL_NULL:
        json = json_null();
        break;
    case CEL_BOOL:
        json = json_boolean(value.boolean);
        break;
    case CEL_INT:
        json = json_integer(value.integer);
        break;
    case CEL_DOUBLE:
        if (!isfinite(value.real))
            return refuse(ret_why, "a number is not finite");
        json = json_real(value.real);
        break;
    default:
        return mapping_value_text(arena, value, ret_why);
    }
    return json ? json : no_memory(ret_why);
}

json_t *mapping_value_json(struct cel_arena *arena, struct cel_value value, const char **ret_why)
{
    return json_at(arena, value, CEL_JSON_DEPTH_MAX, ret_why);
}

json_t *mapping_value_map(struct cel_arena *arena, struct cel_value value, const char **ret_why)
{
    value = unwrap(value);
    if (cel_is(value, CEL_NULL))
        return NULL;
    if (cel_is(value, CEL_ERROR))
        return refuse(ret_why, value.text);
    if (!cel_is(value, CEL_MAP))
        return refuse(ret_why, "must be a map");
    return mapping_value_json(arena, value, ret_why);
}

static int add_labels(struct cel_arena *arena, json_t *labels, const struct cel_map *map,
                      const char **ret_why)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *key = key_of(arena, map->entries[i].key);
        json_t *text = key ? mapping_value_text(arena, map->entries[i].value, ret_why)
                           : refuse(ret_why, "a label's name must be a text");

        if (!text && *ret_why)
            return -1;
        /* What has no value is no label. */
        if (text && json_object_set_new(labels, key, text) < 0) {
            *ret_why = "a label's name is no UTF-8";
            return -1;
        }
    }
    return 0;
}

json_t *mapping_value_labels(struct cel_arena *arena, struct cel_value value, const char **ret_why)
{
    struct cel_list one = {1, &value};
    const struct cel_list *list = &one;
    json_t *labels;

    value = unwrap(value);
    if (cel_is(value, CEL_NULL))
        return NULL;
    if (cel_is(value, CEL_ERROR))
        return refuse(ret_why, value.text);
    if (cel_is(value, CEL_LIST))
        list = value.list;
    if (!(labels = json_object()))
        return no_memory(ret_why);
    for (size_t i = 0; i < list->count; i++) {
        struct cel_value map = unwrap(list->items[i]);

        if (!cel_is(map, CEL_MAP) && !cel_is(map, CEL_NULL))
            *ret_why = "must be a map, or a list of maps";
        if (*ret_why || (cel_is(map, CEL_MAP) && add_labels(arena, labels, map.map, ret_why) < 0)) {
            json_decref(labels);
            return NULL;
        }
    }
    return labels;
}
