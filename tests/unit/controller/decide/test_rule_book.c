/* Rule books and the order of acting: what matches, who is first, and what a broken rule does to
 * the others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/decide/alert_moment.h"
#include "controller/decide/rule_book.h"
#include "controller/fleet/machine_lookup.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"
#include "tests/support/check_main.h"

#define RULE(id, priority, scope)                                                                  \
    "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: " id ", version: 1, owner: o}\n"             \
    "spec:\n  priority: " priority "\n  scope: {" scope "}\n  action: {boot: {image: d}}\n"

static struct rule_book *book;

static void drop_book(void)
{
    rule_book_destroy(book);
    book = NULL;
}

static char *make(const char *const *texts, size_t count)
{
    struct rule_source sources[16] = {0};
    struct error err = {0};
    char *why = NULL;

    for (size_t i = 0; i < count; i++)
        sources[i] = (struct rule_source){.version = 1, .name = "r", .text = texts[i]};
    book = rule_book_create(3, NULL, sources, count, &why, &err);
    ck_assert_msg(book != NULL, "%s", error_text(&err));
    return why;
}

/* The matching rules' ids, in order, each behind a space. */
static void ck_order(const struct alert_words *words, const char *wanted)
{
    const struct rule_set *rules = rule_book_rules(book);
    struct rule_states *states = rule_states_create(true);
    struct rule_engine *engine = rule_engine_create(rules, states, NULL);
    struct rule_moment *moment = rule_moment_create();
    const struct rule_finding *findings;
    char got[4096] = "";
    size_t count;

    ck_assert_int_eq(alert_moment_fill(moment, words, 0, rule_set_names(rules), NULL), 0);
    ck_assert_int_eq(rule_engine_alert(engine, moment, &findings, &count, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(findings[i].ending, i ? RULE_OUTRANKED : RULE_ACTS);
        snprintf(got + strlen(got), sizeof(got) - strlen(got), " %s",
                 rule_set_at(rules, findings[i].rule)->document->id);
    }
    ck_assert_str_eq(got, wanted);
    rule_moment_destroy(moment);
    rule_engine_destroy(engine);
    rule_states_destroy(states);
}

START_TEST(an_empty_book_matches_nothing)
{
    ck_assert_ptr_null(make(NULL, 0));
    ck_order(&(struct alert_words){.type = "t"}, "");
    ck_assert_uint_eq(rule_book_size(book), 0);
    ck_assert_ptr_null(rule_book_killed(book));
    rule_book_destroy(NULL);
}
END_TEST

START_TEST(priority_then_id_decides)
{
    static const char *const texts[] = {RULE("b", "5", "type: t"), RULE("c", "9", "type: [s, t]"),
                                        RULE("a", "5", "type: t"), RULE("z", "-1", "type: t"),
                                        RULE("y", "100", "type: u")};

    ck_assert_ptr_null(make(texts, 5));
    ck_order(&(struct alert_words){.type = "t"}, " c a b z");
    ck_order(&(struct alert_words){.type = "s"}, " c");
    ck_order(&(struct alert_words){.type = "u"}, " y");
    ck_order(&(struct alert_words){.type = "tt"}, "");
    ck_order(&(struct alert_words){.type = ""}, "");
    ck_assert_int_eq(rule_book_revision(book), 3);
}
END_TEST

START_TEST(every_attribute_of_the_scope_must_hold)
{
    static const char *const texts[] = {
        RULE("status", "0", "type: t, status: firing"),
        RULE("severity", "0", "type: t, severity: [warning, critical]"),
        RULE("source", "0", "type: t, source: s"),
        RULE("name", "0", "type: t, asset.name: n"),
        RULE("class", "0", "type: t, asset.class: c"),
        RULE("site", "0", "type: t, asset.site: s"),
        RULE("rack", "0", "type: t, asset.rack: r"),
        RULE("two", "0", "type: t, asset.rack: r, severity: info")};

    ck_assert_ptr_null(make(texts, 8));
    ck_order(&(struct alert_words){.type = "t"}, "");
    ck_order(&(struct alert_words){.type = "t", .status = "firing"}, " status");
    ck_order(&(struct alert_words){.type = "t", .severity = "critical"}, " severity");
    ck_order(&(struct alert_words){.type = "t", .source = "s"}, " source");
    ck_order(&(struct alert_words){.type = "t", .machine = &(struct machine_found){.name = "n"}},
             " name");
    ck_order(&(struct alert_words){.type = "t", .machine = &(struct machine_found){.class = "c"}},
             " class");
    ck_order(
        &(struct alert_words){.type = "t", .machine = &(struct machine_found){.site_name = "s"}},
        " site");
    ck_order(&(struct alert_words){.type = "t", .machine = &(struct machine_found){.rack = "r"}},
             " rack");
    ck_order(&(struct alert_words){.type = "t",
                                   .severity = "info",
                                   .machine = &(struct machine_found){.rack = "r"}},
             " rack two");
}
END_TEST

START_TEST(a_rule_that_cannot_be_read_takes_no_part_and_is_told)
{
    static const char *const texts[] = {RULE("a", "0", "type: t"), "kind: Rule\n",
                                        RULE("b", "0", "type: t, match: x")};
    char *why = make(texts, 3);

    ck_assert_ptr_nonnull(why);
    ck_assert_str_eq(
        why,
        "r:1:1: 'apiVersion' is missing (and 2 more); r:6:20: unknown field 'match' in scope: it "
        "belongs to spec");
    ck_assert_uint_eq(rule_book_size(book), 1);
    ck_order(&(struct alert_words){.type = "t"}, " a");
    free(why);
}
END_TEST

START_TEST(a_rule_that_is_not_carried_out_takes_no_part)
{
    static const char *const texts[] = {
        RULE("a", "0", "type: t"),
        RULE("b", "9", "type: t") "  approval: {levels: [{role: r, timeout: 1h}]}\n",
        RULE("c", "8", "type: t") "  rollout: {key: asset.site, stages: [{max: 1}]}\n"};
    char *why = make(texts, 3);

    ck_assert_ptr_nonnull(why);
    ck_assert_msg(strstr(why, "'approval' (line 8) is read, and not carried out") != NULL, "%s",
                  why);
    ck_assert_msg(strstr(why, "'rollout' (line 8)") != NULL, "%s", why);
    ck_order(&(struct alert_words){.type = "t"}, " a");
    free(why);
}
END_TEST

START_TEST(a_shadow_stands_beside_its_armed_version)
{
    struct rule_source sources[] = {
        {.version = 1, .name = "a", .text = RULE("a", "0", "type: t")},
        {.version = 2, .name = "a", .text = RULE("a", "0", "type: u"), .shadow = true}};
    char *why = NULL;

    book = rule_book_create(1, "storm", sources, 2, &why, NULL);
    ck_assert_ptr_null(why);
    ck_assert_str_eq(rule_book_killed(book), "storm");
    ck_assert_uint_eq(rule_book_size(book), 1);
    ck_assert_int_eq(rule_book_entry(book, 0)->version, 1);
    ck_assert_int_eq(rule_book_entry(book, 1)->version, 2);
    ck_assert(rule_set_at(rule_book_rules(book), 1)->shadow);
    ck_assert(!rule_book_remembers(book));
}
END_TEST

CHECK_MAIN_WITH("rule_book", NULL, drop_book, an_empty_book_matches_nothing,
                priority_then_id_decides, every_attribute_of_the_scope_must_hold,
                a_rule_that_cannot_be_read_takes_no_part_and_is_told,
                a_rule_that_is_not_carried_out_takes_no_part,
                a_shadow_stands_beside_its_armed_version)
