/* Sets of rules: their order, and that the index brings every rule that an alert is for: the same
 * as asking each of them. */
#include "rules/document/rule_names.h"
#include "tests/support/check_main.h"
#include "tests/support/rule_bed.h"

static struct rule_bed bed;

static void close_it(void)
{
    rule_bed_close(&bed);
}

static void add(const char *id, const char *scope, const char *spec, bool shadow)
{
    bed.members[bed.count++] =
        (struct rule_member){.document = rule_bed_make(id, scope, spec), .shadow = shadow};
}

/* Their names, in the order that they come in. */
static const char *candidates(const char *event, const char *asset)
{
    uint32_t *found = calloc(rule_set_count(bed.set) + 1, sizeof(*found));
    size_t count, at = 0;

    rule_bed_fill(&bed, event, asset, 1);
    count = rule_set_candidates(bed.set, bed.moment, found);
    bed.answer[0] = '\0';
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(bed.answer + at, sizeof(bed.answer) - at, "%s%s", i ? " " : "",
                               rule_set_at(bed.set, found[i])->name);
    free(found);
    return bed.answer;
}

START_TEST(priority_then_id_is_the_order)
{
    add("b", "{type: t}", "", false);
    add("c", "{type: t}", "  priority: 5\n", false);
    add("a", "{type: [t, u]}", "", false);
    add("a", "{type: t}", "", true);
    rule_bed_open(&bed);
    ck_assert_str_eq(candidates("", ""), "c a a~shadow b");
    ck_assert_str_eq(candidates("\"type\": \"u\"", ""), "a");
    ck_assert_str_eq(candidates("\"type\": \"v\"", ""), "");
    ck_assert_int_eq(rule_set_find(bed.set, "a~shadow"), 2);
    ck_assert_int_eq(rule_set_find(bed.set, "d"), -1);
}
END_TEST

START_TEST(rules_that_want_another_text_are_passed_over)
{
    add("a", "{type: t, severity: [warning, critical]}", "", false);
    add("b", "{type: t}", "  match: event.component.kind == 'dimm'\n", false);
    add("c", "{type: t}", "  match: event.component.kind in ['dimm', 'bank']\n", false);
    add("d", "{type: t, asset.rack: r1}", "  match: event.component.kind == 'dimm'\n", false);
    rule_bed_open(&bed);
    ck_assert_str_eq(candidates("\"severity\": \"info\", \"component\": {\"kind\": \"fan\"}", ""),
                     "");
    ck_assert_str_eq(
        candidates("\"severity\": \"critical\", \"component\": {\"kind\": \"bank\"}", ""), "a c");
    /* Not a text: comparing it is false. Not there at all: that is an error, to be told. */
    ck_assert_str_eq(candidates("\"severity\": \"info\", \"component\": {\"kind\": 5}", ""), "");
    ck_assert_str_eq(candidates("\"severity\": \"info\", \"component\": {}", ""), "b c");
    ck_assert_str_eq(candidates("\"severity\": \"info\"", "\"rack\": \"r1\""), "b c d");
}
END_TEST

START_TEST(notes_are_found_by_type)
{
    const struct rule_noting *notes;

    add("a", "{type: t}", "  hold: 1m\n", false);
    add("b", "{type: t}", "  suppress: [{type: [m, t], key: asset.id, for: 1h, because: x}]\n",
        false);
    rule_bed_open(&bed);
    ck_assert_uint_eq(rule_set_notes(bed.set, "t", 1, &notes), 2);
    ck_assert_int_eq(notes[0].note, RULE_NOTE_HOLD);
    ck_assert_int_eq(notes[1].note, RULE_NOTE_SUPPRESS);
    ck_assert_uint_eq(rule_set_notes(bed.set, "m", 1, &notes), 1);
    ck_assert_uint_eq(notes[0].rule, 1);
    ck_assert_uint_eq(rule_set_notes(bed.set, "mm", 2, &notes), 0);
}
END_TEST

static uint64_t seed;

static const char *any(const char *const *words, size_t count)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return words[(seed >> 33) % count];
}
#define ANY(words) any(words, sizeof(words) / sizeof((words)[0]))

static void add_random(int number)
{
    static const char *const scopes[] = {
        "{type: t}", "{type: [t, u], severity: info}", "{type: u, severity: [info, warning]}",
        "{type: t, asset.rack: r1}", "{type: t, asset.rack: [r1, r2], severity: warning}"};
    static const char *const matches[] = {
        "",
        "  match: event.component.kind == 'dimm'\n",
        "  match: event.component.kind in ['dimm', 'fan'] && asset.site == 's1'\n",
        "  match: asset.site == 's1' || event.count > 1\n",
        "  match: event.count > 1 && event.component.kind == 'fan'\n",
        "  match: event.labels.team == 'a' && asset.rack == 'r2'\n"};
    char id[16];

    snprintf(id, sizeof(id), "r%02d", number);
    add(id, ANY(scopes), ANY(matches), false);
}

static void alert_random(void)
{
    static const char *const types[] = {"\"type\": \"t\"", "\"type\": \"u\""};
    static const char *const severities[] = {"", ", \"severity\": \"info\"",
                                             ", \"severity\": \"warning\""};
    static const char *const components[] = {
        "", ", \"component\": {}", ", \"component\": {\"kind\": \"dimm\"}",
        ", \"component\": {\"kind\": \"fan\"}", ", \"component\": {\"kind\": null}"};
    static const char *const counts[] = {"", ", \"count\": 2", ", \"labels\": {\"team\": \"a\"}"};
    static const char *const racks[] = {"\"id\": \"m\"", "\"rack\": \"r1\"", "\"rack\": \"r2\""};
    static const char *const sites[] = {"", ", \"site\": \"s1\"", ", \"site\": \"s2\""};
    char event[256], asset[256];

    snprintf(event, sizeof(event), "%s%s%s%s", ANY(types), ANY(severities), ANY(components),
             ANY(counts));
    snprintf(asset, sizeof(asset), "%s%s", ANY(racks), ANY(sites));
    rule_bed_fill(&bed, event, asset, 1);
}

/* Whether a rule that is alone in its set makes anything of the alert. */
static bool is_for(const struct rule_document *rule)
{
    struct cel_value value = {0};
    static const struct {
        int attribute;
        const char *name;
    } scoped[] = {{RULE_TYPE, "event.type"},
                  {RULE_SEVERITY, "event.severity"},
                  {RULE_ASSET_RACK, "asset.rack"}};

    for (size_t i = 0; i < 3; i++) {
        const struct rule_strings *wanted = &rule->scope[scoped[i].attribute];
        bool found = wanted->count == 0;

        value = bed.moment->slots[rule_env_slot(scoped[i].name)];
        for (size_t n = 0; n < wanted->count; n++)
            found = found ||
                    cel_value_equal(value, cel_string(wanted->items[n], strlen(wanted->items[n])));
        if (!found)
            return false;
    }
    if (!rule->match.text)
        return true;
    rule_moment_enter(bed.moment, rule);
    value = rule_moment_value(bed.moment, &rule->match);
    return cel_is(value, CEL_ERROR) || value.boolean;
}

START_TEST(the_index_leaves_no_rule_out)
{
    uint32_t found[RULE_BED_RULES];
    size_t asked = 0, brought = 0;

    seed = 5;
    for (int i = 0; i < 60; i++)
        add_random(i);
    rule_bed_open(&bed);
    for (int i = 0; i < 3000; i++) {
        size_t count, at = 0;

        alert_random();
        count = rule_set_candidates(bed.set, bed.moment, found);
        for (uint32_t rule = 0; rule < rule_set_count(bed.set); rule++) {
            bool is_candidate = at < count && found[at] == rule;

            at += is_candidate;
            asked++;
            brought += is_candidate;
            ck_assert_msg(is_candidate || !is_for(rule_set_at(bed.set, rule)->document),
                          "%s was left out", rule_set_at(bed.set, rule)->name);
        }
        ck_assert_uint_eq(at, count);
    }
    ck_assert_msg(brought * 5 < asked * 2, "%zu of %zu were brought", brought, asked);
}
END_TEST

CHECK_MAIN_WITH("rule_set", NULL, close_it, priority_then_id_is_the_order,
                rules_that_want_another_text_are_passed_over, notes_are_found_by_type,
                the_index_leaves_no_rule_out)
