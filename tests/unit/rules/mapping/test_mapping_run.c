/* One message through a mapping: what is an event, what is not, and what a message cannot do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/document/rule_issues.h"
#include "rules/mapping/mapping.h"
#include "rules/mapping/mapping_run.h"
#include "tests/support/check_main.h"

#define HEAD "apiVersion: mappings/v1\nkind: Mapping\nmetadata: {name: m, version: 1}\nspec:\n"
#define NOW_US INT64_C(1767614400250000)

static struct mapping_run *run;
static struct mapping_outcomes out;

static void before(void)
{
    run = mapping_run_create(NULL);
}

static void after(void)
{
    mapping_outcomes_clear(&out);
    mapping_run_destroy(run);
}

static void go_with(const char *text, const char *body, size_t length,
                    const struct mapping_header *headers, size_t header_count)
{
    struct rule_issues issues = {0};
    struct mapping *mapping = mapping_parse(text, strlen(text), &issues);
    struct mapping_message message = {.bytes = body,
                                      .length = length,
                                      .headers = headers,
                                      .header_count = header_count,
                                      .received_us = NOW_US};

    ck_assert_msg(mapping != NULL, "%u:%u: %s", issues.items[0].line, issues.items[0].column,
                  issues.items[0].message);
    mapping_outcomes_clear(&out);
    ck_assert_int_eq(mapping_run_message(run, mapping, &message, &out, NULL), 0);
    mapping_destroy(mapping);
    rule_issues_clear(&issues);
}

static void go(const char *text, const char *body)
{
    go_with(text, body, strlen(body), NULL, 0);
}

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "(none)";
}

static void fails(const char *spec, const char *body, const char *why)
{
    struct text text = {0};

    text_format(&text, HEAD "%s", spec);
    go(text_string(&text), body);
    ck_assert_uint_eq(out.count, 1);
    ck_assert_ptr_nonnull(out.items[0].why);
    ck_assert_msg(strstr(out.items[0].why, why) != NULL, "%s", out.items[0].why);
    ck_assert_ptr_null(out.items[0].event);
    text_clear(&text);
}

#define REST "severity: \"'info'\", status: \"'info'\", type: \"'t'\"}\n  machine: {name: item.n}\n"

START_TEST(values_become_what_an_event_holds)
{
    go(HEAD
       "  event:\n"
       "    id: item.a\n"
       "    source: item.?b\n"
       "    type: item.c\n"
       "    status: \"'firing'\"\n"
       "    severity: \"'info'\"\n"
       "    time: timestamp(item.d)\n"
       "    fingerprint: item.e\n"
       "    count: item.f\n"
       "    component: \"{'kind': 'disk', 'at': timestamp(0), 'n': [1, 1.5, null, true], 7: 1u}\"\n"
       "    labels: \"[{'a': 1, 'b': 'x', 'c': null}, {'b': 'y', 'd': true}]\"\n"
       "  machine: {name: item.n, mac: item.?m, serial: \"''\"}\n",
       "{\"a\": 7, \"c\": 1.5, \"d\": 1767614340, \"e\": true, \"f\": 3, \"n\": \"cn-1\"}");
    ck_assert_uint_eq(out.count, 1);
    ck_assert_msg(!out.items[0].why, "%s", out.items[0].why);
    ck_assert_str_eq(text_at(out.items[0].event, "id"), "7");
    ck_assert_str_eq(text_at(out.items[0].event, "source"), "(none)");
    ck_assert_str_eq(text_at(out.items[0].event, "type"), "1.5");
    ck_assert_str_eq(text_at(out.items[0].event, "time"), "2026-01-05T11:59:00Z");
    ck_assert_str_eq(text_at(out.items[0].event, "fingerprint"), "true");
    ck_assert_int_eq(json_integer_value(json_object_get(out.items[0].event, "count")), 3);
    char *component =
        json_dumps(json_object_get(out.items[0].event, "component"), JSON_COMPACT | JSON_SORT_KEYS);
    char *labels =
        json_dumps(json_object_get(out.items[0].event, "labels"), JSON_COMPACT | JSON_SORT_KEYS);
    ck_assert_str_eq(component, "{\"7\":\"1\",\"at\":\"1970-01-01T00:00:00Z\",\"kind\":\"disk\","
                                "\"n\":[1,1.5,null,true]}");
    ck_assert_str_eq(labels, "{\"a\":\"1\",\"b\":\"y\",\"d\":\"true\"}");
    free(component);
    free(labels);
    ck_assert_str_eq(text_at(out.items[0].machine, "name"), "cn-1");
    ck_assert_uint_eq(json_object_size(out.items[0].machine), 1);
    ck_assert_int_eq(
        json_integer_value(json_object_get(json_object_get(out.items[0].event, "raw"), "a")), 7);
}
END_TEST

START_TEST(what_is_not_said_has_defaults)
{
    go(HEAD "  event: {id: item.id, type: item.?type, severity: item.?severity}\n"
            "  machine: {name: item.n}\n"
            "  defaults: {type: thing, status: firing, severity: warning, source: here}\n",
       "{\"id\": \"1\", \"n\": \"cn-1\", \"severity\": null, \"type\": \"\"}");
    ck_assert_msg(!out.items[0].why, "%s", out.items[0].why);
    ck_assert_str_eq(text_at(out.items[0].event, "type"), "thing");
    ck_assert_str_eq(text_at(out.items[0].event, "status"), "firing");
    ck_assert_str_eq(text_at(out.items[0].event, "severity"), "warning");
    ck_assert_str_eq(text_at(out.items[0].event, "source"), "here");
    ck_assert_str_eq(text_at(out.items[0].event, "time"), "2026-01-05T12:00:00.250Z");
}
END_TEST

START_TEST(what_is_no_event_says_its_field)
{
    fails("  event: {id: item.id, " REST, "{\"n\": \"a\"}", "event.id: no such key");
    fails("  event: {id: item.id, " REST, "{\"id\": [1], \"n\": \"a\"}",
          "event.id: must be a string, a number or a bool (line 5 of the mapping)");
    fails("  event: {id: item.id, " REST, "{\"id\": \"\", \"n\": \"a\"}", "event: id is missing");
    fails("  event: {id: item.id, " REST, "{\"id\": \"a\\nb\", \"n\": \"a\"}",
          "event: id holds a control character");
    fails("  event: {id: item.id, " REST, "{\"id\": \"1\", \"n\": null}",
          "machine: names no machine");
    fails("  event: {id: item.id, " REST, "{\"id\": \"1\"}", "machine.name: no such key");
    fails("  event: {id: item.id, source: \"'a b'\", " REST, "{\"id\": \"1\", \"n\": \"a\"}",
          "source holds a space");
    fails("  event: {id: item.id, time: item.t, " REST, "{\"id\": \"1\", \"n\": \"a\", \"t\": 5}",
          "event.time: must be a timestamp or a string");
    fails("  event: {id: item.id, count: item.t, " REST,
          "{\"id\": \"1\", \"n\": \"a\", \"t\": \"5\"}", "event.count: must be an int");
    fails("  event: {id: item.id, labels: item.t, " REST,
          "{\"id\": \"1\", \"n\": \"a\", \"t\": {\"x\": {}}}",
          "event.labels: must be a string, a number or a bool");
    fails("  event: {id: item.id, labels: item.t, " REST,
          "{\"id\": \"1\", \"n\": \"a\", \"t\": [7]}", "event.labels: must be a map, or a list");
    fails("  event: {id: item.id, component: item.t, " REST,
          "{\"id\": \"1\", \"n\": \"a\", \"t\": [7]}", "event.component: must be a map");
    fails("  event: {id: item.id, severity: item.s, status: \"'info'\", type: \"'t'\"}\n"
          "  machine: {name: item.n}\n",
          "{\"id\": \"1\", \"n\": \"a\", \"s\": \"page\"}",
          "severity must be info, warning or critical, not \"page\"");
    fails("  drop: item.d\n  event: {id: item.id, " REST, "{\"id\": \"1\", \"n\": \"a\", \"d\": 1}",
          "drop: must be a bool (line 5");
    fails("  each: message.x\n  event: {id: item.id, " REST, "{\"x\": {}}",
          "each: must be a list (line 5");
    fails("  event: {id: item.id, " REST, "nonsense", "1:8: ");
}
END_TEST

START_TEST(one_message_gives_many_events)
{
    go(HEAD "  each: message.x\n"
            "  let: {twice: item.id + item.id, never: item.nothing}\n"
            "  drop: item.id == 'b'\n"
            "  event: {id: vars.twice, fingerprint: string(index), " REST,
       "{\"x\": [{\"id\": \"a\", \"n\": \"1\"}, {\"id\": \"b\"}, {\"id\": 7}, {\"id\": \"c\", "
       "\"n\": \"2\"}]}");
    ck_assert_uint_eq(out.count, 4);
    ck_assert_str_eq(text_at(out.items[0].event, "id"), "aa");
    ck_assert_str_eq(text_at(out.items[0].event, "fingerprint"), "0");
    ck_assert(out.items[1].dropped && !out.items[1].event && !out.items[1].why);
    ck_assert_ptr_nonnull(out.items[2].why); /* 14 is an id, but it names no machine */
    ck_assert_str_eq(text_at(out.items[3].event, "id"), "cc");
    ck_assert_str_eq(text_at(out.items[3].machine, "name"), "2");
    go(HEAD "  each: message.x\n  event: {id: item.id, " REST, "{\"x\": []}");
    ck_assert_uint_eq(out.count, 1);
    ck_assert(out.items[0].dropped);
}
END_TEST

START_TEST(lines_stand_for_themselves)
{
    go(HEAD "  body: json-lines\n  event: {id: item.id, " REST,
       "{\"id\": \"a\", \"n\": \"1\"}\r\n\n  \n{\"id\": \n{\"id\": \"c\", \"n\": \"2\"}");
    ck_assert_uint_eq(out.count, 3);
    ck_assert_str_eq(text_at(out.items[0].event, "id"), "a");
    ck_assert_msg(strncmp(out.items[1].why, "line 4: ", 8) == 0, "%s", out.items[1].why);
    ck_assert_str_eq(text_at(out.items[2].event, "id"), "c");
}
END_TEST

START_TEST(headers_have_one_spelling)
{
    char long_value[MAPPING_HEADER_BYTES_MAX + 2];
    struct mapping_header headers[MAPPING_HEADERS_MAX + 4] = {
        {"Ce-Id", "one", 3},
        {"ce_id", "two", 3},
        {"x", long_value, sizeof(long_value) - 1},
        {"bad", "\xff", 1}};

    memset(long_value, 'a', sizeof(long_value));
    for (size_t i = 4; i < MAPPING_HEADERS_MAX + 4; i++)
        headers[i] = (struct mapping_header){"filler", "f", 1};
    go_with(HEAD "  body: any\n"
                 "  event: {id: headers.ce_id, type: string(headers.size()), status: "
                 "\"'info'\", severity: \"'info'\"}\n"
                 "  machine: {name: \"message == null ? 'none' : 'some'\"}\n",
            "\xff", 1, headers, MAPPING_HEADERS_MAX + 4);
    ck_assert_msg(!out.items[0].why, "%s", out.items[0].why);
    ck_assert_str_eq(text_at(out.items[0].event, "id"), "one");
    ck_assert_str_eq(text_at(out.items[0].event, "type"), "2");
    ck_assert_str_eq(text_at(out.items[0].machine, "name"), "none");
}
END_TEST

START_TEST(a_message_costs_no_more_than_it_may)
{
    struct text body = {0};

    text_format(&body, "{\"x\": [");
    for (int i = 0; i <= MAPPING_EVENTS_MAX; i++)
        text_format(&body, "%s{\"id\": \"%d\", \"n\": \"a\"}", i ? ", " : "", i);
    text_format(&body, "]}");
    fails("  each: message.x\n  event: {id: item.id, " REST, text_string(&body),
          "the message holds 1001 items, at most 1000 are taken");
    /* Cheap when its cost was estimated, dear with what came: the rest of the message pays. */
    go(HEAD "  each: message.x\n"
            "  event: {id: \"item.id + string(message.x.filter(a, a.id == 'none').size())\", " REST,
       "{\"x\": [{\"id\": \"1\", \"n\": \"a\"}]}");
    ck_assert_msg(!out.items[0].why, "%s", out.items[0].why);
    text_clear(&body);
    text_format(&body, "{\"x\": [");
    for (int i = 0; i < MAPPING_EVENTS_MAX; i++)
        text_format(&body, "%s{\"id\": \"%d\", \"n\": \"a\"}", i ? ", " : "", i);
    text_format(&body, "]}");
    go(HEAD "  each: message.x\n"
            "  event: {id: \"item.id + string(message.x.filter(a, a.id == 'none').size())\", " REST,
       text_string(&body));
    ck_assert_uint_eq(out.count, MAPPING_EVENTS_MAX);
    ck_assert_msg(strstr(out.items[MAPPING_EVENTS_MAX - 1].why, "cost"), "%s",
                  out.items[MAPPING_EVENTS_MAX - 1].why);
    text_clear(&body);
}
END_TEST

CHECK_MAIN_WITH("mapping_run", before, after, values_become_what_an_event_holds,
                what_is_not_said_has_defaults, what_is_no_event_says_its_field,
                one_message_gives_many_events, lines_stand_for_themselves,
                headers_have_one_spelling, a_message_costs_no_more_than_it_may)
