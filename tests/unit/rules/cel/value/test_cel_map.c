/* Maps: found by any equal key, few entries or many; a key of a wrong kind or twice is refused. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_value.h"
#include "tests/support/check_main.h"

static struct cel_arena *arena;

static void open_it(void)
{
    arena = cel_arena_create(1 << 22);
}

static void close_it(void)
{
    cel_arena_destroy(arena);
}

static struct cel_value text(const char *string)
{
    return cel_string(string, strlen(string));
}

static void refused(const struct cel_entry *entries, size_t count, const char *why)
{
    struct cel_value map = cel_map_make(arena, entries, count);

    ck_assert(cel_is(map, CEL_ERROR));
    ck_assert_msg(strstr(map.text, why), "%s", map.text);
}

START_TEST(keys_of_wrong_kinds_are_refused)
{
    struct cel_entry entry = {.key = cel_null()};

    refused(&entry, 1, "null_type");
    entry.key = cel_double(1);
    refused(&entry, 1, "double");
    entry.key = cel_bytes("a", 1);
    refused(&entry, 1, "bytes");
}
END_TEST

START_TEST(a_key_that_stands_twice_is_refused)
{
    struct cel_entry entries[40];

    for (size_t count = 2; count <= 40; count += 19) { /* with and without an index */
        for (size_t i = 0; i < count; i++)
            entries[i] = (struct cel_entry){cel_int((int64_t)i), cel_null()};
        ck_assert(cel_is(cel_map_make(arena, entries, count), CEL_MAP));
        entries[count - 1].key = cel_uint(0);
        refused(entries, count, "repeated key: 0");
        entries[0].key = text("same");
        entries[count - 1].key = text("same");
        refused(entries, count, "repeated key: 'same'");
        entries[0].key = entries[count - 1].key = cel_bool(true);
        refused(entries, count, "repeated key: true");
    }
}
END_TEST

START_TEST(numbers_find_their_equals)
{
    const struct cel_entry entries[] = {
        {cel_int(1), text("one")},
        {cel_uint(UINT64_MAX), text("most")},
        {cel_bool(true), text("true")},
        {text("1"), text("text")},
    };
    struct cel_value map = cel_map_make(arena, entries, 4);

    ck_assert(cel_value_equal(*cel_map_find(map.map, cel_uint(1)), text("one")));
    ck_assert(cel_value_equal(*cel_map_find(map.map, cel_double(1)), text("one")));
    ck_assert(cel_value_equal(*cel_map_find(map.map, cel_bool(true)), text("true")));
    ck_assert(cel_value_equal(*cel_map_find_text(map.map, "1", 1), text("text")));
    ck_assert(cel_value_equal(*cel_map_find(map.map, cel_uint(UINT64_MAX)), text("most")));
    ck_assert_ptr_null(cel_map_find(map.map, cel_double(0x1p64)));
    ck_assert_ptr_null(cel_map_find(map.map, cel_double(NAN)));
    ck_assert_ptr_null(cel_map_find(map.map, cel_double(1.5)));
    ck_assert_ptr_null(cel_map_find(map.map, cel_int(-1)));
    ck_assert_ptr_null(cel_map_find(map.map, cel_null()));
    ck_assert_ptr_null(cel_map_find(map.map, cel_bytes("1", 1)));
    ck_assert_ptr_null(cel_map_find_text(map.map, "", 0));
}
END_TEST

START_TEST(each_of_many_is_found)
{
    struct cel_entry entries[1000];
    char names[1000][8];
    struct cel_value map;

    for (size_t i = 0; i < 1000; i++) {
        /* In no order, some of equal lengths, numbers between. */
        snprintf(names[i], sizeof(names[i]), "%zu", i * 7919 % 1000);
        entries[i].key = i % 3 ? text(names[i]) : cel_int((int64_t)(i * 7919 % 1000) - 500);
        entries[i].value = cel_int((int64_t)i);
    }
    map = cel_map_make(arena, entries, 1000);
    ck_assert(cel_is(map, CEL_MAP));
    for (size_t i = 0; i < 1000; i++) {
        const struct cel_value *found = cel_map_find(map.map, entries[i].key);

        ck_assert_ptr_nonnull(found);
        ck_assert_int_eq(found->integer, (int64_t)i);
    }
    ck_assert_ptr_null(cel_map_find_text(map.map, "1000", 4));
    ck_assert_ptr_null(cel_map_find(map.map, cel_int(501)));
}
END_TEST

START_TEST(maps_are_equal_whatever_their_order)
{
    struct cel_entry ab[] = {{text("a"), cel_int(1)}, {text("b"), cel_int(2)}};
    struct cel_entry ba[] = {{text("b"), cel_double(2)}, {text("a"), cel_uint(1)}};
    struct cel_value left = cel_map_make(arena, ab, 2), right = cel_map_make(arena, ba, 2);

    ck_assert(cel_value_equal(left, right));
    ck_assert(!cel_value_equal(left, cel_map_make(arena, ba, 1)));
    ba[0].value = cel_int(3);
    ck_assert(!cel_value_equal(left, right));
    ba[0] = (struct cel_entry){text("c"), cel_int(2)};
    ck_assert(!cel_value_equal(left, right));
    ck_assert(cel_value_equal(cel_map_make(arena, NULL, 0), cel_map_make(arena, NULL, 0)));
}
END_TEST

CHECK_MAIN_WITH("cel_map", open_it, close_it, keys_of_wrong_kinds_are_refused,
                a_key_that_stands_twice_is_refused, numbers_find_their_equals,
                each_of_many_is_found, maps_are_equal_whatever_their_order)
