/* cel_json_read.c - values from the proto-JSON form of cel.expr.Value (cel_json.h). Of messages
 * there are those that the language itself knows, each the plain value that it is, and our own
 * addresses.
 */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_json.h"
#include "rules/cel/cel_time.h"
#include "rules/cel/json/cel_json_dynamic.h"
#include "rules/cel/value/cel_address.h"
#include "rules/cel/value/cel_base64.h"

#define TYPE_URL "type.googleapis.com/"

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

/* ---- wrappers of 32 bits, and what JSON has ---- */

static int read_int32(struct reader *reader, const char *member, const json_t *json,
                      struct cel_value *ret)
{
    if (read_int(reader, member, json, ret) < 0)
        return -1;
    if (ret->integer < INT32_MIN || ret->integer > INT32_MAX)
        return wrong(reader, member, "no integer of 32 bits");
    return 0;
}

static int read_uint32(struct reader *reader, const char *member, const json_t *json,
                       struct cel_value *ret)
{
    if (read_uint(reader, member, json, ret) < 0)
        return -1;
    return ret->natural > UINT32_MAX ? wrong(reader, member, "no integer of 32 bits") : 0;
}

static int read_float(struct reader *reader, const char *member, const json_t *json,
                      struct cel_value *ret)
{
    if (read_double(reader, member, json, ret) < 0)
        return -1;
    if (isfinite(ret->real) && fabs(ret->real) > (double)FLT_MAX)
        return wrong(reader, member, "no number of 32 bits");
    ret->real = (double)(float)ret->real;
    return 0;
}

static int read_dynamic(struct reader *reader, const char *member, const json_t *json,
                        struct cel_value *ret)
{
    if (!json)
        return wrong(reader, member, "needs a value");
    *ret = cel_json_dynamic(reader->arena, json, reader->depth);
    return cel_is(*ret, CEL_ERROR) ? wrong(reader, member, ret->text) : 0;
}

static int read_dynamic_list(struct reader *reader, const char *member, const json_t *json,
                             struct cel_value *ret)
{
    return json_is_array(json) ? read_dynamic(reader, member, json, ret)
                               : wrong(reader, member, "needs a list");
}

static int read_dynamic_map(struct reader *reader, const char *member, const json_t *json,
                            struct cel_value *ret)
{
    return json_is_object(json) ? read_dynamic(reader, member, json, ret)
                                : wrong(reader, member, "needs an object");
}

/* net.IP and net.CIDR */
static int read_address(struct reader *reader, const char *member, const json_t *json,
                        struct cel_value *ret, bool network)
{
    struct cel_address address;
    const char *text = json_string_value(json);

    if (!text || !(network ? cel_address_parse_network
                           : cel_address_parse)(text, json_string_length(json), &address))
        return wrong(reader, member, network ? "no network" : "no address");
    *ret = cel_address_value(reader->arena, &address, network ? CEL_CIDR : CEL_ADDRESS);
    return ret->kind == CEL_ERROR ? no_room(reader) : 0;
}

static int read_ip(struct reader *reader, const char *member, const json_t *json,
                   struct cel_value *ret)
{
    return read_address(reader, member, json, ret, false);
}

static int read_cidr(struct reader *reader, const char *member, const json_t *json,
                     struct cel_value *ret)
{
    return read_address(reader, member, json, ret, true);
}

static const struct form {
    const char *name;
    read *how;
} MESSAGES[] =
    {
        {"google.protobuf.Timestamp", read_timestamp},
        {"google.protobuf.Duration", read_duration},
        {"google.protobuf.BoolValue", read_bool},
        {"google.protobuf.Int32Value", read_int32},
        {"google.protobuf.Int64Value", read_int},
        {"google.protobuf.UInt32Value", read_uint32},
        {"google.protobuf.UInt64Value", read_uint},
        {"google.protobuf.FloatValue", read_float},
        {"google.protobuf.DoubleValue", read_double},
        {"google.protobuf.StringValue", read_string},
        {"google.protobuf.BytesValue", read_bytes},
        {"google.protobuf.Value", read_dynamic},
        {"google.protobuf.ListValue", read_dynamic_list},
        {"google.protobuf.Struct", read_dynamic_map},
        {"net.IP", read_ip},
        {"net.CIDR", read_cidr},
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
