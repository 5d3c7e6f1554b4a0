/* A cancel is said once until it is forgotten. */
#include <stdint.h>

#include "common/error.h"
#include "controller/dispatch/said_cancels.h"
#include "tests/support/check_main.h"

static struct said_cancels *said;

static void make(void)
{
    said = said_cancels_create(NULL);
    ck_assert_ptr_nonnull(said);
}

static void unmake(void)
{
    said_cancels_destroy(said);
    said_cancels_destroy(NULL);
}

START_TEST(once_each)
{
    const struct uuid one = {{1}}, two = {{2}};

    ck_assert(said_cancels_say(said, &one, 100));
    ck_assert(!said_cancels_say(said, &one, 101));
    ck_assert(said_cancels_say(said, &two, 102));
    ck_assert(!said_cancels_say(said, &two, 103));
}
END_TEST

START_TEST(again_after_it_was_forgotten)
{
    const struct uuid one = {{1}}, two = {{2}};

    said_cancels_forget(said, 50);
    said_cancels_say(said, &one, 100);
    said_cancels_say(said, &two, 200);
    said_cancels_forget(said, 100);
    ck_assert(!said_cancels_say(said, &one, 201));
    said_cancels_forget(said, 101);
    ck_assert(said_cancels_say(said, &one, 202));
    ck_assert(!said_cancels_say(said, &two, 203));
}
END_TEST

CHECK_MAIN_WITH("said_cancels", make, unmake, once_each, again_after_it_was_forgotten)
