/* Memory of an expression: alignment, the cap, and what a reset keeps. */
#include "rules/cel/cel_arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/check_main.h"

START_TEST(pieces_are_zeroed_and_aligned)
{
    struct cel_arena *arena = cel_arena_create(1 << 20);

    for (size_t size = 0; size < 300; size += 7) {
        unsigned char *piece = cel_arena_take(arena, size);

        ck_assert_ptr_nonnull(piece);
        ck_assert_uint_eq((uintptr_t)piece % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(piece[i], 0);
        memset(piece, 0xff, size);
    }
    cel_arena_destroy(arena);
}
END_TEST

START_TEST(the_cap_holds_and_leaves_the_rest_usable)
{
    struct cel_arena *arena = cel_arena_create(10000);

    ck_assert_ptr_null(cel_arena_take(arena, 10001));
    ck_assert_ptr_null(cel_arena_take(arena, SIZE_MAX - 3));
    ck_assert_ptr_nonnull(cel_arena_take(arena, 9000));
    ck_assert_ptr_null(cel_arena_take(arena, 2000));
    ck_assert_ptr_nonnull(cel_arena_take(arena, 900));
    cel_arena_destroy(arena);
}
END_TEST

START_TEST(what_was_reset_is_zeroed_again)
{
    struct cel_arena *arena = cel_arena_create(1 << 24);

    for (int round = 0; round < 3; round++) {
        /* One that fits in no block kept from before, at another place each time. */
        for (int i = 0; i < 40; i++) {
            size_t size = i == round * 10 ? 700000 : 3000;
            unsigned char *piece = cel_arena_take(arena, size);

            ck_assert_ptr_nonnull(piece);
            ck_assert(piece[0] == 0 && piece[size - 1] == 0);
            memset(piece, 0xff, size);
        }
        ck_assert_uint_ge(cel_arena_used(arena), 700000 + 39 * 3000);
        cel_arena_reset(arena);
        ck_assert_uint_eq(cel_arena_used(arena), 0);
    }
    cel_arena_destroy(arena);
    cel_arena_destroy(NULL);
}
END_TEST

START_TEST(texts_end_in_nul)
{
    struct cel_arena *arena = cel_arena_create(4096);

    ck_assert_str_eq(cel_arena_copy(arena, "abcdef", 3), "abc");
    ck_assert_str_eq(cel_arena_copy(arena, NULL, 0), "");
    ck_assert_str_eq(cel_arena_format(arena, "%d and %s", 7, "x"), "7 and x");
    ck_assert_ptr_null(cel_arena_format(arena, "%05000d", 1));
    cel_arena_destroy(arena);
}
END_TEST

CHECK_MAIN("cel_arena", pieces_are_zeroed_and_aligned, the_cap_holds_and_leaves_the_rest_usable,
           what_was_reset_is_zeroed_again, texts_end_in_nul)
