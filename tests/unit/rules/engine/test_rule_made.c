/* Lines stay in their order, whatever becomes of the texts that they were made of. */
#include "rules/engine/rule_made.h"

#include <string.h>

#include "rules/cel/cel_arena.h"
#include "tests/support/check_main.h"

START_TEST(lines_outlive_what_they_were_made_of)
{
    struct cel_arena *arena = cel_arena_create(1 << 20);
    struct rule_made_list list = {0};
    char title[16];

    for (int i = 0; i < 200; i++) {
        struct rule_made made = {.at_us = i, .opening = {.queue = "noc", .title = title}};

        snprintf(title, sizeof(title), "title %d", i);
        ck_assert_int_eq(rule_made_add(&list, &made, arena, NULL), 0);
    }
    memset(title, 0, sizeof(title));
    ck_assert_uint_eq(list.count, 200);
    ck_assert_int_eq(list.lines[130].at_us, 130);
    ck_assert_str_eq(list.lines[130].opening.title, "title 130");
    rule_made_clear(&list);
    ck_assert_uint_eq(list.count, 0);
    cel_arena_destroy(arena);
}
END_TEST

START_TEST(without_room_there_is_no_line)
{
    struct cel_arena *arena = cel_arena_create(8);
    struct rule_made made = {.opening = {.queue = "noc", .title = "a title that is too long"}};
    struct rule_made_list list = {0};

    ck_assert_int_lt(rule_made_add(&list, &made, arena, NULL), 0);
    ck_assert_uint_eq(list.count, 0);
    rule_made_clear(&list);
    cel_arena_destroy(arena);
}
END_TEST

CHECK_MAIN("rule_made", lines_outlive_what_they_were_made_of, without_room_there_is_no_line)
