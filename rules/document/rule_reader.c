/* rule_reader.c - see rule_reader.h. Invariant: every member of every map is one of its shape's
 * fields and was read, or there is an issue for it.
 */
#include "rules/document/rule_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"
#include "rules/document/rule_fields.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_names.h"

static int __attribute__((format(printf, 4, 0)))
refuse_at(struct rule_reader *reader, unsigned line, unsigned column, const char *format,
          va_list words)
{
    char message[640];

    vsnprintf(message, sizeof(message), format, words);
    text_mend_utf8(message);
    return rule_issues_add(reader->issues, line, column, "%s", message);
}

int rule_reader_refuse(struct rule_reader *reader, const struct yaml_node *at, const char *format,
                       ...)
{
    va_list words;

    va_start(words, format);
    refuse_at(reader, at->line, at->column, format, words);
    va_end(words);
    return -1;
}

int rule_reader_refuse_key(struct rule_reader *reader, const struct yaml_node *at,
                           const char *format, ...)
{
    va_list words;

    va_start(words, format);
    refuse_at(reader, at->key ? at->key_line : at->line, at->key ? at->key_column : at->column,
              format, words);
    va_end(words);
    return -1;
}

void rule_reader_later(struct rule_reader *reader, const struct yaml_node *node)
{
    if (reader->later &&
        (reader->later_line < node->key_line ||
         (reader->later_line == node->key_line && reader->later_column <= node->key_column)))
        return;
    reader->later = node->key;
    reader->later_line = node->key_line;
    reader->later_column = node->key_column;
}

static const struct rule_field *find_field(const struct rule_shape *shape, const char *name)
{
    for (const struct rule_field *field = shape->fields; field->name; field++)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

#define HOMES_MAX 3 /* a name that stands in more places is no hint */

/* The shapes below 'shape' that have a field of this name, each once; not those of tests, which
 * repeat the names of others. */
static void find_homes(const struct rule_shape *shape, const char *name, const char **ret_homes,
                       size_t *ret_count)
{
    const struct rule_field *own = find_field(shape, name);
    bool known = !own || own->form == RULE_FORM_REFUSED;

    for (size_t i = 0; i < *ret_count && i < HOMES_MAX; i++)
        known = known || strcmp(ret_homes[i], shape->name) == 0;
    if (!known && (*ret_count)++ < HOMES_MAX)
        ret_homes[*ret_count - 1] = shape->name;
    for (const struct rule_field *field = shape->fields; field->name; field++)
        if (field->shape && strcmp(field->name, "tests") != 0)
            find_homes(field->shape, name, ret_homes, ret_count);
}

/* A known name at a place where it means nothing. */
static void refuse_misplaced(struct rule_reader *reader, const struct yaml_node *node,
                             const struct rule_shape *shape, const char *show)
{
    const char *homes[HOMES_MAX];
    struct text hint = {0};
    size_t count = 0;

    find_homes(reader->top, node->key, homes, &count);
    for (size_t i = 0; count <= HOMES_MAX && i < count; i++)
        text_format(&hint, "%s%s",
                    i == 0          ? ": it belongs to "
                    : i + 1 < count ? ", "
                                    : " or ",
                    *homes[i] ? homes[i] : "the top of the file");
    rule_reader_refuse_key(reader, node, "unknown field '%s'%s%s%s", show,
                           *shape->name ? " in " : "", shape->name, text_string(&hint));
    text_clear(&hint);
}

static void refuse_unknown(struct rule_reader *reader, const struct yaml_node *node,
                           const struct rule_shape *shape)
{
    const char *names[RULE_FIELDS_MAX + 1], *near;
    char show[TEXT_SHOW_SIZE];
    size_t count = 0;

    for (const struct rule_field *field = shape->fields; field->name; field++)
        if (field->form != RULE_FORM_REFUSED)
            names[count++] = field->name;
    names[count] = NULL;
    near = yaml_nearest(node->key, names);
    text_show(node->key, show);
    if (near)
        rule_reader_refuse_key(reader, node, "unknown field '%s': is it '%s'?", show, near);
    else
        refuse_misplaced(reader, node, shape, show);
}

static void check_twice(struct rule_reader *reader, const struct yaml_node *node)
{
    char show[TEXT_SHOW_SIZE];

    if (node->again)
        rule_reader_refuse_key(reader, node, "key \"%s\" stands twice, first in line %u",
                               text_show(node->key, show), node->again);
}

void rule_reader_members(struct rule_reader *reader, const struct yaml_node *map, const char *of,
                         const char *also)
{
    const char *near = NULL;
    char show[TEXT_SHOW_SIZE];

    if (!map || map->kind != YAML_MAP)
        return;
    for (const struct yaml_node *node = map->first; node && !rule_issues_full(reader->issues);
         node = node->next) {
        check_twice(reader, node);
        if ((also && strcmp(node->key, also) == 0) || rule_name_member(of, node->key, &near))
            continue;
        rule_reader_refuse_key(reader, node, "%s.%s is unknown%s%s%s%s%s", of,
                               text_show(node->key, show), near ? ": is it " : "", near ? of : "",
                               near ? "." : "", near ? near : "", near ? "?" : "");
    }
}

static void set_initial(const struct rule_shape *shape, void *base)
{
    for (const struct rule_field *field = shape->fields; field->name; field++)
        if (field->initial)
            *(int64_t *)((char *)base + field->offset) = field->initial;
}

static void read_field(struct rule_reader *reader, const struct yaml_node *node,
                       const struct rule_field *field, void *base)
{
    if (field->form == RULE_FORM_REFUSED) {
        rule_reader_refuse_key(reader, node, "'%s' %s", field->name, field->words);
        return;
    }
    if (field->later)
        rule_reader_later(reader, node);
    if (rule_reader_value(reader, node, field, base) == 0 && field->flag)
        *(bool *)((char *)base + field->flag - 1) = true;
}

static void check_names(struct rule_reader *reader, const struct yaml_node *map,
                        const struct rule_shape *shape)
{
    for (const struct yaml_node *node = map->first; node && !rule_issues_full(reader->issues);
         node = node->next) {
        check_twice(reader, node);
        if (!node->again && !find_field(shape, node->key))
            refuse_unknown(reader, node, shape);
    }
}

static void check_one_of(struct rule_reader *reader, const struct yaml_node *map,
                         const struct rule_shape *shape)
{
    const struct yaml_node *first = NULL, *node;
    struct text names = {0};

    for (const char *const *name = shape->one_of; *name; name++) {
        node = yaml_member(map, *name);
        if (node && first)
            rule_reader_refuse_key(reader, node, "'%s' and '%s' exclude each other", first->key,
                                   node->key);
        first = first ? first : node;
        text_format(&names, "%s'%s'", name == shape->one_of ? "" : name[1] ? ", " : " or ", *name);
    }
    if (!first && !shape->or_none)
        rule_reader_refuse(reader, map, "%s is missing in %s", text_string(&names), shape->name);
    text_clear(&names);
}

static void check_company(struct rule_reader *reader, const struct yaml_node *map,
                          const struct rule_shape *shape)
{
    for (const struct rule_field *field = shape->fields; field->name; field++) {
        const struct yaml_node *node = field->with ? yaml_member(map, field->name) : NULL;

        if (node && !yaml_member(map, field->with))
            rule_reader_refuse_key(reader, node, "'%s' needs '%s' beside it", field->name,
                                   field->with);
    }
    if (shape->one_of)
        check_one_of(reader, map, shape);
}

void rule_reader_map(struct rule_reader *reader, const struct yaml_node *map,
                     const struct rule_shape *shape, void *base)
{
    size_t before = reader->issues->count;

    set_initial(shape, base);
    if (shape->line)
        memcpy((char *)base + shape->line - 1, (unsigned[2]){map->line, map->column},
               2 * sizeof(unsigned));
    if (map->kind != YAML_MAP) {
        rule_reader_refuse(reader, map, "%s must be a map, not a %s",
                           *shape->name ? shape->name : reader->words->what,
                           map->kind == YAML_LIST ? "list" : "value");
        return;
    }
    check_names(reader, map, shape);
    for (const struct rule_field *field = shape->fields; field->name; field++) {
        const struct yaml_node *node = yaml_member(map, field->name);

        if (node)
            read_field(reader, node, field, base);
        else if (field->required)
            rule_reader_refuse(reader, map, "'%s' is missing%s%s", field->name,
                               *shape->name ? " in " : "", shape->name);
    }
    check_company(reader, map, shape);
    if (shape->check && reader->issues->count == before && !reader->issues->no_memory)
        shape->check(reader, map, base);
}
