/* Literals: every refusal, and the value of each form. */
#include "rules/cel/syntax/cel_constant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_lexer.h"
#include "rules/cel/cel_value.h"
#include "tests/support/check_main.h"

static struct cel_arena *arena;
static struct cel_issues issues;

static void before(void)
{
    arena = cel_arena_create(1 << 20);
}

static void after(void)
{
    cel_issues_clear(&issues);
    cel_arena_destroy(arena);
}

static int read_one(const char *source, bool negative, struct cel_value *ret)
{
    struct cel_lexer lexer = {.source = source, .length = strlen(source), .issues = &issues};
    struct cel_token token;

    cel_issues_clear(&issues);
    ck_assert_int_eq(cel_lexer_next(&lexer, &token), 0);
    ck_assert_uint_eq(token.length, strlen(source));
    return cel_constant_read(&lexer, &token, negative, arena, ret);
}

START_TEST(what_means_nothing_is_refused)
{
    static const struct {
        const char *source;
        unsigned column;
        const char *says;
    } cases[] = {
        {"9223372036854775808", 1, "an int is"},
        {"0x8000000000000000", 1, "an int is"},
        {"99999999999999999999999", 1, "an int is"},
        {"18446744073709551616u", 1, "a uint is"},
        {"0x1FFFFFFFFFFFFFFFFu", 1, "a uint is"},
        {"1.99e90000009", 1, "for a double"},
        {"'ab\\z'", 4, "no such escape"},
        {"'\\9'", 2, "no such escape"},
        {"'\\18'", 2, "three digits"},
        {"'\\1'", 2, "three digits"},
        {"'\\x4'", 2, "two hexadecimal"},
        {"'\\xg0'", 2, "two hexadecimal"},
        {"'\\u12'", 2, "four hexadecimal"},
        {"'\\U0000004'", 2, "eight hexadecimal"},
        {"'\\ud800'", 2, "surrogates"},
        {"'\\uDFFF'", 2, "surrogates"},
        {"'\\U00110000'", 2, "surrogates"},
        {"'\\UFFFFFFFF'", 2, "surrogates"},
        {"b'\\u0041'", 3, "bytes have no \\u"},
        {"b'\\U00000041'", 3, "bytes have no \\u"},
        {"b'\\400'", 3, "at most \\377"},
    };
    struct cel_value value;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(read_one(cases[i].source, false, &value) == -1, "%s", cases[i].source);
        ck_assert_uint_eq(issues.count, 1);
        ck_assert_msg(strstr(issues.items[0].message, cases[i].says), "%s: %s", cases[i].source,
                      issues.items[0].message);
        ck_assert_uint_eq(issues.items[0].column, cases[i].column);
    }
    ck_assert_int_eq(read_one("9223372036854775809", true, &value), -1);
}
END_TEST

START_TEST(numbers_reach_their_ends)
{
    struct cel_value value;

    ck_assert_int_eq(read_one("9223372036854775807", false, &value), 0);
    ck_assert(cel_is(value, CEL_INT) && value.integer == INT64_MAX);
    ck_assert_int_eq(read_one("9223372036854775808", true, &value), 0);
    ck_assert(value.integer == INT64_MIN);
    ck_assert_int_eq(read_one("0x8000000000000000", true, &value), 0);
    ck_assert(value.integer == INT64_MIN);
    ck_assert_int_eq(read_one("0", true, &value), 0);
    ck_assert(value.integer == 0);
    ck_assert_int_eq(read_one("0xFFFFFFFFFFFFFFFFu", false, &value), 0);
    ck_assert(cel_is(value, CEL_UINT) && value.natural == UINT64_MAX);
    ck_assert_int_eq(read_one("1.5e3", true, &value), 0);
    ck_assert(cel_is(value, CEL_DOUBLE) && value.real <= -1500.0 && value.real >= -1500.0);
    ck_assert_int_eq(read_one("0.0", true, &value), 0);
    ck_assert(signbit(value.real));
    ck_assert_int_eq(read_one("1e-400", false, &value), 0);
    ck_assert(value.real <= 0.0);
}
END_TEST

START_TEST(strings_have_their_bytes)
{
    static const struct {
        const char *source;
        enum cel_kind kind;
        const char *bytes;
        uint32_t length;
    } cases[] = {
        {"''", CEL_STRING, "", 0},
        {"''''''", CEL_STRING, "", 0},
        {"\"a'b\"", CEL_STRING, "a'b", 3},
        {"'''a'b\nc'''", CEL_STRING, "a'b\nc", 5},
        {"'''a\r\nb\rc'''", CEL_STRING, "a\nb\nc", 5},
        {"'\\a\\b\\f\\n\\r\\t\\v\\\\\\?\\\"\\'\\`'", CEL_STRING, "\a\b\f\n\r\t\v\\?\"'`", 12},
        {"'\\101\\x41\\X41\\u0041\\U00000041'", CEL_STRING, "AAAAA", 5},
        {"'\\000'", CEL_STRING, "\0", 1},
        {"'\\377\\xff'", CEL_STRING, "\xc3\xbf\xc3\xbf", 4},
        {"'\\u20ac\\U0001F62C'", CEL_STRING, "\xe2\x82\xac\xf0\x9f\x98\xac", 7},
        {"r'\\n'", CEL_STRING, "\\n", 2},
        {"R\"\"\"\\\"\"\"", CEL_STRING, "\\", 1},
        {"b'\\377\\xff\xc3\xbf'", CEL_BYTES, "\xff\xff\xc3\xbf", 4},
        {"Br'\\377'", CEL_BYTES, "\\377", 4},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cel_value value;

        ck_assert_msg(read_one(cases[i].source, false, &value) == 0, "%s", cases[i].source);
        ck_assert_int_eq(value.kind, cases[i].kind);
        ck_assert_msg(value.extra == cases[i].length, "%s", cases[i].source);
        ck_assert_mem_eq(value.text, cases[i].bytes, cases[i].length);
    }
}
END_TEST

START_TEST(words_have_their_values)
{
    struct cel_value value;

    ck_assert_int_eq(read_one("true", false, &value), 0);
    ck_assert(cel_is(value, CEL_BOOL) && value.boolean);
    ck_assert_int_eq(read_one("false", false, &value), 0);
    ck_assert(cel_is(value, CEL_BOOL) && !value.boolean);
    ck_assert_int_eq(read_one("null", false, &value), 0);
    ck_assert(cel_is(value, CEL_NULL));
}
END_TEST

CHECK_MAIN_WITH("cel_constant", before, after, what_means_nothing_is_refused,
                numbers_reach_their_ends, strings_have_their_bytes, words_have_their_values)
