/* The restricted YAML: what is refused and where it says so, places of nodes, typed reads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"
#include "tests/support/check_main.h"

static struct yaml *parse(const char *text, struct error *err)
{
    return yaml_parse("f", text, strlen(text), err);
}

static void ck_refused(const char *text, const char *message)
{
    struct error err = {0};
    struct yaml *yaml = parse(text, &err);

    ck_assert_msg(!yaml, "accepted: %s", text);
    ck_assert_str_eq(error_text(&err), message);
    ck_assert_int_eq(err.code, ERROR_INVALID);
}

START_TEST(aliases_anchors_tags_and_directives_are_refused)
{
    ck_refused(
        "a: *x\n",
        "f:1:4: aliases are not allowed: write the value out, or quote it if it starts with *");
    ck_refused(
        "a: 1\nb: &x 2\n",
        "f:2:4: anchors are not allowed: write the value out, or quote it if it starts with &");
    ck_refused("a: !!str 2\n",
               "f:1:4: tags are not allowed: remove it, or quote the value if it starts with !");
    ck_refused("a: ! 2\n",
               "f:1:4: tags are not allowed: remove it, or quote the value if it starts with !");
    ck_refused("%YAML 1.1\n---\na: 2\n", "f:1:1: directives are not allowed: remove this line");
    ck_refused("%TAG ! tag:x,2000:\n---\na: 2\n",
               "f:1:1: directives are not allowed: remove this line");
}
END_TEST

START_TEST(duplicate_keys_are_refused_at_the_second)
{
    ck_refused("a: 1\nb: 2\na: 3\n", "f:3:1: key \"a\" stands twice, first in line 1");
    ck_refused("m:\n  x: {a: 1, \"a\": 2}\n", "f:2:13: key \"a\" stands twice, first in line 2");
    ck_refused("b: 1\na: 1\nb: 2\na: 2\n", "f:3:1: key \"b\" stands twice, first in line 1");
}
END_TEST

START_TEST(tabs_and_broken_text_are_refused)
{
    ck_refused("a:\n\tb: 1\n", "f:2:1: a tab in the indentation: use spaces");
    ck_refused("a: 1\nb: \xff\n",
               "f:2:4: invalid leading UTF-8 octet: the file must be UTF-8 text");
    ck_refused("a: \xed\xa0\x80\n",
               "f:1:4: invalid Unicode character: the file must be UTF-8 text");
    ck_refused("a: \"\\0\"\n", "f:1:4: the character NUL is not allowed");
    ck_refused("\xff\xfe\x61\x00",
               "f:1:1: invalid leading UTF-8 octet: the file must be UTF-8 text");
    ck_refused("a: [1\n", "f:2:1: did not find expected ',' or ']'");
    ck_refused("? [a]\n: 1\n", "f:1:3: a key must be text, not a list or a map");
}
END_TEST

START_TEST(nul_bytes_are_refused)
{
    struct error err = {0};

    ck_assert_ptr_null(yaml_parse("f", "a: 1\0b", 6, &err));
    ck_assert_str_eq(error_text(&err),
                     "f:1:5: control characters are not allowed: the file must be UTF-8 text");
}
END_TEST

START_TEST(second_documents_are_refused)
{
    ck_refused("--- {a: 1}\n--- {b: 1}\n", "f:2:1: a second document: one file holds one");
    ck_refused("a: 1\n---\n", "f:2:1: a second document: one file holds one");
}
END_TEST

static char *repeat(const char *unit, size_t count, const char *end)
{
    struct text text = {0};

    for (size_t i = 0; i < count; i++)
        text_append(&text, unit, strlen(unit));
    text_append(&text, end, strlen(end));
    return text_take(&text);
}

static void ck_refused_repeat(const char *unit, size_t count, const char *message)
{
    char *text = repeat(unit, count, "");

    ck_refused(text, message);
    free(text);
}

START_TEST(depth_is_bounded_however_it_is_written)
{
    ck_refused_repeat("[", YAML_BYTES_MAX, "f:1:33: nested deeper than 32 levels");
    ck_refused_repeat("- ", YAML_BYTES_MAX / 2, "f:1:65: nested deeper than 32 levels");
    ck_refused_repeat("{a: ", 60000, "f:1:129: nested deeper than 32 levels");
    ck_refused_repeat("[a: ", 60000, "f:1:129: nested deeper than 32 levels");
    ck_refused_repeat("? ", 60000, "f:1:65: nested deeper than 32 levels");
}
END_TEST

START_TEST(levels_without_a_bracket_count)
{
    char *open = repeat("[a: ", 17, "1"), *both = repeat("]", 17, "");
    struct text text = {0};

    text_format(&text, "%s%s", open, both);
    ck_refused(text_string(&text), "f:1:65: nested deeper than 32 levels");
    text_clear(&text);
    free(open);
    free(both);
}
END_TEST

START_TEST(exactly_the_deepest_is_taken)
{
    char *open = repeat("[", YAML_DEPTH_MAX, ""), *both = repeat("]", YAML_DEPTH_MAX, "");
    struct text text = {0};
    struct yaml *yaml;

    text_format(&text, "%s%s", open, both);
    yaml = parse(text_string(&text), NULL);
    ck_assert_ptr_nonnull(yaml);
    yaml_destroy(yaml);
    text_clear(&text);
    free(open);
    free(both);
}
END_TEST

START_TEST(bytes_and_nodes_are_bounded)
{
    ck_refused_repeat("#", YAML_BYTES_MAX + 1, "f:1:1: larger than 262144 bytes");
    ck_refused_repeat("- a\n", YAML_NODES_MAX, "f:20000:3: more than 20000 values");
    ck_refused_repeat("\"", 2001, "f:1:2002: found unexpected end of stream");
}
END_TEST

/* Each line holds nine of the one before. */
START_TEST(a_bomb_of_aliases_ends_at_its_first_anchor)
{
    struct text text = {0};

    text_format(&text, "a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (char name = 'b'; name <= 'z'; name++)
        text_format(&text, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", name, name,
                    name - 1, name - 1, name - 1, name - 1, name - 1, name - 1, name - 1, name - 1,
                    name - 1);
    ck_refused(text_string(&text), "f:1:4: anchors are not allowed: write the value out, or quote "
                                   "it if it starts with &");
    text_clear(&text);
    ck_refused("a: &a [*a, *a]\n", "f:1:4: anchors are not allowed: write the value out, or quote "
                                   "it if it starts with &");
    ck_refused("a: {<<: *a}\n", "f:1:9: aliases are not allowed: write the value out, or quote it "
                                "if it starts with *");
}
END_TEST

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Ten megabytes are refused unread; of what may be read, no shape takes long. */
START_TEST(much_nesting_takes_no_time)
{
    static const char *const units[] = {"[",          "- ",       "{a: ", "? ", "- - a\n", "[[]],",
                                        "a: |\n x\n", "\xc3\xa9", "a\n",  "'",  "\n",      "#"};
    double began = cpu_seconds();

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        char *small = repeat(units[i], YAML_BYTES_MAX / strlen(units[i]), "");
        struct yaml *yaml = parse(small, NULL);

        yaml_destroy(yaml);
        free(small);
        ck_refused_repeat(units[i], 10 * 1024 * 1024 / strlen(units[i]),
                          "f:1:1: larger than 262144 bytes");
    }
    ck_assert_double_lt(cpu_seconds() - began, 20); /* some tenths, but for a sanitizer */
}
END_TEST

START_TEST(many_members_are_compared_quickly)
{
    struct text text = {0};
    struct error err = {0};

    for (int i = 0; i < 15000; i++)
        text_format(&text, "key%05d: 1\n", i);
    text_format(&text, "key00007: 2\n");
    ck_assert_ptr_null(yaml_parse("f", text.bytes, text.length, &err));
    ck_assert_str_eq(error_text(&err), "f:15001:1: key \"key00007\" stands twice, first in line 8");
    text_clear(&text);
}
END_TEST

START_TEST(empty_documents_have_no_root)
{
    static const char *const texts[] = {"", "\n\n", "# nothing\n", "\xef\xbb\xbf"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct yaml *yaml = parse(texts[i], NULL);

        ck_assert_ptr_nonnull(yaml);
        ck_assert_ptr_null(yaml_root(yaml));
        yaml_destroy(yaml);
    }
}
END_TEST

START_TEST(nodes_know_their_place_and_order)
{
    struct yaml *yaml = parse("a: 1\nlist:\n- x\n- 'y'\nmap: {ü: 1, é: 2}\n", NULL);
    const struct yaml_node *root = yaml_root(yaml), *list = yaml_member(root, "list"), *last;

    ck_assert_str_eq(yaml_name(yaml), "f");
    ck_assert_int_eq(root->kind, YAML_MAP);
    ck_assert_int_eq(list->kind, YAML_LIST);
    ck_assert_uint_eq(list->key_line, 2);
    ck_assert_uint_eq(list->first->line, 3);
    ck_assert_uint_eq(list->first->column, 3);
    ck_assert(list->first->plain);
    ck_assert(!list->first->next->plain);
    ck_assert_str_eq(list->first->next->text, "y");
    ck_assert_ptr_null(list->first->next->next);
    last = yaml_member(yaml_member(root, "map"), "é");
    ck_assert_uint_eq(last->key_column, 13); /* characters, not bytes */
    ck_assert_uint_eq(last->column, 16);
    ck_assert_ptr_null(yaml_member(root, "none"));
    ck_assert_ptr_null(yaml_member(list, "x"));
    ck_assert_ptr_null(yaml_member(NULL, "x"));
    yaml_destroy(yaml);
}
END_TEST

START_TEST(errors_show_keys_harmlessly)
{
    ck_refused("\"\\e[2J\": 1\n\"\\e[2J\": 1\n",
               "f:2:1: key \"?[2J\" stands twice, first in line 1");
}
END_TEST

/* Each read gets the value of 'a' and must fail with the message, leaving the output alone. */
static void ck_value(const char *text,
                     int (*read)(const struct yaml *, const struct yaml_node *, int64_t *,
                                 struct error *),
                     int64_t expected, const char *message)
{
    struct yaml *yaml = parse(text, NULL);
    struct error err = {0};
    int64_t value = -77;
    int rc = read(yaml, yaml_member(yaml_root(yaml), "a"), &value, &err);

    ck_assert_int_eq(rc, message ? -1 : 0);
    ck_assert_int_eq(value, message ? -77 : expected);
    if (message)
        ck_assert_str_eq(error_text(&err), message);
    yaml_destroy(yaml);
}

START_TEST(whole_numbers)
{
    ck_value("a: x\n", yaml_int, 0, "f:1:4: must be a whole number, not \"x\"");
    ck_value("a: '1'\n", yaml_int, 0, "f:1:4: must be a whole number, not the quoted \"1\"");
    ck_value("a: [1]\n", yaml_int, 0, "f:1:4: must be a whole number, not a list");
    ck_value("a: {b: 1}\n", yaml_int, 0, "f:1:4: must be a whole number, not a map");
    ck_value("a:\n", yaml_int, 0, "f:1:3: must be a whole number, not \"\"");
    ck_value("a: 010\n", yaml_int, 0, "f:1:4: must be a whole number, not \"010\"");
    ck_value("a: 1.0\n", yaml_int, 0, "f:1:4: must be a whole number, not \"1.0\"");
    ck_value("a: +1\n", yaml_int, 0, "f:1:4: must be a whole number, not \"+1\"");
    ck_value("a: --1\n", yaml_int, 0, "f:1:4: must be a whole number, not \"--1\"");
    ck_value("a: 9223372036854775808\n", yaml_int, 0,
             "f:1:4: must be a whole number, not \"9223372036854775808\"");
    ck_value("a: .nan\n", yaml_int, 0, "f:1:4: must be a whole number, not \".nan\"");
    ck_value("a: -.inf\n", yaml_int, 0, "f:1:4: must be a whole number, not \"-.inf\"");
    ck_value("a: 1e3\n", yaml_int, 0, "f:1:4: must be a whole number, not \"1e3\"");
    ck_value("a: 0x10\n", yaml_int, 0, "f:1:4: must be a whole number, not \"0x10\"");
    ck_value("a: 1_000\n", yaml_int, 0, "f:1:4: must be a whole number, not \"1_000\"");
    ck_value("a: 1:30\n", yaml_int, 0, "f:1:4: must be a whole number, not \"1:30\"");
    ck_value("a: 9223372036854775807\n", yaml_int, INT64_MAX, NULL);
    ck_value("a: -9223372036854775808\n", yaml_int, INT64_MIN, NULL);
    ck_value("a: 0\n", yaml_int, 0, NULL);
}
END_TEST

START_TEST(durations)
{
    static const char suffix[] = "must be a duration such as 250ms, 30s, 45m, 6h or 7d, not";
    static const char *const bad[] = {
        ".nan",  ".inf", "30",  "s",  "1.5h",          "-1s",
        "1h30m", "01s",  "1 s", "1S", "106751991168d", "99999999999999999999s"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[80], message[200];

        snprintf(text, sizeof(text), "a: %s\n", bad[i]);
        snprintf(message, sizeof(message), "f:1:4: %s \"%s\"", suffix, bad[i]);
        ck_value(text, yaml_duration_ms, 0, message);
    }
    ck_value("a: 250ms\n", yaml_duration_ms, 250, NULL);
    ck_value("a: 0s\n", yaml_duration_ms, 0, NULL);
    ck_value("a: 45m\n", yaml_duration_ms, 45 * 60000, NULL);
    ck_value("a: 6h\n", yaml_duration_ms, 6 * 3600000, NULL);
    ck_value("a: 106751991167d\n", yaml_duration_ms, INT64_C(106751991167) * 86400000, NULL);
}
END_TEST

START_TEST(booleans_are_two_words)
{
    static const char *const bad[] = {"a: yes\n", "a: True\n", "a: 'true'\n", "a: 1\n", "a: []\n"};
    bool value = true;
    struct yaml *yaml;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        yaml = parse(bad[i], NULL);
        ck_assert_int_eq(yaml_bool(yaml, yaml_member(yaml_root(yaml), "a"), &value, NULL), -1);
        ck_assert(value);
        yaml_destroy(yaml);
    }
    yaml = parse("a: false\n", NULL);
    ck_assert_int_eq(yaml_bool(yaml, yaml_member(yaml_root(yaml), "a"), &value, NULL), 0);
    ck_assert(!value);
    yaml_destroy(yaml);
}
END_TEST

START_TEST(nearest_names)
{
    static const char *const names[] = {"priority", "scope", "match", "id", NULL};
    char huge[300];

    ck_assert_str_eq(yaml_nearest("priorty", names), "priority");
    ck_assert_str_eq(yaml_nearest("scop", names), "scope");
    ck_assert_str_eq(yaml_nearest("mtach", names), "match");
    ck_assert_ptr_null(yaml_nearest("xyz", names));
    ck_assert_ptr_null(yaml_nearest("xy", names));
    ck_assert_ptr_null(yaml_nearest("", names));
    memset(huge, 'a', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = '\0';
    ck_assert_ptr_null(yaml_nearest(huge, names));
}
END_TEST

START_TEST(missing_files_are_named)
{
    struct error err = {0};

    ck_assert_ptr_null(yaml_load("/nonexistent/x.yaml", &err));
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error_text(&err), "/nonexistent/x.yaml"));
}
END_TEST

CHECK_MAIN("yaml", aliases_anchors_tags_and_directives_are_refused,
           duplicate_keys_are_refused_at_the_second, tabs_and_broken_text_are_refused,
           nul_bytes_are_refused, second_documents_are_refused,
           depth_is_bounded_however_it_is_written, levels_without_a_bracket_count,
           exactly_the_deepest_is_taken, bytes_and_nodes_are_bounded,
           a_bomb_of_aliases_ends_at_its_first_anchor, much_nesting_takes_no_time,
           many_members_are_compared_quickly, empty_documents_have_no_root,
           nodes_know_their_place_and_order, errors_show_keys_harmlessly, whole_numbers, durations,
           booleans_are_two_words, nearest_names, missing_files_are_named)
