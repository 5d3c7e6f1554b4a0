/* The plain path, an alert that no rule takes: its values, the index, each candidate's predicates
 * with a pattern, a comprehension and a let, and what is found of it allocate nothing. */
#include "tests/support/check_main.h"
#include "tests/support/rule_bed.h"

#include "tests/support/scarce_memory.h"

#define MANY 1000000

static const struct {
    const char *name, *spec;
} RULES[] = {
    {"four", "  match: event.component.kind == 'dimm' && asset.lifecycle == 'retired' && "
             "asset.site != 'lab' && event.count >= 100\n"},
    {"pattern", "  match: event.component.id.matches('^[C-Z][0-9]+$') || event.count > 7\n"},
    {"each", "  match: event.labels.exists(k, k.startsWith('x') && event.labels[k] == 'y')\n"},
    {"let", "  let: {big: 'event.count * 2 > 100'}\n  match: vars.big && vars.big\n"},
    {"moment",
     "  match: now - event.time > duration('9h') || timestamp(event.time).getFullYear() < "
     "2000\n"},
};

static struct rule_bed bed;

static void close_it(void)
{
    rule_bed_close(&bed);
}

static unsigned allocations_of(size_t *ret_findings)
{
    const struct rule_finding *findings;
    struct error err = {0};
    int rc;

    scarce_left = MANY;
    rc = rule_moment_fill(bed.moment, bed.event, bed.asset, INT64_C(1767614400000000),
                          rule_set_names(bed.set), &err);
    if (rc == 0)
        rc = rule_engine_alert(bed.engine, bed.moment, &findings, ret_findings, &err);
    rc = rc < 0 ? rc : (int)(MANY - scarce_left);
    scarce_left = 0;
    ck_assert_msg(rc >= 0, "%s", err.text);
    return (unsigned)rc;
}

/* "type" and "status" are rule_bed.h's. */
static const char EVENT[] = "\"id\": \"e\", \"source\": \"s\", \"severity\": \"warning\", "
                            "\"time\": \"2026-01-05T11:59:00Z\", "
                            "\"count\": 3, \"component\": {\"kind\": \"dimm\", \"id\": \"B12\"}, "
                            "\"labels\": {\"x1\": \"n\", \"team\": \"compute\"}";
static const char ASSET[] = "\"id\": \"m1\", \"name\": \"m1\", \"class\": \"server\", "
                            "\"lifecycle\": \"production\", \"site\": \"ams1\"";

START_TEST(an_alert_that_no_rule_takes_allocates_nothing)
{
    for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++)
        rule_bed_add(&bed, RULES[i].name, RULES[i].spec);
    rule_bed_open(&bed);
    ck_assert_str_eq(rule_bed_alert_of(&bed, EVENT, ASSET, 1767614400), "");
    for (int again = 0; again < 3; again++) {
        size_t findings;
        unsigned allocations = allocations_of(&findings);

        ck_assert_uint_eq(findings, 0);
        ck_assert_uint_eq(allocations, 0);
    }
}
END_TEST

/* What the test above counts with. */
START_TEST(one_that_is_taken_allocates_its_state)
{
    size_t findings;

    rule_bed_add(&bed, "held", "  hold: 2m\n");
    rule_bed_open(&bed);
    rule_bed_fill(&bed, EVENT, ASSET, 1767614400);
    ck_assert_uint_gt(allocations_of(&findings), 0);
    ck_assert_uint_eq(findings, 1);
}
END_TEST

CHECK_MAIN_WITH("plain_path", NULL, close_it, an_alert_that_no_rule_takes_allocates_nothing,
                one_that_is_taken_allocates_its_state)
