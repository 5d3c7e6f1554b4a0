/* A corpus of broken rule files: each gets the words that stand in broken/expected.txt, line by
 * line as muster rule lint tells them. Add a case: a file, and what it must be told, in the order
 * of names; where words have changed, look at the difference and keep it:
 *   cd broken && muster rule lint *.yaml | grep '^[a-z0-9-]*[.]yaml:[0-9]*:[0-9]*: ' > expected.txt
 * What cannot be a file of the repository is made here.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "common/yaml.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "tests/support/check_main.h"

#define FOLDER TEST_DIR "/unit/rules/document/broken"
#define FILES_MIN 200

static void tell(const char *name, const char *bytes, size_t length, struct text *out)
{
    struct rule_issues issues = {0};
    struct rule_document *document = rule_document_parse(bytes, length, &issues);

    ck_assert_msg(!document, "taken: %s", name);
    ck_assert_uint_gt(issues.count, 0);
    ck_assert(!issues.no_memory);
    for (size_t i = 0; i < rule_issues_kept(&issues); i++) {
        const struct rule_issue *issue = &issues.items[i];

        ck_assert_msg(text_is_utf8(issue->message, strlen(issue->message)), "%s", name);
        text_format(out, "%s:%u:%u: %s\n", name, issue->line, issue->column, issue->message);
    }
    rule_issues_clear(&issues);
}

static int is_rule(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && strcmp(dot, ".yaml") == 0;
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

START_TEST(every_broken_file_is_told_what_it_must_be)
{
    struct dirent **entries = NULL;
    int count = scandir(FOLDER, &entries, is_rule, by_name);
    char *expected = file_read(FOLDER "/expected.txt", 1 << 20, NULL, NULL);
    const char *at = expected;

    ck_assert_int_ge(count, FILES_MIN);
    ck_assert_ptr_nonnull(expected);
    for (int i = 0; i < count; i++) {
        struct text path = {0}, told = {0};
        size_t length = 0;
        char *bytes;

        text_format(&path, FOLDER "/%s", entries[i]->d_name);
        bytes = file_read(text_string(&path), YAML_BYTES_MAX, &length, NULL);
        ck_assert_ptr_nonnull(bytes);
        tell(entries[i]->d_name, bytes, length, &told);
        ck_assert_msg(strncmp(at, told.bytes, told.length) == 0, "told:\n%sexpected:\n%.*s",
                      told.bytes, (int)told.length + 80, at);
        at += told.length;
        free(bytes);
        text_clear(&path);
        text_clear(&told);
        free(entries[i]);
    }
    ck_assert_str_eq(at, "");
    free(entries);
    free(expected);
}
END_TEST

static void ck_told(const char *bytes, size_t length, const char *wanted)
{
    struct text told = {0};

    tell("r", bytes, length, &told);
    ck_assert_str_eq(text_string(&told), wanted);
    text_clear(&told);
}

START_TEST(ten_megabytes_of_nesting_are_refused_unread)
{
    size_t length = 10 * 1024 * 1024;
    char *bytes = malloc(length);

    memset(bytes, '[', length);
    ck_told(bytes, length, "r:1:1: larger than 262144 bytes\n");
    ck_told(bytes, YAML_BYTES_MAX, "r:1:33: nested deeper than 32 levels\n");
    memset(bytes, ' ', length);
    for (size_t i = 0; i + 2 < YAML_BYTES_MAX; i += 2)
        memcpy(bytes + i, "- ", 2);
    ck_told(bytes, YAML_BYTES_MAX, "r:1:65: nested deeper than 32 levels\n");
    free(bytes);
}
END_TEST

#define HEAD                                                                                       \
    "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: a, version: 1, owner: o}\n"                  \
    "spec:\n  scope: {type: t}\n  action: {boot: {image: d}}\n"

START_TEST(a_flood_of_faults_is_counted)
{
    struct text text = {0};
    struct rule_issues issues = {0};

    text_format(&text, HEAD);
    for (int i = 0; i < 9000; i++)
        text_format(&text, "  x%d: 1\n", i);
    ck_assert_ptr_null(rule_document_parse(text.bytes, text.length, &issues));
    ck_assert_uint_eq(rule_issues_kept(&issues), RULE_ISSUES_MAX);
    rule_issues_clear(&issues);
    text_clear(&text);
}
END_TEST

START_TEST(an_expression_has_a_length)
{
    struct text text = {0}, told = {0};

    text_format(&text, HEAD "  match: 'true");
    for (int i = 0; i < 5000; i++)
        text_format(&text, " && true");
    text_format(&text, "'\n");
    tell("r", text.bytes, text.length, &told);
    ck_assert_msg(strncmp(text_string(&told), "r:7:", 4) == 0, "%s", text_string(&told));
    text_clear(&told);
    text_clear(&text);
}
END_TEST

CHECK_MAIN("broken", every_broken_file_is_told_what_it_must_be,
           ten_megabytes_of_nesting_are_refused_unread, a_flood_of_faults_is_counted,
           an_expression_has_a_length)
