/* The mappings that are part of muster: each passes its own tests, which say what it is for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "rules/document/rule_issues.h"
#include "rules/mapping/mapping.h"
#include "rules/mapping/mapping_formats.h"
#include "rules/mapping/mapping_names.h"
#include "rules/mapping/mapping_run.h"
#include "rules/mapping/mapping_trial.h"
#include "tests/support/check_main.h"

static struct mapping *parse(const struct mapping_format *format)
{
    struct rule_issues issues = {0};
    struct mapping *mapping = mapping_parse(format->text, strlen(format->text), &issues);
    struct text told = {0};

    rule_issues_write(&issues, format->name, format->text, strlen(format->text), &told);
    ck_assert_msg(mapping != NULL, "%s", text_string(&told));
    text_clear(&told);
    rule_issues_clear(&issues);
    return mapping;
}

START_TEST(every_format_passes_its_own_tests)
{
    struct mapping_run *run = mapping_run_create(NULL);

    for (size_t f = 0; f < mapping_format_count; f++) {
        struct mapping *mapping = parse(&mapping_formats[f]);

        ck_assert_str_eq(mapping->name, mapping_formats[f].name);
        ck_assert_uint_gt(mapping->test_count, 1);
        for (size_t i = 0; i < mapping->test_count; i++) {
            struct rule_issues issues = {0};
            struct error err = {0};

            ck_assert_msg(mapping_trial(run, mapping, i, &issues, &err) == 1, "%s, %s: %s %s",
                          mapping->name, mapping->tests[i].name, error_text(&err),
                          issues.count ? issues.items[0].message : "");
            rule_issues_clear(&issues);
        }
        mapping_destroy(mapping);
    }
    mapping_run_destroy(run);
}
END_TEST

START_TEST(a_format_is_found_by_its_name)
{
    ck_assert_ptr_null(mapping_format_find("muster"));
    ck_assert_ptr_null(mapping_format_find("alertmanagr"));
    ck_assert_str_eq(mapping_format_nearest("alertmanagr"), "alertmanager");
    ck_assert_str_eq(mapping_format_nearest("mustr"), "muster");
    ck_assert_ptr_null(mapping_format_nearest("something else"));
    for (size_t i = 0; i < mapping_format_count; i++)
        ck_assert_ptr_eq(mapping_format_find(mapping_formats[i].name), &mapping_formats[i]);
    for (size_t i = 1; i < mapping_format_count; i++)
        ck_assert_int_lt(strcmp(mapping_formats[i - 1].name, mapping_formats[i].name), 0);
}
END_TEST

/* The page's example is a mapping that passes its own tests, and every field has its row. */
START_TEST(the_page_is_true)
{
    char *page = file_read(TEST_DIR "/../docs/mappings.md", 1 << 20, NULL, NULL);
    char *yaml = strstr(page, "```yaml\n"), *end = yaml ? strstr(yaml, "\n```\n") : NULL;
    struct mapping_run *run = mapping_run_create(NULL);
    struct mapping *mapping;

    ck_assert_ptr_nonnull(end);
    end[1] = '\0';
    mapping = parse(&(struct mapping_format){"the page", yaml + strlen("```yaml\n")});
    ck_assert_uint_eq(mapping->test_count, 1);
    ck_assert_int_eq(mapping_trial(run, mapping, 0, &(struct rule_issues){0}, NULL), 1);
    for (int i = 0; i < MAPPING_FIELDS; i++)
        ck_assert_ptr_nonnull(strstr(end + 2, mapping_field_name((enum mapping_field)i)));
    for (int i = 0; i < MAPPING_SELECTORS; i++)
        ck_assert_ptr_nonnull(strstr(end + 2, mapping_selector_name((enum mapping_selector)i)));
    for (size_t i = 0; i < mapping_words.count; i++)
        ck_assert_ptr_nonnull(strstr(end + 2, mapping_words.names[i].name));
    mapping_destroy(mapping);
    mapping_run_destroy(run);
    free(page);
}
END_TEST

/* The block behind "```json WHAT NAME". */
static json_t *block(char *page, const char *what, const char *name, char **ret_text)
{
    char fence[64], *from, *end;
    json_t *json;

    snprintf(fence, sizeof(fence), "```json %s %s\n", what, name);
    from = strstr(page, fence);
    ck_assert_msg(from != NULL, "no example: %s", fence);
    from += strlen(fence);
    end = strstr(from, "```");
    ck_assert_ptr_nonnull(end);
    *ret_text = strndup(from, (size_t)(end - from));
    json = json_loads(*ret_text, 0, NULL);
    ck_assert_msg(json != NULL, "%s is no JSON", fence);
    return json;
}

static void ck_members(const json_t *wanted, const json_t *got, const char *name)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)wanted, key, value) ck_assert_msg(
        json_equal(value, json_object_get(got, key)), "docs/alert-format.md: %s: %s", name, key);
}

START_TEST(the_examples_of_the_formats_are_true)
{
    char *page = file_read(TEST_DIR "/../docs/alert-format.md", 1 << 20, NULL, NULL);
    struct mapping_run *run = mapping_run_create(NULL);

    for (size_t f = 0; f < mapping_format_count; f++) {
        const char *name = mapping_formats[f].name;
        struct mapping *mapping = parse(&mapping_formats[f]);
        char *text, *unused;
        json_t *message = block(page, "message", name, &text),
               *events = block(page, "events", name, &unused);
        struct mapping_message sent = {.bytes = text, .length = strlen(text)};
        struct mapping_outcomes out = {0};

        ck_assert_int_eq(mapping_run_message(run, mapping, &sent, &out, NULL), 0);
        ck_assert_uint_eq(out.count, json_array_size(events));
        for (size_t i = 0; i < out.count; i++) {
            const json_t *wanted = json_array_get(events, i);

            ck_assert_msg(out.items[i].event != NULL, "%s: %s", name, out.items[i].why);
            ck_members(json_object_get(wanted, "event"), out.items[i].event, name);
            ck_members(json_object_get(wanted, "machine"), out.items[i].machine, name);
            ck_assert_uint_eq(json_object_size(out.items[i].machine), 1);
        }
        mapping_outcomes_clear(&out);
        json_decref(message);
        json_decref(events);
        free(text);
        free(unused);
        mapping_destroy(mapping);
    }
    mapping_run_destroy(run);
    free(page);
}
END_TEST

/* What anybody may send to a source of any format: never an event out of nothing, never an error
 * of ours. */
START_TEST(no_format_takes_what_it_is_not)
{
    static const char *const bodies[] = {"",
                                         "{}",
                                         "[]",
                                         "null",
                                         "7",
                                         "\"text\"",
                                         "[[]]",
                                         "{",
                                         "[{}]",
                                         "{\"alerts\":[{}]}",
                                         "\xff\xfe",
                                         "{\"Events\":[{}]}",
                                         "{\"alerts\":{}}"};
    struct mapping_run *run = mapping_run_create(NULL);

    for (size_t f = 0; f < mapping_format_count; f++) {
        struct mapping *mapping = parse(&mapping_formats[f]);

        for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
            struct mapping_message message = {.bytes = bodies[i], .length = strlen(bodies[i])};
            struct mapping_outcomes outcomes = {0};

            ck_assert_int_eq(mapping_run_message(run, mapping, &message, &outcomes, NULL), 0);
            ck_assert_uint_gt(outcomes.count, 0);
            for (size_t n = 0; n < outcomes.count; n++)
                ck_assert_msg(outcomes.items[n].dropped || outcomes.items[n].why, "%s: %s",
                              mapping->name, bodies[i]);
            mapping_outcomes_clear(&outcomes);
        }
        mapping_destroy(mapping);
    }
    mapping_run_destroy(run);
}
END_TEST

CHECK_MAIN("mapping_formats", every_format_passes_its_own_tests, a_format_is_found_by_its_name,
           the_page_is_true, the_examples_of_the_formats_are_true, no_format_takes_what_it_is_not)
