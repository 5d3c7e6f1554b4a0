/* Members picked out of JSON: what parsing it whole finds, too; and no byte beyond it is read. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_pick.h"
#include "common/text.h"
#include "tests/support/check_main.h"

/* A copy without room behind it: the sanitizers see what is read there. */
static int value_of(const char *text, const char *name, char out[64])
{
    size_t length = strlen(text), found = 0;
    char *copy = malloc(length ? length : 1);
    const char *value = NULL;
    int rc;

    memcpy(copy, text, length);
    rc = json_pick_value(copy, length, name, &value, &found);
    if (rc > 0) {
        memcpy(out, value, found);
        out[found] = '\0';
    }
    free(copy);
    return rc;
}

START_TEST(a_member_is_found_as_it_is_written)
{
    char out[64];

    ck_assert_int_eq(value_of("{\"a\": 1, \"b\" : {\"c\": [1, \"}\"]} }", "b", out), 1);
    ck_assert_str_eq(out, "{\"c\": [1, \"}\"]}");
    ck_assert_int_eq(value_of(" {\"a\":\"x\\\\\",\"b\":-1.5e3}", "b", out), 1);
    ck_assert_str_eq(out, "-1.5e3");
    ck_assert_int_eq(value_of("{\"a\":\"\\\"b\\\":2\",\"b\":true}", "b", out), 1);
    ck_assert_str_eq(out, "true");
    ck_assert_int_eq(value_of("{\"a\":{\"b\":1}}", "b", out), 0);
    ck_assert_int_eq(value_of("{}", "b", out), 0);
}
END_TEST

START_TEST(what_is_no_object_is_left_to_the_parser)
{
    static const char *const wrong[] = {"",
                                        "[1]",
                                        "{",
                                        "{\"a\"",
                                        "{\"a\":",
                                        "{\"a\":}",
                                        "{\"a\" 1}",
                                        "{\"a\":1",
                                        "{\"a\":\"x",
                                        "{\"a\":[1,{\"x\":\"",
                                        "{a:1}",
                                        "{\"a\":1 \"b\":2}",
                                        "{\"\\u0062\":1}",
                                        "{\"a\":\"\\"};
    char out[64];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(value_of(wrong[i], "b", out) < 0, "%s", wrong[i]);
}
END_TEST

START_TEST(picked_members_are_those_of_the_whole)
{
    static const char *const names[] = {"component", "count", "absent"};
    const char *event = "{\"id\":\"e\",\"count\": 7, \"labels\":{\"count\":\"9\"},\"component\":"
                        "{\"kind\":\"d\\\"{\",\"n\":[{},[]]}}";
    json_t *whole = json_loads(event, 0, NULL), *picked;
    struct text out = {0};

    ck_assert_int_eq(json_pick_members(event, strlen(event), names, 3, &out), 0);
    picked = json_loads(text_string(&out), 0, NULL);
    ck_assert_msg(picked != NULL, "%s", text_string(&out));
    ck_assert_uint_eq(json_object_size(picked), 2);
    ck_assert(json_equal(json_object_get(picked, "count"), json_object_get(whole, "count")));
    ck_assert(
        json_equal(json_object_get(picked, "component"), json_object_get(whole, "component")));
    json_decref(picked);
    json_decref(whole);
    text_clear(&out);
    ck_assert_int_eq(json_pick_members(event, strlen(event), names, 0, &out), 0);
    ck_assert_str_eq(text_string(&out), "{}");
    ck_assert_int_lt(json_pick_members("{\"count\":1,", 11, names, 3, &out), 0);
    ck_assert_str_eq(text_string(&out), "{}"); /* what was there before */
    text_clear(&out);
}
END_TEST

CHECK_MAIN("json_pick", a_member_is_found_as_it_is_written, what_is_no_object_is_left_to_the_parser,
           picked_members_are_those_of_the_whole)
