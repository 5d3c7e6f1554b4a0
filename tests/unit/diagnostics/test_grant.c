/* grant: what of an agent's answer is refused, and what is taken. */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "diagnostics/grant.h"
#include "tests/support/check_main.h"

static struct grant grant;
static struct error err;
static char bytes[16384];

static int parse(const char *text)
{
    snprintf(bytes, sizeof(bytes), "%s", text);
    error_clear(&err);
    return grant_parse(bytes, strlen(bytes), &grant, &err);
}

START_TEST(refuses_and_names_the_member)
{
    static const char *const BAD[][2] = {
        {"nonsense", "answer"},
        {"{}", "session"},
        {"{\"session\":5,\"deadline_s\":9}", "session"},
        {"{\"session\":\"a\\r\\nb\",\"deadline_s\":9}", "session"},
        {"{\"session\":\"a b\",\"deadline_s\":9}", "session"},
        {"{\"session\":\"abc\"}", "deadline_s"},
        {"{\"session\":\"abc\",\"deadline_s\":0}", "deadline_s"},
        {"{\"session\":\"abc\",\"deadline_s\":86401}", "deadline_s"},
        {"{\"session\":\"abc\",\"deadline_s\":9,\"record\":{\"serial\":1}}", "record.serial"},
        {"{\"session\":\"abc\",\"deadline_s\":9,\"record\":{\"macs\":[1]}}", "record.macs"},
        {"{\"session\":\"abc\",\"deadline_s\":9,\"params\":{\"a\":[]}}", "params"},
        {"{\"session\":\"abc\",\"deadline_s\":9,\"checks\":[{}]}", "checks"},
        {"{\"session\":\"abc\",\"deadline_s\":9,\"profile\":[]}", "profile"},
    };

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_msg(parse(BAD[i][0]) == -1, "accepted %s", BAD[i][0]);
        ck_assert_msg(strstr(err.text, BAD[i][1]), "%s: %s", BAD[i][0], err.text);
    }
}
END_TEST

START_TEST(refuses_more_than_it_holds)
{
    char text[4096] = "{\"session\":\"abc\",\"deadline_s\":9,\"checks\":[\"x\"";

    for (int i = 0; i < GRANT_CHECKS_MAX; i++)
        strcat(text, ",\"x\"");
    strcat(text, "]}");
    ck_assert_int_eq(parse(text), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "checks"));
}
END_TEST

START_TEST(takes_what_is_there_and_marks_what_is_not)
{
    ck_assert_int_eq(
        parse("{\"session\":\"a-_9\",\"time\":\"2026-11-22T22:40:01Z\",\"deadline_s\":1800,"
              "\"params\":{\"memory_test_mib\":\"64\",\"n\":5,\"b\":true},"
              "\"record\":{\"serial\":\"SN\",\"uuid\":null,\"macs\":[\"52:54:00:AA:bb:01\"],"
              "\"memory_mib\":192},\"checks\":[\"dmi\",\"cpu\"],\"profile\":\"one-dimm\",\"later\":"
              "[1]}"),
        0);
    ck_assert_str_eq(grant.session, "a-_9");
    ck_assert_int_eq(grant.deadline_s, 1800);
    ck_assert_str_eq(grant.record.serial, "SN");
    ck_assert_str_eq(grant.record.uuid, "");
    ck_assert_str_eq(grant.record.macs[0], "52:54:00:aa:bb:01");
    ck_assert_int_eq(grant.record.memory_mib, 192);
    ck_assert_int_eq(grant.record.cpus, -1);
    ck_assert_uint_eq(grant.check_count, 2);
    ck_assert_str_eq(grant.checks[1], "cpu");
    ck_assert_str_eq(grant.profile, "one-dimm");
    ck_assert_str_eq(grant.params[1].value, "5");
    ck_assert_str_eq(grant.params[2].value, "true");
}
END_TEST

START_TEST(numbers_of_parameters_are_bounded)
{
    const struct param params[] = {
        {"a", "64"}, {"b", "x"}, {"c", "999999999999999999999"}, {"d", ""}};

    ck_assert_int_eq(grant_param_integer(params, 4, "a", 1, 0, 100), 64);
    ck_assert_int_eq(grant_param_integer(params, 4, "a", 1, 0, 10), 10);
    ck_assert_int_eq(grant_param_integer(params, 4, "a", 1, 70, 100), 70);
    ck_assert_int_eq(grant_param_integer(params, 4, "b", 1, 0, 10), 1);
    ck_assert_int_eq(grant_param_integer(params, 4, "c", 1, 0, 10), 1);
    ck_assert_int_eq(grant_param_integer(params, 4, "d", 1, 0, 10), 1);
    ck_assert_int_eq(grant_param_integer(params, 4, "e", 1, 0, 10), 1);
}
END_TEST

CHECK_MAIN("grant", refuses_and_names_the_member, refuses_more_than_it_holds,
           takes_what_is_there_and_marks_what_is_not, numbers_of_parameters_are_bounded)
