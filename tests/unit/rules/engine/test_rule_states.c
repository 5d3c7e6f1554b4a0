/* States of rules: found by their whole name, due in order, the longest quiet one known, changes
 * told once; and the same as a plain list after many thousand random changes. */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "rules/engine/rule_states.h"
#include "tests/support/check_main.h"

static struct rule_states *states;
static struct error err;

static void open_it(void)
{
    states = rule_states_create(false);
    ck_assert_ptr_nonnull(states);
}

static void close_it(void)
{
    rule_states_destroy(states);
}

static struct rule_state_name name(const char *rule, int kind, const char *key)
{
    return (struct rule_state_name){rule, kind, key, strlen(key)};
}

static void put(const char *rule, int kind, const char *key, const char *value, int64_t due_us)
{
    struct rule_state_name it = name(rule, kind, key);

    ck_assert_int_eq(rule_states_put(states, &it, value, strlen(value), due_us, &err), 0);
}

static const struct rule_state *find(const char *rule, int kind, const char *key)
{
    struct rule_state_name it = name(rule, kind, key);

    return rule_states_find(states, &it);
}

static void drop(const char *rule, int kind, const char *key)
{
    struct rule_state_name it = name(rule, kind, key);

    rule_states_drop(states, &it);
}

START_TEST(a_state_is_found_by_its_whole_name)
{
    put("r", RULE_STATE_HOLD, "k", "one", 5);
    put("r", RULE_STATE_WINDOW, "k", "two", RULE_NEVER);
    put("s", RULE_STATE_HOLD, "k", "three", 5);
    put("r", RULE_STATE_HOLD, "kk", "", 5);
    ck_assert_mem_eq(find("r", RULE_STATE_HOLD, "k")->value, "one", 3);
    ck_assert_uint_eq(find("r", RULE_STATE_WINDOW, "k")->length, 3);
    ck_assert_uint_eq(find("s", RULE_STATE_HOLD, "k")->length, 5);
    ck_assert_uint_eq(find("r", RULE_STATE_HOLD, "kk")->length, 0);
    ck_assert_ptr_null(find("r", RULE_STATE_DEDUP, "k"));
    ck_assert_ptr_null(find("r", RULE_STATE_HOLD, ""));
    drop("r", RULE_STATE_HOLD, "k");
    drop("r", RULE_STATE_HOLD, "never there");
    ck_assert_ptr_null(find("r", RULE_STATE_HOLD, "k"));
    ck_assert_ptr_nonnull(find("r", RULE_STATE_HOLD, "kk"));
    put("r", RULE_STATE_HOLD, "kk", "a longer value than before", 5);
    ck_assert_mem_eq(find("r", RULE_STATE_HOLD, "kk")->value, "a longer", 8);
}
END_TEST

START_TEST(the_earliest_is_due_first)
{
    ck_assert_int_eq(rule_states_next(states), RULE_NEVER);
    put("b", RULE_STATE_HOLD, "k", "", 30);
    put("a", RULE_STATE_HOLD, "k", "", 30);
    put("c", RULE_STATE_HOLD, "k", "", 10);
    put("d", RULE_STATE_HOLD, "k", "", RULE_NEVER);
    ck_assert_int_eq(rule_states_next(states), 10);
    ck_assert_ptr_null(rule_states_due(states, 9));
    ck_assert_str_eq(rule_states_due(states, 10)->name.rule, "c");
    put("c", RULE_STATE_HOLD, "k", "", 40);
    ck_assert_ptr_null(rule_states_due(states, 10));
    ck_assert_str_eq(rule_states_due(states, 40)->name.rule, "a");
    drop("a", RULE_STATE_HOLD, "k");
    ck_assert_str_eq(rule_states_due(states, 40)->name.rule, "b");
    drop("b", RULE_STATE_HOLD, "k");
    ck_assert_str_eq(rule_states_due(states, 40)->name.rule, "c");
    drop("c", RULE_STATE_HOLD, "k");
    ck_assert_ptr_null(rule_states_due(states, INT64_MAX - 1));
}
END_TEST

START_TEST(the_longest_quiet_one_is_known)
{
    put("r", RULE_STATE_WINDOW, "1", "", 1);
    put("r", RULE_STATE_WINDOW, "2", "", 1);
    put("r", RULE_STATE_WINDOW, "3", "", 1);
    put("r", RULE_STATE_DEDUP, "0", "", 1);
    put("r", RULE_STATE_WINDOW, "1", "", 1);
    ck_assert_uint_eq(rule_states_count(states, "r", RULE_STATE_WINDOW), 3);
    ck_assert_mem_eq(rule_states_oldest(states, "r", RULE_STATE_WINDOW)->name.key, "2", 1);
    drop("r", RULE_STATE_WINDOW, "2");
    ck_assert_mem_eq(rule_states_oldest(states, "r", RULE_STATE_WINDOW)->name.key, "3", 1);
    ck_assert_uint_eq(rule_states_count(states, "r", RULE_STATE_WINDOW), 2);
    ck_assert_ptr_null(rule_states_oldest(states, "s", RULE_STATE_WINDOW));
    ck_assert_uint_eq(rule_states_count(states, "s", RULE_STATE_WINDOW), 0);
}
END_TEST

static int tell(void *context, const struct rule_state *state, struct error *error)
{
    char *out = context;

    (void)error;
    sprintf(out + strlen(out), "%s%.*s ", state->gone ? "-" : "+", (int)state->name.length,
            (const char *)state->name.key);
    return 0;
}

START_TEST(changes_are_told_until_they_are_kept)
{
    char told[64] = "";

    rule_states_destroy(states);
    states = rule_states_create(true);
    put("r", RULE_STATE_HOLD, "k", "", 1);
    ck_assert_int_eq(rule_states_changed(states, tell, told, &err), 0);
    ck_assert_str_eq(told, "+k ");
    rule_states_kept(states);
    told[0] = '\0';
    rule_states_changed(states, tell, told, &err);
    ck_assert_str_eq(told, "");
    drop("r", RULE_STATE_HOLD, "k");
    ck_assert_ptr_null(find("r", RULE_STATE_HOLD, "k"));
    ck_assert_int_eq(rule_states_next(states), RULE_NEVER);
    rule_states_changed(states, tell, told, &err);
    ck_assert_str_eq(told, "-k ");
    put("r", RULE_STATE_HOLD, "k", "", 1);
    told[0] = '\0';
    rule_states_changed(states, tell, told, &err);
    ck_assert_str_eq(told, "+k ");
    drop("r", RULE_STATE_HOLD, "k");
    rule_states_kept(states);
    told[0] = '\0';
    rule_states_each(states, tell, told, &err);
    ck_assert_str_eq(told, "");
}
END_TEST

START_TEST(a_value_has_a_bound)
{
    static const char value[RULE_STATE_VALUE_MAX + 1];
    struct rule_state_name it = name("r", RULE_STATE_WINDOW, "k");

    ck_assert_int_eq(rule_states_put(states, &it, value, sizeof(value) - 1, 1, &err), 0);
    ck_assert_int_eq(rule_states_put(states, &it, value, sizeof(value), 1, &err), -1);
}
END_TEST

#define KEYS 200

START_TEST(it_is_a_list_of_names)
{
    int64_t due[KEYS]; /* -1: not there */
    uint64_t seed = 20260105;

    memset(due, 0xff, sizeof(due));
    for (int i = 0; i < 30000; i++) {
        char key[8];
        size_t which, least = KEYS;

        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        which = (size_t)(seed >> 33) % KEYS;
        snprintf(key, sizeof(key), "%03zu", which);
        if (seed >> 60 < 6) {
            drop("r", RULE_STATE_DEDUP, key);
            due[which] = -1;
        } else {
            due[which] = (int64_t)(seed >> 50) % 500;
            put("r", RULE_STATE_DEDUP, key, key, due[which]);
        }
        for (size_t n = 0; n < KEYS; n++)
            if (due[n] >= 0 && (least == KEYS || due[n] < due[least]))
                least = n;
        ck_assert_int_eq(rule_states_next(states), least == KEYS ? RULE_NEVER : due[least]);
        if (least == KEYS)
            continue;
        snprintf(key, sizeof(key), "%03zu", least);
        ck_assert_mem_eq(rule_states_due(states, 500)->name.key, key, 3);
    }
}
END_TEST

CHECK_MAIN_WITH("rule_states", open_it, close_it, a_state_is_found_by_its_whole_name,
                the_earliest_is_due_first, the_longest_quiet_one_is_known,
                changes_are_told_until_they_are_kept, a_value_has_a_bound, it_is_a_list_of_names)
