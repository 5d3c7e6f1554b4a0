/* csv.c - see csv.h. Invariant: what is written of a field never passes what was read of it. */
#include "cli/csv.h"

#include <stdbool.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"

void csv_open(struct csv *csv, char *bytes, size_t length)
{
    size_t mark = length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    memset(csv, 0, sizeof(*csv));
    csv->at = csv->line_begin = bytes + mark;
    csv->end = bytes + length;
    csv->next_line = 1;
}

static void begin_line(struct csv *csv)
{
    csv->line_begin = csv->at;
    csv->next_line++;
}

/* Where a field or the record ends. */
static bool ends(const struct csv *csv, const char *at)
{
    return at == csv->end || *at == ',' || *at == '\n' ||
           (*at == '\r' && (at + 1 == csv->end || at[1] == '\n'));
}

static int wrong(const struct csv *csv, const char *at, const char *words, struct error *err)
{
    return error_set_code(err, ERROR_INVALID, "%zu:%zu: %s", csv->next_line,
                          (size_t)(at - csv->line_begin) + 1, words);
}

/* From the quote that opens it to behind the one that closes it. */
static int unquote(struct csv *csv, char **out, struct error *err)
{
    const struct csv opened = *csv;

    for (csv->at++; csv->at < csv->end;) {
        char c = *csv->at++;

        if (c == '"' && (csv->at == csv->end || *csv->at != '"'))
            return ends(csv, csv->at)
                       ? 0
                       : wrong(csv, csv->at,
                               "behind a closing quote comes a comma or the line's end", err);
        if (c == '"')
            csv->at++;
        *(*out)++ = c;
        if (c == '\n')
            begin_line(csv);
    }
    return wrong(&opened, opened.at, "a quote is opened here and never closed", err);
}

/* The field's length, its separator is left; or -1. */
static int read_field(struct csv *csv, struct error *err)
{
    const struct csv opened = *csv;
    char *field = csv->at, *out = csv->at;

    if (csv->count == CSV_FIELDS_MAX)
        return wrong(csv, csv->at, "there are more than 128 fields", err);
    if (csv->at < csv->end && *csv->at == '"') {
        if (unquote(csv, &out, err) < 0)
            return -1;
    } else
        for (; !ends(csv, csv->at); csv->at++, out++)
            if (*csv->at == '"')
                return wrong(csv, csv->at,
                             "a field with a quote in it is quoted as a whole, its quotes doubled",
                             err);
    if (!text_is_utf8(field, (size_t)(out - field)))
        return wrong(&opened, opened.at, "this field is not UTF-8", err);
    csv->fields[csv->count++] = field;
    return (int)(out - field);
}

static void skip_empty_lines(struct csv *csv)
{
    while (csv->at < csv->end) {
        size_t length = *csv->at == '\r' && csv->at + 1 < csv->end ? 2 : 1;

        if (csv->at[length - 1] != '\n')
            return;
        csv->at += length;
        begin_line(csv);
    }
}

int csv_next(struct csv *csv, struct error *err)
{
    skip_empty_lines(csv);
    if (csv->at == csv->end)
        return 0;
    csv->count = 0;
    csv->line = csv->next_line;
    for (;;) {
        int length = read_field(csv, err);
        char separator = csv->at < csv->end ? *csv->at : '\0';

        if (length < 0)
            return -1;
        csv->fields[csv->count - 1][length] = '\0'; /* may be the separator's place */
        if (separator == '\0')
            return 1;
        csv->at++;
        if (separator == ',')
            continue;
        if (separator == '\r' && csv->at < csv->end)
            csv->at++;
        begin_line(csv);
        return 1;
    }
}
