/* The ballast: made once, given up once, taken up again when there is room. */
#include "agent/journal/journal_room.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "tests/support/check_main.h"

static char folder[] = "/tmp/muster-room-XXXXXX";
static char path[64], ballast[80];
static struct journal_room *room;

static void begin(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/journal", folder);
    snprintf(ballast, sizeof(ballast), "%s.ballast", path);
    room = journal_room_create(path, NULL);
    ck_assert_ptr_nonnull(room);
}

static void end(void)
{
    journal_room_destroy(room);
    unlink(ballast);
    rmdir(folder);
}

static long long size(void)
{
    struct stat seen;

    return stat(ballast, &seen) == 0 ? (long long)seen.st_size : -1;
}

START_TEST(ballast_is_made_where_there_is_room)
{
    ck_assert(journal_room_is_enough(room, NULL));
    ck_assert_int_eq(size(), 8 << 20);
}
END_TEST

START_TEST(below_the_mark_it_is_not_enough_and_says_what_is_missing)
{
    struct error why = {0};

    journal_room_set_mark(room, UINT64_MAX / 4);
    ck_assert(!journal_room_is_enough(room, &why));
    ck_assert_ptr_nonnull(strstr(why.text, folder));
    ck_assert_ptr_nonnull(strstr(why.text, "make room"));
    ck_assert_int_eq(size(), -1); /* no ballast is taken from a disk that has too little */
}
END_TEST

START_TEST(ballast_is_given_up_once)
{
    ck_assert(!journal_room_give_up(room)); /* there is none yet */
    ck_assert(!journal_room_is_enough(room, NULL));
    journal_room_set_mark(room, 0);
    ck_assert(journal_room_is_enough(room, NULL));
    ck_assert(journal_room_give_up(room));
    ck_assert_int_eq(size(), 0);
    ck_assert(!journal_room_give_up(room));
    ck_assert(!journal_room_is_enough(room, NULL));
    /* And taken up once there is room for it. */
    journal_room_set_mark(room, 0);
    ck_assert(journal_room_is_enough(room, NULL));
    ck_assert_int_eq(size(), 8 << 20);
}
END_TEST

START_TEST(ballast_of_a_former_life_counts)
{
    ck_assert(journal_room_is_enough(room, NULL));
    journal_room_destroy(room);
    room = journal_room_create(path, NULL);
    ck_assert(journal_room_give_up(room));
}
END_TEST

CHECK_MAIN_WITH("journal_room", begin, end, ballast_is_made_where_there_is_room,
                below_the_mark_it_is_not_enough_and_says_what_is_missing, ballast_is_given_up_once,
                ballast_of_a_former_life_counts)
