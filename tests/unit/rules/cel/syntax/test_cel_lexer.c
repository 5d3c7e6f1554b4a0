/* Tokens: what begins none, and where each ends. */
#include "rules/cel/cel_lexer.h"

#include <stdio.h>
#include <string.h>

#include "rules/cel/cel_issues.h"
#include "tests/support/check_main.h"

static struct cel_issues issues;

/* How many tokens there are, the first 'room' of them in 'ret'; -1: a fault. */
static int lex(const char *source, struct cel_token *ret, int room)
{
    struct cel_lexer lexer = {.source = source, .length = strlen(source), .issues = &issues};
    struct cel_token token;
    int count = 0;

    cel_issues_clear(&issues);
    for (;;) {
        if (cel_lexer_next(&lexer, &token) < 0)
            return -1;
        if (token.kind == CEL_TOKEN_END)
            return count;
        if (count < room)
            ret[count] = token;
        count++;
    }
}

START_TEST(what_begins_no_token_is_told)
{
    static const struct {
        const char *source;
        unsigned column;
        const char *says;
    } cases[] = {
        {"a = b", 3, "equality is '=='"},    {"a & b", 3, "and is '&&'"},
        {"a | b", 3, "or is '||'"},          {"1 + $", 5, "'$' means nothing"},
        {"a @", 3, "'@' means nothing"},     {"\xc3\xa4 + 1", 1, "in strings and comments only"},
        {"'abc", 1, "no closing quote"},     {"'''abc''", 1, "no closing quote"},
        {"'abc\\'", 1, "no closing quote"},  {"'a\nb'", 1, "ends on its line"},
        {"a.`$b`", 3, "between backquotes"}, {"a.``", 3, "between backquotes"},
        {"a.`b", 3, "between backquotes"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(lex(cases[i].source, NULL, 0) == -1, "%s", cases[i].source);
        ck_assert_uint_eq(issues.count, 1);
        ck_assert_msg(strstr(issues.items[0].message, cases[i].says), "%s: %s", cases[i].source,
                      issues.items[0].message);
        ck_assert_uint_eq(issues.items[0].column, cases[i].column);
    }
    cel_issues_clear(&issues);
}
END_TEST

START_TEST(each_token_has_its_kind)
{
    static const struct {
        const char *source;
        enum cel_token_kind kind;
    } cases[] = {
        {"abc_1", CEL_TOKEN_NAME},
        {"brr", CEL_TOKEN_NAME},
        {"while", CEL_TOKEN_RESERVED},
        {"in", CEL_TOKEN_IN},
        {"`a-b/c d.e`", CEL_TOKEN_QUOTED},
        {"12", CEL_TOKEN_INT},
        {"0xFf", CEL_TOKEN_INT},
        {"12u", CEL_TOKEN_UINT},
        {"0x1U", CEL_TOKEN_UINT},
        {"1.5", CEL_TOKEN_DOUBLE},
        {".5", CEL_TOKEN_DOUBLE},
        {"1e5", CEL_TOKEN_DOUBLE},
        {"1.5E-5", CEL_TOKEN_DOUBLE},
        {"'a'", CEL_TOKEN_STRING},
        {"r\"\\\"", CEL_TOKEN_STRING},
        {"''", CEL_TOKEN_STRING},
        {"'''a'b''c'''", CEL_TOKEN_STRING},
        {"b'a'", CEL_TOKEN_BYTES},
        {"bR'a'", CEL_TOKEN_BYTES},
        {"<=", CEL_TOKEN_LESS_EQUAL},
        {"%", CEL_TOKEN_MODULO},
        {"true", CEL_TOKEN_TRUE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cel_token token = {0};

        ck_assert_msg(lex(cases[i].source, &token, 1) == 1, "%s", cases[i].source);
        ck_assert_msg(token.kind == cases[i].kind, "%s", cases[i].source);
        ck_assert_uint_eq(token.length, strlen(cases[i].source));
    }
}
END_TEST

START_TEST(tokens_end_where_they_must)
{
    struct cel_token tokens[4];

    ck_assert_int_eq(lex("1.a", tokens, 4), 3);
    ck_assert_int_eq(tokens[0].kind, CEL_TOKEN_INT);
    ck_assert_int_eq(lex("1ex", tokens, 4), 2);
    ck_assert_int_eq(lex("0x", tokens, 4), 2);
    ck_assert_int_eq(lex("rb'a'", tokens, 4), 2); /* a name before a string of bytes */
    ck_assert_int_eq(lex("a//b\n+ // c", tokens, 4), 2);
    ck_assert_int_eq(tokens[1].offset, 5);
    ck_assert_int_eq(lex(" \t\r\n\f", tokens, 4), 0);
    ck_assert_int_eq(lex("'' 'a'", tokens, 4), 2);
    ck_assert_int_eq(lex("a<b>=c", tokens, 4), 5);
}
END_TEST

CHECK_MAIN("cel_lexer", what_begins_no_token_is_told, each_token_has_its_kind,
           tokens_end_where_they_must)
