/* Values from JSON and back: what is wrong is named by its member. */
#include "rules/cel/cel_json.h"

#include <math.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "tests/support/check_main.h"

#define MESSAGE(name, value)                                                                       \
    "{\"objectValue\": {\"@type\": \"type.googleapis.com/google.protobuf." name                    \
    "\", \"value\": " value "}}"

static struct cel_arena *arena;

static void open_it(void)
{
    arena = cel_arena_create(1 << 22);
}

static void close_it(void)
{
    cel_arena_destroy(arena);
}

static void refused(const char *text, const char *words)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    struct error err = {0};
    struct cel_value value;

    ck_assert_msg(json, "%s", text);
    ck_assert_msg(cel_json_read(arena, json, &value, &err) == -1, "%s", text);
    ck_assert_msg(strstr(error_text(&err), words), "%s: %s", text, error_text(&err));
    json_decref(json);
}

START_TEST(what_is_no_value_is_refused)
{
    refused("5", "one member");
    refused("{}", "one member");
    refused("{\"int64Value\": \"1\", \"boolValue\": true}", "one member");
    refused("{\"enumValue\": 1}", "'enumValue' is no member");
    refused("{\"int64Value\": \"x\"}", "int64Value: needs an integer");
    refused("{\"int64Value\": \"\"}", "int64Value: needs an integer");
    refused("{\"int64Value\": \"9223372036854775808\"}", "no integer of 64 bits");
    refused("{\"int64Value\": 1.5}", "int64Value");
    refused("{\"uint64Value\": \"-1\"}", "uint64Value: needs an integer from 0");
    refused("{\"uint64Value\": -1}", "uint64Value");
    refused("{\"uint64Value\": \"18446744073709551616\"}", "no integer of 64 bits");
    refused("{\"doubleValue\": \"1\"}", "doubleValue: needs a number");
    refused("{\"boolValue\": 1}", "boolValue: needs true or false");
    refused("{\"nullValue\": \"x\"}", "nullValue");
    refused("{\"stringValue\": null}", "stringValue: needs a string");
    refused("{\"bytesValue\": \"?\"}", "bytesValue: no base64");
    refused("{\"bytesValue\": 1}", "bytesValue: needs a string");
    refused("{\"listValue\": []}", "listValue: needs {\"values\"");
    refused("{\"listValue\": {\"values\": [{\"boolValue\": true}, 1]}}", "listValue.values[1]");
    refused("{\"mapValue\": {\"entries\": [{\"key\": {\"int64Value\": 1}}]}}",
            "mapValue.entries[0]");
    refused("{\"mapValue\": {\"entries\": [{\"key\": {\"doubleValue\": 1}, \"value\": "
            "{\"boolValue\": true}}]}}",
            "unsupported key type");
    refused("{\"objectValue\": {}}", "@type");
    refused("{\"objectValue\": {\"@type\": \"type.googleapis.com/a.B\"}}",
            "'a.B' are not supported");
    refused("{\"objectValue\": {\"@type\": \"type.googleapis.com/google.protobuf.Duration\", "
            "\"value\": \"x\"}}",
            "objectValue");
    refused("{\"objectValue\": {\"@type\": \"net.IP\", \"value\": \"10.0.0.256\"}}", "no address");
    refused(MESSAGE("Any", "{}"), "google.protobuf.Any' are not supported");
    refused(MESSAGE("Int32Value", "2147483648"), "no integer of 32 bits");
    refused(MESSAGE("Int32Value", "\"-2147483649\""), "no integer of 32 bits");
    refused(MESSAGE("Int32Value", "1.5"), "needs an integer");
    refused(MESSAGE("UInt32Value", "4294967296"), "no integer of 32 bits");
    refused(MESSAGE("UInt32Value", "-1"), "needs an integer from 0");
    refused(MESSAGE("FloatValue", "1e39"), "no number of 32 bits");
    refused(MESSAGE("FloatValue", "\"1\""), "needs a number");
    refused(MESSAGE("ListValue", "{}"), "needs a list");
    refused(MESSAGE("Struct", "[]"), "needs an object");
    refused("{\"objectValue\": {\"@type\": \"google.protobuf.Value\"}}", "needs a value");
    refused("{\"objectValue\": {\"@type\": \"google.protobuf.Int32Value\"}}", "needs an integer");
    refused("{\"objectValue\": {\"@type\": \"net.CIDR\", \"value\": 8}}", "no network");
}
END_TEST

/* A google.protobuf.Value of lists in lists. */
static json_t *nested_message(int depth)
{
    json_t *value = json_array();

    for (int i = 1; i < depth; i++)
        value = json_pack("[o]", value);
    return json_pack("{s:{s:s, s:o}}", "objectValue", "@type", "google.protobuf.Value", "value",
                     value);
}

START_TEST(depth_is_capped)
{
    char text[8192] = "";
    struct cel_value value;
    json_t *json;

    for (int i = 0; i < CEL_JSON_DEPTH_MAX; i++)
        strcat(text, "{\"listValue\": {\"values\": [");
    strcat(text, "{\"boolValue\": true}");
    for (int i = 0; i < CEL_JSON_DEPTH_MAX; i++)
        strcat(text, "]}}");
    refused(text, "nested too deeply");
    /* What lies in a message counts, too: all that is read can be written and read again. */
    json = nested_message(CEL_JSON_DEPTH_MAX - 1);
    ck_assert_int_eq(cel_json_read(arena, json, &value, NULL), 0);
    json_decref(json);
    json = cel_json_write(value);
    ck_assert_int_eq(cel_json_read(arena, json, &value, NULL), 0);
    json_decref(json);
    json = nested_message(CEL_JSON_DEPTH_MAX);
    ck_assert_int_eq(cel_json_read(arena, json, &value, NULL), -1);
    json_decref(json);
    text[0] = '\0';
    for (int i = 0; i < CEL_JSON_DEPTH_MAX; i++)
        strcat(text, "[");
    for (int i = 0; i < CEL_JSON_DEPTH_MAX; i++)
        strcat(text, "]");
    json = json_loads(text, 0, NULL);
    ck_assert(cel_is(cel_json_value(arena, json), CEL_LIST));
    json = json_pack("[o]", json);
    value = cel_json_value(arena, json);
    ck_assert(cel_is(value, CEL_ERROR));
    ck_assert_msg(strstr(value.text, "too deeply"), "%s", value.text);
    json_decref(json);
}
END_TEST

static void returns(const char *text, const char *expected)
{
    json_t *json = json_loads(text, JSON_ALLOW_NUL, NULL), *back;
    struct error err = {0};
    struct cel_value value;
    char *written;

    ck_assert_msg(json, "%s", text);
    ck_assert_msg(cel_json_read(arena, json, &value, &err) == 0, "%s: %s", text, error_text(&err));
    back = cel_json_write(value);
    ck_assert_ptr_nonnull(back);
    written = json_dumps(back, JSON_COMPACT | JSON_REAL_PRECISION(15));
    ck_assert_str_eq(written, expected);
    free(written);
    json_decref(back);
    json_decref(json);
}

START_TEST(all_forms_come_back)
{
    returns("{\"nullValue\": null}", "{\"nullValue\":null}");
    returns("{\"boolValue\": false}", "{\"boolValue\":false}");
    returns("{\"int64Value\": \"-9223372036854775808\"}",
            "{\"int64Value\":\"-9223372036854775808\"}");
    returns("{\"int64Value\": 5}", "{\"int64Value\":\"5\"}");
    returns("{\"uint64Value\": \"18446744073709551615\"}",
            "{\"uint64Value\":\"18446744073709551615\"}");
    returns("{\"doubleValue\": 1}", "{\"doubleValue\":1.0}");
    returns("{\"doubleValue\": \"-Infinity\"}", "{\"doubleValue\":\"-Infinity\"}");
    returns("{\"doubleValue\": \"NaN\"}", "{\"doubleValue\":\"NaN\"}");
    returns("{\"stringValue\": \"a\\u0000b\"}", "{\"stringValue\":\"a\\u0000b\"}");
    returns("{\"bytesValue\": \"_w\"}", "{\"bytesValue\":\"/w==\"}");
    returns("{\"typeValue\": \"int\"}", "{\"typeValue\":\"int\"}");
    returns("{\"listValue\": {}}", "{\"listValue\":{\"values\":[]}}");
    returns("{\"mapValue\": {\"entries\": [{\"key\": {\"boolValue\": true}, \"value\": "
            "{\"listValue\": {\"values\": [{\"nullValue\": null}]}}}]}}",
            "{\"mapValue\":{\"entries\":[{\"key\":{\"boolValue\":true},\"value\":{\"listValue\":{"
            "\"values\":[{\"nullValue\":null}]}}}]}}");
    returns("{\"objectValue\": {\"@type\": \"type.googleapis.com/google.protobuf.Timestamp\", "
            "\"value\": \"2024-01-01T00:00:00Z\"}}",
            "{\"objectValue\":{\"@type\":\"type.googleapis.com/google.protobuf.Timestamp\","
            "\"value\":\"2024-01-01T00:00:00Z\"}}");
    returns("{\"objectValue\": {\"@type\": \"type.googleapis.com/google.protobuf.UInt64Value\", "
            "\"value\": \"7\"}}",
            "{\"uint64Value\":\"7\"}");
    returns(MESSAGE("Int32Value", "-2147483648"), "{\"int64Value\":\"-2147483648\"}");
    returns(MESSAGE("UInt32Value", "4294967295"), "{\"uint64Value\":\"4294967295\"}");
    returns(MESSAGE("FloatValue", "1.333"), "{\"doubleValue\":1.33299994468689}");
    returns(MESSAGE("FloatValue", "\"-Infinity\""), "{\"doubleValue\":\"-Infinity\"}");
    returns(MESSAGE("Value", "null"), "{\"nullValue\":null}");
    returns(MESSAGE("Value", "3"), "{\"doubleValue\":3.0}");
    returns(MESSAGE("ListValue", "[1, true, \"a\"]"),
            "{\"listValue\":{\"values\":[{\"doubleValue\":1.0},{\"boolValue\":true},{"
            "\"stringValue\":\"a\"}]}}");
    returns(MESSAGE("Struct", "{\"a\": [2.5]}"),
            "{\"mapValue\":{\"entries\":[{\"key\":{\"stringValue\":\"a\"},\"value\":{"
            "\"listValue\":{\"values\":[{\"doubleValue\":2.5}]}}}]}}");
    returns("{\"objectValue\": {\"@type\": \"net.IP\", \"value\": \"2001:DB8::0:1\"}}",
            "{\"objectValue\":{\"@type\":\"net.IP\",\"value\":\"2001:db8::1\"}}");
    returns("{\"objectValue\": {\"@type\": \"net.CIDR\", \"value\": \"10.0.0.0/8\"}}",
            "{\"objectValue\":{\"@type\":\"net.CIDR\",\"value\":\"10.0.0.0/8\"}}");
}
END_TEST

static void ck_address(const char *type, const char *text, const char *bytes, uint32_t length,
                       enum cel_kind kind)
{
    const struct cel_value made = {.kind = (uint8_t)kind, .extra = length, .text = bytes};
    json_t *json = json_pack("{s:{s:s, s:s}}", "objectValue", "@type", type, "value", text),
           *written;
    struct cel_value read;

    ck_assert_int_eq(cel_json_read(arena, json, &read, NULL), 0);
    ck_assert_msg(cel_value_equal(read, made), "%s", text);
    written = cel_json_write(made);
    ck_assert_msg(json_equal(json, written), "%s", text);
    json_decref(written);
    json_decref(json);
}

/* Read, or made by a function of expressions, as one. */
START_TEST(addresses_are_what_their_functions_make)
{
    ck_address("net.IP", "10.0.0.1", "\x0a\0\0\1", 4, CEL_ADDRESS);
    ck_address("net.IP", "2001:db8::1", "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16, CEL_ADDRESS);
    ck_address("net.CIDR", "10.0.0.0/8", "\x0a\0\0\0\x08", 5, CEL_CIDR);
    ck_address("net.CIDR", "2001:db8::/32", "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0\x20", 17,
               CEL_CIDR);
}
END_TEST

START_TEST(plain_numbers_are_int_when_they_can)
{
    json_t *json = json_loads("[1, 1.0, 1.5, 9223372036854775807, -1e18, 1e19, -9.3e18]", 0, NULL);
    static const enum cel_kind KINDS[] = {CEL_INT, CEL_INT,    CEL_DOUBLE, CEL_INT,
                                          CEL_INT, CEL_DOUBLE, CEL_DOUBLE};
    struct cel_value list = cel_json_value(arena, json);

    for (size_t i = 0; i < 7; i++)
        ck_assert_int_eq(list.list->items[i].kind, KINDS[i]);
    ck_assert_int_eq(list.list->items[4].integer, -1000000000000000000);
    json_decref(json);
}
END_TEST

START_TEST(plain_objects_are_maps)
{
    json_t *json = json_loads("{\"a\": [true, null], \"b\": {\"c\": \"d\"}}", 0, NULL);
    struct cel_value map = cel_json_value(arena, json);
    const struct cel_value *b = cel_map_find_text(map.map, "b", 1);

    ck_assert(cel_is(map, CEL_MAP) && b && cel_is(*b, CEL_MAP));
    ck_assert(cel_value_equal(*cel_map_find_text(b->map, "c", 1), cel_string("d", 1)));
    json_decref(json);
    cel_arena_reset(arena);
}
END_TEST

START_TEST(what_has_no_form_is_not_written)
{
    ck_assert_ptr_null(cel_json_write((struct cel_value){0}));
    ck_assert_ptr_null(cel_json_write(cel_error("no")));
}
END_TEST

CHECK_MAIN_WITH("cel_json", open_it, close_it, what_is_no_value_is_refused, depth_is_capped,
                all_forms_come_back, addresses_are_what_their_functions_make,
                plain_numbers_are_int_when_they_can, plain_objects_are_maps,
                what_has_no_form_is_not_written)
