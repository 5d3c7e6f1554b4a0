/* Problems: the first one counts, every field is named, and no outside byte breaks the body. */
#include <stdlib.h>
#include <string.h>

#include "controller/api/problem.h"
#include "tests/support/check_main.h"

static json_t *body_of(const struct problem *problem)
{
    char *text = problem_text(problem, "r-1");
    json_t *body;

    ck_assert_ptr_nonnull(text);
    body = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(body);
    free(text);
    return body;
}

START_TEST(bytes_that_are_not_utf8_do_not_break_the_body)
{
    struct problem problem = {0};
    json_t *body;

    ck_assert_int_eq(problem_set(&problem, 400, "x", "\xfe", "what %s", "\xff\xfe"), -1);
    body = body_of(&problem);
    ck_assert_ptr_nonnull(json_object_get(body, "detail"));
    json_decref(body);
    problem_clear(&problem);
}
END_TEST

START_TEST(too_long_a_sentence_is_cut)
{
    struct problem problem = {0};
    char big[2000];

    memset(big, 'a', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    problem_set(&problem, 400, big, big, "%s", big);
    ck_assert_uint_eq(strlen(problem.detail), sizeof(problem.detail) - 1);
    ck_assert_uint_eq(strlen(problem.code), sizeof(problem.code) - 1);
    problem_clear(&problem);
}
END_TEST

START_TEST(the_first_one_counts)
{
    struct problem problem = {0};

    problem_set(&problem, 404, "unknown_machine", "look", "there is no %s", "m1");
    problem_set(&problem, 500, "internal", NULL, "later");
    ck_assert_uint_eq(problem.status, 404);
    ck_assert_str_eq(problem.code, "unknown_machine");
    ck_assert_str_eq(problem.detail, "there is no m1");
    problem_clear(&problem);
    ck_assert_uint_eq(problem.status, 0);
}
END_TEST

START_TEST(fields_are_collected)
{
    struct problem problem = {0};
    json_t *body, *errors;

    ck_assert_int_eq(problem_field(&problem, "name", "is missing"), -1);
    problem_field(&problem, "site", "is %s", "unknown");
    body = body_of(&problem);
    errors = json_object_get(body, "errors");
    ck_assert_uint_eq(json_array_size(errors), 2);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(errors, 1), "field")),
                     "site");
    ck_assert_str_eq(json_string_value(json_object_get(body, "code")), "invalid_body");
    ck_assert_str_eq(json_string_value(json_object_get(body, "type")),
                     "urn:muster:problem:invalid_body");
    ck_assert_str_eq(json_string_value(json_object_get(body, "request_id")), "r-1");
    ck_assert_int_eq(json_integer_value(json_object_get(body, "status")), 400);
    json_decref(body);
    problem_clear(&problem);
}
END_TEST

START_TEST(every_status_has_a_title)
{
    static const unsigned told[] = {400, 401, 403, 404, 405, 409, 411, 413, 422, 429, 500, 503};

    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        ck_assert_msg(strcmp(problem_title(told[i]), "Not done") != 0, "%u", told[i]);
    ck_assert_str_eq(problem_title(999), "Not done");
    ck_assert_str_ne(problem_title(404), problem_title(403));
}
END_TEST

CHECK_MAIN("problem", bytes_that_are_not_utf8_do_not_break_the_body, too_long_a_sentence_is_cut,
           the_first_one_counts, fields_are_collected, every_status_has_a_title)
