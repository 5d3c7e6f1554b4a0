/* Alerts from outside: every hostile shape is refused with its field, a good one is read whole. */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/intake/alert_formats.h"
#include "rules/mapping/event_shape.h"
#include "tests/support/check_main.h"

#define EVENT(more)                                                                                \
    "{\"id\":\"e1\",\"type\":\"t\",\"status\":\"firing\",\"severity\":\"info\","                   \
    "\"time\":\"2026-11-22T22:40:01Z\"" more "}"
#define MACHINE ",\"machine\":{\"mac\":\"52:54:00:12:34:56\"}}"

static void ck_refused_bytes(const char *bytes, size_t length, const char *message)
{
    struct error err = {0};
    struct alert alert = {0};

    ck_assert_msg(alert_decode(bytes, length, &alert, &err) == -1, "taken: %s", bytes);
    ck_assert_str_eq(error_text(&err), message);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_ptr_null(alert.owned);
}

static void ck_refused(const char *bytes, const char *message)
{
    ck_refused_bytes(bytes, strlen(bytes), message);
}

START_TEST(what_is_no_json_is_refused)
{
    struct text deep = {0}, key = {0};

    ck_refused("", "1:0: '[' or '{' expected");
    ck_refused("alert", "1:5: '[' or '{' expected");
    ck_refused("{\"event\":" EVENT("") MACHINE "x", "1:137: end of file expected");
    ck_refused("{\"event\":" EVENT(",\"source\":\"\\u0000\"") MACHINE,
               "1:114: \\u0000 is not allowed");
    ck_refused("{\"event\":" EVENT(",\"source\":\"\\ud800\"") MACHINE,
               "1:114: invalid Unicode '\\uD800'");
    ck_refused("{\"event\":" EVENT(",\"component\":{\"n\":1e400000}") MACHINE,
               "1:122: real number overflow");
    ck_refused("{\"event\":" EVENT(",\"component\":{\"n\":99999999999999999999}") MACHINE,
               "1:134: too big integer");
    ck_refused("{\"event\":" EVENT(",\"source\":\"\xff\"") MACHINE,
               "1:107: unable to decode byte 0xff");
    ck_refused("{\"event\":" EVENT(",\"type\":\"u\"") MACHINE, "1:103: duplicate object key");
    ck_refused_bytes("{\"event\":\0}", 11, "1:10: invalid token");
    for (int i = 0; i < 10000; i++)
        text_append(&deep, "[", 1);
    ck_refused(text_string(&deep), "1:65: nested deeper than 64 levels");
    text_format(&key, "{\"event\":" EVENT("") ",\"");
    for (int i = 0; i < ALERT_BYTES_MAX - 4096; i++)
        text_append(&key, "k", 1);
    text_format(&key, "\":1}");
    ck_refused(text_string(&key), "1:99: a key longer than 1024 bytes");
    for (int i = 0; i < 4096; i++)
        text_append(&key, " ", 1);
    ck_refused(text_string(&key), "1:1: larger than 1048576 bytes");
    text_clear(&deep);
    text_clear(&key);
}
END_TEST

START_TEST(a_shape_that_is_not_ours_is_refused)
{
    ck_refused("[]", "must be an object, not an array");
    ck_refused("{}", "event is missing");
    ck_refused("{\"event\":" EVENT("") "}", "machine is missing");
    ck_refused("{\"event\":1" MACHINE, "event: must be an object, not a number");
    ck_refused("{\"evnt\":" EVENT("") MACHINE, "unknown field \"evnt\": is it event?");
    ck_refused("{\"tenant\":\"a\",\"event\":" EVENT("") MACHINE, "unknown field \"tenant\"");
    ck_refused("{\"event\":" EVENT(",\"colour\":1") MACHINE, "event: unknown field \"colour\"");
    ck_refused("{\"event\":{\"id\":\"x\"}" MACHINE, "event: type is missing");
    ck_refused("{\"event\":{\"type\":\"x\"}" MACHINE, "event: id is missing");
    ck_refused("{\"event\":{\"id\":\"\"}" MACHINE, "event: id is empty: leave it out or fill it");
    ck_refused("{\"event\":{\"id\":7}" MACHINE, "event: id must be a string, not a number");
    ck_refused("{\"event\":{\"id\":\"a\\nb\"}" MACHINE,
               "event: id holds a control character: remove it");
    ck_refused("{\"event\":" EVENT(",\"source\":\"a b\"") MACHINE,
               "event: source holds a space: remove it");
}
END_TEST

START_TEST(choices_and_times_are_checked)
{
    ck_refused("{\"event\":{\"id\":\"a\",\"type\":\"t\",\"status\":\"on\"}" MACHINE,
               "event: status must be firing, resolved or info, not \"on\"");
    ck_refused("{\"event\":{\"id\":\"a\",\"type\":\"t\",\"status\":\"info\",\"severity\":"
               "\"FATAL\"}" MACHINE,
               "event: severity must be info, warning or critical, not \"FATAL\"");
    ck_refused("{\"event\":{\"id\":\"a\",\"type\":\"t\",\"status\":\"info\",\"severity\":"
               "\"info\"}" MACHINE,
               "event: time is missing");
    ck_refused("{\"event\":{\"id\":\"a\",\"type\":\"t\",\"status\":\"info\",\"severity\":\"info\","
               "\"time\":\"yesterday\"}" MACHINE,
               "event: time must be RFC 3339 with an offset, such as 2026-11-22T22:40:01Z, not "
               "\"yesterday\"");
}
END_TEST

START_TEST(labels_and_component_have_caps)
{
    struct text text = {0};

    ck_refused("{\"event\":" EVENT(",\"labels\":[]") MACHINE,
               "event: labels must be an object of strings");
    ck_refused("{\"event\":" EVENT(",\"labels\":{\"a\":1}") MACHINE,
               "event: labels.a must be a string");
    ck_refused("{\"event\":" EVENT(",\"labels\":{\"a\":\"\\u0007\"}") MACHINE,
               "event: a label holds a control character: remove it");
    ck_refused("{\"event\":" EVENT(",\"component\":\"x\"") MACHINE,
               "event: component must be an object");
    text_format(&text,
                "{\"event\":{\"id\":\"e\",\"type\":\"t\",\"status\":\"info\",\"severity\":\"info\","
                "\"time\":\"2026-11-22T22:40:01Z\",\"labels\":{");
    for (int i = 0; i <= EVENT_LABELS_MAX; i++)
        text_format(&text, "%s\"k%d\":\"v\"", i ? "," : "", i);
    text_format(&text, "}}" MACHINE);
    ck_refused(text_string(&text), "event: labels has more than 64 members");
    text_clear(&text);
}
END_TEST

START_TEST(the_machine_is_named_by_known_keys)
{
    ck_refused("{\"event\":" EVENT("") ",\"machine\":{}}",
               "machine: names no machine: give mac, serial, asset_tag or name");
    ck_refused("{\"event\":" EVENT("") ",\"machine\":{\"mac\":\"52:54\"}}",
               "machine: mac must look like 52:54:00:12:34:56, not \"52:54\"");
    ck_refused("{\"event\":" EVENT("") ",\"machine\":{\"mac\":\"\"}}",
               "machine: mac is empty: leave it out or fill it");
    ck_refused("{\"event\":" EVENT("") ",\"machine\":{\"names\":\"cn-101\"}}",
               "machine: unknown field \"names\": is it name?");
    ck_refused("{\"event\":" EVENT("") ",\"machine\":\"52:54:00:12:34:56\"}",
               "machine: must be an object, not a string");
}
END_TEST

START_TEST(a_good_alert_is_read_whole)
{
    static const char text[] =
        "{\"event\":{\"id\":\"e "
        "1\",\"source\":\"s/1\",\"type\":\"hw.disk\",\"status\":\"resolved\","
        "\"severity\":\"critical\",\"time\":\"2026-11-22T23:40:01+01:00\","
        "\"component\":{\"kind\":\"disk\",\"slots\":[1,2.5,null]},\"fingerprint\":\"f\",\"count\":"
        "3,"
        "\"firmware\":{},\"labels\":{\"\xc3\xa4\":\"\"}},"
        "\"machine\":{\"mac\":\"5254.0012.3456\",\"serial\":\"SN1\",\"asset_tag\":\"T "
        "1\",\"name\":\"cn-1\"}}";
    struct error err = {0};
    struct alert alert = {0};

    ck_assert_msg(alert_decode(text, strlen(text), &alert, &err) == 0, "%s", error_text(&err));
    ck_assert_str_eq(alert.id, "e 1");
    ck_assert_str_eq(alert.source, "s/1");
    ck_assert_str_eq(alert.type, "hw.disk");
    ck_assert_str_eq(alert_status_name(alert.status), "resolved");
    ck_assert_str_eq(alert_severity_name(alert.severity), "critical");
    ck_assert_int_eq(alert.time_us, INT64_C(1795387201000000));
    ck_assert(alert.has_mac && alert.mac.bytes[5] == 0x56);
    ck_assert_str_eq(alert.serial, "SN1");
    ck_assert_str_eq(alert.asset_tag, "T 1");
    ck_assert_str_eq(alert.name, "cn-1");
    alert_clear(&alert);
    alert_clear(&alert);
}
END_TEST

START_TEST(what_is_optional_may_be_absent_or_null)
{
    static const char text[] = "{\"event\":" EVENT(
        ",\"source\":null,\"labels\":null,\"component\":null") ",\"machine\":{\"serial\":\"SN1\","
                                                               "\"mac\":null}}";
    struct error err = {0};
    struct alert alert = {0};

    ck_assert_msg(alert_decode(text, strlen(text), &alert, &err) == 0, "%s", error_text(&err));
    ck_assert_ptr_null(alert.source);
    ck_assert_ptr_null(alert.asset_tag);
    ck_assert(!alert.has_mac);
    alert_clear(&alert);
}
END_TEST

CHECK_MAIN("alert_formats", what_is_no_json_is_refused, a_shape_that_is_not_ours_is_refused,
           choices_and_times_are_checked, labels_and_component_have_caps,
           the_machine_is_named_by_known_keys, a_good_alert_is_read_whole,
           what_is_optional_may_be_absent_or_null)
