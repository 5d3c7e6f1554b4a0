/* json_out: whatever goes in, JSON comes out. */
#include <string.h>

#include "diagnostics/json_out.h"
#include "diagnostics/json_tree.h"
#include "tests/support/check_main.h"

START_TEST(foreign_bytes_become_valid_json)
{
    struct json_out out = {0};
    static struct json_tree tree;
    const struct json_node *root;

    json_out_open(&out, NULL, '{');
    json_out_string(&out, "raw", "a\xff\x80z\"\\\n\x01\x7f");
    json_out_string(&out, "good", "\xc3\xa9");
    json_out_close(&out, '}');
    ck_assert(text_ok(&out.text));
    root = json_tree_parse(&tree, out.text.bytes, out.text.length, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(json_tree_string(root, "raw"), "a??z\"\\\n\x01\x7f");
    ck_assert_str_eq(json_tree_string(root, "good"), "\xc3\xa9");
    text_clear(&out.text);
}
END_TEST

START_TEST(commas_stand_between_and_nowhere_else)
{
    struct json_out out = {0};

    json_out_open(&out, NULL, '{');
    json_out_open(&out, "list", '[');
    json_out_close(&out, ']');
    json_out_open(&out, "more", '[');
    json_out_integer(&out, NULL, -1);
    json_out_bool(&out, NULL, true);
    json_out_open(&out, NULL, '{');
    json_out_close(&out, '}');
    json_out_close(&out, ']');
    json_out_null(&out, "n");
    json_out_string(&out, "m", NULL);
    json_out_raw(&out, "r", "[0]");
    json_out_close(&out, '}');
    ck_assert_str_eq(text_string(&out.text),
                     "{\"list\":[],\"more\":[-1,true,{}],\"n\":null,\"m\":null,\"r\":[0]}");
    text_clear(&out.text);
}
END_TEST

CHECK_MAIN("json_out", foreign_bytes_become_valid_json, commas_stand_between_and_nowhere_else)
