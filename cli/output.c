/* output.c - see output.h. */
#include "cli/output.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"

#define COLUMNS_MAX 16

struct column {
    char heading[32], member[48];
    size_t width;
};

int output_format_parse(const char *name, enum output_format *ret)
{
    static const char *const NAMES[] = {"auto", "table", "tsv", "json", "jsonl", "name"};

    for (size_t i = 1; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (strcmp(name, NAMES[i]) == 0) {
            *ret = (enum output_format)i;
            return 0;
        }
    return -1;
}

static enum output_format settle(enum output_format format)
{
    if (format != OUTPUT_AUTO)
        return format;
    return isatty(STDOUT_FILENO) ? OUTPUT_TABLE : OUTPUT_TSV;
}

/* ["a","b"] -> "a,b" */
static char *join(const json_t *list)
{
    struct text joined = {0};
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *word = json_string_value(item);

        text_format(&joined, "%s%s", i ? "," : "", word ? word : "");
    }
    return text_take(&joined);
}

/* What a cell shows; caller frees. */
static char *cell(const json_t *value)
{
    char *text, number[32];

    if (!value || json_is_null(value))
        return strdup("-");
    if (json_is_string(value))
        text = strdup(json_string_value(value)[0] ? json_string_value(value) : "-");
    else if (json_is_boolean(value))
        return strdup(json_is_true(value) ? "yes" : "no");
    else if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        return strdup(number);
    } else if (json_is_array(value) && json_array_size(value) > 0 &&
               json_is_string(json_array_get(value, 0)))
        text = join(value);
    else
        text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    for (char *at = text; at && *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = ' ';
    return text ? text : strdup("?");
}

/* "body.why": a member of a member. */
static const json_t *member_of(const json_t *item, const char *member)
{
    const char *dot = strchr(member, '.');
    char head[48];

    if (!dot)
        return json_object_get(item, member);
    snprintf(head, sizeof(head), "%.*s", (int)(dot - member), member);
    return json_object_get(json_object_get(item, head), dot + 1);
}

/* Columns on a terminal, of UTF-8 text without wide characters. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static size_t read_columns(const char *columns, struct column *out)
{
    size_t count = 0;

    while (*columns && count < COLUMNS_MAX) {
        if (sscanf(columns, "%31[^=]=%47s", out[count].heading, out[count].member) != 2)
            break;
        out[count].width = strlen(out[count].heading);
        count++;
        columns += strcspn(columns, " ");
        columns += strspn(columns, " ");
    }
    return count;
}

static void print_row(const json_t *item, const struct column *columns, size_t count, bool table)
{
    for (size_t i = 0; i < count; i++) {
        char *text = cell(member_of(item, columns[i].member));

        fputs(text ? text : "?", stdout);
        if (i + 1 == count)
            putchar('\n');
        else if (table)
            printf("%*s", (int)(columns[i].width - width_of(text ? text : "?") + 2), "");
        else
            putchar('\t');
        free(text);
    }
}

static void print_table(const json_t *items, struct column *columns, size_t count)
{
    const json_t *item;
    size_t at;

    json_array_foreach(items, at, item)
    {
        for (size_t i = 0; i < count; i++) {
            char *text = cell(member_of(item, columns[i].member));
            size_t width = text ? width_of(text) : 1;

            columns[i].width = width > columns[i].width ? width : columns[i].width;
            free(text);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count)
            printf("%s\n", columns[i].heading);
        else
            printf("%-*s  ", (int)columns[i].width, columns[i].heading);
    }
    json_array_foreach(items, at, item) print_row(item, columns, count, true);
}

void output_items(enum output_format format, const json_t *items, const char *columns)
{
    struct column read[COLUMNS_MAX];
    size_t count = read_columns(columns, read), at;
    const json_t *item;

    format = settle(format);
    if (format == OUTPUT_JSON) {
        json_dumpf(items, stdout, JSON_INDENT(2));
        putchar('\n');
        return;
    }
    if (format == OUTPUT_TABLE) {
        print_table(items, read, count);
        return;
    }
    json_array_foreach(items, at, item)
    {
        if (format == OUTPUT_JSONL) {
            json_dumpf(item, stdout, JSON_COMPACT);
            putchar('\n');
        } else {
            print_row(item, read, format == OUTPUT_NAME ? 1 : count, false);
        }
    }
}

void output_object(enum output_format format, const json_t *object)
{
    const char *key;
    json_t *value;

    format = settle(format);
    if (format == OUTPUT_JSON || format == OUTPUT_JSONL) {
        json_dumpf(object, stdout, format == OUTPUT_JSON ? JSON_INDENT(2) : JSON_COMPACT);
        putchar('\n');
        return;
    }
    json_object_foreach((json_t *)object, key, value)
    {
        char *text = cell(value);

        printf(format == OUTPUT_TABLE ? "%-20s  %s\n" : "%s\t%s\n", key, text ? text : "?");
        free(text);
    }
}

void output_text(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at < ' ' && *at != '\n' && *at != '\t')
            printf("\\x%02x", *at);
        else
            putchar(*at);
    }
}

const char *output_member(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}
