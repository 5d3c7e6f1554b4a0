/* A set of strings finds each of its own and no other, whatever they share. */
#include <stdio.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/evaluate/cel_op.h"
#include "rules/cel/evaluate/cel_text_set.h"
#include "tests/support/check_main.h"

static struct cel_value text(const char *string)
{
    return cel_string(string, strlen(string));
}

START_TEST(each_of_many_is_found_and_no_other)
{
    struct cel_arena *arena = cel_arena_create(1 << 20);
    struct cel_value items[500];
    char names[500][32];
    struct cel_list list = {.count = 500, .items = items};
    const struct cel_text_set *set;

    for (size_t i = 0; i < 500; i++) {
        /* The same first and last bytes: only the middle tells them apart. */
        snprintf(names[i], sizeof(names[i]), "prefix--%03zu--suffix", i);
        items[i] = text(names[i]);
    }
    set = cel_text_set_make(arena, &list);
    ck_assert_ptr_nonnull(set);
    for (size_t i = 0; i < 500; i++)
        ck_assert(cel_text_set_has(set, text(names[i])));
    ck_assert(!cel_text_set_has(set, text("prefix--500--suffix")));
    ck_assert(!cel_text_set_has(set, text("")));
    cel_arena_destroy(arena);
}
END_TEST

START_TEST(lengths_and_empty_texts_are_told_apart)
{
    struct cel_arena *arena = cel_arena_create(4096);
    struct cel_value items[] = {text(""), text("a"), text("aaaaaaaaa"), text("a")};
    struct cel_list list = {.count = 4, .items = items};
    const struct cel_text_set *set = cel_text_set_make(arena, &list);

    ck_assert(cel_text_set_has(set, text("")));
    ck_assert(cel_text_set_has(set, text("a")));
    ck_assert(cel_text_set_has(set, text("aaaaaaaaa")));
    ck_assert(!cel_text_set_has(set, text("aa")));
    ck_assert(!cel_text_set_has(set, text("aaaaaaaa")));
    ck_assert(!cel_text_set_has(set, cel_string("\0", 1)));
    cel_arena_destroy(arena);
}
END_TEST

START_TEST(no_room_is_told)
{
    struct cel_arena *arena = cel_arena_create(64);
    struct cel_value items[] = {text("a"), text("b"), text("c")};
    struct cel_list list = {.count = 3, .items = items};

    ck_assert_ptr_null(cel_text_set_make(arena, &list));
    cel_arena_destroy(arena);
}
END_TEST

CHECK_MAIN("cel_text_set", each_of_many_is_found_and_no_other,
           lengths_and_empty_texts_are_told_apart, no_room_is_told)
