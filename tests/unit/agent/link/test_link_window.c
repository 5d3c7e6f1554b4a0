/* The window of one stream: never more under way than offered, one large record may always go. */
#include <stdint.h>
#include <string.h>

#include "agent/link/link_window.h"
#include "tests/support/check_main.h"

static struct link_window window;
static size_t bytes;

START_TEST(committed_beyond_what_was_sent_is_refused)
{
    link_window_open(&window, 10, 4, 1000);
    ck_assert_int_eq(link_window_committed(&window, 11), -1);
    link_window_sent(&window, 11, 1);
    ck_assert_int_eq(link_window_committed(&window, 12), -1);
    ck_assert_int_eq(link_window_committed(&window, UINT64_MAX), -1);
    ck_assert_int_eq(link_window_committed(&window, 10), 1);
    ck_assert_int_eq(link_window_committed(&window, 3), 1);
    ck_assert_int_eq(link_window_committed(&window, 11), 0);
}
END_TEST

START_TEST(counts_records)
{
    link_window_open(&window, 0, 3, 1000);
    ck_assert_uint_eq(window.next, 1);
    for (uint64_t number = 1; number <= 3; number++) {
        ck_assert_uint_eq(link_window_room(&window, &bytes), 4 - number);
        link_window_sent(&window, number, 10);
    }
    ck_assert_uint_eq(link_window_room(&window, &bytes), 0);
    ck_assert_int_eq(link_window_committed(&window, 2), 0);
    ck_assert_uint_eq(link_window_room(&window, &bytes), 2);
    ck_assert_uint_eq(bytes, 990);
}
END_TEST

START_TEST(counts_bytes)
{
    link_window_open(&window, 0, 100, 1000);
    link_window_sent(&window, 1, 600);
    ck_assert_uint_eq(link_window_room(&window, &bytes), 99);
    ck_assert_uint_eq(bytes, 400);
    link_window_sent(&window, 2, 400);
    ck_assert_uint_eq(link_window_room(&window, &bytes), 0);
    ck_assert_int_eq(link_window_committed(&window, 1), 0);
    ck_assert_uint_eq(link_window_room(&window, &bytes), 99);
    ck_assert_uint_eq(bytes, 600);
}
END_TEST

START_TEST(one_record_may_exceed_an_empty_window)
{
    link_window_open(&window, 0, 100, 10);
    ck_assert_uint_eq(link_window_room(&window, &bytes), 100);
    link_window_sent(&window, 1, 50000);
    ck_assert_uint_eq(link_window_room(&window, &bytes), 0);
    ck_assert_int_eq(link_window_committed(&window, 1), 0);
    ck_assert_uint_eq(link_window_room(&window, &bytes), 100);
    ck_assert_uint_eq(bytes, 10);
}
END_TEST

START_TEST(offers_are_capped_and_never_nothing)
{
    link_window_open(&window, 0, 100000, SIZE_MAX);
    ck_assert_uint_eq(link_window_room(&window, &bytes), LINK_WINDOW_RECORDS);
    ck_assert_uint_eq(bytes, LINK_WINDOW_BYTES);
    link_window_open(&window, 0, 0, 0);
    ck_assert_uint_eq(link_window_room(&window, &bytes), 1);
}
END_TEST

START_TEST(a_gap_is_one_record_of_many_numbers)
{
    link_window_open(&window, 5, 2, 1000);
    link_window_sent(&window, 9000, 40); /* 6..9000 */
    ck_assert_uint_eq(window.next, 9001);
    ck_assert_uint_eq(link_window_room(&window, &bytes), 1);
    link_window_sent(&window, 9001, 10);
    ck_assert_int_eq(link_window_committed(&window, 9000), 0);
    ck_assert_uint_eq(link_window_room(&window, &bytes), 1);
    ck_assert_uint_eq(bytes, 990);
}
END_TEST

START_TEST(goes_round_and_round)
{
    link_window_open(&window, 0, LINK_WINDOW_RECORDS, LINK_WINDOW_BYTES);
    for (uint64_t number = 1; number <= 10 * LINK_WINDOW_RECORDS; number++) {
        if (link_window_room(&window, &bytes) == 0)
            ck_assert_int_eq(link_window_committed(&window, number - 100), 0);
        link_window_sent(&window, number, 7);
    }
    ck_assert_int_eq(link_window_committed(&window, window.next - 1), 0);
    ck_assert_uint_eq(window.bytes, 0);
    ck_assert_uint_eq(window.count, 0);
}
END_TEST

CHECK_MAIN("link_window", committed_beyond_what_was_sent_is_refused, counts_records, counts_bytes,
           one_record_may_exceed_an_empty_window, offers_are_capped_and_never_nothing,
           a_gap_is_one_record_of_many_numbers, goes_round_and_round)
