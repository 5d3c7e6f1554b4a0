/* An alert's values: typed as their names say, absent when they are not; lets once, in any order.
 */
#include "rules/cel/cel_program.h"
#include "rules/document/rule_names.h"
#include "rules/engine/rule_names_read.h"
#include "tests/support/check_main.h"
#include "tests/support/rule_bed.h"

static struct rule_bed bed;

static void close_it(void)
{
    rule_bed_close(&bed);
}

static struct cel_value value(const char *name)
{
    return bed.moment->slots[rule_env_slot(name)];
}

static void fill(const char *event, const char *asset, uint64_t names)
{
    struct error err = {0};
    json_t *event_json = rule_bed_json(event), *asset_json = rule_bed_json(asset);

    if (!bed.set) {
        rule_bed_add(&bed, "a", "");
        rule_bed_open(&bed);
    }
    json_decref(bed.event);
    json_decref(bed.asset);
    bed.event = event_json;
    bed.asset = asset_json;
    ck_assert_int_eq(rule_moment_fill(bed.moment, event_json, asset_json, 1500000, names, &err), 0);
}

START_TEST(members_become_values)
{
    fill("{\"type\": \"x\", \"count\": 3, \"labels\": {\"a\": \"b\"}, \"time\": "
         "\"1970-01-01T00:00:01Z\", \"component\": {\"kind\": \"dimm\"}}",
         "{\"name\": \"cn\", \"labels\": {\"n\": 1}}", RULE_ALL_NAMES);
    ck_assert(cel_value_equal(value("event.type"), cel_string("x", 1)));
    ck_assert(cel_value_equal(value("event.count"), cel_int(3)));
    ck_assert(cel_is(value("event.labels"), CEL_MAP));
    ck_assert(cel_is(value("event.time"), CEL_TIMESTAMP));
    ck_assert(cel_is(value("event.component"), CEL_MAP));
    ck_assert(cel_is(value("asset.labels"), CEL_MAP));
    ck_assert(cel_is(value("event.severity"), CEL_ABSENT));
    ck_assert(cel_value_equal(value("now"), rule_moment_timestamp(1500000)));
    ck_assert_int_eq(bed.moment->time_us, 1000000);
}
END_TEST

START_TEST(a_value_of_another_type_is_none)
{
    fill("{\"type\": 5, \"count\": \"3\", \"labels\": {\"a\": 1}, \"time\": \"yesterday\"}",
         "{\"name\": null, \"labels\": []}", RULE_ALL_NAMES);
    ck_assert(cel_is(value("event.type"), CEL_ABSENT));
    ck_assert(cel_is(value("event.count"), CEL_ABSENT));
    ck_assert(cel_is(value("event.labels"), CEL_ABSENT));
    ck_assert(cel_is(value("event.time"), CEL_ABSENT));
    ck_assert(cel_is(value("asset.name"), CEL_ABSENT));
    ck_assert(cel_is(value("asset.labels"), CEL_ABSENT));
    ck_assert_int_eq(bed.moment->time_us, 1500000);
}
END_TEST

START_TEST(a_map_that_was_not_given_is_empty)
{
    fill("{\"type\": \"x\"}", "{\"labels\": null}", RULE_ALL_NAMES);
    ck_assert(cel_is(value("event.component"), CEL_MAP));
    ck_assert_uint_eq(value("event.component").map->count, 0);
    ck_assert(cel_is(value("event.labels"), CEL_MAP));
    ck_assert(cel_is(value("event.firmware"), CEL_MAP));
    ck_assert(cel_is(value("asset.firmware"), CEL_MAP));
    ck_assert_msg(cel_is(value("asset.labels"), CEL_ABSENT), "null is no map");
    ck_assert(cel_is(value("event.raw"), CEL_ABSENT));
    ck_assert(cel_is(value("asset.controllers"), CEL_ABSENT));
    fill("{\"type\": \"x\", \"component\": \"cpu\"}", "{}", RULE_ALL_NAMES);
    ck_assert(cel_is(value("event.component"), CEL_ABSENT));
    ck_assert(cel_is(value("asset.labels"), CEL_MAP));
    ck_assert_int_eq(rule_moment_fill(bed.moment, bed.event, NULL, 1500000, RULE_ALL_NAMES, NULL),
                     0);
    ck_assert_msg(cel_is(value("asset.labels"), CEL_ABSENT), "of a machine that nobody knows");
}
END_TEST

START_TEST(nothing_comes_from_the_future)
{
    fill("{\"type\": \"x\", \"time\": \"1970-01-01T00:00:02Z\"}", "{}", RULE_ALL_NAMES);
    ck_assert_int_eq(bed.moment->time_us, 1500000);
}
END_TEST

START_TEST(what_nobody_reads_is_not_made)
{
    fill("{\"type\": \"x\", \"severity\": \"info\"}", "{}",
         UINT64_C(1) << rule_env_slot("event.type"));
    ck_assert(cel_is(value("event.type"), CEL_STRING));
    ck_assert(cel_is(value("event.severity"), CEL_ABSENT));
    fill("{\"severity\": \"info\"}", "{}", RULE_ALL_NAMES);
    ck_assert_msg(cel_is(value("event.type"), CEL_ABSENT), "of the alert before");
}
END_TEST

START_TEST(every_name_has_a_bit)
{
    ck_assert_uint_le(rule_name_count, 64);
    for (int i = 0; i < RULE_ATTRIBUTES; i++) {
        const char *name = rule_attribute_name(i);
        char whole[64];

        snprintf(whole, sizeof(whole), "%s%s", strchr(name, '.') ? "" : "event.", name);
        ck_assert_int_eq(rule_attribute_slot(i), rule_env_slot(whole));
    }
    ck_assert_int_eq(RULE_SLOT_ASSET_ID, rule_env_slot("asset.id"));
    ck_assert_int_eq(RULE_SLOT_TIME, rule_env_slot("event.time"));
    ck_assert_int_eq(RULE_SLOT_NOW, rule_env_slot("now"));
    ck_assert_int_eq(RULE_SLOT_ID, rule_env_slot("event.id"));
    ck_assert_int_eq(RULE_SLOT_RAW, rule_env_slot("event.raw"));
    ck_assert_int_eq(RULE_SLOT_WINDOW_SUM, rule_env_slot("window.sum"));
    ck_assert_int_eq(RULE_SLOT_WINDOW_COUNT, rule_env_slot("window.count"));
    ck_assert_int_eq(RULE_SLOT_WINDOW_FIRST, rule_env_slot("window.first"));
    ck_assert_int_eq(RULE_SLOT_WINDOW_LAST, rule_env_slot("window.last"));
    for (size_t i = 0; i < rule_name_count; i++) {
        const char *name = rule_names[i].name, *type = rule_names[i].type;
        bool given = strncmp(name, "event.", 6) == 0 || strncmp(name, "asset.", 6) == 0;

        ck_assert_msg(given == (i < RULE_SLOT_NOW), "%s stands on the wrong side of now", name);
        ck_assert_msg(!given || strcmp(type, "dyn") == 0 || strcmp(type, "string") == 0 ||
                          strcmp(type, "int") == 0 || strcmp(type, "timestamp") == 0 ||
                          strcmp(type, "map<string, string>") == 0 ||
                          strcmp(type, "map<string, dyn>") == 0,
                      "%s is of a type that alerts are not filled with: %s", name, type);
    }
}
END_TEST

START_TEST(lets_are_known_when_they_are_named)
{
    const struct rule_document *rule;
    struct cel_value match;

    rule_bed_add(&bed, "a",
                 "  let:\n    one: event.component.n\n    two: vars.one + 1\n"
                 "    bad: event.component.missing\n"
                 "  match: vars.two == 3 || vars.bad\n");
    rule_bed_open(&bed);
    rule = rule_set_at(bed.set, 0)->document;
    rule_bed_fill(&bed, "\"component\": {\"n\": 2}", "", 1);
    rule_moment_enter(bed.moment, rule);
    match = rule_moment_value(bed.moment, &rule->match);
    ck_assert_msg(cel_is(match, CEL_BOOL) && match.boolean, "%s",
                  cel_is(match, CEL_ERROR) ? match.text : "");
    rule_bed_fill(&bed, "\"component\": {\"n\": 3}", "", 1);
    rule_moment_enter(bed.moment, rule);
    match = rule_moment_value(bed.moment, &rule->match);
    ck_assert_msg(cel_is(match, CEL_ERROR), "the let of the alert before");
}
END_TEST

CHECK_MAIN_WITH("rule_moment", NULL, close_it, members_become_values,
                a_value_of_another_type_is_none, a_map_that_was_not_given_is_empty,
                nothing_comes_from_the_future, what_nobody_reads_is_not_made, every_name_has_a_bit,
                lets_are_known_when_they_are_named)
