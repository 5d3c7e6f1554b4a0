/* cel_lexer.c - see cel_lexer.h. */
#include "rules/cel/cel_lexer.h"

#include <stdio.h>
#include <string.h>

#include "rules/cel/cel_issues.h"

/* Longer ones first. */
static const struct {
    const char *text;
    enum cel_token_kind kind;
} marks[] = {
    {"||", CEL_TOKEN_OR},         {"&&", CEL_TOKEN_AND},        {"==", CEL_TOKEN_EQUAL},
    {"!=", CEL_TOKEN_UNEQUAL},    {"<=", CEL_TOKEN_LESS_EQUAL}, {">=", CEL_TOKEN_GREATER_EQUAL},
    {"<", CEL_TOKEN_LESS},        {">", CEL_TOKEN_GREATER},     {"+", CEL_TOKEN_PLUS},
    {"-", CEL_TOKEN_MINUS},       {"*", CEL_TOKEN_TIMES},       {"/", CEL_TOKEN_DIVIDE},
    {"%", CEL_TOKEN_MODULO},      {"!", CEL_TOKEN_NOT},         {"?", CEL_TOKEN_QUESTION},
    {":", CEL_TOKEN_COLON},       {",", CEL_TOKEN_COMMA},       {".", CEL_TOKEN_DOT},
    {"(", CEL_TOKEN_PAREN},       {")", CEL_TOKEN_PAREN_END},   {"[", CEL_TOKEN_BRACKET},
    {"]", CEL_TOKEN_BRACKET_END}, {"{", CEL_TOKEN_BRACE},       {"}", CEL_TOKEN_BRACE_END},
};

static const struct {
    const char *text;
    enum cel_token_kind kind;
} words[] = {
    {"true", CEL_TOKEN_TRUE},         {"false", CEL_TOKEN_FALSE},
    {"null", CEL_TOKEN_NULL},         {"in", CEL_TOKEN_IN},
    {"as", CEL_TOKEN_RESERVED},       {"break", CEL_TOKEN_RESERVED},
    {"const", CEL_TOKEN_RESERVED},    {"continue", CEL_TOKEN_RESERVED},
    {"else", CEL_TOKEN_RESERVED},     {"for", CEL_TOKEN_RESERVED},
    {"function", CEL_TOKEN_RESERVED}, {"if", CEL_TOKEN_RESERVED},
    {"import", CEL_TOKEN_RESERVED},   {"let", CEL_TOKEN_RESERVED},
    {"loop", CEL_TOKEN_RESERVED},     {"namespace", CEL_TOKEN_RESERVED},
    {"package", CEL_TOKEN_RESERVED},  {"return", CEL_TOKEN_RESERVED},
    {"var", CEL_TOKEN_RESERVED},      {"void", CEL_TOKEN_RESERVED},
    {"while", CEL_TOKEN_RESERVED},
};

/* ASCII alone, whatever the locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static enum cel_token_kind word_kind(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i].text) == length && memcmp(words[i].text, text, length) == 0)
            return words[i].kind;
    }
    return CEL_TOKEN_NAME;
}

/* NUL behind the end, which begins no token and is in no literal. */
static char at(const struct cel_lexer *lexer, size_t place)
{
    return place < lexer->length ? lexer->source[place] : '\0';
}

static void skip_blank(struct cel_lexer *lexer)
{
    for (;;) {
        char c = at(lexer, lexer->at);

        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
            lexer->at++;
        } else if (c == '/' && at(lexer, lexer->at + 1) == '/') {
            while (lexer->at < lexer->length && lexer->source[lexer->at] != '\n')
                lexer->at++;
        } else {
            return;
        }
    }
}

static int finish(struct cel_lexer *lexer, enum cel_token_kind kind, size_t end,
                  struct cel_token *ret)
{
    ret->kind = kind;
    ret->offset = (uint32_t)lexer->at;
    ret->length = (uint32_t)(end - lexer->at);
    lexer->at = end;
    return 0;
}

static int fault(const struct cel_lexer *lexer, const char *words_of_it)
{
    return cel_issues_add(lexer->issues, lexer->source, lexer->length, (uint32_t)lexer->at, "%s",
                          words_of_it);
}

static size_t skip_digits(const struct cel_lexer *lexer, size_t end)
{
    while (is_digit(at(lexer, end)))
        end++;
    return end;
}

/* "e-5" behind the digits of a double; 0: no exponent stands there. */
static size_t exponent_end(const struct cel_lexer *lexer, size_t end)
{
    if (at(lexer, end) != 'e' && at(lexer, end) != 'E')
        return 0;
    end++;
    if (at(lexer, end) == '+' || at(lexer, end) == '-')
        end++;
    return is_digit(at(lexer, end)) ? skip_digits(lexer, end) : 0;
}

static int number(struct cel_lexer *lexer, struct cel_token *ret)
{
    size_t end = lexer->at, exponent;
    bool real = false;

    if (at(lexer, end) == '0' && (at(lexer, end + 1) == 'x' || at(lexer, end + 1) == 'X') &&
        is_hex(at(lexer, end + 2))) {
        end += 2;
        while (is_hex(at(lexer, end)))
            end++;
    } else {
        end = skip_digits(lexer, end);
        if (at(lexer, end) == '.' && is_digit(at(lexer, end + 1))) {
            end = skip_digits(lexer, end + 1);
            real = true;
        }
        exponent = exponent_end(lexer, end);
        if (exponent > 0) {
            end = exponent;
            real = true;
        }
    }
    if (real)
        return finish(lexer, CEL_TOKEN_DOUBLE, end, ret);
    if (at(lexer, end) == 'u' || at(lexer, end) == 'U')
        return finish(lexer, CEL_TOKEN_UINT, end + 1, ret);
    return finish(lexer, CEL_TOKEN_INT, end, ret);
}

/* From its first quote on; *ret_end is behind the last. */
static int skip_string(const struct cel_lexer *lexer, size_t begin, bool raw, size_t *ret_end)
{
    char quote = at(lexer, begin);
    bool triple = at(lexer, begin + 1) == quote && at(lexer, begin + 2) == quote;
    size_t i = begin + (triple ? 3 : 1);

    for (; i < lexer->length; i++) {
        char c = lexer->source[i];

        if (c == '\\' && !raw) {
            i++;
        } else if (!triple && (c == '\n' || c == '\r')) {
            break;
        } else if (c == quote &&
                   (!triple || (at(lexer, i + 1) == quote && at(lexer, i + 2) == quote))) {
            *ret_end = i + (triple ? 3 : 1);
            return 0;
        }
    }
    return fault(lexer, i < lexer->length
                            ? "a string ends on its line; one of more lines has three quotes"
                            : "a string has no closing quote");
}

/* r'...', b"...", br'''...''': how long the prefix is, and what it says. -1: no string. */
static int string_prefix(const struct cel_lexer *lexer, bool *ret_raw, bool *ret_bytes)
{
    size_t i = lexer->at;

    *ret_raw = *ret_bytes = false;
    for (; i < lexer->at + 2; i++) {
        char c = at(lexer, i);

        if ((c == 'r' || c == 'R') && !*ret_raw)
            *ret_raw = true;
        else if ((c == 'b' || c == 'B') && !*ret_bytes && !*ret_raw)
            *ret_bytes = true;
        else
            break;
    }
    return at(lexer, i) == '"' || at(lexer, i) == '\'' ? (int)(i - lexer->at) : -1;
}

static int quoted(struct cel_lexer *lexer, struct cel_token *ret)
{
    size_t end = lexer->at + 1;

    while (is_letter(at(lexer, end)) || is_digit(at(lexer, end)) ||
           (at(lexer, end) && strchr(".-/ ", at(lexer, end))))
        end++;
    if (at(lexer, end) != '`' || end == lexer->at + 1)
        return fault(lexer,
                     "between backquotes stand letters, digits and any of _ . - / and space");
    return finish(lexer, CEL_TOKEN_QUOTED, end + 1, ret);
}

static int mark(struct cel_lexer *lexer, struct cel_token *ret)
{
    unsigned char c = (unsigned char)at(lexer, lexer->at);
    char text[64];

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        size_t length = strlen(marks[i].text);

        if (length <= lexer->length - lexer->at &&
            memcmp(marks[i].text, lexer->source + lexer->at, length) == 0)
            return finish(lexer, marks[i].kind, lexer->at + length, ret);
    }
    if (c == '=')
        return fault(lexer, "'=' alone means nothing here: equality is '=='");
    if (c == '&' || c == '|')
        return fault(lexer, c == '&' ? "'&' alone means nothing here: and is '&&'"
                                     : "'|' alone means nothing here: or is '||'");
    if (c < ' ' || c >= 0x7f)
        return fault(lexer, "this character may stand in strings and comments only");
    snprintf(text, sizeof(text), "'%c' means nothing here", c);
    return fault(lexer, text);
}

int cel_lexer_next(struct cel_lexer *lexer, struct cel_token *ret)
{
    bool raw, bytes;
    size_t end = 0;
    char c;
    int prefix;

    skip_blank(lexer);
    if (lexer->at >= lexer->length)
        return finish(lexer, CEL_TOKEN_END, lexer->at, ret);
    c = at(lexer, lexer->at);
    prefix = string_prefix(lexer, &raw, &bytes);
    if (prefix >= 0) {
        if (skip_string(lexer, lexer->at + (size_t)prefix, raw, &end) < 0)
            return -1;
        return finish(lexer, bytes ? CEL_TOKEN_BYTES : CEL_TOKEN_STRING, end, ret);
    }
    if (is_digit(c) || (c == '.' && is_digit(at(lexer, lexer->at + 1))))
        return number(lexer, ret);
    if (is_letter(c)) {
        for (end = lexer->at; is_letter(at(lexer, end)) || is_digit(at(lexer, end));)
            end++;
        return finish(lexer, word_kind(lexer->source + lexer->at, end - lexer->at), end, ret);
    }
    return c == '`' ? quoted(lexer, ret) : mark(lexer, ret);
}
