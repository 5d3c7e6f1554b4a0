/* Rule books and the order of acting: what matches, who is first, and what a broken rule does to
 * the others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/decide/decision.h"
#include "controller/decide/rule_book.h"
#include "rules/document/rule_document.h"
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
static void ck_order(const struct decision_input *input, const char *wanted)
{
    const struct rule_entry *rules[DECISION_RULES_MAX];
    size_t count = decision_make(book, input, rules);
    char got[256] = "";

    for (size_t i = 0; i < count; i++)
        snprintf(got + strlen(got), sizeof(got) - strlen(got), " %s", rules[i]->document->id);
    ck_assert_str_eq(got, wanted);
}

START_TEST(an_empty_book_matches_nothing)
{
    ck_assert_ptr_null(make(NULL, 0));
    ck_order(&(struct decision_input){.type = "t"}, "");
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
    ck_order(&(struct decision_input){.type = "t"}, " c a b z");
    ck_order(&(struct decision_input){.type = "s"}, " c");
    ck_order(&(struct decision_input){.type = "u"}, " y");
    ck_order(&(struct decision_input){.type = "tt"}, "");
    ck_order(&(struct decision_input){.type = ""}, "");
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
    ck_order(&(struct decision_input){.type = "t"}, "");
    ck_order(&(struct decision_input){.type = "t", .status = "firing"}, " status");
    ck_order(&(struct decision_input){.type = "t", .severity = "critical"}, " severity");
    ck_order(&(struct decision_input){.type = "t", .source = "s"}, " source");
    ck_order(&(struct decision_input){.type = "t", .name = "n"}, " name");
    ck_order(&(struct decision_input){.type = "t", .class = "c"}, " class");
    ck_order(&(struct decision_input){.type = "t", .site = "s"}, " site");
    ck_order(&(struct decision_input){.type = "t", .rack = "r"}, " rack");
    ck_order(&(struct decision_input){.type = "t", .rack = "r", .severity = "info"}, " rack two");
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
    ck_order(&(struct decision_input){.type = "t"}, " a");
    free(why);
}
END_TEST

START_TEST(a_rule_that_is_not_carried_out_takes_no_part)
{
    static const char *const texts[] = {
        RULE("a", "0", "type: t"), RULE("b", "9", "type: t") "  match: event.count > 5\n",
        RULE("c", "8", "type: t") "  limits: [{by: asset.rack, max: 1}]\n"};
    char *why = make(texts, 3);

    ck_assert_ptr_nonnull(why);
    ck_assert_msg(strstr(why, "'match' (line 8) is read, and not carried out") != NULL, "%s", why);
    ck_assert_msg(strstr(why, "'limits' (line 8)") != NULL, "%s", why);
    ck_order(&(struct decision_input){.type = "t"}, " a");
    free(why);
}
END_TEST

START_TEST(more_matches_than_one_alert_keeps_are_cut)
{
    struct rule_source sources[DECISION_RULES_MAX + 5];
    char texts[DECISION_RULES_MAX + 5][256];
    const struct rule_entry *rules[DECISION_RULES_MAX];
    char *why = NULL;

    for (size_t i = 0; i < DECISION_RULES_MAX + 5; i++) {
        snprintf(texts[i], sizeof(texts[i]),
                 "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: r%zu, version: 1, owner: o}\n"
                 "spec: {priority: %zu, scope: {type: t}, action: {boot: {image: d}}}\n",
                 i, i);
        sources[i] = (struct rule_source){.version = 1, .name = "r", .text = texts[i]};
    }
    book = rule_book_create(1, "storm", sources, DECISION_RULES_MAX + 5, &why, NULL);
    ck_assert_ptr_null(why);
    ck_assert_str_eq(rule_book_killed(book), "storm");
    ck_assert_uint_eq(decision_make(book, &(struct decision_input){.type = "t"}, rules),
                      DECISION_RULES_MAX);
    ck_assert_str_eq(rules[0]->document->id, "r104");
}
END_TEST

CHECK_MAIN_WITH("decision", NULL, drop_book, an_empty_book_matches_nothing,
                priority_then_id_decides, every_attribute_of_the_scope_must_hold,
                a_rule_that_cannot_be_read_takes_no_part_and_is_told,
                a_rule_that_is_not_carried_out_takes_no_part,
                more_matches_than_one_alert_keeps_are_cut)
