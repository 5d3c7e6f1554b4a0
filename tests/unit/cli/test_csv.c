/* test_csv.c - tables: fields as RFC 4180 has them, and where a broken one is broken. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"

#include "cli/csv.h"
#include "common/error.h"

static char *bytes;
static struct csv csv;
static struct error err;

static void open_text(const char *text, size_t length)
{
    free(bytes);
    bytes = malloc(length + 1); /* no more: a sanitizer sees what reads on */
    memcpy(bytes, text, length);
    memset(&err, 0, sizeof(err));
    csv_open(&csv, bytes, length);
}

static void tear_down(void)
{
    free(bytes);
    bytes = NULL;
}

/* The next record's fields, with '|' between them. */
static const char *next(void)
{
    static char joined[400];
    int rc = csv_next(&csv, &err);

    if (rc <= 0)
        return rc == 0 ? "end" : error_text(&err);
    joined[0] = '\0';
    for (size_t i = 0; i < csv.count; i++) {
        strcat(joined, i ? "|" : "");
        strcat(joined, csv.fields[i]);
    }
    return joined;
}

static void ck_records(const char *text, const char *first, const char *second, const char *third)
{
    open_text(text, strlen(text));
    ck_assert_str_eq(next(), first);
    ck_assert_str_eq(next(), second);
    ck_assert_str_eq(next(), third);
}

START_TEST(fields_and_records)
{
    ck_records("a,b,c\n1,,3\n", "a|b|c", "1||3", "end");
    ck_records("a,b\r\n1,2", "a|b", "1|2", "end");
    ck_records("\xef\xbb\xbf"
               "a\n\n\r\nb",
               "a", "b", "end");
    ck_records("a,\n,b\n", "a|", "|b", "end");
    ck_records("", "end", "end", "end");
    ck_records("\n\r\n", "end", "end", "end");
}
END_TEST

START_TEST(quoted_fields)
{
    ck_records("\"a,b\",\"c\"\"d\"\"\"\n\"\",e\n", "a,b|c\"d\"", "|e", "end");
    ck_records("\"two\nlines\",x\nnext", "two\nlines|x", "next", "end");
    ck_records("\"a\"", "a", "end", "end");
}
END_TEST

START_TEST(lines_are_counted)
{
    open_text("a\n\n\"b\nc\"\nd\n", 11);
    next();
    ck_assert_uint_eq(csv.line, 1);
    next();
    ck_assert_uint_eq(csv.line, 3);
    next();
    ck_assert_uint_eq(csv.line, 5);
}
END_TEST

START_TEST(broken_ones_are_told_where)
{
    static char many[2 * CSV_FIELDS_MAX + 2];

    ck_records("a\nb,\"c\n", "a", "2:3: a quote is opened here and never closed", "end");
    open_text("a,b\"c\n", 6);
    ck_assert_str_eq(next(),
                     "1:4: a field with a quote in it is quoted as a whole, its quotes doubled");
    open_text("\"a\nb\"c,d\n", 9);
    ck_assert_str_eq(next(), "2:3: behind a closing quote comes a comma or the line's end");
    open_text("ab,c\xff\n", 6);
    ck_assert_str_eq(next(), "1:4: this field is not UTF-8");
    open_text("a\0b", 3);
    ck_assert_str_eq(next(), "1:1: this field is not UTF-8");
    memset(many, ',', sizeof(many));
    open_text(many, sizeof(many));
    ck_assert_str_eq(next(), "1:129: there are more than 128 fields");
}
END_TEST

CHECK_MAIN_WITH("csv", NULL, tear_down, fields_and_records, quoted_fields, lines_are_counted,
                broken_ones_are_told_where)
