/* json_tree: what is refused, and that what is read is what stood there. */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "diagnostics/json_tree.h"
#include "tests/support/check_main.h"

static struct json_tree tree;
static char bytes[65536];
static struct error err;

static const struct json_node *parse(const char *text)
{
    snprintf(bytes, sizeof(bytes), "%s", text);
    error_clear(&err);
    return json_tree_parse(&tree, bytes, strlen(text), &err);
}

START_TEST(refuses_what_is_not_json)
{
    static const char *const BAD[] = {"",
                                      "{",
                                      "[",
                                      "[1,",
                                      "[1,]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{a:1}",
                                      "{\"a\":1,}",
                                      "\"a",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "01",
                                      "-",
                                      "1.",
                                      "1e",
                                      ".5",
                                      "tru",
                                      "nul",
                                      "[1 2]",
                                      "1 2",
                                      "\"\\u0000\"",
                                      "\"\\ud800\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\udc00\"",
                                      "{\"a\":1,\"a\":2}",
                                      "\"a\nb\"",
                                      "\"\\\"",
                                      "+1",
                                      "'a'",
                                      "[}",
                                      "{]",
                                      "\xff",
                                      "\"\xc0\x80\"",
                                      "NaN"};

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_msg(!parse(BAD[i]), "accepted: %s", BAD[i]);
        ck_assert_int_eq(err.code, ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(err.text, "byte "));
    }
}
END_TEST

START_TEST(refuses_more_levels_or_values_than_it_holds)
{
    char deep[64] = "", wide[4096] = "[";

    for (int i = 0; i < JSON_TREE_DEPTH + 1; i++)
        deep[i] = '[';
    ck_assert_ptr_null(parse(deep));
    ck_assert_ptr_nonnull(strstr(err.text, "deeper"));
    for (int i = 0; i < JSON_TREE_NODES; i++)
        strcat(wide, i ? ",1" : "1");
    strcat(wide, "]");
    ck_assert_ptr_null(parse(wide));
    ck_assert_ptr_nonnull(strstr(err.text, "more values"));
}
END_TEST

START_TEST(reads_an_answer)
{
    const struct json_node *root =
        parse(" {\"a\": {\"b\": [1, -2, 3.5, 1e3, 99999999999999999999]}, \"s\": "
              "\"x\\n\\u00e9\\ud83d\\ude00\\/\","
              " \"t\": true, \"f\": false, \"n\": null} ");
    const struct json_node *item;

    ck_assert_ptr_nonnull(root);
    item = json_tree_member(json_tree_member(root, "a"), "b");
    ck_assert_int_eq(item->kind, JSON_LIST);
    item = item->first;
    ck_assert_int_eq(item->integer, 1);
    item = item->next;
    ck_assert_int_eq(item->integer, -2);
    for (int i = 0; i < 3; i++) {
        item = item->next;
        ck_assert_int_eq(item->kind, JSON_REAL);
    }
    ck_assert_ptr_null(item->next);
    ck_assert_str_eq(json_tree_string(root, "s"), "x\n\xc3\xa9\xf0\x9f\x98\x80/");
    ck_assert_int_eq(json_tree_member(root, "t")->integer, 1);
    ck_assert_int_eq(json_tree_member(root, "n")->kind, JSON_NULL);
    ck_assert_ptr_null(json_tree_string(root, "t"));
    ck_assert_ptr_null(json_tree_member(root, "nothing"));
    ck_assert_ptr_null(json_tree_member(NULL, "a"));
    ck_assert_int_eq(json_tree_integer(root, "s", -7), -7);
}
END_TEST

CHECK_MAIN("json_tree", refuses_what_is_not_json, refuses_more_levels_or_values_than_it_holds,
           reads_an_answer)
