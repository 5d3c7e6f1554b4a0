/* Patterns that are refused, what the others match, and that both ways of searching agree. */
#include "rules/cel/regex/cel_regex.h"

#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "tests/support/check_main.h"

static struct cel_arena *arena;

static void set_up(void)
{
    arena = cel_arena_create(1 << 24);
}

static void tear_down(void)
{
    cel_arena_destroy(arena);
}

static const struct cel_regex *compile_in(struct cel_arena *in, const char *pattern,
                                          struct error *err)
{
    uint64_t steps = CEL_REGEX_STEPS_MAX;

    return cel_regex_compile(in, pattern, strlen(pattern), &steps, err);
}

static int search_in(struct cel_arena *in, const struct cel_regex *regex, const char *text,
                     size_t length)
{
    uint64_t steps = UINT64_MAX;

    return cel_regex_search(regex, text, length, in, &steps);
}

static const struct cel_regex *compiled(const char *pattern)
{
    struct error err = {0};
    const struct cel_regex *regex = compile_in(arena, pattern, &err);

    ck_assert_msg(regex != NULL, "%s: %s", pattern, error_text(&err));
    return regex;
}

static void refused(const char *pattern, const char *part)
{
    struct error err = {0};

    ck_assert_msg(!compile_in(arena, pattern, &err), "%s is taken", pattern);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_msg(strstr(err.text, part) != NULL, "%s: '%s' is not in '%s'", pattern, part,
                  err.text);
}

/* By walking the program and by its table. */
static void searched(const char *pattern, const char *text, int expected)
{
    const struct cel_regex *regex = compiled(pattern);
    const struct cel_regex *quick = cel_regex_quicken(regex, arena);

    ck_assert_msg(search_in(arena, regex, text, strlen(text)) == expected, "%s on '%s' is not %d",
                  pattern, text, expected);
    ck_assert_msg(search_in(arena, quick, text, strlen(text)) == expected,
                  "%s on '%s' by its table is not %d", pattern, text, expected);
}

START_TEST(what_would_not_run_in_linear_time_is_refused_by_name)
{
    static const char *const patterns[][2] = {
        {"(a)\\1", "character 4: back-references"},
        {"é\\8", "character 2: back-references"},
        {"(?P<n>a)(?P=n)", "character 9: back-references"},
        {"\\k<n>", "character 1: back-references"},
        {"\\g{1}", "character 1: back-references"},
        {"a(?=b)", "character 2: look-ahead"},
        {"a(?!b)", "character 2: look-ahead"},
        {"(?<=b)a", "character 1: look-behind"},
        {"(?<!b)a", "character 1: look-behind"},
        {"(?R)", "character 1: recursion"},
        {"(?P>n)", "character 1: recursion"},
        {"(?>a)", "character 1: atomic groups"},
        {"(?|a)", "branch reset"},
        {"(?(1)a)", "conditions"},
        {"(?#x)", "comments"},
        {"a++", "character 3: possessive"},
        {"a{2}+", "character 5: possessive"},
        {"ab\\Cd", "character 3: a single byte"},
        {"\\X", "\\PM"},
        {"a\\Z", "use \\z"},
    };

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        refused(patterns[i][0], patterns[i][1]);
}
END_TEST

START_TEST(what_is_malformed_is_refused_where_it_is)
{
    static const char *const patterns[][2] = {
        {"*", "character 1: there is nothing"},
        {"a|+", "character 3: there is nothing"},
        {"(?i)*", "character 1: there is nothing"},
        {"{2}", "character 1: there is nothing"},
        {"a**", "character 3: this repeats a repeat"},
        {"a{2}{3}", "character 5: this repeats a repeat"},
        {"a{3,2}", "character 2: the greater"},
        {"a{1001}", "character 2: at most 1000"},
        {"a{1,99999999999999999999}", "character 2: at most 1000"},
        {"(a", "character 1: this ( is not closed"},
        {"a)", "character 2: this ) closes nothing"},
        {"é[a", "character 2: this [ is not closed"},
        {"[]", "character 1: this [ is not closed"},
        {"[z-a]", "character 2: this range runs backwards"},
        {"[a-\\d]", "character 4: this escape"},
        {"[[:foo:]]", "character 2: there is no such class"},
        {"\\", "character 1: a backslash"},
        {"[a\\", "character 3: a backslash"},
        {"\\y", "character 1: this escape"},
        {"\\é", "character 1: this escape"},
        {"\\E", "character 1: \\E ends"},
        {"\\x4", "character 1: write \\x7f"},
        {"\\x{}", "character 1: write \\x7f"},
        {"\\x{110000}", "character 1: there is no character above"},
        {"\\x{fffffffff}", "character 1: write \\x7f"},
        {"\\p", "character 1: write \\pL"},
        {"\\pX", "character 1: there is no general category"},
        {"\\p{Klingon}", "character 1: there is no general category"},
        {"\\p{L", "character 1: this { is not closed"},
        {"(?z)", "character 1: behind (?"},
        {"(?i", "character 1: behind (?"},
        {"(?-)", "character 1: behind (?"},
        {"(?P<>a)", "character 5: the name"},
        {"(?P<a-b>a)", "character 5: the name"},
        {"(?P<n>a)(?<n>b)", "character 12: this name stands twice"},
        {"a\xff", "character 2: this is not UTF-8"},
        {"\xc3", "character 1: this is not UTF-8"},
        {"\xe0\x80\x80", "character 1: this is not UTF-8"},
        {"\xed\xa0\x80", "character 1: this is not UTF-8"},
    };

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        refused(patterns[i][0], patterns[i][1]);
}
END_TEST

START_TEST(what_is_too_large_is_refused)
{
    char pattern[CEL_REGEX_BYTES_MAX + 2];

    memset(pattern, 'a', sizeof(pattern));
    pattern[CEL_REGEX_BYTES_MAX + 1] = '\0';
    refused(pattern, "1025 bytes");
    pattern[CEL_REGEX_BYTES_MAX] = '\0';
    searched(pattern, "b", 0);
    memset(pattern, '(', CEL_REGEX_DEPTH_MAX + 1);
    refused(pattern, "character 65: more than 64 brackets");
    refused("(a{1000}){1000}", "more than 4096 instructions");
    refused("((a{0,100}){0,100}){0,100}", "more than 4096 instructions");
    refused("((((){1000}){1000}){1000}){1000}", "more time than there is");
    refused("([^\\x00-\\x{10FFFF}]{1000}){16}", "more time than there is");
    refused("\\pL{1000}", "more than 4096 instructions");
}
END_TEST

START_TEST(a_pattern_without_room_is_refused)
{
    struct cel_arena *tight;
    struct error err;

    for (size_t cap = 0; cap < 4000; cap += 100) {
        tight = cel_arena_create(cap);
        err = (struct error){0};
        ck_assert_ptr_null(compile_in(tight, "(?i)[\\pL\\d]+x{20}", &err));
        ck_assert_msg(strstr(err.text, "memory") != NULL, "%s", err.text);
        cel_arena_destroy(tight);
    }
}
END_TEST

START_TEST(a_search_without_room_says_so)
{
    const struct cel_regex *regex = compiled("(?:a?){500}b");
    struct cel_arena *tight = cel_arena_create(64);

    ck_assert_int_eq(search_in(tight, regex, "aaa", 3), -1);
    cel_arena_destroy(tight);
}
END_TEST

START_TEST(literals)
{
    searched("", "", 1);
    searched("", "a", 1);
    searched("abc", "xabcx", 1);
    searched("abc", "ab", 0);
    searched("^abc", "abcd", 1);
    searched("^abc", "xabc", 0);
    searched("abc$", "xabc", 1);
    searched("abc$", "abcx", 0);
    searched("^abc$", "abc", 1);
    searched("^abc$", "abcabc", 0);
    searched("^$", "", 1);
    searched("^$", "a", 0);
    searched("$", "abc", 1);
    searched("\\Qa.*b\\E", "xa.*by", 1);
    searched("\\Qa.*b\\E", "axxb", 0);
    searched("\\Qab\\E+c", "abbbc", 1);
    searched("\\Qab", "ab", 1);
    searched("a{,2}", "a{,2}", 1);
    searched("a{", "a{", 1);
    searched("a\\.b", "a.b", 1);
    searched("a\\.b", "axb", 0);
    searched("\\x41\\x{1f600}\\101\\t",
             "A\xf0\x9f\x98\x80"
             "A\t",
             1);
}
END_TEST

START_TEST(choices_and_repeats)
{
    searched("gr(a|e)y", "grey", 1);
    searched("gr(a|e)y", "groy", 0);
    searched("foo|bar", "", 0);
    searched("^(foo|)$", "", 1);
    searched("ba(na)*$", "banana", 1);
    searched("ba(na)*$", "banan", 0);
    searched("^a{2,3}$", "a", 0);
    searched("^a{2,3}$", "aa", 1);
    searched("^a{2,3}$", "aaa", 1);
    searched("^a{2,3}$", "aaaa", 0);
    searched("^a{2,}$", "aaaaaa", 1);
    searched("^(ab){2}?$", "abab", 1);
    searched("^a{0}$", "", 1);
    searched("^a{0}$", "a", 0);
    searched("^(a*)*$", "aaaa", 1);
    searched("^(a*)+b$", "aaaac", 0);
    searched("^(a|b|ab)*?c+?d??$", "ababccd", 1);
    searched("(?U)^a+$", "aaa", 1);
    searched("(a|\xf0\x9f\x98\x80){2}", "x\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 1);
}
END_TEST

START_TEST(classes)
{
    searched("^[a-c]+$", "abc", 1);
    searched("^[a-c]+$", "abd", 0);
    searched("^[^a-c]+$", "xyz\n\xc3\xa9", 1);
    searched("^[]a]+$", "]a", 1);
    searched("^[^]a]+$", "]", 0);
    searched("^[a-]+$", "-a", 1);
    searched("^[-a]+$", "-a", 1);
    searched("^[a-c-e]+$", "b-e", 1);
    searched("^[\\]\\-\\\\]+$", "]-\\", 1);
    searched("^[[:alpha:][:digit:]_]+$", "aZ9_", 1);
    searched("^[[:^alpha:]]+$", "a", 0);
    searched("^\\d\\D\\w\\W\\s\\S$", "1a_- x", 1);
    searched("^\\w$", "\xc3\xa9", 0); /* words are ASCII */
    searched("^\\s$", "\v", 0);
    searched("^[[:space:]]$", "\v", 1);
    searched("^[\\d\\-x]+$", "1-x", 1);
    searched("^[^\\D]+$", "19", 1);
    searched("^.$", "\n", 0);
    searched("(?s)^.$", "\n", 1);
    searched("^.$", "\xf0\x9f\x98\x80", 1);
    searched("^..$", "\xc3\xa9", 0);
    searched("^[\\x{80}-\\x{10ffff}]$", "\xc2\x80", 1);
    searched("^[\\x{7ff}-\\x{ffff}]$", "\xdf\xbf", 1);
    searched("^[\\x{7ff}-\\x{ffff}]$", "\xef\xbf\xbf", 1);
    searched("^[\\x{7ff}-\\x{ffff}]$", "\xf0\x90\x80\x80", 0);
    searched("[^\\x00-\\x{10ffff}]", "abc", 0);
}
END_TEST

START_TEST(unicode)
{
    searched("^\\pL+$", "a\xc3\xa9\xce\xb1\xe4\xb8\xad", 1);
    searched("^\\pL+$", "a1", 0);
    searched("^\\PL$", "1", 1);
    searched("^\\p{Lu}\\p{^Lu}$", "Aa", 1);
    searched("^\\p{Greek}+$", "\xce\xb1\xcf\x89", 1);
    searched("^\\p{Greek}+$", "a", 0);
    searched("^\\P{Greek}$", "a", 1);
    searched("^[\\p{Nd}\\p{Zs}]+$", "1 \xd9\xa3", 1);
    searched("a+\xc3\xb1+a+",
             "ma\xc3\xb1"
             "ana",
             1);
    searched("(?i)^STRASSE$", "strasse", 1);
    searched("(?i)^\xc3\x89$", "\xc3\xa9", 1);
    searched("(?i)^k$", "\xe2\x84\xaa", 1);             /* Kelvin */
    searched("(?i)^\xcf\x83+$", "\xce\xa3\xcf\x82", 1); /* all three sigmas */
    searched("(?i)^[^a-z]$", "\xc5\xbf", 0);            /* long s */
    searched("(?i)^[[:upper:]]$", "a", 1);
    searched("(?i)^i$", "\xc4\xb1", 0); /* without a dot it is another letter */
    searched("^a(?i)b(?-i)c(?i:d)e$", "aBcDe", 1);
    searched("^a(?i)b(?-i)c(?i:d)e$", "aBCDe", 0);
    searched("^(?i:a)b$", "AB", 0);
}
END_TEST

START_TEST(places)
{
    searched("\\bcat\\b", "a cat!", 1);
    searched("\\bcat\\b", "concat", 0);
    searched("\\Bcat", "concat", 1);
    searched("\\b", "", 0);
    searched("\\B", "", 1);
    searched("\\B",
             "x\xe4\xb8\xad"
             "a",
             0); /* not within a character */
    searched("^b$", "a\nb\nc", 0);
    searched("(?m)^b$", "a\nb\nc", 1);
    searched("(?m)\\Ab", "a\nb", 0);
    searched("(?m)b\\z", "b\n", 0);
    searched("b$", "b\n", 0);
    searched("(?m)^$", "a\n", 1);
    searched("a^", "a", 0);
    searched("$a", "a", 0);
    searched("(^a|b)c", "xbc", 1);
    searched("(^a|b)c", "xac", 0);
    searched("x*^a", "xa", 0);
    searched("(?:^a)+", "aa", 1);
    searched("foo\\b.*bar", "foobar foo bar", 1);
}
END_TEST

START_TEST(bytes_that_are_no_text_match_nothing_but_harm_nothing)
{
    searched("^.+$", "\xff\xfe", 0);
    searched("[^a]", "\x80", 0);
    searched("\xc3\xa9", "\xc3", 0);
    searched("b",
             "\xff"
             "b",
             1);
    ck_assert_int_eq(search_in(arena, compiled("a.c"), "a\0c", 3), 1);
    ck_assert_int_eq(search_in(arena, compiled("a"), NULL, 0), 0);
}
END_TEST

START_TEST(what_a_byte_costs)
{
    const struct cel_regex *regex = compiled("(a|b)*c{3}");

    ck_assert_uint_eq(cel_regex_size(compiled("^abc$")), 1);
    ck_assert_uint_gt(cel_regex_size(regex), 5);
    ck_assert_uint_lt(cel_regex_size(regex), 20);
    ck_assert_uint_eq(cel_regex_size(cel_regex_quicken(regex, arena)), 1);
    /* Without a table small enough it stays as it is. */
    regex = compiled("(a|b)*a(a|b){20}c");
    ck_assert_ptr_eq(cel_regex_quicken(regex, arena), regex);
}
END_TEST

/* ---- work, in steps ---- */

static uint64_t steps_to_compile(const char *pattern)
{
    uint64_t steps = CEL_REGEX_STEPS_MAX;
    struct error err = {0};

    ck_assert_msg(cel_regex_compile(arena, pattern, strlen(pattern), &steps, &err), "%s: %s",
                  pattern, error_text(&err));
    return CEL_REGEX_STEPS_MAX - steps;
}

START_TEST(compiling_is_counted_also_where_nothing_is_made)
{
    static const char *const patterns[] = {"a",
                                           "(?:){900}",
                                           "[^\\x00-\\x{10FFFF}]{900}",
                                           "(?i)\\pL[^a]",
                                           "(a|b){20}",
                                           "[\\x{100}\\x{300}b-z]+"};

    ck_assert_uint_lt(steps_to_compile("a"), 200);
    ck_assert_uint_gt(steps_to_compile("(?:){900}"), 900);
    ck_assert_uint_gt(steps_to_compile("[^\\x00-\\x{10FFFF}]{900}"), 900 * 100);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        uint64_t all = steps_to_compile(patterns[i]), few;

        for (uint64_t given = 0; given <= all; given += all / 17 + 1) {
            struct error err = {0};

            few = given;
            ck_assert_msg(!cel_regex_compile(arena, patterns[i], strlen(patterns[i]), &few, &err),
                          "%s: %llu of %llu do", patterns[i], (unsigned long long)given,
                          (unsigned long long)all);
            ck_assert_uint_eq(few, 0);
            ck_assert_ptr_nonnull(strstr(err.text, "more time"));
        }
        few = all + 1;
        ck_assert_ptr_nonnull(
            cel_regex_compile(arena, patterns[i], strlen(patterns[i]), &few, NULL));
        ck_assert_uint_eq(few, 1);
    }
}
END_TEST

/* With just as many steps as it takes, and one fewer. */
static uint64_t steps_to_search(const struct cel_regex *regex, const char *text, size_t length)
{
    uint64_t steps = UINT64_MAX, few;
    int found = cel_regex_search(regex, text, length, arena, &steps);

    ck_assert_int_ge(found, 0);
    few = UINT64_MAX - steps + 1;
    ck_assert_int_eq(cel_regex_search(regex, text, length, arena, &few), found);
    few = UINT64_MAX - steps;
    ck_assert_int_eq(cel_regex_search(regex, text, length, arena, &few), -1);
    ck_assert_uint_eq(few, 0);
    return UINT64_MAX - steps;
}

static void grows_at_most_twofold(const char *pattern, const struct cel_regex *regex,
                                  const char *text, size_t length)
{
    uint64_t once = steps_to_search(regex, text, length);
    uint64_t twice = steps_to_search(regex, text, 2 * length);

    /* Some bytes go by before all ways are open that will ever be. */
    ck_assert_msg(twice <= 2 * once + once / 100, "%s: %llu, then %llu", pattern,
                  (unsigned long long)once, (unsigned long long)twice);
    ck_assert_uint_le(twice, cel_regex_steps(cel_regex_size(regex), 2 * length));
}

START_TEST(a_search_is_counted_and_linear)
{
    static const char *const patterns[] = {
        "(a*)*b",
        "(a+)+$b",
        "^(a|aa)+$b",
        "(?:.*a){12}.*b$",
        "(x+x+)+y",
        "(?:a?){50}a{50}b",
        "(a|b)*a(a|b){14}c",
        "((a{1,8}){1,8}){1,8}b",
        "ab",
        "(?i)(\\pL\\PL?)*!$",
        "^ab",
        "b(a|b)",
    };
    char text[2000];

    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        const struct cel_regex *regex = compiled(patterns[i]);

        grows_at_most_twofold(patterns[i], regex, text, sizeof(text) / 2);
        grows_at_most_twofold(patterns[i], cel_regex_quicken(regex, arena), text, sizeof(text) / 2);
    }
    /* All of its ways are open at each byte. */
    ck_assert_uint_gt(steps_to_search(compiled("(?:a?){50}a{50}b"), text, 1000), 1000 * 50);
}
END_TEST

CHECK_MAIN_WITH("cel_regex", set_up, tear_down,
                what_would_not_run_in_linear_time_is_refused_by_name,
                what_is_malformed_is_refused_where_it_is, what_is_too_large_is_refused,
                a_pattern_without_room_is_refused, a_search_without_room_says_so, literals,
                choices_and_repeats, classes, unicode, places,
                bytes_that_are_no_text_match_nothing_but_harm_nothing, what_a_byte_costs,
                compiling_is_counted_also_where_nothing_is_made, a_search_is_counted_and_linear)
