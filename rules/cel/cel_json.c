/* cel_json.c - see cel_json.h. Spec: proto-JSON of cel.expr.Value. Of messages there are timestamps
 * and durations, and the wrappers of plain values; an optional has no form there, and stands as
 * {"optionalValue": value or null}.
 */
#include "rules/cel/cel_json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_base64.h"
#include "rules/cel/cel_time.h"

#define VALUES_MAX                                                                                 \
    1000000 /* that are written: a list that shares its parts can hold any number                  \
             */
#define WRITE_DEPTH_MAX CEL_VALUE_DEPTH_MAX
#define TYPE_URL "type.googleapis.com/"

/* ---- plain JSON ---- */

static struct cel_value plain(struct cel_arena *arena, const json_t *json, unsigned depth);

static struct cel_value plain_list(struct cel_arena *arena, const json_t *json, unsigned depth)
{
    size_t count = json_array_size(json);
    struct cel_value *items = cel_arena_take(arena, count * sizeof(*items));
    struct cel_list *list = cel_arena_take(arena, sizeof(*list));

    if (!items || !list)
        return cel_out_of_memory();
    for (size_t i = 0; i < count; i++) {
        items[i] = plain(arena, json_array_get(json, i), depth);
        if (cel_is(items[i], CEL_ERROR))
            return items[i];
    }
    *list = (struct cel_list){.count = count, .items = items};
    return cel_list(list);
}

static struct cel_value plain_map(struct cel_arena *arena, const json_t *json, unsigned depth)
{
    struct cel_entry *entries = cel_arena_take(arena, json_object_size(json) * sizeof(*entries));
    json_t *object = (json_t *)json; /* jansson's iterator changes nothing in it */
    size_t count = 0;

    if (!entries)
        return cel_out_of_memory();
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);

        entries[count].key = cel_string(key, json_object_iter_key_len(at));
        entries[count].value = plain(arena, json_object_iter_value(at), depth);
        if (cel_is(entries[count].value, CEL_ERROR))
            return entries[count].value;
        count++;
    }
    return cel_map_make(arena, entries, count);
}

static struct cel_value plain_number(double real)
{
    bool whole = real >= -0x1p63 && real < 0x1p63 && real == trunc(real);

    return whole ? cel_int((int64_t)real) : cel_double(real);
}

static struct cel_value plain(struct cel_arena *arena, const json_t *json, unsigned depth)
{
    if (depth == 0)
        return cel_error("JSON nested too deeply");
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return plain_map(arena, json, depth - 1);
    case JSON_ARRAY:
        return plain_list(arena, json, depth - 1);
    case JSON_STRING:
        return cel_string(json_string_value(json), json_string_length(json));
    case JSON_INTEGER:
        return cel_int(json_integer_value(json));
    case JSON_REAL:
        return plain_number(json_real_value(json));
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
    return plain(arena, json, CEL_JSON_DEPTH_MAX);
}

/* ---- the form of cel.expr.Value, read ---- */

struct reader {
    struct cel_arena *arena;
    struct error *err;
    unsigned depth; /* left */
};

static int wrong(struct reader *reader, const char *member, const char *what)
{
    return error_set_code(reader->err, ERROR_INVALID, "%s: %s", member, what);
}

static int no_room(struct reader *reader)
{
    return error_set_code(reader->err, ERROR_INVALID, "the value is too large");
}

/* Where it is wrong: the outermost members say enough. */
static int within(struct reader *reader, const char *member, const char *part, size_t at)
{
    if (reader->depth + 4 > CEL_JSON_DEPTH_MAX)
        error_prefix(reader->err, "%s.%s[%zu]", member, part, at);
    return -1;
}

static int read_value(struct reader *reader, const json_t *json, struct cel_value *ret);

static int read_int(struct reader *reader, const char *member, const json_t *json,
                    struct cel_value *ret)
{
    const char *text = json_string_value(json);
    long long number;
    char *end;

    if (json_is_integer(json)) {
        *ret = cel_int(json_integer_value(json));
        return 0;
    }
    if (!text || !*text || strspn(text, "-0123456789") != strlen(text))
        return wrong(reader, member, "needs an integer, as a string or a number");
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno || *end)
        return wrong(reader, member, "no integer of 64 bits");
    *ret = cel_int(number);
    return 0;
}

static int read_uint(struct reader *reader, const char *member, const json_t *json,
                     struct cel_value *ret)
{
    const char *text = json_string_value(json);
    unsigned long long number;
    char *end;

    if (json_is_integer(json) && json_integer_value(json) >= 0) {
        *ret = cel_uint((uint64_t)json_integer_value(json));
        return 0;
    }
    if (!text || !*text || strspn(text, "0123456789") != strlen(text))
        return wrong(reader, member, "needs an integer from 0, as a string or a number");
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno || *end)
        return wrong(reader, member, "no integer of 64 bits");
    *ret = cel_uint(number);
    return 0;
}

static int read_double(struct reader *reader, const char *member, const json_t *json,
                       struct cel_value *ret)
{
    const char *text = json_string_value(json);

    if (json_is_number(json))
        *ret = cel_double(json_number_value(json));
    else if (text && strcmp(text, "NaN") == 0)
        *ret = cel_double(NAN);
    else if (text && strcmp(text, "Infinity") == 0)
        *ret = cel_double(INFINITY);
    else if (text && strcmp(text, "-Infinity") == 0)
        *ret = cel_double(-INFINITY);
    else
        return wrong(reader, member, "needs a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
    return 0;
}

static int read_bool(struct reader *reader, const char *member, const json_t *json,
                     struct cel_value *ret)
{
    if (!json_is_boolean(json))
        return wrong(reader, member, "needs true or false");
    *ret = cel_bool(json_is_true(json));
    return 0;
}

static int read_null(struct reader *reader, const char *member, const json_t *json,
                     struct cel_value *ret)
{
    const char *text = json_string_value(json);
    bool named = text && strcmp(text, "NULL_VALUE") == 0;

    if (!json_is_null(json) && !named && !(json_is_integer(json) && json_integer_value(json) == 0))
        return wrong(reader, member, "needs null");
    *ret = cel_null();
    return 0;
}

static int read_string(struct reader *reader, const char *member, const json_t *json,
                       struct cel_value *ret)
{
    if (!json_is_string(json))
        return wrong(reader, member, "needs a string");
    *ret = cel_string(json_string_value(json), json_string_length(json));
    return 0;
}

static int read_bytes(struct reader *reader, const char *member, const json_t *json,
                      struct cel_value *ret)
{
    size_t length = json_string_length(json);
    char *bytes;
    ptrdiff_t count;

    if (!json_is_string(json))
        return wrong(reader, member, "needs a string in base64");
    if (!(bytes = cel_arena_take(reader->arena, 3 * (length / 4) + 3)))
        return no_room(reader);
    count = cel_base64_read(json_string_value(json), length, bytes);
    if (count < 0)
        return wrong(reader, member, "no base64");
    *ret = cel_bytes(bytes, (size_t)count);
    return 0;
}

static int read_type(struct reader *reader, const char *member, const json_t *json,
                     struct cel_value *ret)
{
    if (read_string(reader, member, json, ret) < 0)
        return -1;
    ret->kind = CEL_TYPE;
    return 0;
}

static int read_list(struct reader *reader, const char *member, const json_t *json,
                     struct cel_value *ret)
{
    const json_t *values = json_object_get(json, "values");
    size_t count = json_array_size(values);
    struct cel_value *items = cel_arena_take(reader->arena, count * sizeof(*items));
    struct cel_list *list = cel_arena_take(reader->arena, sizeof(*list));

    if (!json_is_object(json) || (values && !json_is_array(values)))
        return wrong(reader, member, "needs {\"values\": [...]}");
    if (!items || !list)
        return no_room(reader);
    for (size_t i = 0; i < count; i++)
        if (read_value(reader, json_array_get(values, i), &items[i]) < 0)
            return within(reader, member, "values", i);
    *list = (struct cel_list){.count = count, .items = items};
    *ret = cel_list(list);
    return 0;
}

static int read_map(struct reader *reader, const char *member, const json_t *json,
                    struct cel_value *ret)
{
    const json_t *list = json_object_get(json, "entries");
    size_t count = json_array_size(list);
    struct cel_entry *entries = cel_arena_take(reader->arena, count * sizeof(*entries));

    if (!json_is_object(json) || (list && !json_is_array(list)))
        return wrong(reader, member, "needs {\"entries\": [{\"key\": ..., \"value\": ...}]}");
    if (!entries)
        return no_room(reader);
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(list, i);

        if (read_value(reader, json_object_get(entry, "key"), &entries[i].key) < 0 ||
            read_value(reader, json_object_get(entry, "value"), &entries[i].value) < 0)
            return within(reader, member, "entries", i);
    }
    *ret = cel_map_make(reader->arena, entries, count);
    return cel_is(*ret, CEL_ERROR) ? wrong(reader, member, ret->text) : 0;
}

typedef int read(struct reader *reader, const char *member, const json_t *json,
                 struct cel_value *ret);

static int read_timestamp(struct reader *reader, const char *member, const json_t *json,
                          struct cel_value *ret)
{
    if (!json_is_string(json))
        return wrong(reader, member, "needs a timestamp as a string");
    *ret = cel_timestamp_parse(json_string_value(json), json_string_length(json));
    return cel_is(*ret, CEL_ERROR) ? wrong(reader, member, ret->text) : 0;
}

static int read_duration(struct reader *reader, const char *member, const json_t *json,
                         struct cel_value *ret)
{
    if (!json_is_string(json))
        return wrong(reader, member, "needs a duration as a string");
    *ret = cel_duration_parse(json_string_value(json), json_string_length(json));
    return cel_is(*ret, CEL_ERROR) ? wrong(reader, member, ret->text) : 0;
}

static const struct form {
    const char *name;
    read *how;
} MESSAGES[] =
    {
        {"google.protobuf.Timestamp", read_timestamp},
        {"google.protobuf.Duration", read_duration},
        {"google.protobuf.BoolValue", read_bool},
        {"google.protobuf.Int64Value", read_int},
        {"google.protobuf.UInt64Value", read_uint},
        {"google.protobuf.DoubleValue", read_double},
        {"google.protobuf.StringValue", read_string},
        {"google.protobuf.BytesValue", read_bytes},
        {NULL, NULL},
},
  MEMBERS[] = {
      {"nullValue", read_null},
      {"boolValue", read_bool},
      {"int64Value", read_int},
      {"uint64Value", read_uint},
      {"doubleValue", read_double},
      {"stringValue", read_string},
      {"bytesValue", read_bytes},
      {"listValue", read_list},
      {"mapValue", read_map},
      {"typeValue", read_type},
      {NULL, NULL},
};

static const struct form *find_form(const struct form *forms, const char *name)
{
    while (forms->name && strcmp(forms->name, name) != 0)
        forms++;
    return forms->name ? forms : NULL;
}

static int read_message(struct reader *reader, const json_t *json, struct cel_value *ret)
{
    const char *type = json_string_value(json_object_get(json, "@type"));
    const json_t *value = json_object_get(json, "value");
    char shown[TEXT_SHOW_SIZE];
    const struct form *form;

    if (!type)
        return wrong(reader, "objectValue", "needs an \"@type\"");
    if (strncmp(type, TYPE_URL, strlen(TYPE_URL)) == 0)
        type += strlen(TYPE_URL);
    form = find_form(MESSAGES, type);
    if (!form)
        return error_set_code(reader->err, ERROR_INVALID,
                              "objectValue: messages of type '%s' are not supported",
                              text_show(type, shown));
    return form->how(reader, "objectValue.value", value, ret);
}

static int read_value(struct reader *reader, const json_t *json, struct cel_value *ret)
{
    json_t *object = (json_t *)json; /* jansson's iterator changes nothing in it */
    const struct form *form;
    char shown[TEXT_SHOW_SIZE];
    const char *name;
    void *at;
    int rc;

    if (!json_is_object(json) || json_object_size(json) != 1)
        return error_set_code(
            reader->err, ERROR_INVALID,
            "a value is an object of one member, such as {\"int64Value\": \"5\"}");
    if (reader->depth == 0)
        return error_set_code(reader->err, ERROR_INVALID, "nested too deeply");
    at = json_object_iter(object);
    name = json_object_iter_key(at);
    reader->depth--;
    if (strcmp(name, "objectValue") == 0)
        rc = read_message(reader, json_object_iter_value(at), ret);
    else if ((form = find_form(MEMBERS, name)))
        rc = form->how(reader, name, json_object_iter_value(at), ret);
    else
        rc = error_set_code(reader->err, ERROR_INVALID, "'%s' is no member of a value",
                            text_show(name, shown));
    reader->depth++;
    return rc;
}

int cel_json_read(struct cel_arena *arena, const json_t *json, struct cel_value *ret,
                  struct error *err)
{
    struct reader reader = {.arena = arena, .err = err, .depth = CEL_JSON_DEPTH_MAX};

    return read_value(&reader, json, ret);
}

/* ---- and written ---- */

struct writer {
    size_t values; /* left */
    unsigned depth;
};

static json_t *write_value(struct writer *writer, struct cel_value value);

static json_t *write_real(double real)
{
    if (isnan(real))
        return json_string("NaN");
    if (isinf(real))
        return json_string(real > 0 ? "Infinity" : "-Infinity");
    return json_real(real);
}

static json_t *write_bytes(struct cel_value value)
{
    char *text = malloc(4 * (((size_t)value.extra + 2) / 3) + 1);
    json_t *json = NULL;

    if (text)
        json = json_stringn(text, cel_base64_write(value.text, value.extra, text));
    free(text);
    return json;
}

static json_t *write_list(struct writer *writer, const struct cel_list *list)
{
    json_t *values = json_array();

    for (size_t i = 0; values && i < list->count; i++) {
        if (json_array_append_new(values, write_value(writer, list->items[i])) < 0) {
            json_decref(values);
            return NULL;
        }
    }
    return json_pack("{s:o}", "values", values);
}

static json_t *write_map(struct writer *writer, const struct cel_map *map)
{
    json_t *entries = json_array();

    for (size_t i = 0; entries && i < map->count; i++) {
        json_t *key = write_value(writer, map->entries[i].key);
        json_t *value = write_value(writer, map->entries[i].value);

        if (json_array_append_new(entries, json_pack("{s:o, s:o}", "key", key, "value", value)) <
            0) {
            json_decref(entries);
            return NULL;
        }
    }
    return json_pack("{s:o}", "entries", entries);
}

static json_t *write_time(struct cel_value value)
{
    struct cel_arena *arena = cel_arena_create(1024);
    struct cel_value text;
    json_t *json = NULL;

    if (!arena)
        return NULL;
    text = value.kind == CEL_TIMESTAMP ? cel_timestamp_text(arena, value)
                                       : cel_duration_text(arena, value);
    if (cel_is(text, CEL_STRING))
        json = json_pack("{s:s, s:s%}", "@type",
                         value.kind == CEL_TIMESTAMP ? TYPE_URL "google.protobuf.Timestamp"
                                                     : TYPE_URL "google.protobuf.Duration",
                         "value", text.text, (size_t)text.extra);
    cel_arena_destroy(arena);
    return json;
}

static json_t *write_number(const char *format, uint64_t number)
{
    char text[32];

    if (*format == 'd')
        snprintf(text, sizeof(text), "%" PRId64, (int64_t)number);
    else
        snprintf(text, sizeof(text), "%" PRIu64, number);
    return json_string(text);
}

static json_t *write_optional(struct writer *writer, const struct cel_value *inner)
{
    return inner ? write_value(writer, *inner) : json_null();
}

static json_t *write_member(struct writer *writer, struct cel_value value, const char **ret_name)
{
    switch ((enum cel_kind)value.kind) {
    case CEL_NULL:
        *ret_name = "nullValue";
        return json_null();
    case CEL_BOOL:
        *ret_name = "boolValue";
        return json_boolean(value.boolean);
    case CEL_INT:
        *ret_name = "int64Value";
        return write_number("d", value.natural);
    case CEL_UINT:
        *ret_name = "uint64Value";
        return write_number("u", value.natural);
    case CEL_DOUBLE:
        *ret_name = "doubleValue";
        return write_real(value.real);
    case CEL_STRING:
        *ret_name = "stringValue";
        return json_stringn(value.text, value.extra);
    case CEL_BYTES:
        *ret_name = "bytesValue";
        return write_bytes(value);
    case CEL_LIST:
        *ret_name = "listValue";
        return write_list(writer, value.list);
    case CEL_MAP:
        *ret_name = "mapValue";
        return write_map(writer, value.map);
    case CEL_TYPE:
        *ret_name = "typeValue";
        return json_stringn(value.text, value.extra);
    case CEL_TIMESTAMP:
    case CEL_DURATION:
        *ret_name = "objectValue";
        return write_time(value);
    case CEL_OPTIONAL:
        *ret_name = "optionalValue";
        return write_optional(writer, value.inner);
    default:
        return NULL;
    }
}

static json_t *write_value(struct writer *writer, struct cel_value value)
{
    const char *name = NULL;
    json_t *member;

    if (writer->values == 0 || writer->depth == 0)
        return NULL;
    writer->values--;
    writer->depth--;
    member = write_member(writer, value, &name);
    writer->depth++;
    return member ? json_pack("{s:o}", name, member) : NULL;
}

json_t *cel_json_write(struct cel_value value)
{
    struct writer writer = {.values = VALUES_MAX, .depth = WRITE_DEPTH_MAX};

    return write_value(&writer, value);
}
