/* conf_print.c - a configuration written back as the YAML that conf_parse() reads to the same
 * values. */
#include <inttypes.h>
#include <string.h>

#include "common/conf.h"

/* One code point of valid UTF-8. */
static const char *next_code(const char *text, uint32_t *ret)
{
    const unsigned char *p = (const unsigned char *)text;
    unsigned more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? *p : *p & (0x3fU >> more);

    for (p++; more && *p; more--, p++)
        code = code << 6 | (*p & 0x3fU);
    *ret = code;
    return (const char *)p;
}

/* What YAML takes raw in double quotes: neither control characters nor its own line breaks. */
static bool is_raw(uint32_t code)
{
    if (code == '"' || code == '\\' || code < 0x20 || (code >= 0x7f && code < 0xa0))
        return false;
    return code != 0x2028 && code != 0x2029 && code != 0xfeff && code != 0xfffe && code != 0xffff;
}

static void print_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    while (text && *text) {
        uint32_t code;
        const char *next = next_code(text, &code);

        if (is_raw(code))
            fwrite(text, 1, (size_t)(next - text), out);
        else if (code == '"' || code == '\\')
            fprintf(out, "\\%c", (int)code);
        else
            fprintf(out, "\\U%08" PRIX32, code);
        text = next;
    }
    fputc('"', out);
}

static void print_duration(FILE *out, int64_t ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    size_t i = 0;

    while (ms % units[i].ms || (ms == 0 && units[i].ms > 1000))
        i++;
    fprintf(out, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
}

static void print_strings(FILE *out, const struct conf_strings *strings)
{
    fputc('[', out);
    for (size_t i = 0; i < strings->count; i++) {
        if (i)
            fputs(", ", out);
        print_quoted(out, strings->items[i]);
    }
    fputc(']', out);
}

static void print_map(FILE *out, const struct conf_map *map, int indent)
{
    if (map->count == 0)
        fputs("{}", out);
    for (size_t i = 0; i < map->count; i++) {
        fprintf(out, "\n%*s", indent, "");
        print_quoted(out, map->pairs[i].key);
        fputs(": ", out);
        print_quoted(out, map->pairs[i].value);
    }
}

static void print_value(FILE *out, const struct conf_field *field, const void *from, int indent)
{
    const void *at = (const char *)from + field->offset;

    switch (field->type) {
    case CONF_STRING:
    case CONF_PATH:
    case CONF_SECRET_PATH:
    case CONF_ENDPOINT:
        print_quoted(out, *(char *const *)at);
        break;
    case CONF_BOOL:
        fputs(*(const bool *)at ? "true" : "false", out);
        break;
    case CONF_INT:
        fprintf(out, "%" PRId64, *(const int64_t *)at);
        break;
    case CONF_DURATION:
        print_duration(out, *(const int64_t *)at);
        break;
    case CONF_STRINGS:
        print_strings(out, at);
        break;
    case CONF_MAP:
        print_map(out, at, indent + 2);
        break;
    }
    fputc('\n', out);
}

/* Whether a field before this one already opened the level that the first 'length' bytes name. */
static bool is_open(const struct conf_field *fields, const struct conf_field *field, size_t length)
{
    for (; fields < field; fields++)
        if (strncmp(fields->path, field->path, length) == 0)
            return true;
    return false;
}

/* The fields whose path starts with the first 'skip' bytes of 'like', a level of two columns each.
 * A level is written where its first field stands in the table. */
static void print_level(FILE *out, const struct conf_field *fields, const void *from,
                        const char *like, size_t skip, int indent)
{
    for (const struct conf_field *field = fields; field->path; field++) {
        size_t length;

        if (strncmp(field->path, like, skip) != 0)
            continue;
        length = strcspn(field->path + skip, ".");
        if (!field->path[skip + length]) {
            fprintf(out, "%*s# %s\n", indent, "", field->about ? field->about : field->path);
            fprintf(out, "%*s%s: ", indent, "", field->path + skip);
            print_value(out, field, from, indent);
        } else if (!is_open(fields, field, skip + length + 1)) {
            fprintf(out, "%*s%.*s:\n", indent, "", (int)length, field->path + skip);
            print_level(out, fields, from, field->path, skip + length + 1, indent + 2);
        }
    }
}

int conf_print(FILE *out, const struct conf_field *fields, const void *from)
{
    print_level(out, fields, from, "", 0, 0);
    return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}
