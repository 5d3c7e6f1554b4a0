/* cel_conversions.c - int() uint() double() string() bytes() bool() timestamp() duration() dyn()
 * type(): a value that the other type cannot hold is an error. A number of the wanted kind is
 * itself; a double loses what is behind its point.
 */
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_conversions.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/cel_time.h"
#include "rules/cel/functions/cel_standard.h"

#define NUMBER_MAX 1024 /* bytes of a text that is to be a number */

static struct cel_value out_of_range(enum cel_kind kind)
{
    return cel_error(kind == CEL_INT ? "range error: no int of 64 bits"
                                     : "range error: no uint of 64 bits");
}

static struct cel_value not_one(struct cel_run *run, const char *what, struct cel_value text)
{
    return cel_error_format(run->arena, "type conversion error: '%.*s' is no %s", cel_shown(text),
                            text.text, what);
}

/* Digits alone. */
static bool read_digits(const char *text, size_t length, uint64_t *ret, bool *ret_overflow)
{
    uint64_t number = 0;

    *ret_overflow = false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number))
            *ret_overflow = true;
    }
    *ret = number;
    return length > 0;
}

static struct cel_value int_of_text(struct cel_run *run, struct cel_value text)
{
    bool minus = text.extra > 0 && text.text[0] == '-';
    bool sign = minus || (text.extra > 0 && text.text[0] == '+');
    uint64_t number;
    bool overflow;

    if (!read_digits(text.text + sign, text.extra - sign, &number, &overflow))
        return not_one(run, "int", text);
    if (overflow || number > (uint64_t)INT64_MAX + minus)
        return out_of_range(CEL_INT);
    return cel_int(minus ? (int64_t)(0 - number) : (int64_t)number);
}

CEL_FUNCTION(cel_to_int)
{
    switch (args[0].kind) {
    case CEL_INT:
        return args[0];
    case CEL_UINT:
        return args[0].natural > INT64_MAX ? out_of_range(CEL_INT) : cel_int(args[0].integer);
    case CEL_DOUBLE:
        /* The ends themselves may be what a greater number was rounded to. */
        if (!(args[0].real > -0x1p63 && args[0].real < 0x1p63))
            return out_of_range(CEL_INT);
        return cel_int((int64_t)args[0].real);
    case CEL_STRING:
        return int_of_text(run, args[0]);
    case CEL_TIMESTAMP:
        return cel_int(args[0].integer);
    default:
        return cel_no_overload(run->arena, "int", args, count);
    }
}

static struct cel_value uint_of_text(struct cel_run *run, struct cel_value text)
{
    uint64_t number;
    bool overflow;

    if (!read_digits(text.text, text.extra, &number, &overflow))
        return not_one(run, "uint", text);
    return overflow ? out_of_range(CEL_UINT) : cel_uint(number);
}

CEL_FUNCTION(cel_to_uint)
{
    switch (args[0].kind) {
    case CEL_UINT:
        return args[0];
    case CEL_INT:
        return args[0].integer < 0 ? out_of_range(CEL_UINT) : cel_uint(args[0].natural);
    case CEL_DOUBLE:
        if (!(args[0].real >= 0 && args[0].real < 0x1p64))
            return out_of_range(CEL_UINT);
        return cel_uint((uint64_t)args[0].real);
    case CEL_STRING:
        return uint_of_text(run, args[0]);
    default:
        return cel_no_overload(run->arena, "uint", args, count);
    }
}

static locale_t plain_locale;

static void make_locale(void)
{
    plain_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* The point is a point, whatever the process's locale says. */
static double read_real(const char *text, char **ret_end)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_locale);
    return plain_locale ? strtod_l(text, ret_end, plain_locale) : strtod(text, ret_end);
}

/* What strtod takes beside a decimal number: blanks, hexadecimal, payloads of NaN. */
static bool is_real(const char *text)
{
    const char *word = text + (*text == '-' || *text == '+');

    if (!strcasecmp(word, "inf") || !strcasecmp(word, "infinity") || !strcasecmp(text, "nan"))
        return true;
    return *word && strspn(word, "0123456789.eE+-") == strlen(word);
}

static struct cel_value double_of_text(struct cel_run *run, struct cel_value text)
{
    char number[NUMBER_MAX + 1];
    double real;
    char *end;

    if (text.extra > NUMBER_MAX || memchr(text.text, 0, text.extra))
        return not_one(run, "double", text);
    memcpy(number, text.text, text.extra);
    number[text.extra] = '\0';
    if (!is_real(number))
        return not_one(run, "double", text);
    real = read_real(number, &end);
    if (*end)
        return not_one(run, "double", text);
    return cel_double(real);
}

CEL_FUNCTION(cel_to_double)
{
    switch (args[0].kind) {
    case CEL_DOUBLE:
        return args[0];
    case CEL_INT:
        return cel_double((double)args[0].integer);
    case CEL_UINT:
        return cel_double((double)args[0].natural);
    case CEL_STRING:
        return double_of_text(run, args[0]);
    default:
        return cel_no_overload(run->arena, "double", args, count);
    }
}

/* 'text' is 'real' with so many digits behind the point. */
static bool reads_back(double real, int precision, char text[40])
{
    char *end;

    snprintf(text, 40, "%.*e", precision, real);
    for (char *at = text; *at; at++)
        if (*at == ',') /* of the process's locale */
            *at = '.';
    return read_real(text, &end) == real;
}

/* The digits alone, of the fewest that read back as 'real' (positive), and the power of ten that
 * its first one stands for. */
static size_t shortest_digits(double real, char digits[24], int *ret_power)
{
    char text[40];
    size_t count = 0;
    int enough = 16;

    /* What does not suffice does so with no fewer digits either: half of the rest each time. */
    for (int least = 0, most = 16; least < most;) {
        int precision = (least + most) / 2;

        if (reads_back(real, precision, text))
            most = precision;
        else
            least = precision + 1;
        enough = most;
    }
    reads_back(real, enough, text);
    for (const char *at = text; *at && *at != 'e'; at++)
        if (*at != '.')
            digits[count++] = *at;
    *ret_power = atoi(strchr(text, 'e') + 1);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return count;
}

void cel_double_text(double real, char out[CEL_DOUBLE_TEXT_SIZE])
{
    const char *sign = signbit(real) && real != 0 ? "-" : "";
    char digits[24];
    size_t count;
    int power;

    if (isnan(real) || isinf(real) || real == 0) {
        snprintf(out, CEL_DOUBLE_TEXT_SIZE, "%s",
                 isnan(real)     ? "NaN"
                 : real == 0     ? "0"
                 : signbit(real) ? "-Infinity"
                                 : "Infinity");
        return;
    }
    count = shortest_digits(fabs(real), digits, &power);
    if (power >= 21 || power < -7 + 1)
        snprintf(out, CEL_DOUBLE_TEXT_SIZE, "%s%c%s%.*se%+d", sign, digits[0], count > 1 ? "." : "",
                 (int)count - 1, digits + 1, power);
    else if (power < 0)
        snprintf(out, CEL_DOUBLE_TEXT_SIZE, "%s0.%.*s%.*s", sign, -power - 1, "000000", (int)count,
                 digits);
    else if ((size_t)power + 1 >= count)
        snprintf(out, CEL_DOUBLE_TEXT_SIZE, "%s%.*s%.*s", sign, (int)count, digits,
                 power + 1 - (int)count, "000000000000000000000");
    else
        snprintf(out, CEL_DOUBLE_TEXT_SIZE, "%s%.*s.%.*s", sign, power + 1, digits,
                 (int)count - power - 1, digits + power + 1);
}

static struct cel_value text_of(struct cel_run *run, const char *text)
{
    size_t length = strlen(text);
    char *copy = cel_arena_copy(run->arena, text, length);

    return copy ? cel_string(copy, length) : cel_out_of_memory();
}

/* Unlike a text that stands for itself in C, a NUL is a character like any other. */
static bool is_utf8(const unsigned char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        unsigned char first = text[i];
        size_t more = first < 0x80 ? 0 : first < 0xc2 ? 9 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
        uint32_t point = more == 0 ? first : first & (0x3fU >> more);

        if (first > 0xf4 || more == 9 || length - i <= more)
            return false;
        for (size_t j = 1; j <= more; j++) {
            if ((text[i + j] & 0xc0) != 0x80)
                return false;
            point = point << 6 | (text[i + j] & 0x3f);
        }
        if ((more == 2 && point < 0x800) || (more == 3 && point < 0x10000) || point > 0x10ffff ||
            (point >= 0xd800 && point <= 0xdfff))
            return false;
        i += more + 1;
    }
    return true;
}

CEL_FUNCTION(cel_to_string)
{
    char number[CEL_DOUBLE_TEXT_SIZE];

    switch (args[0].kind) {
    case CEL_STRING:
        return args[0];
    case CEL_BOOL:
        return args[0].boolean ? cel_string("true", 4) : cel_string("false", 5);
    case CEL_INT:
        snprintf(number, sizeof(number), "%" PRId64, args[0].integer);
        return text_of(run, number);
    case CEL_UINT:
        snprintf(number, sizeof(number), "%" PRIu64, args[0].natural);
        return text_of(run, number);
    case CEL_DOUBLE:
        if (!cel_run_spend(run, CEL_DOUBLE_TEXT_COST))
            return cel_over_budget();
        cel_double_text(args[0].real, number);
        return text_of(run, number);
    case CEL_BYTES:
        if (!is_utf8((const unsigned char *)args[0].text, args[0].extra))
            return cel_error("invalid UTF-8: these bytes are no string");
        return cel_string(args[0].text, args[0].extra);
    case CEL_TIMESTAMP:
        return cel_timestamp_text(run->arena, args[0]);
    case CEL_DURATION:
        return cel_duration_text(run->arena, args[0]);
    default:
        return cel_no_overload(run->arena, "string", args, count);
    }
}

CEL_FUNCTION(cel_to_bytes)
{
    if (args[0].kind != CEL_STRING && args[0].kind != CEL_BYTES)
        return cel_no_overload(run->arena, "bytes", args, count);
    return cel_bytes(args[0].text, args[0].extra);
}

static bool is_one_of(struct cel_value text, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == text.extra && memcmp(*words, text.text, text.extra) == 0)
            return true;
    return false;
}

CEL_FUNCTION(cel_to_bool)
{
    static const char *const TRUE_WORDS[] = {"1", "t", "true", "TRUE", "True", NULL};
    static const char *const FALSE_WORDS[] = {"0", "f", "false", "FALSE", "False", NULL};

    if (args[0].kind == CEL_BOOL)
        return args[0];
    if (args[0].kind != CEL_STRING)
        return cel_no_overload(run->arena, "bool", args, count);
    if (is_one_of(args[0], TRUE_WORDS) || is_one_of(args[0], FALSE_WORDS))
        return cel_bool(is_one_of(args[0], TRUE_WORDS));
    return not_one(run, "bool", args[0]);
}

CEL_FUNCTION(cel_to_timestamp)
{
    switch (args[0].kind) {
    case CEL_TIMESTAMP:
        return args[0];
    case CEL_INT:
        if (args[0].integer < CEL_TIMESTAMP_MIN || args[0].integer > CEL_TIMESTAMP_MAX)
            return cel_error("range error: a timestamp is in the years 1 to 9999");
        return (struct cel_value){.kind = CEL_TIMESTAMP, .integer = args[0].integer};
    case CEL_STRING:
        return cel_timestamp_parse(args[0].text, args[0].extra);
    default:
        return cel_no_overload(run->arena, "timestamp", args, count);
    }
}

CEL_FUNCTION(cel_to_duration)
{
    if (args[0].kind == CEL_DURATION)
        return args[0];
    if (args[0].kind != CEL_STRING)
        return cel_no_overload(run->arena, "duration", args, count);
    return cel_duration_parse(args[0].text, args[0].extra);
}

CEL_FUNCTION(cel_to_dyn)
{
    (void)run;
    (void)count;
    return args[0];
}

CEL_FUNCTION(cel_to_type)
{
    const char *name = cel_kind_name(args[0].kind);

    (void)run;
    (void)count;
    return (struct cel_value){.kind = CEL_TYPE, .extra = (uint32_t)strlen(name), .text = name};
}

struct cel_value cel_as_string(struct cel_run *run, struct cel_value value)
{
    return cel_to_string(run, &value, 1);
}
