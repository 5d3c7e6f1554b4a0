/* Mapping files that are wrong: what is told, and where. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/document/rule_issues.h"
#include "rules/mapping/mapping.h"
#include "tests/support/check_main.h"

#define HEAD "apiVersion: mappings/v1\nkind: Mapping\nmetadata: {name: m, version: 1}\nspec:\n"
#define EVENT "  event: {id: item.id}\n"
#define MACHINE "  machine: {name: item.n}\n"

/* All that is told, a line each. */
static void tells(const char *text, const char *expected)
{
    struct rule_issues issues = {0};
    struct mapping *mapping = mapping_parse(text, strlen(text), &issues);
    struct text told = {0};

    ck_assert_msg(!mapping, "taken: %s", text);
    for (size_t i = 0; i < rule_issues_kept(&issues); i++)
        text_format(&told, "%s%u:%u: %s", i ? "\n" : "", issues.items[i].line,
                    issues.items[i].column, issues.items[i].message);
    ck_assert_str_eq(text_string(&told), expected);
    text_clear(&told);
    rule_issues_clear(&issues);
}

START_TEST(a_mapping_is_read)
{
    static const char text[] = HEAD
        "  body: json-lines\n  each: message.x\n"
        "  let: {a: item.b}\n  drop: vars.a == 1\n" EVENT MACHINE "  defaults: {severity: info}\n"
        "tests:\n  - {name: t, body: \"{}\", events: [{undecodable: x}]}\n";
    struct rule_issues issues = {0};
    struct mapping *mapping = mapping_parse(text, strlen(text), &issues);

    ck_assert_msg(mapping != NULL, "%s", issues.items[0].message);
    ck_assert_str_eq(mapping->name, "m");
    ck_assert_int_eq(mapping->body, MAPPING_LINES);
    ck_assert_ptr_nonnull(mapping->each.program);
    ck_assert_ptr_nonnull(mapping->drop.program);
    ck_assert_ptr_nonnull(mapping->fields[MAPPING_ID].program);
    ck_assert_ptr_null(mapping->fields[MAPPING_TYPE].program);
    ck_assert_ptr_nonnull(mapping->selectors[MAPPING_NAME].program);
    ck_assert_str_eq(mapping->defaults[MAPPING_SEVERITY], "info");
    ck_assert_uint_eq(mapping->let_count, 1);
    ck_assert_int_eq(mapping->tests[0].dropped, -1);
    mapping_destroy(mapping);
    mapping_destroy(NULL);
}
END_TEST

START_TEST(names_and_places_are_told)
{
    tells("", "1:1: the file is empty");
    tells("[]\n", "1:1: a mapping must be a map, not a list");
    tells("kind: Rule\n", "1:1: 'apiVersion' is missing\n1:1: 'metadata' is missing\n"
                          "1:1: 'spec' is missing\n1:7: kind must be Mapping, not Rule");
    tells(HEAD EVENT, "5:3: 'machine' is missing in spec");
    tells(HEAD EVENT "  machine: {}\n",
          "6:12: 'mac', 'serial', 'asset_tag' or 'name' is missing in machine");
    tells(HEAD "  event: {sevrity: item.x}\n" MACHINE,
          "5:10: 'id' is missing in event\n5:11: unknown field 'sevrity': is it 'severity'?");
    tells(HEAD EVENT MACHINE "  serial: item.m\n",
          "7:3: unknown field 'serial' in spec: it belongs to machine");
    tells(HEAD EVENT MACHINE "  event: {id: item.id}\n",
          "7:3: key \"event\" stands twice, first in line 5");
    tells(HEAD "  body: xml\n" EVENT MACHINE, "5:9: body must be json, json-lines or any, not xml");
}
END_TEST

START_TEST(expressions_are_told)
{
    tells(HEAD "  event: {id: itm.id}\n" MACHINE,
          "5:15: undeclared reference to 'itm'; did you mean 'item'?");
    tells(HEAD "  each: item.x\n" EVENT MACHINE,
          "5:9: item is not known in each, which says what the items are");
    tells(HEAD "  let: {a: message}\n  each: vars.a\n" EVENT MACHINE,
          "6:9: undeclared reference to 'vars'");
    tells(HEAD "  each: \"'x'\"\n" EVENT MACHINE, "5:10: must be a list, and this is string");
    tells(HEAD "  drop: index\n" EVENT MACHINE, "5:9: must be a bool, and this is int");
    tells(HEAD "  event: {id: \"[1]\", time: index, count: \"'x'\", component: index, labels: "
               "index}\n" MACHINE,
          "5:16: must be a string, a number or a bool, and this is list<int>\n"
          "5:28: must be a timestamp or a string, and this is int\n"
          "5:43: must be an int, and this is string\n5:60: must be a map, and this is int\n"
          "5:75: must be a map, or a list of maps, and this is int");
    tells(HEAD "  event: {id: vars.a}\n" MACHINE "  let: {a: vars.b, b: index}\n",
          "7:12: undeclared reference to 'vars'");
    tells(HEAD "  event: {id: event.id}\n" MACHINE, "5:15: undeclared reference to 'event'");
}
END_TEST

START_TEST(defaults_and_tests_are_told)
{
    tells(HEAD EVENT MACHINE "  defaults: {severity: bad, status: on, source: a b, id: x}\n",
          "7:54: unknown field 'id' in defaults: it belongs to event");
    tells(HEAD EVENT MACHINE "  defaults: {severity: bad, status: on, source: a b}\n",
          "7:24: severity must be info, warning or critical\n"
          "7:37: status must be firing, resolved or info\n7:49: source holds a space: remove it");
    tells(HEAD EVENT MACHINE "tests:\n  - {name: a, message: {}, headers: {a: 1}}\n",
          "8:41: a header is a text: quote it");
    tells(HEAD EVENT MACHINE "tests:\n  - {name: a}\n",
          "8:5: 'message' or 'body' is missing in tests");
    tells(HEAD EVENT MACHINE "tests:\n  - {name: a, message: {}, body: x}\n",
          "8:28: 'message' and 'body' exclude each other");
    tells(HEAD EVENT MACHINE "tests:\n  - {name: a, message: {}, headers: {}, events: [{}, "
                             "{event: {}, undecodable: x}]}\n",

          "8:50: needs event, machine or both, or undecodable alone\n"
          "8:54: needs event, machine or both, or undecodable alone");
}
END_TEST

CHECK_MAIN("mapping", a_mapping_is_read, names_and_places_are_told, expressions_are_told,
           defaults_and_tests_are_told)
