/* Makers of nodes: missing children, the first issue alone, lists that grow. */
#include "rules/cel/syntax/cel_tree.h"

#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_issues.h"
#include "tests/support/check_main.h"

static struct cel_issues issues;
static struct cel_tree tree;

static void before(void)
{
    tree = (struct cel_tree){
        .source = "abc", .length = 3, .arena = cel_arena_create(CEL_TREE_BYTES), .issues = &issues};
}

static void after(void)
{
    cel_issues_clear(&issues);
    cel_arena_destroy(tree.arena);
}

START_TEST(a_missing_child_makes_no_node)
{
    struct cel_node *name = cel_tree_name(&tree, 0, "a");
    struct cel_element element = {.value = name};
    struct cel_comprehension fold = {.var = "x", .accu = "y", .range = name};

    ck_assert_ptr_nonnull(name);
    ck_assert_ptr_null(cel_tree_name(&tree, 0, NULL));
    ck_assert_ptr_null(cel_tree_select(&tree, 0, NULL, "f", false));
    ck_assert_ptr_null(cel_tree_select(&tree, 0, name, NULL, false));
    ck_assert_ptr_null(cel_tree_call1(&tree, 0, "f", NULL));
    ck_assert_ptr_null(cel_tree_call2(&tree, 0, "f", name, NULL));
    ck_assert_ptr_null(cel_tree_call3(&tree, 0, "f", NULL, name, name));
    ck_assert_ptr_null(cel_tree_call(&tree, 0, NULL, NULL, NULL, 0));
    ck_assert_ptr_null(cel_tree_aggregate(&tree, 0, CEL_NODE_MAP, &element, 1, NULL));
    ck_assert_ptr_null(cel_tree_comprehension(&tree, 0, &fold));
    ck_assert_uint_eq(tree.nodes, 1);
    ck_assert_uint_eq(issues.count, 0);
}
END_TEST

START_TEST(nothing_is_made_once_it_has_stopped)
{
    ck_assert_int_eq(cel_tree_fault(&tree, 1, "a %s", "fault"), -1);
    ck_assert_ptr_nonnull(cel_tree_name(&tree, 0, "a"));
    ck_assert_ptr_null(cel_tree_stop(&tree, 2, "the %s", "end"));
    ck_assert_ptr_null(cel_tree_stop(&tree, 2, "once more"));
    ck_assert_ptr_null(cel_tree_name(&tree, 0, "a"));
    ck_assert_ptr_null(cel_tree_grow(&tree, NULL, 0, 8));
    ck_assert_uint_eq(issues.count, 2);
    ck_assert_str_eq(issues.items[1].message, "the end");
    ck_assert_uint_eq(issues.items[1].column, 3);
}
END_TEST

START_TEST(depth_is_the_deepest_childs_and_one)
{
    struct cel_node *deep = cel_tree_name(&tree, 0, "a");

    for (int i = 1; i < CEL_DEPTH_MAX; i++)
        deep = cel_tree_call2(&tree, 0, "f", cel_tree_name(&tree, 0, "b"), deep);
    ck_assert_ptr_nonnull(deep);
    ck_assert_uint_eq(deep->depth, CEL_DEPTH_MAX);
    ck_assert_ptr_null(cel_tree_select(&tree, 0, deep, "f", false));
    ck_assert(tree.stopped);
}
END_TEST

START_TEST(lists_keep_what_they_hold)
{
    size_t *items = NULL;

    for (size_t i = 0; i < 1000; i++) {
        items = cel_tree_grow(&tree, items, i, sizeof(*items));
        ck_assert_ptr_nonnull(items);
        items[i] = i;
    }
    for (size_t i = 0; i < 1000; i++)
        ck_assert_uint_eq(items[i], i);
    ck_assert_uint_lt(cel_arena_used(tree.arena), 4 * 1000 * sizeof(*items));
}
END_TEST

START_TEST(a_full_arena_stops_it)
{
    struct cel_arena *small = cel_arena_create(64);
    struct cel_tree poor = {.source = "abc", .length = 3, .arena = small, .issues = &issues};
    char text[100] = "";

    ck_assert_ptr_null(cel_tree_text(&poor, text, sizeof(text)));
    ck_assert_uint_eq(issues.count, 1);
    ck_assert_str_eq(issues.items[0].message, "out of memory");
    cel_arena_destroy(small);
}
END_TEST

CHECK_MAIN_WITH("cel_tree", before, after, a_missing_child_makes_no_node,
                nothing_is_made_once_it_has_stopped, depth_is_the_deepest_childs_and_one,
                lists_keep_what_they_hold, a_full_arena_stops_it)
