/* rule_data.c - what a test feeds: a YAML tree of anything as JSON, typed as YAML 1.2's core schema
 * has it, and the machines of a test: see rule_fields.h. Spec: docs/rule-language.md, "Tests".
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"
#include "rules/cel/cel_time.h"
#include "rules/document/rule_fields.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_names.h"
#include "rules/document/rule_reader.h"
#include "rules/document/rule_test.h"

static json_t *no_memory(struct rule_reader *reader)
{
    rule_issues_no_memory(reader->issues);
    return NULL;
}

/* The decimal numbers of JSON, and a fraction or exponent as people write them. */
static bool is_real(const char *text)
{
    const char *at = text + (*text == '-');
    size_t whole = strspn(at, "0123456789"), part = 0;

    at += whole;
    if (*at == '.') {
        part = strspn(at + 1, "0123456789");
        at += 1 + part;
    }
    if (whole + part == 0 || (whole > 1 && text[*text == '-'] == '0'))
        return false;
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '+' || at[1] == '-');
        if (!*at)
            return false;
        at += strspn(at, "0123456789");
    }
    return !*at;
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

static json_t *make_scalar(struct rule_reader *reader, const struct yaml_node *node)
{
    static const char *const unknown[] = {".nan", ".NaN",  ".NAN",  ".inf",  ".Inf",
                                          ".INF", "+.inf", "-.inf", "-.Inf", NULL};
    static const char *const nulls[] = {"null", "~", "", NULL};
    struct error err = {0};
    json_t *value = NULL;
    int64_t integer;
    double real;

    if (!node->plain || !(*node->text)) {
        value = node->plain ? json_null() : json_string(node->text);
    } else if (is_one_of(node->text, unknown)) {
        rule_reader_refuse(reader, node, "%s is no value: write a number, or quote it", node->text);
        return NULL;
    } else if (is_one_of(node->text, nulls)) {
        value = json_null();
    } else if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0) {
        value = json_boolean(node->text[0] == 't');
    } else if (yaml_int(reader->yaml, node, &integer, &err) == 0) {
        value = json_integer(integer);
    } else if (is_real(node->text)) {
        real = strtod(node->text, NULL);
        if (!isfinite(real)) {
            rule_reader_refuse(reader, node, "this number is too large");
            return NULL;
        }
        value = json_real(real);
    } else {
        value = json_string(node->text);
    }
    return value ? value : no_memory(reader);
}

/* YAML_DEPTH_MAX levels at most: the parser saw to it. NULL: an issue more. */
static json_t *make_value(struct rule_reader *reader, const struct yaml_node *node, bool top)
{
    json_t *value = node->kind == YAML_LIST  ? json_array()
                    : node->kind == YAML_MAP ? json_object()
                                             : NULL;
    bool ok = true;

    if (node->kind == YAML_SCALAR)
        return make_scalar(reader, node);
    if (!value)
        return no_memory(reader);
    for (const struct yaml_node *at = node->first; at; at = at->next) {
        json_t *member = make_value(reader, at, false);
        char show[TEXT_SHOW_SIZE];
        int rc;

        if (at->again && !top)
            rule_reader_refuse_key(reader, at, "key \"%s\" stands twice, first in line %u",
                                   text_show(at->key, show), at->again);
        ok = ok && member;
        if (!member)
            continue;
        rc = node->kind == YAML_LIST ? json_array_append_new(value, member)
                                     : json_object_set_new(value, at->key, member);
        if (rc < 0) {
            ok = false;
            no_memory(reader);
        }
    }
    if (!ok) {
        json_decref(value);
        return NULL;
    }
    return value;
}

static int read_data(struct rule_reader *reader, const struct yaml_node *node,
                     const struct rule_field *field, json_t **ret)
{
    if (node->kind != YAML_MAP)
        return rule_reader_refuse(reader, node, "%s must be a map, not a %s", field->name,
                                  node->kind == YAML_LIST ? "list" : "value");
    *ret =
        make_value(reader, node, reader->words == &rule_words && strcmp(field->name, "event") == 0);
    return *ret ? 0 : -1;
}

static bool holds_texts(const json_t *map)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)map, key, value)
    {
        if (!json_is_string(value))
            return false;
    }
    return true;
}

static bool is_of_type(const json_t *value, const char *type)
{
    struct cel_value moment;

    if (strcmp(type, "dyn") == 0)
        return true;
    if (strcmp(type, "int") == 0)
        return json_is_integer(value);
    if (strncmp(type, "map", 3) == 0)
        return json_is_object(value) &&
               (strcmp(type, "map<string, string>") != 0 || holds_texts(value));
    if (!json_is_string(value))
        return false;
    if (strcmp(type, "timestamp") != 0)
        return true;
    moment = cel_timestamp_parse(json_string_value(value), json_string_length(value));
    return cel_is(moment, CEL_TIMESTAMP);
}

void rule_reader_kinds(struct rule_reader *reader, const struct yaml_node *map, const json_t *data,
                       const char *of)
{
    size_t length = strlen(of);

    for (size_t i = 0; i < rule_name_count; i++) {
        const char *name = rule_names[i].name, *type = rule_names[i].type;
        const json_t *value;
        bool quote, texts;

        if (strncmp(name, of, length) != 0 || name[length] != '.')
            continue;
        value = json_object_get(data, name + length + 1);
        if (!value || is_of_type(value, type))
            continue;
        quote = strcmp(type, "string") == 0 && (json_is_number(value) || json_is_boolean(value));
        texts = json_is_object(value) && strncmp(type, "map", 3) == 0;
        rule_reader_refuse(reader, yaml_member(map, name + length + 1), "%s is of type %s%s", name,
                           type,
                           quote   ? ": quote it"
                           : texts ? ": quote its values"
                                   : "");
    }
}

/* "s%d": one place for the number, and no other directive. */
static bool numbers(const char *id)
{
    const char *percent = strchr(id, '%');

    return percent && percent[1] == 'd' && !strchr(percent + 1, '%');
}

static int check_set(struct rule_reader *reader, const struct yaml_node *node,
                     struct rule_test_asset *asset)
{
    const struct yaml_node *count = yaml_member(node, "count"), *id = yaml_member(node, "id");
    struct error err = {0};

    if (!count)
        return 0;
    if (yaml_int(reader->yaml, count, &asset->count, &err) < 0)
        return rule_issues_take(reader->issues, count->line, count->column, &err);
    if (asset->count < 1 || asset->count > RULE_TEST_GENERATED_MAX)
        return rule_reader_refuse(reader, count, "must be 1 to %d, not %lld",
                                  RULE_TEST_GENERATED_MAX, (long long)asset->count);
    if (!id || id->kind != YAML_SCALAR || !numbers(id->text))
        return rule_reader_refuse(reader, id ? id : node,
                                  "a set with a count needs an id with %%d in it, such as s%%d");
    return json_object_del(asset->data, "count");
}

static int read_asset(struct rule_reader *reader, const struct yaml_node *node,
                      struct rule_test_asset *asset)
{
    char show[TEXT_SHOW_SIZE];

    asset->line = node->line;
    if (!(asset->name = strdup(node->key)))
        return rule_issues_no_memory(reader->issues);
    if (node->again)
        rule_reader_refuse_key(reader, node, "key \"%s\" stands twice, first in line %u",
                               text_show(node->key, show), node->again);
    if (node->kind != YAML_MAP)
        return rule_reader_refuse(reader, node, "a machine must be a map, not a %s",
                                  node->kind == YAML_LIST ? "list" : "value");
    rule_reader_members(reader, node, "asset", "count");
    asset->data = make_value(reader, node, true);
    if (!asset->data)
        return -1;
    rule_reader_kinds(reader, node, asset->data, "asset");
    return check_set(reader, node, asset);
}

static int read_assets(struct rule_reader *reader, const struct yaml_node *node,
                       const struct rule_field *field, void *base)
{
    struct rule_test_asset **ret = (struct rule_test_asset **)((char *)base + field->offset);
    size_t *ret_count = (size_t *)((char *)base + field->also), count = 0;

    if (node->kind != YAML_MAP)
        return rule_reader_refuse(reader, node, "assets must be a map of names to machines");
    for (const struct yaml_node *at = node->first; at; at = at->next)
        count++;
    if (count > (size_t)field->max)
        return rule_reader_refuse(reader, node, "assets has more than %lld entries",
                                  (long long)field->max);
    *ret = calloc(count + 1, sizeof(**ret));
    if (!*ret)
        return rule_issues_no_memory(reader->issues);
    for (const struct yaml_node *at = node->first; at; at = at->next)
        read_asset(reader, at, &(*ret)[(*ret_count)++]);
    return 0;
}

int rule_reader_data(struct rule_reader *reader, const struct yaml_node *node,
                     const struct rule_field *field, void *base)
{
    if (field->form == RULE_FORM_ASSETS)
        return read_assets(reader, node, field, base);
    return read_data(reader, node, field, (json_t **)((char *)base + field->offset));
}
