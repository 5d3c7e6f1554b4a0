/* Sessions that are ours: one a site, found by site and connection; batches wait in order. */
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "controller/dispatch/agent_session.h"
#include "controller/dispatch/live_sessions.h"
#include "tests/support/check_main.h"

static struct live_sessions *sessions;

static void make(void)
{
    sessions = live_sessions_create(NULL);
    ck_assert_ptr_nonnull(sessions);
}

static void unmake(void)
{
    live_sessions_destroy(sessions);
    live_sessions_destroy(NULL);
}

static struct live *add(uint8_t site, uint64_t connection)
{
    struct live_session session = {
        .agent = {{site, 1}}, .site = {{site}}, .fence = (int64_t)connection};

    return live_sessions_add(sessions, &session, connection, NULL);
}

START_TEST(nothing_is_found_in_nothing)
{
    const struct uuid site = {{1}};

    ck_assert_ptr_null(live_sessions_of_site(sessions, &site));
    ck_assert_ptr_null(live_sessions_of_connection(sessions, 1));
    ck_assert_ptr_null(live_sessions_first(sessions));
}
END_TEST

START_TEST(a_later_session_replaces_its_sites_former)
{
    struct live *late;
    const struct uuid site = {{1}};

    add(1, 10);
    add(2, 20);
    late = add(1, 30);
    ck_assert_uint_eq(live_sessions_count(sessions), 2);
    ck_assert_ptr_eq(live_sessions_of_site(sessions, &site), late);
    ck_assert_ptr_null(live_sessions_of_connection(sessions, 10));
    ck_assert_ptr_eq(live_sessions_of_connection(sessions, 30), late);
}
END_TEST

START_TEST(batches_wait_in_order_and_go_with_the_session)
{
    struct live *live = add(1, 10);

    for (uint64_t first = 1; first <= 3; first++) {
        struct session_batch *batch = calloc(1, sizeof(*batch));

        batch->first = first;
        ck_assert_int_eq(live_wait(live, batch, first, (int64_t)first, NULL), 0);
    }
    ck_assert_uint_eq(live->waiting->batch->first, 1);
    ck_assert_uint_eq(live->waiting->at, 1);
    live_waited(live);
    ck_assert_uint_eq(live->waiting->batch->first, 2);
    live_sessions_remove(sessions, live); /* the rest is freed: the leak checker looks */
    ck_assert_uint_eq(live_sessions_count(sessions), 0);
}
END_TEST

CHECK_MAIN_WITH("live_sessions", make, unmake, nothing_is_found_in_nothing,
                a_later_session_replaces_its_sites_former,
                batches_wait_in_order_and_go_with_the_session)
