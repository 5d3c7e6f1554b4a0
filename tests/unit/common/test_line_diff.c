/* Line diffs: what is taken out and put in makes the one text the other, whatever they hold; the
 * fewest lines are touched. */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/line_diff.h"
#include "common/text.h"
#include "tests/support/check_main.h"

static const char *diff_of(const char *from, const char *to)
{
    static struct text out;
    struct error err = {0};
    const struct line_diff_side a = {"a", from, strlen(from)}, b = {"b", to, strlen(to)};

    text_clear(&out);
    ck_assert_msg(line_diff(&a, &b, &out, &err) == 0, "%s", error_text(&err));
    return text_string(&out);
}

START_TEST(equal_texts_have_none)
{
    ck_assert_str_eq(diff_of("", ""), "");
    ck_assert_str_eq(diff_of("a\nb\n", "a\nb\n"), "");
}
END_TEST

START_TEST(what_differs_stands_with_its_surroundings)
{
    ck_assert_str_eq(diff_of("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
                     "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
    ck_assert_str_eq(diff_of("", "x\n"), "--- a\n+++ b\n@@ -0,0 +1,1 @@\n+x\n");
    ck_assert_str_eq(diff_of("x\n", ""), "--- a\n+++ b\n@@ -1,1 +0,0 @@\n-x\n");
    ck_assert_str_eq(diff_of("x\n", "x"),
                     "--- a\n+++ b\n@@ -1,1 +1,1 @@\n-x\n+x\n\\ No newline at end of file\n");
}
END_TEST

START_TEST(far_changes_stand_apart)
{
    ck_assert_str_eq(
        diff_of("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n"),
        "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
    ck_assert_str_eq(diff_of("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n"),
                     "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
}
END_TEST

/* Takes the hunks as patch(1) does; returns how many lines they touch. */
static size_t apply(const char *from, const char *diff, struct text *out)
{
    size_t touched = 0, line = 0;

    while (*diff && *diff != '@')
        diff = strchr(diff, '\n') + 1;
    while (*diff) {
        const char *next = strchr(diff, '\n') + 1;

        if (*diff == '@') {
            size_t first = strtoul(diff + 4, NULL, 10), count;

            count = strtoul(strchr(diff, ',') + 1, NULL, 10);
            for (line = line ? line : 1; line < first + (count == 0); line++) {
                const char *end = strchr(from, '\n') + 1;

                text_append(out, from, (size_t)(end - from));
                from = end;
            }
        } else if (*diff == '+') {
            text_append(out, diff + 1, (size_t)(next - diff - 1));
            touched++;
        } else {
            const char *end = strchr(from, '\n') + 1;

            ck_assert_uint_eq(end - from, next - diff - 1);
            ck_assert_int_eq(memcmp(from, diff + 1, (size_t)(end - from)), 0);
            if (*diff == ' ')
                text_append(out, from, (size_t)(end - from));
            else
                touched++;
            from = end;
            line++;
        }
        diff = next;
    }
    text_append(out, from, strlen(from));
    return touched;
}

static void make(char *out, size_t lines, unsigned letters)
{
    for (size_t i = 0; i < lines; i++) {
        *out++ = (char)('a' + rand() % (int)letters);
        *out++ = '\n';
    }
    *out = '\0';
}

/* The longest common subsequence by its table: no diff touches fewer lines. */
static size_t fewest(const char *from, const char *to)
{
    static size_t table[64][64];
    size_t n = strlen(from) / 2, m = strlen(to) / 2;

    for (size_t i = n + 1; i-- > 0;)
        for (size_t k = m + 1; k-- > 0;)
            table[i][k] = i == n                              ? m - k
                          : k == m                            ? n - i
                          : from[2 * i] == to[2 * k]          ? table[i + 1][k + 1]
                          : table[i + 1][k] < table[i][k + 1] ? table[i + 1][k] + 1
                                                              : table[i][k + 1] + 1;
    return table[0][0];
}

START_TEST(random_texts_become_each_other_by_the_fewest_lines)
{
    srand(7);
    for (int i = 0; i < 3000; i++) {
        char from[128], to[128];
        struct text made = {0};
        size_t touched;

        make(from, (size_t)rand() % 40, 2 + (unsigned)i % 5);
        make(to, (size_t)rand() % 40, 2 + (unsigned)i % 5);
        touched = apply(from, diff_of(from, to), &made);
        ck_assert_str_eq(text_string(&made), to);
        ck_assert_uint_eq(touched, fewest(from, to));
        text_clear(&made);
    }
}
END_TEST

START_TEST(texts_that_share_little_are_exchanged_whole)
{
    struct text from = {0}, to = {0}, made = {0};

    for (int i = 0; i < 3000; i++) {
        text_format(&from, "a%d\n", i);
        text_format(&to, "b%d\n", i);
    }
    ck_assert_uint_eq(
        apply(text_string(&from), diff_of(text_string(&from), text_string(&to)), &made), 6000);
    ck_assert_str_eq(text_string(&made), text_string(&to));
    text_clear(&from);
    text_clear(&to);
    text_clear(&made);
}
END_TEST

CHECK_MAIN("line_diff", equal_texts_have_none, what_differs_stands_with_its_surroundings,
           far_changes_stand_apart, random_texts_become_each_other_by_the_fewest_lines,
           texts_that_share_little_are_exchanged_whole)
