/* Places are told in lines and characters, and too many issues are counted only. */
#include "rules/cel/cel_issues.h"

#include <string.h>

#include "common/error.h"
#include "tests/support/check_main.h"

START_TEST(columns_count_characters)
{
    static const char source[] = "a\n\xc3\xa4\xc3\xa4 + x";
    struct cel_issues issues = {0};
    struct error err = {0};

    ck_assert_int_eq(cel_issues_add(&issues, source, strlen(source), 9, "no %s", "x"), -1);
    ck_assert_uint_eq(issues.items[0].line, 2);
    ck_assert_uint_eq(issues.items[0].column, 6);
    ck_assert_int_eq(cel_issues_error(&issues, &err), -1);
    ck_assert_str_eq(error_text(&err), "2:6: no x");
    ck_assert_int_eq(err.code, ERROR_INVALID);
    cel_issues_clear(&issues);
    ck_assert_uint_eq(issues.count, 0);
}
END_TEST

START_TEST(what_is_beyond_the_last_is_counted)
{
    struct cel_issues issues = {0};

    for (int i = 0; i < CEL_ISSUES_MAX + 5; i++)
        cel_issues_add(&issues, "x", 1, 0, "issue %d", i);
    ck_assert_uint_eq(issues.count, CEL_ISSUES_MAX + 5);
    ck_assert_str_eq(issues.items[CEL_ISSUES_MAX - 1].message, "issue 19");
    cel_issues_clear(&issues);
}
END_TEST

CHECK_MAIN("cel_issues", columns_count_characters, what_is_beyond_the_last_is_counted)
