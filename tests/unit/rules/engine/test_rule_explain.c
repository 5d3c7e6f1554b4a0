/* The sentences for people: of what was found, and of the rule that comes nearest. */
#include "rules/engine/rule_explain.h"
#include "rules/engine/rule_parts.h"
#include "tests/support/check_main.h"
#include "tests/support/rule_bed.h"

static struct rule_bed bed;
static struct text told;

static void close_it(void)
{
    text_clear(&told);
    if (bed.set)
        rule_bed_close(&bed);
}

/* "one|two", each with its left side in brackets. */
static void splits(const char *text, const char *expected)
{
    struct rule_part parts[RULE_PARTS_MAX];
    size_t count = rule_parts_split(text, parts);

    text_clear(&told);
    for (size_t i = 0; i < count; i++)
        text_format(&told, "%s%.*s[%.*s]", i ? "|" : "", (int)parts[i].length,
                    text + parts[i].offset, (int)parts[i].left, text + parts[i].offset);
    ck_assert_str_eq(text_string(&told), expected);
}

START_TEST(a_match_is_split_at_its_outermost_ands)
{
    splits("a", "a[]");
    splits("a == 'x && y' && b", "a == 'x && y'[a]|b[]");
    splits("f(a && b) && [c && d][0]\n  && x.y < 5", "f(a && b)[]|[c && d][0][]|x.y < 5[x.y]");
    splits("a && b || c", "a && b || c[]");
    splits("a && (b || c == d)", "a[]|(b || c == d)[]");
    splits("a ? b && c : d", "a ? b && c : d[]");
    splits("a.b in ['x'] && !c", "a.b in ['x'][a.b]|!c[]");
    splits("#", "#[]");
}
END_TEST

static void explains(const char *event, const char *asset, const char *expected)
{
    struct error err = {0};
    size_t count;

    rule_bed_fill(&bed, event, asset, 1);
    ck_assert_int_eq(rule_engine_alert(bed.engine, bed.moment, &bed.findings, &count, &err), 0);
    ck_assert_uint_eq(count, 0);
    text_clear(&told);
    rule_explain_none(bed.set, bed.moment, &told);
    ck_assert_str_eq(text_string(&told), expected);
}

START_TEST(the_nearest_rule_is_told)
{
    bed.members[0].document = rule_bed_make("far", "{type: t}", "  match: event.count > 100\n");
    bed.members[1].document = rule_bed_make(
        "near", "{type: t, severity: [warning, critical]}",
        "  let: {kind: event.component.kind}\n"
        "  match: vars.kind == 'dimm' && asset.lifecycle == 'production' && event.count in [5]\n");
    bed.count = 2;
    rule_bed_open(&bed);
    explains("\"type\": \"u\"", "", "no rule is for events of type 'u'");
    explains("\"count\": 1, \"severity\": \"critical\", \"component\": {\"kind\": \"dimm\"}",
             "\"lifecycle\": \"retired\"",
             "no rule is for it; the nearest is near: asset.lifecycle == 'production' is false, "
             "asset.lifecycle is 'retired'");
    explains("\"count\": 1, \"severity\": \"critical\", \"component\": {\"kind\": \"dimm\"}",
             "\"lifecycle\": \"production\"",
             "no rule is for it; the nearest is near: event.count in [5] is false, event.count is "
             "1");
    explains("\"count\": 1, \"severity\": \"info\"", "",
             "no rule is for it; the nearest is far: event.count > 100 is false, event.count is 1");
}
END_TEST

/* A part that is false makes the whole false, whatever stands before it. */
START_TEST(what_is_false_is_told_and_not_what_has_no_value)
{
    rule_bed_add(&bed, "a",
                 "  match: event.component.ok && event.labels.x == 'y' && event.count > 5\n");
    rule_bed_open(&bed);
    explains("\"count\": 1, \"component\": {}, \"labels\": {}", "",
             "no rule is for it; the nearest is a: event.count > 5 is false, event.count is 1");
}
END_TEST

START_TEST(what_is_wanted_of_the_scope_is_told)
{
    bed.members[bed.count++].document =
        rule_bed_make("a", "{type: t, severity: [warning, critical], asset.rack: r1}", "");
    rule_bed_open(&bed);
    explains("\"severity\": \"info\"", "\"rack\": \"r1\"",
             "no rule is for it; the nearest is a: its scope wants event.severity 'warning', "
             "'critical', and it is 'info'");
    explains("\"severity\": \"warning\"", "",
             "no rule is for it; the nearest is a: its scope wants asset.rack 'r1', and it is not "
             "given");
    explains("\"severity\": \"warning\", \"status\": \"resolved\"", "\"rack\": \"r1\"",
             "no rule is for it; the nearest is a: it takes alerts that are not resolved");
}
END_TEST

START_TEST(a_finding_is_a_sentence)
{
    rule_bed_add(&bed, "a",
                 "  suppress: [{type: w, key: asset.id, for: 1h, because: people work}]\n");
    rule_bed_open(&bed);
    rule_bed_alert(&bed, "\"type\": \"w\"", 0);
    rule_bed_alert(&bed, "", 1);
    rule_explain_finding(bed.set, bed.findings, &told);
    ck_assert_str_eq(text_string(&told), "a: suppressed until 1970-01-01T01:00:00Z: people work");
    text_clear(&told);
    rule_bed_alert(&bed, "", 3600);
    rule_explain_finding(bed.set, bed.findings, &told);
    ck_assert_str_eq(text_string(&told), "a: acts");
}
END_TEST

CHECK_MAIN_WITH("rule_explain", NULL, close_it, a_match_is_split_at_its_outermost_ands,
                the_nearest_rule_is_told, what_is_false_is_told_and_not_what_has_no_value,
                what_is_wanted_of_the_scope_is_told, a_finding_is_a_sentence)
