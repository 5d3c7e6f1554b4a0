/* What is wrong with a file, as a person is shown it. */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/document/rule_issues.h"
#include "tests/support/check_main.h"

static void ck_written(const struct rule_issues *issues, const char *bytes, const char *wanted)
{
    struct text out = {0};

    rule_issues_write(issues, "r.yaml", bytes, strlen(bytes), &out);
    ck_assert_str_eq(text_string(&out), wanted);
    text_clear(&out);
}

START_TEST(nothing_to_tell_is_told_as_that)
{
    struct rule_issues issues = {0};
    struct error err = {0};

    ck_assert_int_eq(rule_issues_error(&issues, "r.yaml", &err), -1);
    ck_assert_str_eq(err.text, "r.yaml: no reason given");
    ck_written(&issues, "a: b\n", "");
    rule_issues_clear(&issues);
}
END_TEST

START_TEST(the_caret_stands_below_the_column)
{
    struct rule_issues issues = {0};

    rule_issues_add(&issues, 2, 3, "second %d", 2);
    rule_issues_add(&issues, 1, 4, "first");
    rule_issues_add(&issues, 2, 1, "in between");
    rule_issues_sort(&issues);
    ck_written(&issues,
               "a: b\nc\xc3\xa4"
               "d\n",
               "r.yaml:1:4: first\n  a: b\n     ^\n"
               "r.yaml:2:1: in between\n  c\xc3\xa4"
               "d\n  ^\n"
               "r.yaml:2:3: second 2\n  c\xc3\xa4"
               "d\n    ^\n");
    rule_issues_clear(&issues);
}
END_TEST

START_TEST(a_place_behind_the_file_has_no_line)
{
    struct rule_issues issues = {0};

    rule_issues_add(&issues, 9, 1, "gone");
    ck_written(&issues, "a: b\n", "r.yaml:9:1: gone\n");
    ck_written(&issues, "", "r.yaml:9:1: gone\n");
    rule_issues_clear(&issues);
}
END_TEST

START_TEST(control_characters_never_reach_a_terminal)
{
    struct rule_issues issues = {0};

    rule_issues_add(&issues, 1, 2, "x");
    ck_written(&issues, "\x1b[2J\t\xff\xc2\x9b!\x7f\r\n", "r.yaml:1:2: x\n  ?[2J ?\?!?\n   ^\n");
    rule_issues_clear(&issues);
}
END_TEST

START_TEST(a_long_line_is_cut_around_the_column)
{
    struct rule_issues issues = {0};
    struct text line = {0}, out = {0};
    const char *shown, *caret;

    for (int i = 0; i < 500; i++)
        text_append(&line, "0123456789" + i % 10, 1);
    rule_issues_add(&issues, 1, 301, "here");
    rule_issues_write(&issues, "r", line.bytes, line.length, &out);
    shown = strchr(text_string(&out), '\n') + 1;
    caret = strchr(shown, '\n') + 1;
    ck_assert_int_eq(shown[strcspn(caret, "^")], '0'); /* column 301 holds a 0 */
    ck_assert_int_eq(strncmp(shown, "  ...", 5), 0);
    ck_assert_uint_lt(strcspn(shown, "\n"), 120);
    text_clear(&line);
    text_clear(&out);
    rule_issues_clear(&issues);
}
END_TEST

START_TEST(what_is_too_much_is_counted)
{
    struct rule_issues issues = {0};
    struct error err = {0};
    struct text out = {0};

    for (unsigned i = 1; i <= RULE_ISSUES_MAX + 5; i++)
        rule_issues_add(&issues, i, 1, "x");
    ck_assert(rule_issues_full(&issues));
    ck_assert_uint_eq(rule_issues_kept(&issues), RULE_ISSUES_MAX);
    rule_issues_write(&issues, "r", "", 0, &out);
    ck_assert_ptr_nonnull(strstr(text_string(&out), "\nr: and 5 more\n"));
    rule_issues_error(&issues, "r", &err);
    ck_assert_str_eq(err.text, "r:1:1: x (and 104 more)");
    ck_assert_int_eq(err.code, ERROR_INVALID);
    text_clear(&out);
    rule_issues_clear(&issues);
    ck_assert_uint_eq(issues.count, 0);
}
END_TEST

START_TEST(words_of_other_parsers_keep_their_place)
{
    struct rule_issues issues = {0};
    struct error err = {0};

    error_set_code(&err, ERROR_INVALID, ":7:9: a tag: no");
    rule_issues_take(&issues, 1, 2, &err);
    error_set_code(&err, ERROR_INVALID, "no place: 1:2");
    rule_issues_take(&issues, 3, 4, &err);
    ck_written(&issues, "", "r.yaml:7:9: a tag: no\nr.yaml:3:4: no place: 1:2\n");
    ck_assert(!issues.no_memory);
    error_no_memory(&err);
    rule_issues_take(&issues, 1, 1, &err);
    ck_assert(issues.no_memory);
    ck_assert_uint_eq(issues.count, 2);
    rule_issues_error(&issues, "r", &err);
    ck_assert_int_eq(err.code, ERROR_UNAVAILABLE);
    rule_issues_clear(&issues);
}
END_TEST

CHECK_MAIN("rule_issues", nothing_to_tell_is_told_as_that, the_caret_stands_below_the_column,
           a_place_behind_the_file_has_no_line, control_characters_never_reach_a_terminal,
           a_long_line_is_cut_around_the_column, what_is_too_much_is_counted,
           words_of_other_parsers_keep_their_place)
