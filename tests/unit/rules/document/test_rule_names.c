/* The names of rules: slots that never move, and the nearest of a mistyped one. */
#include <pthread.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_env.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_names.h"
#include "tests/support/check_main.h"

START_TEST(what_is_no_name_has_no_slot)
{
    const char *near = "x";

    ck_assert_int_eq(rule_env_slot("event"), -1);
    ck_assert_int_eq(rule_env_slot("event.typ"), -1);
    ck_assert_int_eq(rule_env_slot(""), -1);
    ck_assert_int_eq(rule_name_member("event", "lifecycle", &near), 0);
    ck_assert_ptr_null(near);
    ck_assert_int_eq(rule_name_member("even", "t.type", &near), 0);
}
END_TEST

START_TEST(the_nearest_member_is_named)
{
    const char *near = NULL;

    ck_assert_int_eq(rule_name_member("event", "tpye", &near), 0);
    ck_assert_str_eq(near, "type");
    ck_assert_int_eq(rule_name_member("asset", "lifecyle", &near), 0);
    ck_assert_str_eq(near, "lifecycle");
    ck_assert_int_eq(rule_name_member("asset", "lifecycle", &near), 1);
}
END_TEST

START_TEST(slots_are_the_places_in_the_table)
{
    struct error err = {0};
    struct cel_env *env = rule_env_create(&err);
    int slot;

    ck_assert_msg(env != NULL, "%s", error_text(&err));
    ck_assert_uint_eq(cel_env_slots(env), rule_name_count);
    for (size_t i = 0; i < rule_name_count; i++) {
        ck_assert_str_eq(cel_env_slot_name(env, (int)i), rule_names[i].name);
        ck_assert_int_eq(rule_env_slot(rule_names[i].name), (int)i);
        ck_assert(rule_names[i].words[0] && rule_names[i].of);
    }
    ck_assert_int_eq(cel_env_declare(env, "vars.a", "int", &slot, &err), 0);
    ck_assert_int_eq(slot, (int)rule_name_count);
    ck_assert_uint_eq(cel_env_slots(env), rule_name_count + 1);
    cel_env_destroy(env);
}
END_TEST

START_TEST(rules_share_one_and_add_to_it)
{
    const struct cel_env *shared = rule_env_shared(NULL);
    struct cel_env *one = rule_env_create(NULL), *two = rule_env_create(NULL);
    int slot;

    ck_assert_ptr_eq(rule_env_shared(NULL), shared);
    ck_assert_int_eq(cel_env_declare(one, "vars.x", "int", &slot, NULL), 0);
    ck_assert_int_eq(cel_env_declare(two, "vars.x", "string", &slot, NULL), 0);
    ck_assert_int_eq(cel_env_declare(two, "vars.x", "string", &slot, NULL), -1);
    ck_assert_int_eq(cel_env_declare(two, "event.type", "string", &slot, NULL), -1);
    ck_assert_uint_eq(cel_env_slots(shared), rule_name_count);
    ck_assert_str_eq(cel_env_slot_name(one, (int)rule_name_count), "vars.x");
    ck_assert_int_eq(cel_env_find(two, "event.type", NULL), rule_env_slot("event.type"));
    ck_assert_int_eq(cel_env_find(shared, "vars.x", NULL), -1);
    cel_env_destroy(one);
    cel_env_destroy(two);
}
END_TEST

static void *read_rules(void *context)
{
    static const char text[] = "apiVersion: rules/v1\nkind: Rule\n"
                               "metadata: {id: a, version: 1, owner: o}\n"
                               "spec:\n  scope: {type: t}\n  let: {a: event.count > 5}\n"
                               "  match: vars.a && event.type.matches('x+')\n"
                               "  action: {boot: {image: d, params: {p: 1 + 1}}}\n";
    size_t *read = context;

    for (int i = 0; i < 50; i++) {
        struct rule_issues issues = {0};
        struct rule_document *document = rule_document_parse(text, sizeof(text) - 1, &issues);

        *read += document != NULL;
        rule_document_destroy(document);
        rule_issues_clear(&issues);
    }
    return NULL;
}

START_TEST(threads_read_rules_at_once)
{
    pthread_t threads[4];
    size_t read[4] = {0};

    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_rules, &read[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(read[i], 50);
    }
}
END_TEST

CHECK_MAIN("rule_names", threads_read_rules_at_once, what_is_no_name_has_no_slot,
           the_nearest_member_is_named, slots_are_the_places_in_the_table,
           rules_share_one_and_add_to_it)
