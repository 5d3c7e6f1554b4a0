/* What rules look at of an alert's JSON: the members that they name, whichever way they are found.
 */
#include <string.h>

#include "controller/decide/alert_document.h"
#include "rules/document/rule_names.h"
#include "tests/support/check_main.h"

#define NAMED(name) (UINT64_C(1) << rule_env_slot(name))
#define MESSAGE(component)                                                                         \
    "{\"machine\":{\"serial\":\"S\"},\"event\":{\"id\":\"1\",\"source\":\"s\",\"labels\":{\"a\":"  \
    "\"b\"}," component ":{\"kind\":\"dimm\"}}}"

static struct alert_document document;

static void clear(void)
{
    alert_document_clear(&document);
}

static void ck_read(const char *message, uint64_t names)
{
    alert_document_clear(&document);
    ck_assert_int_eq(alert_document_read(message, strlen(message), names, &document), 0);
}

static const char *kind(void)
{
    return json_string_value(json_object_get(json_object_get(document.event, "component"), "kind"));
}

START_TEST(no_more_is_read_than_is_named)
{
    ck_read(MESSAGE("\"component\""), NAMED("event.component"));
    ck_assert_str_eq(kind(), "dimm");
    ck_assert_uint_eq(json_object_size(document.event), 1);
    ck_assert_ptr_null(document.raw);
    ck_read(MESSAGE("\"component\""), NAMED("event.type") | NAMED("asset.id"));
    ck_assert_ptr_null(document.event);
    ck_assert_ptr_null(document.raw);
}
END_TEST

START_TEST(the_message_is_the_raw)
{
    ck_read(MESSAGE("\"component\""), NAMED("event.raw"));
    ck_assert_ptr_eq(json_object_get(document.raw, "event"), document.event);
    ck_assert_str_eq(kind(), "dimm");
    ck_assert_ptr_nonnull(json_object_get(document.raw, "machine"));
}
END_TEST

/* A name with an escape is not followed by eye. */
START_TEST(what_is_not_plain_is_read_whole)
{
    ck_read(MESSAGE("\"\\u0063omponent\""), NAMED("event.component"));
    ck_assert_str_eq(kind(), "dimm");
    ck_assert_uint_eq(json_object_size(document.event), 4);
}
END_TEST

START_TEST(an_event_has_its_raw_in_itself)
{
    static const char event[] = "{\"component\":{\"kind\":\"dimm\"},\"labels\":{},\"raw\":[1,2]}";

    ck_assert_int_eq(alert_document_read_event(event, strlen(event),
                                               NAMED("event.component") | NAMED("event.raw"),
                                               &document),
                     0);
    ck_assert_str_eq(kind(), "dimm");
    ck_assert_uint_eq(json_array_size(document.raw), 2);
    ck_assert_ptr_null(json_object_get(document.event, "labels"));
    alert_document_clear(&document);
    ck_assert_int_eq(
        alert_document_read_event(event, strlen(event), NAMED("event.labels"), &document), 0);
    ck_assert_ptr_null(document.raw);
    ck_assert_uint_eq(json_object_size(document.event), 1);
}
END_TEST

START_TEST(what_is_cut_is_no_message)
{
    ck_assert_int_eq(
        alert_document_read("{\"event\":{\"component\":{", 23, NAMED("event.component"), &document),
        -1);
    ck_assert_int_eq(alert_document_read("", 0, NAMED("event.raw"), &document), -1);
}
END_TEST

CHECK_MAIN_WITH("alert document", NULL, clear, no_more_is_read_than_is_named,
                the_message_is_the_raw, what_is_not_plain_is_read_whole,
                an_event_has_its_raw_in_itself, what_is_cut_is_no_message)
