/* Where a character of a value stands in the file, in each of YAML's styles. */
#include <string.h>

#include "common/error.h"
#include "common/yaml.h"
#include "rules/document/rule_source.h"
#include "tests/support/check_main.h"

/* The place of '@' in the value of 'a' is the one in the file. */
static void ck_found(const char *text)
{
    struct error err = {0};
    struct yaml *yaml = yaml_parse("f", text, strlen(text), &err);
    const struct rule_source source = {text, strlen(text)};
    const struct yaml_node *node;
    unsigned line = 0, column = 0, wanted_line = 1, wanted_column = 1;
    const char *at;

    ck_assert_msg(yaml != NULL, "%s", error_text(&err));
    node = yaml_member(yaml_root(yaml), "a");
    ck_assert_ptr_nonnull(node);
    at = strchr(node->text, '@');
    ck_assert_msg(at != NULL, "%s", node->text);
    rule_source_place(&source, node, (size_t)(at - node->text), &line, &column);
    for (const char *c = text; *c != '@'; c++) {
        wanted_column += ((unsigned char)*c & 0xc0) != 0x80;
        if (*c == '\n') {
            wanted_line++;
            wanted_column = 1;
        }
    }
    ck_assert_msg(line == wanted_line && column == wanted_column, "%s: %u:%u, not %u:%u", text,
                  line, column, wanted_line, wanted_column);
    yaml_destroy(yaml);
}

START_TEST(plain)
{
    ck_found("a: x@\n");
    ck_found("b: 1\na: xyz @ y\n");
    ck_found("a: x y\n   @z\n");
    ck_found("a: x   \n\n\n   y\n    z @\n");
    ck_found("{b: 1, a: x@, c: 2}\n");
    ck_found("a: \xc3\xa4\xe2\x82\xac @\n");
    ck_found("b: \xf0\x9f\x98\x80\na: y @\n");
}
END_TEST

START_TEST(single_quoted)
{
    ck_found("a: '@'\n");
    ck_found("a: 'it''s @'\n");
    ck_found("a: '''''@'\n");
    ck_found("a: 'x\n  y\n\n  z @'\n");
    ck_found("a: '  x   @'\n");
    ck_found("a: 'x\\n @'\n");
}
END_TEST

START_TEST(double_quoted)
{
    ck_found("a: \"@\"\n");
    ck_found("a: \"\\\"x\\\" @\"\n");
    ck_found("a: \"\\x41\\u00e4\\U0001F600@\"\n");
    ck_found("a: \"x \\n y @\"\n");
    ck_found("a: \"\\n\\n\\t@\"\n");
    ck_found("a: \"x\\\n   y @\"\n");
    ck_found("a: \"x\n   y\n\n   z@\"\n");
    ck_found("a: \"x\\\\ @\"\n");
    ck_found("a: \"x \\\n  \\ y @\"\n");
}
END_TEST

START_TEST(literal)
{
    ck_found("a: |\n  @\n");
    ck_found("a: |\n  x\n\n    y\n  z @\n");
    ck_found("a: |-\n  x @\n");
    ck_found("a: |2+ # a comment\n    x @\n");
}
END_TEST

START_TEST(folded)
{
    ck_found("a: >\n  @\n");
    ck_found("a: >-\n  x\n  y @\n");
    ck_found("a: >\n\n  x\n\n\n  y\n    more\n  @\n");
    ck_found("b:\n  - 1\na: >-\n      x &&\n      y == 'z' @\n");
}
END_TEST

START_TEST(line_ends_of_other_systems)
{
    static const char text[] = "b: 1\r\na: >-\r\n  x\r\n  y @\r\n";
    struct yaml *yaml = yaml_parse("f", text, strlen(text), NULL);
    const struct rule_source source = {text, strlen(text)};
    unsigned line, column;

    rule_source_place(&source, yaml_member(yaml_root(yaml), "a"), 4, &line, &column);
    ck_assert_uint_eq(line, 4);
    ck_assert_uint_eq(column, 5);
    yaml_destroy(yaml);
}
END_TEST

/* A place is always one of the file. */
START_TEST(every_offset_has_a_place)
{
    static const char *const texts[] = {"a: >\n  x  y\n\n  z\n",
                                        "a: \"\\n \\\n  \\u00e4 b\"",
                                        "a: ''''",
                                        "a: |\n   x\n    y\n",
                                        "a: b  \n   c\n",
                                        "a: ''"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct yaml *yaml = yaml_parse("f", texts[i], strlen(texts[i]), NULL);
        const struct rule_source source = {texts[i], strlen(texts[i])};
        const struct yaml_node *node = yaml_member(yaml_root(yaml), "a");
        unsigned line, column, before_line = 1, before_column = 0;

        for (size_t at = 0; at <= strlen(node->text) + 2; at++) {
            rule_source_place(&source, node, at, &line, &column);
            ck_assert_uint_ge(line, before_line);
            ck_assert(line > before_line || column >= before_column);
            ck_assert_uint_le(line, 6);
            before_line = line;
            before_column = column;
        }
        yaml_destroy(yaml);
    }
}
END_TEST

CHECK_MAIN("rule_source", plain, single_quoted, double_quoted, literal, folded,
           line_ends_of_other_systems, every_offset_has_a_place)
