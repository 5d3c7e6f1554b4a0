/* rule_values.c - the forms of one scalar, each read into its place: see rule_fields.h. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"
#include "rules/cel/cel_time.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_field_macros.h"
#include "rules/document/rule_fields.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_names.h"
#include "rules/document/rule_reader.h"

static const char NAME_FIRST[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char NAME_REST[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
static const char VERSION_REST[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-";

static const char *form_of(const struct yaml_node *node)
{
    return node->kind == YAML_LIST ? "list" : "map";
}

static int copy(struct rule_reader *reader, const char *from, char **ret)
{
    *ret = strdup(from);
    return *ret ? 0 : rule_issues_no_memory(reader->issues);
}

static int check_text(struct rule_reader *reader, const struct yaml_node *node, int64_t max)
{
    if (node->kind != YAML_SCALAR)
        return rule_reader_refuse(reader, node, "must be text, not a %s", form_of(node));
    if (!*node->text)
        return rule_reader_refuse(reader, node, "must not be empty");
    if (strlen(node->text) > (size_t)max)
        return rule_reader_refuse(reader, node, "longer than %lld bytes", (long long)max);
    for (const char *at = node->text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return rule_reader_refuse(reader, node, "must be one line of plain text");
    return 0;
}

static int check_bytes(struct rule_reader *reader, const struct yaml_node *node, int64_t max)
{
    if (node->kind != YAML_SCALAR)
        return rule_reader_refuse(reader, node, "must be text, not a %s", form_of(node));
    return strlen(node->text) > (size_t)max
               ? rule_reader_refuse(reader, node, "longer than %lld bytes", (long long)max)
               : 0;
}

/* A name of ours: of rules, images, queues. */
static int check_name(struct rule_reader *reader, const struct yaml_node *node)
{
    if (node->kind != YAML_SCALAR || !*node->text || !strchr(NAME_FIRST, node->text[0]) ||
        node->text[strspn(node->text, NAME_REST)] || strlen(node->text) > 63)
        return rule_reader_refuse(reader, node,
                                  "must be a name: a-z, 0-9, '.' and '-', at most 63 characters, a "
                                  "letter or digit first");
    return 0;
}

static int check_version(struct rule_reader *reader, const struct yaml_node *node)
{
    const char *text = node->kind == YAML_SCALAR ? node->text : "", *version = text + 1;

    if ((text[0] != '=' && text[0] != '~') || !*version || version[strspn(version, VERSION_REST)] ||
        strlen(version) > 64)
        return rule_reader_refuse(
            reader, node,
            "must be \"=\" and a version, such as \"=1.2\", or \"~1.2\" for the "
            "newest 1.2; without version the newest that is granted is booted");
    return 0;
}

static int read_string(struct rule_reader *reader, const struct yaml_node *node,
                       const struct rule_field *field, char **ret)
{
    int rc = field->form == RULE_FORM_NAME      ? check_name(reader, node)
             : field->form == RULE_FORM_VERSION ? check_version(reader, node)
             : field->form == RULE_FORM_BYTES   ? check_bytes(reader, node, field->max)
                                                : check_text(reader, node, field->max);

    return rc < 0 ? -1 : copy(reader, node->text, ret);
}

/* Which of 'choices', or -1 with all of them named. */
static int choose(struct rule_reader *reader, const struct yaml_node *node, const char *what,
                  const char *const *choices)
{
    struct text list = {0};
    char show[TEXT_SHOW_SIZE];

    for (int i = 0; node->kind == YAML_SCALAR && choices[i]; i++)
        if (strcmp(node->text, choices[i]) == 0)
            return i;
    for (size_t i = 0; choices[i]; i++)
        text_format(&list, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
    if (node->kind == YAML_SCALAR)
        rule_reader_refuse(reader, node, "%s must be %s, not %s", what, text_string(&list),
                           text_show(node->text, show));
    else
        rule_reader_refuse(reader, node, "%s must be %s, not a %s", what, text_string(&list),
                           form_of(node));
    text_clear(&list);
    return -1;
}

static int read_choice(struct rule_reader *reader, const struct yaml_node *node,
                       const struct rule_field *field, int *ret)
{
    int choice = choose(reader, node, field->name, field->choices);

    if (choice < 0)
        return -1;
    if (field->offset != RULE_NOWHERE)
        *ret = field->first + choice;
    return 0;
}

static int read_bool(struct rule_reader *reader, const struct yaml_node *node, bool *ret)
{
    struct error err = {0};

    return yaml_bool(reader->yaml, node, ret, &err) < 0
               ? rule_issues_take(reader->issues, node->line, node->column, &err)
               : 0;
}

static int read_int(struct rule_reader *reader, const struct yaml_node *node,
                    const struct rule_field *field, int64_t *ret)
{
    struct error err = {0};
    int64_t value;

    if (yaml_int(reader->yaml, node, &value, &err) < 0)
        return rule_issues_take(reader->issues, node->line, node->column, &err);
    if (value < field->min || value > field->max)
        return rule_reader_refuse(reader, node, "must be %lld to %lld, not %lld",
                                  (long long)field->min, (long long)field->max, (long long)value);
    *ret = value;
    return 0;
}

static int read_percent(struct rule_reader *reader, const struct yaml_node *node, double *ret)
{
    const char *text = node->kind == YAML_SCALAR && node->plain ? node->text : "";
    double value = strtod(text, NULL);

    /* strtod() also takes hexadecimal, infinities and what depends on the locale. */
    if (!*text || text[strspn(text, "0123456789.")] || strlen(text) > 16 || text[0] == '.' ||
        strchr(text, '.') != strrchr(text, '.') || !isfinite(value) || value <= 0 || value > 100)
        return rule_reader_refuse(reader, node, "must be a number above 0, at most 100");
    *ret = value;
    return 0;
}

/* In the largest unit that says it whole: a bound as people write it. */
static const char *write_duration(int64_t ms, char out[32])
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{DAY, "d"}, {HOUR, "h"}, {MINUTE, "m"}, {SECOND, "s"}, {1, "ms"}};
    size_t i = 0;

    while (ms % units[i].ms || (ms == 0 && units[i].ms > SECOND) ||
           (units[i].ms == DAY && ms == DAY))
        i++;
    snprintf(out, 32, "%lld%s", (long long)(ms / units[i].ms), units[i].name);
    return out;
}

static int read_duration(struct rule_reader *reader, const struct yaml_node *node,
                         const struct rule_field *field, int64_t *ret)
{
    int64_t ms, unit = field->form == RULE_FORM_SECONDS ? SECOND : 1;
    struct error err = {0};
    char min[32], max[32];

    if (yaml_duration_ms(reader->yaml, node, &ms, &err) < 0)
        return rule_issues_take(reader->issues, node->line, node->column, &err);
    if (ms % unit || ms / unit < field->min || ms / unit > field->max)
        return rule_reader_refuse(reader, node, "%s must be %s%s to %s", field->name,
                                  unit == SECOND ? "whole seconds, " : "",
                                  write_duration(field->min * unit, min),
                                  write_duration(field->max * unit, max));
    *ret = ms / unit;
    return 0;
}

static int two_digits(const char *text, int most)
{
    int value;

    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return -1;
    value = (text[0] - '0') * 10 + text[1] - '0';
    return value <= most ? value : -1;
}

static int read_clock(struct rule_reader *reader, const struct yaml_node *node, int *ret)
{
    const char *text = node->kind == YAML_SCALAR ? node->text : "";
    int hours = -1, minutes = -1;

    if (strlen(text) == 5 && text[2] == ':') {
        hours = two_digits(text, 23);
        minutes = two_digits(text + 3, 59);
    }
    if (hours < 0 || minutes < 0)
        return rule_reader_refuse(reader, node,
                                  "must be a time of day from \"00:00\" to \"23:59\"");
    *ret = hours * 60 + minutes;
    return 0;
}

static int read_weekdays(struct rule_reader *reader, const struct yaml_node *node, unsigned *ret)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
    unsigned set = 0;
    int rc = 0;

    if (node->kind != YAML_LIST || !node->first)
        return rule_reader_refuse(reader, node, "must be a list of days, such as [mon, tue]");
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        int day = choose(reader, item, "a weekday", days);

        if (day >= 0 && set & 1U << day)
            rc = rule_reader_refuse(reader, item, "stands twice in this list");
        rc = day < 0 ? -1 : rc;
        set |= day < 0 ? 0 : 1U << day;
    }
    *ret = set;
    return rc;
}

static int read_moment(struct rule_reader *reader, const struct yaml_node *node, int64_t *ret)
{
    struct cel_value moment;

    if (node->kind != YAML_SCALAR)
        return rule_reader_refuse(reader, node, "must be a moment, not a %s", form_of(node));
    moment = cel_timestamp_parse(node->text, strlen(node->text));
    if (!cel_is(moment, CEL_TIMESTAMP) || moment.extra)
        return rule_reader_refuse(
            reader, node, "must be a moment in whole seconds, such as 2026-03-02T12:00:00Z");
    *ret = moment.integer;
    return 0;
}

static int read_expression(struct rule_reader *reader, const struct yaml_node *node,
                           const struct rule_field *field, struct rule_expression *ret)
{
    const struct rule_place place = {
        .env = reader->env,
        .source = &reader->source,
        .issues = reader->issues,
        .type = field->type,
        .words = reader->words,
        .names = reader->has_window ? field->names : field->names & ~(unsigned)RULE_OF_WINDOW,
    };

    if (node->kind != YAML_SCALAR)
        return rule_reader_refuse(reader, node, "must be an expression, not a %s", form_of(node));
    return rule_expression_read(&place, node, ret);
}

/* Zones are told from expressions by their slash; UTC has none. */
static int read_zone(struct rule_reader *reader, const struct yaml_node *node,
                     const struct rule_field *field, void *base)
{
    const char *text = node->kind == YAML_SCALAR ? node->text : "";
    struct rule_field expression = *field;
    struct cel_calendar calendar;
    const char *why;
    char show[TEXT_SHOW_SIZE];

    expression.type = "string";
    if (strcmp(text, "UTC") != 0 && (!strchr(text, '/') || strpbrk(text, "'\"()[] ")))
        return read_expression(reader, node, &expression, (void *)((char *)base + field->offset));
    why =
        cel_time_calendar((struct cel_value){.kind = CEL_TIMESTAMP}, text, strlen(text), &calendar);
    if (why)
        return rule_reader_refuse(reader, node, "no time zone is called %s", text_show(text, show));
    return copy(reader, text, (char **)((char *)base + field->also));
}

static int read_strings(struct rule_reader *reader, const struct yaml_node *node,
                        const struct rule_field *field, struct rule_strings *ret)
{
    const struct yaml_node *item = node->kind == YAML_LIST ? node->first : node;
    size_t count = 0;
    int rc = 0;

    for (const struct yaml_node *at = item; at; at = node->kind == YAML_LIST ? at->next : NULL)
        count++;
    if (node->kind == YAML_MAP || count == 0)
        return rule_reader_refuse(reader, node, "must be a value or a list of values");
    if (count > (size_t)field->max)
        return rule_reader_refuse(reader, node, "more than %lld values", (long long)field->max);
    ret->items = calloc(count, sizeof(*ret->items));
    if (!ret->items)
        return rule_issues_no_memory(reader->issues);
    for (size_t n = 0; n < count; n++, item = item->next) {
        bool twice = false;

        for (size_t i = 0; i < ret->count && item->kind == YAML_SCALAR; i++)
            twice = twice || strcmp(ret->items[i], item->text) == 0;
        if (twice)
            rc = rule_reader_refuse(reader, item, "stands twice in this list");
        else if (check_text(reader, item, 256) < 0 ||
                 (field->choices && choose(reader, item, field->name, field->choices) < 0))
            rc = -1;
        else if (copy(reader, item->text, &ret->items[ret->count]) == 0)
            ret->count++;
    }
    return rc;
}

int rule_reader_value(struct rule_reader *reader, const struct yaml_node *node,
                      const struct rule_field *field, void *base)
{
    void *at = field->offset == RULE_NOWHERE ? NULL : (char *)base + field->offset;

    switch (field->form) {
    case RULE_FORM_TEXT:
    case RULE_FORM_BYTES:
    case RULE_FORM_NAME:
    case RULE_FORM_VERSION:
        return read_string(reader, node, field, at);
    case RULE_FORM_CHOICE:
        return read_choice(reader, node, field, at);
    case RULE_FORM_BOOL:
        return read_bool(reader, node, at);
    case RULE_FORM_INT:
        return read_int(reader, node, field, at);
    case RULE_FORM_PERCENT:
        return read_percent(reader, node, at);
    case RULE_FORM_DURATION:
    case RULE_FORM_SECONDS:
        return read_duration(reader, node, field, at);
    case RULE_FORM_CLOCK:
        return read_clock(reader, node, at);
    case RULE_FORM_WEEKDAYS:
        return read_weekdays(reader, node, at);
    case RULE_FORM_MOMENT:
        return read_moment(reader, node, at);
    case RULE_FORM_STRINGS:
        return read_strings(reader, node, field, at);
    case RULE_FORM_EXPRESSION:
        return read_expression(reader, node, field, at);
    case RULE_FORM_ZONE:
        return read_zone(reader, node, field, base);
    case RULE_FORM_DATA:
    case RULE_FORM_ASSETS:
        return rule_reader_data(reader, node, field, base);
    case RULE_FORM_MAP:
        rule_reader_map(reader, node, field->shape, at);
        return 0;
    default:
        return rule_reader_list(reader, node, field, base);
    }
}
