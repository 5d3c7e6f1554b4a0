/* Strings made in pieces: what they cost, what is mended, what does not fit. */
#include "rules/cel/functions/cel_output.h"

#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_program.h"
#include "tests/support/check_main.h"

START_TEST(the_first_failure_stays)
{
    struct cel_run run = {.arena = cel_arena_create(100), .budget = 1000};
    struct cel_output output = {.run = &run};

    cel_output_text(&output, "fits");
    cel_output_add(&output,
                   "0123456789012345678901234567890123456789012345678901234567890123456789", 70);
    ck_assert(!cel_output_ok(&output));
    cel_output_fail(&output, cel_error("another"));
    cel_output_text(&output, "x");
    ck_assert_int_eq(cel_output_value(&output).kind, CEL_ERROR);
    ck_assert_ptr_nonnull(strstr(cel_output_value(&output).text, "out of memory"));
    cel_arena_destroy(run.arena);
}
END_TEST

START_TEST(sixteen_bytes_cost_one)
{
    struct cel_run run = {.arena = cel_arena_create(10000), .budget = 10};
    struct cel_output output = {.run = &run};

    for (int i = 0; i < 159; i++)
        cel_output_text(&output, "x");
    ck_assert_uint_eq(run.budget, 1);
    cel_output_text(&output, "x");
    ck_assert_uint_eq(run.budget, 0);
    ck_assert(cel_output_ok(&output));
    ck_assert_uint_eq(cel_output_value(&output).extra, 160);
    cel_output_text(&output, "0123456789012345");
    ck_assert_ptr_nonnull(strstr(cel_output_value(&output).text, "over budget"));
    cel_arena_destroy(run.arena);
}
END_TEST

START_TEST(what_is_no_text_is_mended)
{
    static const struct {
        const char *bytes, *text;
    } pairs[] = {
        {"", ""},
        {"a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", "a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"},
        {"a\xff", "a\xef\xbf\xbd"},
        {"\xc3", "\xef\xbf\xbd"},
        {"\xc3(", "\xef\xbf\xbd("},
        {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80z", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"},
    };
    struct cel_run run = {.arena = cel_arena_create(10000), .budget = 1000};

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct cel_output output = {.run = &run};
        struct cel_value value;

        cel_output_mended(&output, pairs[i].bytes, strlen(pairs[i].bytes));
        value = cel_output_value(&output);
        ck_assert_uint_eq(value.extra, strlen(pairs[i].text));
        ck_assert_int_eq(memcmp(value.text, pairs[i].text, value.extra), 0);
    }
    cel_arena_destroy(run.arena);
}
END_TEST

CHECK_MAIN("cel_output", the_first_failure_stays, sixteen_bytes_cost_one, what_is_no_text_is_mended)
