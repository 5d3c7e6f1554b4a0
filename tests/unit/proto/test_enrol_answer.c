/* What a controller says to an agent that enrols: nothing of it counts unless the root key is the
 * join token's. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "proto/enrol_answer.h"
#include "tests/support/check_main.h"
#include "tests/support/enrol_fixture.h"

#define ID "0190a0a0-0000-7000-8000-000000000001"

static struct enrol_fixture fixture;
static json_t *right;

static void make(void)
{
    char root[65], first[65], second[65];

    enrol_fixture_make(&fixture);
    text_hex(fixture.root_public, 32, root);
    text_hex(fixture.keys.public.curve, 32, first);
    text_hex(fixture.keys.public.seal, 32, second);
    right = json_pack("{s:s, s:s, s:[s, s], s:[s, s], s:s, s:s}", "state", "approved", "root_key",
                      root, "curve_keys", first, second, "endpoints", "tcp://10.0.0.1:8444",
                      "tcp://[::1]:8444", "agent_id", ID, "site_id", ID);
    ck_assert_ptr_nonnull(right);
}

static void unmake(void)
{
    json_decref(right);
}

static int parse(struct enrol_answer *answer, struct error *err)
{
    char *text = json_dumps(right, 0);
    int rc = enrol_answer_parse(text, strlen(text), &fixture.token, answer, err);

    free(text);
    return rc;
}

static void refused(const char *word, enum error_code code)
{
    struct enrol_answer answer;
    struct error err = {0};

    ck_assert_int_eq(parse(&answer, &err), -1);
    ck_assert_msg(strstr(err.text, word) != NULL, "%s", err.text);
    ck_assert_int_eq(err.code, code);
}

START_TEST(an_approval_has_all_that_a_configuration_needs)
{
    struct enrol_answer answer;
    struct error err = {0};

    json_object_set_new(right, "of_a_newer_controller", json_true());
    ck_assert_msg(parse(&answer, &err) == 0, "%s", err.text);
    ck_assert_int_eq(answer.state, ENROL_APPROVED);
    ck_assert_uint_eq(answer.endpoint_count, 2);
    ck_assert_str_eq(answer.endpoints[1], "tcp://[::1]:8444");
    ck_assert_mem_eq(answer.root_public, fixture.root_public, 32);
    ck_assert_mem_eq(answer.curve_publics[0], fixture.keys.public.curve, 32);
    ck_assert_mem_eq(answer.curve_publics[1], fixture.keys.public.seal, 32);
    enrol_answer_clear(&answer);
}
END_TEST

START_TEST(another_root_key_is_refused_before_and_after_approval)
{
    char other[65];

    memset(other, 'a', 64);
    other[64] = '\0';
    json_object_set_new(right, "root_key", json_string(other));
    refused("root key", ERROR_FORBIDDEN);
    json_object_set_new(right, "state", json_string("pending"));
    refused("root key", ERROR_FORBIDDEN);
}
END_TEST

START_TEST(what_is_missing_or_wrong_is_named)
{
    static const char *const members[] = {"state",     "root_key", "curve_keys",
                                          "endpoints", "agent_id", "site_id"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        json_t *value = json_incref(json_object_get(right, members[i]));

        json_object_del(right, members[i]);
        refused(members[i], ERROR_INVALID);
        json_object_set_new(right, members[i], value);
    }
    json_object_set_new(right, "state", json_string("perhaps"));
    refused("state", ERROR_INVALID);
}
END_TEST

START_TEST(endpoints_are_endpoints)
{
    static const char *const wrong[] = {"",
                                        "tcp://",
                                        "ipc:///tmp/x",
                                        "tcp://host",
                                        "tcp://:8444",
                                        "tcp://host:",
                                        "tcp://h ost:1",
                                        "tcp://host:1\n  user: root",
                                        "tcp://host:123456",
                                        "tcp://\"host:1"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        json_object_set_new(right, "endpoints",
                            json_pack("[s]", wrong[i])); /* one key too many, too */
        refused("endpoints", ERROR_INVALID);
    }
    json_object_set_new(right, "endpoints", json_array());
    refused("endpoints", ERROR_INVALID);
    ck_assert(enrol_endpoint_is_right("tcp://controller-1.example.net:8444"));
}
END_TEST

START_TEST(each_endpoint_has_a_key)
{
    json_array_remove(json_object_get(right, "curve_keys"), 1);
    refused("curve_keys", ERROR_INVALID);
    json_array_append_new(json_object_get(right, "curve_keys"), json_string("short"));
    refused("curve_keys", ERROR_INVALID);
}
END_TEST

START_TEST(pending_needs_no_ids)
{
    struct enrol_answer answer;
    struct error err = {0};

    json_object_set_new(right, "state", json_string("pending"));
    json_object_del(right, "agent_id");
    json_object_del(right, "site_id");
    ck_assert_msg(parse(&answer, &err) == 0, "%s", err.text);
    ck_assert_int_eq(answer.state, ENROL_PENDING);
    enrol_answer_clear(&answer);
}
END_TEST

CHECK_MAIN_WITH("enrol_answer", make, unmake, an_approval_has_all_that_a_configuration_needs,
                another_root_key_is_refused_before_and_after_approval,
                what_is_missing_or_wrong_is_named, endpoints_are_endpoints, each_endpoint_has_a_key,
                pending_needs_no_ids)
