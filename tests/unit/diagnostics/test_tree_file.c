/* tree_file: what is missing is absent, what is long is cut or refused. */
#include <stdlib.h>
#include <string.h>

#include "diagnostics/tree_file.h"
#include "tests/support/check_main.h"
#include "tests/support/fixture_tree.h"

START_TEST(what_is_missing_is_absent)
{
    struct tree_names names;
    size_t length;
    char text[8] = "kept";

    ck_assert(!tree_file_read(fixture_root, text, sizeof(text), "/no/%s", "file"));
    ck_assert_str_eq(text, "");
    ck_assert_int_eq(tree_file_integer(fixture_root, -5, "/no/file"), -5);
    ck_assert(!tree_file_exists(fixture_root, "/no/file"));
    ck_assert_ptr_null(tree_file_load(fixture_root, "/no/file", 10, &length));
    tree_names_read(&names, fixture_root, "/no");
    ck_assert_uint_eq(names.count, 0);
    tree_names_clear(&names);
}
END_TEST

START_TEST(reads_are_bounded)
{
    size_t length;
    char text[8], *whole;

    fixture_tree_write("/a", "0123456789\n");
    ck_assert(tree_file_read(fixture_root, text, sizeof(text), "/a"));
    ck_assert_str_eq(text, "0123456");
    ck_assert_ptr_null(tree_file_load(fixture_root, "/a", 10, &length));
    whole = tree_file_load(fixture_root, "/a", 11, &length);
    ck_assert_str_eq(whole, "0123456789\n");
    ck_assert_uint_eq(length, 11);
    free(whole);
}
END_TEST

START_TEST(numbers_and_names)
{
    struct tree_names names;

    fixture_tree_write("/n/eth10", "0x10\n");
    fixture_tree_write("/n/eth9", "word\n");
    fixture_tree_write("/n/eth1", "99999999999999999999999\n");
    ck_assert_int_eq(tree_file_integer(fixture_root, -1, "/n/eth%d", 10), 16);
    ck_assert_int_eq(tree_file_integer(fixture_root, -1, "/n/eth9"), -1);
    ck_assert_int_eq(tree_file_integer(fixture_root, -1, "/n/eth1"), -1);
    tree_names_read(&names, fixture_root, "/n");
    ck_assert_uint_eq(names.count, 3);
    ck_assert_str_eq(names.names[0], "eth1");
    ck_assert_str_eq(names.names[1], "eth9");
    ck_assert_str_eq(names.names[2], "eth10");
    tree_names_clear(&names);
}
END_TEST

CHECK_MAIN_WITH("tree_file", fixture_tree_make, fixture_tree_drop, what_is_missing_is_absent,
                reads_are_bounded, numbers_and_names)
