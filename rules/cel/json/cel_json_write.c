/* cel_json_write.c - values in the proto-JSON form of cel.expr.Value (cel_json.h). What has no form
 * there: an optional is {"optionalValue": value or null}, an address {"objectValue": {"@type":
 * "net.IP", "value": "10.0.0.1"}}.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_json.h"
#include "rules/cel/cel_time.h"
#include "rules/cel/value/cel_address.h"
#include "rules/cel/value/cel_base64.h"

#define VALUES_MAX                                                                                 \
    1000000 /* that are written: a list that shares its parts can hold any number                  \
             */
#define WRITE_DEPTH_MAX CEL_VALUE_DEPTH_MAX
#define TYPE_URL "type.googleapis.com/"

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

static json_t *write_address(struct cel_value value)
{
    const struct cel_address address = cel_address_of(value);
    char bare[CEL_ADDRESS_TEXT_SIZE], text[CEL_ADDRESS_TEXT_SIZE + 8];

    cel_address_text(&address, bare);
    if (value.kind == CEL_CIDR)
        snprintf(text, sizeof(text), "%s/%u", bare, address.prefix);
    else
        snprintf(text, sizeof(text), "%s", bare);
    return json_pack("{s:s, s:s}", "@type", cel_kind_name(value.kind), "value", text);
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
    case CEL_ADDRESS:
    case CEL_CIDR:
        *ret_name = "objectValue";
        return write_address(value);
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
