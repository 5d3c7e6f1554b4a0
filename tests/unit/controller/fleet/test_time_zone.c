/* test_time_zone.c - zones are told by name, and the wrong ones what they may have meant. */
#include <string.h>

#include "tests/support/check_main.h"

#include "controller/fleet/time_zone.h"

START_TEST(zones_of_the_system_are_known)
{
    static const char *const known[] = {"UTC", "Europe/Amsterdam",
                                        "America/Argentina/Buenos_Aires"};
    static const char *const unknown[] = {"",          "+01:00",         "-09:30",
                                          "Nowhere",   "Europe",         "../../etc/passwd",
                                          "/etc/zone", "Europe/London ", "zone.tab"};
    char long_name[200];

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        ck_assert_msg(time_zone_is_known(known[i]), "%s", known[i]);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        ck_assert_msg(!time_zone_is_known(unknown[i]), "%s", unknown[i]);
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    ck_assert(!time_zone_is_known(long_name));
}
END_TEST

START_TEST(the_nearest_place_is_told)
{
    char nearest[TIME_ZONE_NAME_MAX + 1];

    time_zone_nearest("Europe/Berln", nearest);
    ck_assert_str_eq(nearest, "Europe/Berlin");
    time_zone_nearest("Europe/Amsterdm", nearest); /* a name for another zone since 1970 */
    ck_assert_str_eq(nearest, "Europe/Amsterdam");
    time_zone_nearest("asia/Tokyo", nearest);
    ck_assert_str_eq(nearest, "Asia/Tokyo");
    time_zone_nearest("somewhere else", nearest);
    ck_assert_str_eq(nearest, "");
}
END_TEST

CHECK_MAIN("time_zone", zones_of_the_system_are_known, the_nearest_place_is_told)
