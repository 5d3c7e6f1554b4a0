/* cel_constant.c - see cel_constant.h. */
#include "rules/cel/syntax/cel_constant.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_lexer.h"
#include "rules/cel/cel_value.h"

/* A string while its escapes are read. Its value is never longer than its text. */
struct reading {
    const struct cel_lexer *lexer;
    size_t at, end; /* what is left between the quotes */
    bool raw, bytes;
    char *out;
    size_t used;
};

static int fault(const struct cel_lexer *lexer, size_t offset, const char *words)
{
    return cel_issues_add(lexer->issues, lexer->source, lexer->length, (uint32_t)offset, "%s",
                          words);
}

/* ---- strings ---- */

static void put_point(struct reading *reading, uint32_t point)
{
    char *out = reading->out + reading->used;

    if (point < 0x80) {
        out[0] = (char)point;
        reading->used += 1;
    } else if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        reading->used += 2;
    } else if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        reading->used += 3;
    } else {
        out[0] = (char)(0xf0 | point >> 18);
        out[1] = (char)(0x80 | (point >> 12 & 0x3f));
        out[2] = (char)(0x80 | (point >> 6 & 0x3f));
        out[3] = (char)(0x80 | (point & 0x3f));
        reading->used += 4;
    }
}

/* A number of exactly so many digits; in bytes a byte, else a code point. */
static int number_escape(struct reading *reading, size_t start, int base, size_t digits)
{
    uint32_t number = 0;

    for (size_t i = 0; i < digits; i++, reading->at++) {
        int digit =
            reading->at < reading->end ? text_hex_digit(reading->lexer->source[reading->at]) : -1;

        if (digit < 0 || digit >= base)
            return fault(reading->lexer, start,
                         base == 8     ? "an octal escape has three digits: \\101"
                         : digits == 2 ? "this escape has two hexadecimal digits: \\x41"
                         : digits == 4 ? "this escape has four hexadecimal digits: \\u0041"
                                       : "this escape has eight hexadecimal digits: \\U00000041");
        number = number * (uint32_t)base + (uint32_t)digit;
    }
    if (reading->bytes) {
        if (number > 0xff)
            return fault(reading->lexer, start, "a byte is at most \\377");
        reading->out[reading->used++] = (char)number;
        return 0;
    }
    if (number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff))
        return fault(reading->lexer, start,
                     "this escape is no character: surrogates and numbers above 10ffff are none");
    put_point(reading, number);
    return 0;
}

static int escape(struct reading *reading)
{
    static const char names[] = "abfnrtv\\?\"'`";
    static const char means[] = "\a\b\f\n\r\t\v\\?\"'`";
    size_t start = reading->at - 1;
    char c = reading->lexer->source[reading->at++];
    const char *name = c ? strchr(names, c) : NULL;

    if (name) {
        reading->out[reading->used++] = means[name - names];
        return 0;
    }
    if (c >= '0' && c <= '7') {
        reading->at--;
        return number_escape(reading, start, 8, 3);
    }
    if (c == 'x' || c == 'X')
        return number_escape(reading, start, 16, 2);
    if ((c == 'u' || c == 'U') && reading->bytes)
        return fault(reading->lexer, start, "bytes have no \\u: write its bytes as \\x");
    if (c == 'u' || c == 'U')
        return number_escape(reading, start, 16, c == 'u' ? 4 : 8);
    return fault(reading->lexer, start,
                 "no such escape; a backslash itself is \\\\, and r'...' knows no escapes");
}

static int read_text(struct reading *reading)
{
    const char *source = reading->lexer->source;

    while (reading->at < reading->end) {
        char c = source[reading->at++];

        if (c == '\\' && !reading->raw) {
            if (escape(reading) < 0)
                return -1;
        } else if (c == '\r') { /* an end of line is one '\n', however the file was written */
            if (reading->at < reading->end && source[reading->at] == '\n')
                reading->at++;
            reading->out[reading->used++] = '\n';
        } else {
            reading->out[reading->used++] = c;
        }
    }
    return 0;
}

static int read_string(const struct cel_lexer *lexer, const struct cel_token *token,
                       struct cel_arena *arena, struct cel_value *ret)
{
    struct reading reading = {.lexer = lexer, .bytes = token->kind == CEL_TOKEN_BYTES};
    const char *text = lexer->source + token->offset;
    size_t prefix = 0, quotes;

    for (; text[prefix] != '"' && text[prefix] != '\''; prefix++)
        reading.raw = reading.raw || text[prefix] == 'r' || text[prefix] == 'R';
    quotes = token->length - prefix >= 6 && text[prefix + 1] == text[prefix] &&
                     text[prefix + 2] == text[prefix]
                 ? 3
                 : 1;
    reading.at = token->offset + prefix + quotes;
    reading.end = token->offset + token->length - quotes;
    reading.out = cel_arena_take(arena, reading.end - reading.at + 1);
    if (!reading.out)
        return fault(lexer, token->offset, "out of memory");
    if (read_text(&reading) < 0)
        return -1;
    *ret = (struct cel_value){.kind = reading.bytes ? CEL_BYTES : CEL_STRING,
                              .extra = (uint32_t)reading.used,
                              .text = reading.out};
    return 0;
}

/* ---- numbers ---- */

static int read_natural(const struct cel_lexer *lexer, const struct cel_token *token, uint64_t max,
                        uint64_t *ret)
{
    const char *text = lexer->source + token->offset;
    size_t length = token->length - (token->kind == CEL_TOKEN_UINT);
    bool hex = length > 2 && (text[1] == 'x' || text[1] == 'X');
    uint64_t base = hex ? 16 : 10, number = 0;

    for (size_t i = hex ? 2 : 0; i < length; i++) {
        uint64_t digit = (uint64_t)text_hex_digit(text[i]);

        if (number > (max - digit) / base)
            return fault(lexer, token->offset,
                         token->kind == CEL_TOKEN_UINT
                             ? "out of range: a uint is at most 18446744073709551615"
                             : "out of range: an int is -9223372036854775808 to "
                               "9223372036854775807");
        number = number * base + digit;
    }
    *ret = number;
    return 0;
}

static int read_double(const struct cel_lexer *lexer, const struct cel_token *token, bool negative,
                       struct cel_arena *arena, struct cel_value *ret)
{
    char *text = cel_arena_copy(arena, lexer->source + token->offset, token->length);
    double real;

    if (!text)
        return fault(lexer, token->offset, "out of memory");
    real = strtod(text, NULL);
    if (isinf(real))
        return fault(lexer, token->offset, "out of range for a double");
    *ret = cel_double(negative ? -real : real);
    return 0;
}

int cel_constant_read(const struct cel_lexer *lexer, const struct cel_token *token, bool negative,
                      struct cel_arena *arena, struct cel_value *ret)
{
    uint64_t number;

    switch (token->kind) {
    case CEL_TOKEN_TRUE:
    case CEL_TOKEN_FALSE:
        *ret = cel_bool(token->kind == CEL_TOKEN_TRUE);
        return 0;
    case CEL_TOKEN_NULL:
        *ret = cel_null();
        return 0;
    case CEL_TOKEN_INT:
        if (read_natural(lexer, token, (uint64_t)INT64_MAX + negative, &number) < 0)
            return -1;
        *ret = cel_int((int64_t)(negative ? 0 - number : number));
        return 0;
    case CEL_TOKEN_UINT:
        if (read_natural(lexer, token, UINT64_MAX, &number) < 0)
            return -1;
        *ret = cel_uint(number);
        return 0;
    case CEL_TOKEN_DOUBLE:
        return read_double(lexer, token, negative, arena, ret);
    default:
        return read_string(lexer, token, arena, ret);
    }
}
