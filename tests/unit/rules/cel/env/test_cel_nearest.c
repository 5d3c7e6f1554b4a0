/* A wrong name finds the one that was meant, or none. */
#include "rules/cel/env/cel_nearest.h"

#include <string.h>

#include "tests/support/check_main.h"

static const char *nearest(const char *wrong)
{
    static const char *const names[] = {"event.type", "event.time", "asset.site", "now", "x"};
    struct cel_nearest nearest = {.wrong = wrong};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        cel_nearest_offer(&nearest, names[i]);
    return nearest.name;
}

START_TEST(far_names_are_none)
{
    char longest[200];

    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    ck_assert_ptr_null(nearest(longest));
    ck_assert_ptr_null(nearest(""));
    ck_assert_ptr_null(nearest("y"));
    ck_assert_ptr_null(nearest("fingerprint"));
}
END_TEST

START_TEST(one_slip_is_near)
{
    ck_assert_str_eq(nearest("event.tpye"), "event.type");
    ck_assert_str_eq(nearest("event.tme"), "event.time");
    ck_assert_str_eq(nearest("asset.sites"), "asset.site");
    ck_assert_str_eq(nearest("nwo"), "now");
    ck_assert_str_eq(nearest("event.type"), "event.type");
}
END_TEST

CHECK_MAIN("cel_nearest", far_names_are_none, one_slip_is_near)
