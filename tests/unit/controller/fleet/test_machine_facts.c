/* test_machine_facts.c - what is said of a machine: caps, each named with its field, and the merge
 * patch of RFC 7396. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"

#include "controller/fleet/machine_facts.h"

static char told[8][400];
static size_t told_count;

static void wrong(void *context, const char *field, const char *words)
{
    (void)context;
    if (told_count < 8)
        snprintf(told[told_count], sizeof(told[0]), "%s: %s", field, words);
    told_count++;
}

/* In JSON; ' stands for ". */
static json_t *read_json(const char *text)
{
    char *copy = strdup(text);
    json_t *json;

    for (char *at = copy; *at; at++)
        if (*at == '\'')
            *at = '"';
    json = json_loads(copy, JSON_ALLOW_NUL, NULL);
    ck_assert_msg(json != NULL, "%s", copy);
    free(copy);
    return json;
}

/* All that is wrong with them, one a line. */
static const char *check(const char *text)
{
    static char all[4000];
    json_t *facts = read_json(text);

    told_count = 0;
    all[0] = '\0';
    ck_assert_uint_eq(machine_facts_check(facts, wrong, NULL), told_count);
    for (size_t i = 0; i < told_count && i < 8; i++) {
        strcat(all, i ? "\n" : "");
        strcat(all, told[i]);
    }
    json_decref(facts);
    return all;
}

START_TEST(what_may_be_said)
{
    ck_assert_str_eq(check("{}"), "");
    ck_assert_str_eq(
        check("{'serial': 's', 'asset_tag': 't', 'rack': 'r', 'class': 'server', 'memory_mib': 1, "
              "'cpus': 2, 'model': 'R750', 'lifecycle': 'production', 'cluster': 'c', 'service': "
              "'web', 'maintenance_calendar': 'cal', 'firmware': {'bios': '1.2', 'nic.0': 'x'}, "
              "'labels': {'a': 'b', 'no-auto-boot': true, 'weight': 5, 'share': 0.25, 'x.io/y': "
              "'z', 'off': 0}, 'controllers': [{'id': 'c0', 'health': 'ok', 'bays': [1, 2, {'a': "
              "1}]}]}"),
        "");
    /* Of other members it says nothing. */
    ck_assert_str_eq(check("{'name': 5}"), "");
}
END_TEST

START_TEST(every_fault_is_told_with_its_field)
{
    ck_assert_str_eq(check("{'rack': 5, 'model': '', 'service': 'a\\nb', 'cpus': 0, 'memory_mib': "
                           "'1'}"),
                     "rack: must be a string\n"
                     "memory_mib: must be a number from 1 to 1073741824\n"
                     "cpus: must be a number from 1 to 1048576\n"
                     "model: is empty; null takes it away\n"
                     "service: holds a control character");
    ck_assert_str_eq(check("{'labels': [1], 'firmware': {'bios': 1}, 'controllers': {}}"),
                     "controllers: must be a list of at most 32 objects\n"
                     "firmware.bios: must be a string\n"
                     "labels: must be an object");
    ck_assert_str_eq(check("{'labels': {'a': null, 'b': [], '-c': 1, 'd e': 1, 'f': '', 'g': "
                           "1e300, 'h': 1e-30}}"),
                     "labels.a: must be a string, a number or a bool\n"
                     "labels.b: must be a string, a number or a bool\n"
                     "labels.-c: a name has 1 to 63 letters, digits, '.', '_', '-' and '/', a "
                     "letter or digit first and last\n"
                     "labels.d e: a name has 1 to 63 letters, digits, '.', '_', '-' and '/', a "
                     "letter or digit first and last\n"
                     "labels.f: is empty; null takes it away\n"
                     "labels.g: must be 0 or a number from 1e-15 to 1e15\n"
                     "labels.h: must be 0 or a number from 1e-15 to 1e15");
    ck_assert_str_eq(check("{'controllers': [{'id': 'a'}, {'name': 'b'}, 5, {'id': 'c', 'deep': "
                           "[[[[[1]]]]]}]}"),
                     "controllers.2: must be an object with an id: {\"id\": \"c0\", ...}\n"
                     "controllers.3: must be an object with an id: {\"id\": \"c0\", ...}\n"
                     "controllers.4.deep: is deeper than 4 levels");
    ck_assert_str_eq(check("{'controllers': [{'id': 'a', 'health': null}]}"),
                     "controllers.1.health: must be a string, a number or a bool");
}
END_TEST

START_TEST(the_caps_hold)
{
    json_t *facts = json_object(), *labels = json_object(), *controllers = json_array();
    char text[MACHINE_LABEL_MAX + 2], name[MACHINE_LABEL_NAME_MAX + 2];

    json_object_set_new(facts, "labels", labels);
    memset(text, 'x', sizeof(text));
    text[MACHINE_LABEL_MAX] = '\0';
    for (int i = 0; i < MACHINE_LABELS_MAX; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        json_object_set_new(labels, name, json_string(text));
    }
    told_count = 0;
    ck_assert_uint_eq(machine_facts_check(facts, wrong, NULL), 0);
    json_object_set_new(labels, "more", json_true());
    ck_assert_uint_eq(machine_facts_check(facts, wrong, NULL), 1);
    ck_assert_str_eq(told[0], "labels: has more than 64 members");
    json_object_clear(labels);
    memset(name, 'n', sizeof(name));
    name[MACHINE_LABEL_NAME_MAX] = '\0';
    json_object_set_new(labels, name, json_true());
    ck_assert_uint_eq(machine_facts_check(facts, wrong, NULL), 0);
    name[MACHINE_LABEL_NAME_MAX] = 'n';
    name[MACHINE_LABEL_NAME_MAX + 1] = '\0';
    json_object_set_new(labels, name, json_true());
    text[MACHINE_LABEL_MAX] = 'x';
    text[MACHINE_LABEL_MAX + 1] = '\0';
    json_object_set_new(labels, "long", json_string(text));
    ck_assert_uint_eq(machine_facts_check(facts, wrong, NULL), 2);
    ck_assert_str_eq(told[2], "labels.long: has more than 256 bytes");
    json_object_clear(facts);
    json_object_set_new(facts, "controllers", controllers);
    text[MACHINE_LABEL_MAX] = '\0';
    for (int i = 0; i < 70; i++) {
        if (i % 3 == 0)
            json_array_append_new(controllers, json_pack("{s:s}", "id", "c"));
        snprintf(name, sizeof(name), "n%d", i);
        json_object_set_new(json_array_get(controllers, json_array_size(controllers) - 1), name,
                            json_string(text));
    }
    told_count = 0;
    ck_assert_uint_eq(machine_facts_check(facts, wrong, NULL), 1);
    ck_assert_str_eq(told[0], "controllers: has more than 16384 bytes");
    json_decref(facts);
}
END_TEST

static void ck_merged(const char *facts, const char *patch, const char *wanted)
{
    json_t *is = read_json(facts), *change = read_json(patch), *should = read_json(wanted);

    ck_assert_int_eq(machine_facts_merge(is, change), 0);
    ck_assert_msg(json_equal(is, should), "%s", json_dumps(is, JSON_SORT_KEYS));
    json_decref(is);
    json_decref(change);
    json_decref(should);
}

START_TEST(a_patch_says_what_differs)
{
    ck_merged("{}", "{'rack': 'a', 'labels': {'x': 1}}", "{'rack': 'a', 'labels': {'x': 1}}");
    ck_merged("{'rack': 'a', 'class': 'c'}", "{'rack': null}", "{'class': 'c'}");
    ck_merged("{'labels': {'a': 1, 'b': 2}}", "{'labels': {'a': null, 'c': 3, 'd': null}}",
              "{'labels': {'b': 2, 'c': 3}}");
    ck_merged("{'labels': {'a': 1}}", "{'labels': null}", "{}");
    ck_merged("{'controllers': [{'id': 'a'}]}", "{'controllers': [{'id': 'b'}]}",
              "{'controllers': [{'id': 'b'}]}");
    ck_merged("{'firmware': {'bios': '1', 'bmc': '2'}}", "{'firmware': {'bios': '3'}}",
              "{'firmware': {'bios': '3', 'bmc': '2'}}");
    ck_merged("{}", "{'name': 'not one of them', 'macs': []}", "{}");
}
END_TEST

START_TEST(the_audit_is_told_what_differs)
{
    json_t *before = read_json("{'rack': 'a', 'class': 'c', 'labels': {'a': 1, 'b': 2}}"),
           *after = read_json("{'rack': 'z', 'class': 'c', 'labels': {'a': 1, 'c': 3}, 'model': "
                              "'m'}"),
           *wanted = read_json("{'before': {'rack': 'a', 'labels': {'b': 2}}, 'after': {'rack': "
                               "'z', 'labels': {'c': 3}, 'model': 'm'}}"),
           *is = machine_facts_difference(before, after);

    ck_assert_msg(json_equal(is, wanted), "%s", json_dumps(is, 0));
    json_decref(before);
    json_decref(after);
    json_decref(wanted);
    json_decref(is);
}
END_TEST

CHECK_MAIN("machine_facts", what_may_be_said, every_fault_is_told_with_its_field, the_caps_hold,
           a_patch_says_what_differs, the_audit_is_told_what_differs)
