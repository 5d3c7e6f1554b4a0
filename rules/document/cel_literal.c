/* cel_literal.c - see cel_literal.h. Invariant: what is taken is a literal of the full language
 * with the same value there, so that a rule means the same once expressions are evaluated.
 */
#include "rules/document/cel_literal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"

struct reader {
    const char *begin, *at;
    size_t *ret_column;
    struct error *err;
};

static int __attribute__((format(printf, 3, 4)))
refuse(struct reader *reader, const char *where, const char *format, ...)
{
    char buffer[160];
    va_list args;

    va_start(args, format);
    vsnprintf(buffer, sizeof(buffer), format, args);
    va_end(args);
    *reader->ret_column = 1;
    for (const char *c = reader->begin; c < where; c++)
        *reader->ret_column += ((unsigned char)*c & 0xc0) != 0x80;
    return error_set_code(reader->err, ERROR_INVALID, "%s", buffer);
}

static void append_utf8(struct text *text, uint32_t code)
{
    char bytes[4];
    size_t length = 0;

    if (code < 0x80) {
        bytes[length++] = (char)code;
    } else if (code < 0x800) {
        bytes[length++] = (char)(0xc0 | code >> 6);
        bytes[length++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        bytes[length++] = (char)(0xe0 | code >> 12);
        bytes[length++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[length++] = (char)(0x80 | (code & 0x3f));
    } else {
        bytes[length++] = (char)(0xf0 | code >> 18);
        bytes[length++] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[length++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[length++] = (char)(0x80 | (code & 0x3f));
    }
    text_append(text, bytes, length);
}

/* 'digits' digits of 'base' from reader->at on. */
static int read_code(struct reader *reader, const char *escape, unsigned base, size_t digits,
                     struct text *text)
{
    uint32_t code = 0;

    for (size_t i = 0; i < digits; i++, reader->at++) {
        char c = *reader->at;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : base;

        if (digit >= base)
            return refuse(reader, escape, "this escape takes %zu %s digits", digits,
                          base == 8 ? "octal" : "hexadecimal");
        code = code * base + digit;
    }
    if (code == 0)
        return refuse(reader, escape, "the character NUL is not allowed");
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return refuse(reader, escape, "this escape names no character of Unicode");
    append_utf8(text, code);
    return 0;
}

static int read_escape(struct reader *reader, struct text *text)
{
    static const char plain[] = "\\\"'`?abfnrtv", meant[] = "\\\"'`?\a\b\f\n\r\t\v";
    const char *escape = reader->at++, *found;
    char c = *reader->at;

    if (c >= '0' && c <= '3')
        return read_code(reader, escape, 8, 3, text);
    found = c ? strchr(plain, c) : NULL;
    if (found) {
        text_append(text, &meant[found - plain], 1);
        reader->at++;
        return 0;
    }
    reader->at += c != '\0';
    switch (c) {
    case 'x':
    case 'X':
        return read_code(reader, escape, 16, 2, text);
    case 'u':
        return read_code(reader, escape, 16, 4, text);
    case 'U':
        return read_code(reader, escape, 16, 8, text);
    default:
        return refuse(reader, escape, "CEL has no such escape: a backslash itself is written \\\\");
    }
}

static int read_string(struct reader *reader, bool raw, struct text *text)
{
    const char *open = reader->at;
    char quote = *open;
    bool triple = open[1] == quote && open[2] == quote;

    reader->at += triple ? 3 : 1;
    for (;;) {
        const char *at = reader->at;

        if (!*at || (!triple && (*at == '\n' || *at == '\r')))
            return refuse(reader, open, "this string is not closed");
        if (*at == quote && (!triple || (at[1] == quote && at[2] == quote))) {
            reader->at += triple ? 3 : 1;
            return 0;
        }
        if (*at == '\\' && !raw) {
            if (read_escape(reader, text) < 0)
                return -1;
            continue;
        }
        text_append(text, at, 1);
        reader->at++;
    }
}

static size_t digits_at(const char *text, bool hex)
{
    size_t n = 0;

    while (hex ? isxdigit((unsigned char)text[n]) : isdigit((unsigned char)text[n]))
        n++;
    return n;
}

/* Where a double ends, or NULL: no fraction and no exponent stand there. */
static const char *double_end(const char *at)
{
    const char *end = at + digits_at(at, false);
    bool is_double = false;

    if (*end == '.' && isdigit((unsigned char)end[1])) {
        end += 1 + digits_at(end + 1, false);
        is_double = true;
    }
    if (*end == 'e' || *end == 'E') {
        const char *exponent = end + 1 + (end[1] == '+' || end[1] == '-');

        if (isdigit((unsigned char)*exponent)) {
            end = exponent + digits_at(exponent, false);
            is_double = true;
        }
    }
    return is_double ? end : NULL;
}

/* The shortest digits that read back as the same number; an exponent only where CEL writes one. */
static void format_double(double value, struct text *text)
{
    char digits[32];
    int precision = 0, exponent;

    do {
        snprintf(digits, sizeof(digits), "%.*e", precision, value);
    } while (strtod(digits, NULL) != value && ++precision < 17);
    exponent = atoi(strchr(digits, 'e') + 1);
    if (exponent < -5 || exponent > 20)
        text_format(text, "%s", digits);
    else
        text_format(text, "%.*f", precision > exponent ? precision - exponent : 0, value);
}

static int read_double(struct reader *reader, const char *start, const char *end, struct text *text)
{
    double value = strtod(start, NULL);

    if (!isfinite(value))
        return refuse(reader, start, "this number is too large");
    reader->at = end;
    format_double(value, text);
    return 0;
}

static int read_number(struct reader *reader, enum cel_literal_type *ret_type, struct text *text)
{
    const char *start = reader->at, *digits = start + (*start == '-'), *end = double_end(digits);
    bool negative = *start == '-', hex;
    uint64_t value, most = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    size_t count;

    if (end) {
        *ret_type = CEL_LITERAL_DOUBLE;
        return read_double(reader, start, end, text);
    }
    hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') &&
          isxdigit((unsigned char)digits[2]);
    digits += hex ? 2 : 0;
    count = digits_at(digits, hex);
    if (count == 0)
        return refuse(reader, start, "a number must have digits");
    *ret_type = CEL_LITERAL_INT;
    if (digits[count] == 'u' || digits[count] == 'U') {
        if (negative)
            return refuse(reader, start, "an unsigned number cannot be negative");
        *ret_type = CEL_LITERAL_UINT;
        most = UINT64_MAX;
        count++;
    }
    errno = 0;
    value = strtoull(digits, NULL, hex ? 16 : 10);
    if (errno == ERANGE || value > most)
        return refuse(reader, start, "this number is too large");
    text_format(text, "%s%" PRIu64, negative && value ? "-" : "", value);
    reader->at = digits + count;
    return 0;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static int read_word(struct reader *reader, enum cel_literal_type *ret_type, struct text *text)
{
    const char *start = reader->at;
    size_t length = 0;

    while (is_word(start[length]))
        length++;
    reader->at += length;
    if ((length == 4 && strncmp(start, "true", 4) == 0) ||
        (length == 5 && strncmp(start, "false", 5) == 0)) {
        *ret_type = CEL_LITERAL_BOOL;
        text_append(text, start, length);
        return 0;
    }
    if (length == 4 && strncmp(start, "null", 4) == 0)
        return refuse(reader, start, "null is no value for a parameter: leave the parameter out");
    return refuse(
        reader, start,
        "only a CEL literal is supported by this version, such as 'c0', 2, 2u, 1.5 or true");
}

static int read_value(struct reader *reader, enum cel_literal_type *ret_type, struct text *text)
{
    const char *at = reader->at;
    bool raw = (at[0] == 'r' || at[0] == 'R') && (at[1] == '"' || at[1] == '\'');

    if (raw || *at == '"' || *at == '\'') {
        reader->at += raw;
        *ret_type = CEL_LITERAL_STRING;
        return read_string(reader, raw, text);
    }
    if ((at[0] == 'b' || at[0] == 'B') && at[1] && strchr("rR\"'", at[1]) &&
        (at[1] == '"' || at[1] == '\'' || at[2] == '"' || at[2] == '\''))
        return refuse(reader, at, "bytes are no value for a parameter: write a string");
    if (isdigit((unsigned char)*at) || *at == '-' || (*at == '.' && isdigit((unsigned char)at[1])))
        return read_number(reader, ret_type, text);
    if (is_word(*at))
        return read_word(reader, ret_type, text);
    if (!*at)
        return refuse(reader, at, "the expression is empty");
    return refuse(
        reader, at,
        "only a CEL literal is supported by this version, such as 'c0', 2, 2u, 1.5 or true");
}

static void skip_space(struct reader *reader)
{
    while (*reader->at && strchr(" \t\n\f\r", *reader->at))
        reader->at++;
}

int cel_literal_parse(const char *expression, enum cel_literal_type *ret_type, char **ret_text,
                      size_t *ret_column, struct error *err)
{
    struct reader reader = {expression, expression, ret_column, err};
    enum cel_literal_type type = CEL_LITERAL_STRING;
    struct text text = {0};
    char *value;
    int rc = -1;

    if (!text_is_utf8(expression, strlen(expression))) {
        refuse(&reader, expression, "the expression must be UTF-8 text");
        goto out;
    }
    skip_space(&reader);
    if (read_value(&reader, &type, &text) < 0)
        goto out;
    skip_space(&reader);
    if (*reader.at) {
        refuse(&reader, reader.at,
               "more than a literal: expressions are not supported by this version");
        goto out;
    }
    if (!(value = text_take(&text))) {
        *ret_column = 1;
        error_no_memory(err);
        goto out;
    }
    *ret_text = value;
    *ret_type = type;
    rc = 0;
out:
    text_clear(&text);
    return rc;
}
