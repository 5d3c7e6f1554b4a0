/* rule_lists.c - the forms of several values: lists of maps, keys, and maps of names to
 * expressions: see rule_fields.h. What was read before a fault stays counted, so that it is given
 * back.
 */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_program.h"
#include "rules/cel/cel_type.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_fields.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_names.h"
#include "rules/document/rule_param.h"
#include "rules/document/rule_reader.h"

static const char NAME_REST[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

static size_t count_of(const struct yaml_node *node)
{
    size_t count = 0;

    for (const struct yaml_node *at = node->first; at; at = at->next)
        count++;
    return count;
}

static struct rule_place place_of(const struct rule_reader *reader, unsigned names,
                                  const char *type)
{
    return (struct rule_place){
        .env = reader->env,
        .source = &reader->source,
        .issues = reader->issues,
        .type = type,
        .words = reader->words,
        .names = reader->has_window ? names : names & ~(unsigned)RULE_OF_WINDOW,
    };
}

static int read_list(struct rule_reader *reader, const struct yaml_node *node,
                     const struct rule_field *field, void *base)
{
    char **ret_items = (char **)((char *)base + field->offset);
    size_t *ret_count = (size_t *)((char *)base + field->also), count = count_of(node);

    if (node->kind != YAML_LIST)
        return rule_reader_refuse(reader, node, "%s must be a list, not a %s", field->name,
                                  node->kind == YAML_MAP ? "map" : "value");
    if (count < (size_t)field->min)
        return rule_reader_refuse(reader, node, "%s must not be empty", field->name);
    if (count > (size_t)field->max)
        return rule_reader_refuse(reader, node, "%s has more than %lld entries", field->name,
                                  (long long)field->max);
    *ret_items = calloc(count + 1, field->shape->size);
    if (!*ret_items)
        return rule_issues_no_memory(reader->issues);
    for (const struct yaml_node *item = node->first; item; item = item->next)
        rule_reader_map(reader, item, field->shape,
                        *ret_items + (*ret_count)++ * field->shape->size);
    return 0;
}

static int read_key(struct rule_reader *reader, const struct yaml_node *node,
                    const struct rule_field *field, struct rule_key *ret)
{
    const struct rule_place place = place_of(reader, field->names, "key");
    const struct yaml_node *item = node->kind == YAML_LIST ? node->first : node;
    size_t count = node->kind == YAML_LIST ? count_of(node) : 1;
    int rc = 0;

    if (node->kind == YAML_MAP || count == 0)
        return rule_reader_refuse(reader, node, "%s must be an expression or a list of them",
                                  field->name);
    if (count > RULE_KEY_PARTS_MAX)
        return rule_reader_refuse(reader, node, "%s has more than %d parts", field->name,
                                  RULE_KEY_PARTS_MAX);
    ret->parts = calloc(count, sizeof(*ret->parts));
    if (!ret->parts)
        return rule_issues_no_memory(reader->issues);
    for (; ret->count < count; ret->count++, item = item->next) {
        struct rule_expression *part = &ret->parts[ret->count];

        if (item->kind != YAML_SCALAR)
            rc = rule_reader_refuse(reader, item, "a part of a key must be an expression");
        else if (rule_expression_read(&place, item, part) < 0)
            rc = -1;
        for (size_t i = 0; part->text && i < ret->count; i++)
            if (ret->parts[i].text && strcmp(ret->parts[i].text, part->text) == 0)
                rc = rule_reader_refuse(reader, item, "stands twice in this list");
    }
    return rc;
}

/* ---- names to expressions ---- */

static int check_name(struct rule_reader *reader, const struct yaml_node *node, const char *what)
{
    if (node->again)
        return rule_reader_refuse_key(reader, node, "key \"%s\" stands twice, first in line %u",
                                      node->key, node->again);
    if (!*node->key || node->key[strspn(node->key, NAME_REST)] ||
        strchr("0123456789_", node->key[0]) || strlen(node->key) > 64)
        return rule_reader_refuse_key(reader, node,
                                      "%s's name is made of a-z, 0-9 and '_', a letter first, at "
                                      "most 64 characters",
                                      what);
    return 0;
}

static int count_names(struct rule_reader *reader, const struct yaml_node *node,
                       const struct rule_field *field, size_t *ret)
{
    if (node->kind != YAML_MAP)
        return rule_reader_refuse(reader, node, "%s must be a map of names to expressions",
                                  field->name);
    *ret = count_of(node);
    if (*ret > (size_t)field->max)
        return rule_reader_refuse(reader, node, "%s has more than %lld entries", field->name,
                                  (long long)field->max);
    return 0;
}

/* Declared even when its expression is wrong: those that use it are not. */
static int declare_let(struct rule_reader *reader, const struct yaml_node *node,
                       struct rule_let *let)
{
    struct text name = {0}, type = {0};
    struct error err = {0};
    int rc = -1;

    text_format(&name, "vars.%s", let->name);
    if (let->expression.program)
        cel_type_write(cel_program_type(let->expression.program), &type);
    else
        text_format(&type, "dyn");
    if (!text_ok(&name) || !text_ok(&type))
        rule_issues_no_memory(reader->issues);
    else if (cel_env_declare(reader->env, text_string(&name), text_string(&type), &let->slot,
                             &err) < 0)
        rule_issues_take(reader->issues, node->key_line, node->key_column, &err);
    else
        rc = 0;
    text_clear(&name);
    text_clear(&type);
    return rc;
}

static int read_lets(struct rule_reader *reader, const struct yaml_node *node,
                     const struct rule_field *field, void *base)
{
    struct rule_let **ret = (struct rule_let **)((char *)base + field->offset), *let;
    size_t *ret_count = (size_t *)((char *)base + field->also), count;
    const struct rule_place place = place_of(reader, field->names, "any");

    if (count_names(reader, node, field, &count) < 0)
        return -1;
    *ret = calloc(count + 1, sizeof(**ret));
    if (!*ret)
        return rule_issues_no_memory(reader->issues);
    for (const struct yaml_node *at = node->first; at; at = at->next) {
        if (check_name(reader, at, "a let") < 0)
            continue;
        let = &(*ret)[(*ret_count)++];
        if (!(let->name = strdup(at->key)))
            return rule_issues_no_memory(reader->issues);
        if (at->kind != YAML_SCALAR)
            rule_reader_refuse(reader, at, "must be an expression, not a %s",
                               at->kind == YAML_LIST ? "list" : "map");
        else
            rule_expression_read(&place, at, &let->expression);
        declare_let(reader, at, let);
    }
    return 0;
}

static int keep_value(struct rule_reader *reader, const struct rule_place *place,
                      const struct yaml_node *node, struct rule_param *param)
{
    struct text value = {0};
    const char *bad;
    int rc = -1;

    if (rule_expression_text(place, node, &param->expression, &value) < 0)
        goto out;
    bad = rule_param_forbidden(text_string(&value));
    if (value.length > RULE_PARAM_BYTES_MAX)
        rule_reader_refuse(reader, node, "parameter %s is longer than %d bytes", param->name,
                           RULE_PARAM_BYTES_MAX);
    else if (bad)
        rule_reader_refuse(reader, node, "parameter %s holds %s, which no image may be given",
                           param->name, bad);
    else if (!(param->value = text_take(&value)))
        rule_issues_no_memory(reader->issues);
    else
        rc = 0;
out:
    text_clear(&value);
    return rc;
}

static int read_param(struct rule_reader *reader, const struct yaml_node *node,
                      const struct rule_field *field, struct rule_param *param)
{
    const struct rule_place place = place_of(reader, field->names, "text");

    if (node->kind != YAML_SCALAR)
        return rule_reader_refuse(reader, node, "must be an expression, not a %s",
                                  node->kind == YAML_LIST ? "list" : "map");
    if (rule_expression_read(&place, node, &param->expression) < 0)
        return -1;
    return rule_expression_is_constant(&param->expression) ? keep_value(reader, &place, node, param)
                                                           : 0;
}

static int read_params(struct rule_reader *reader, const struct yaml_node *node,
                       const struct rule_field *field, void *base)
{
    struct rule_param **ret = (struct rule_param **)((char *)base + field->offset), *param;
    size_t *ret_count = (size_t *)((char *)base + field->also), count;

    if (count_names(reader, node, field, &count) < 0)
        return -1;
    *ret = calloc(count + 1, sizeof(**ret));
    if (!*ret)
        return rule_issues_no_memory(reader->issues);
    for (const struct yaml_node *at = node->first; at; at = at->next) {
        if (check_name(reader, at, "a parameter") < 0)
            continue;
        param = &(*ret)[(*ret_count)++];
        if (!(param->name = strdup(at->key)))
            return rule_issues_no_memory(reader->issues);
        read_param(reader, at, field, param);
    }
    return 0;
}

int rule_reader_list(struct rule_reader *reader, const struct yaml_node *node,
                     const struct rule_field *field, void *base)
{
    switch (field->form) {
    case RULE_FORM_LIST:
        return read_list(reader, node, field, base);
    case RULE_FORM_KEY:
        return read_key(reader, node, field, (struct rule_key *)((char *)base + field->offset));
    case RULE_FORM_LETS:
        return read_lets(reader, node, field, base);
    default:
        return read_params(reader, node, field, base);
    }
}
