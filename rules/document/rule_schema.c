/* rule_schema.c - see rule_schema.h. Invariant: what rule_reader.c takes is valid by the schema, as
 * far as a YAML reader types it so; what the schema refuses, rule_reader.c refuses.
 */
#include "rules/document/rule_schema.h"

#include "common/text.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_fields.h"

#define SCHEMA "https://json-schema.org/draft/2020-12/schema"
#define PATTERN_DURATION "^(0|[1-9][0-9]*)(ms|s|m|h|d)$"
#define PATTERN_NAME "^[a-z0-9][a-z0-9.-]{0,62}$"
#define PATTERN_VERSION "^[=~][A-Za-z0-9.+-]{1,64}$"
#define PATTERN_CLOCK "^([01][0-9]|2[0-3]):[0-5][0-9]$"
#define PATTERN_WORD "^[a-z][a-z0-9_]{0,63}$"

static json_t *map_schema(const struct rule_shape *shape);

static json_t *pattern(const char *text)
{
    return json_pack("{s:s, s:s}", "type", "string", "pattern", text);
}

static json_t *choices(const char *const *words)
{
    json_t *list = json_array();

    for (; *words; words++)
        if (json_array_append_new(list, json_string(*words)) < 0) {
            json_decref(list);
            return NULL;
        }
    return json_pack("{s:o}", "enum", list);
}

static json_t *text_up_to(int64_t max)
{
    return json_pack("{s:s, s:i, s:I}", "type", "string", "minLength", 1, "maxLength",
                     (json_int_t)max);
}

/* YAML types "2", "1.5" and "true" by themselves; all three are expressions. */
static json_t *expression(void)
{
    return json_pack("{s:[s, s, s], s:i}", "type", "string", "number", "boolean", "minLength", 1);
}

/* One value, or a list of 'min' to 'max'. */
static json_t *one_or_list(json_t *item, int64_t max)
{
    json_t *list = json_pack("{s:s, s:O, s:i, s:I, s:b}", "type", "array", "items", item,
                             "minItems", 1, "maxItems", (json_int_t)max, "uniqueItems", 1);

    return json_pack("{s:[o, o]}", "anyOf", item, list);
}

static json_t *named_expressions(int64_t max)
{
    return json_pack("{s:s, s:{s:o}, s:b, s:I}", "type", "object", "patternProperties",
                     PATTERN_WORD, expression(), "additionalProperties", 0, "maxProperties",
                     (json_int_t)max);
}

static json_t *whole_number(const struct rule_field *field)
{
    return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)field->min,
                     "maximum", (json_int_t)field->max);
}

static json_t *weekdays(void)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

    return json_pack("{s:s, s:o, s:i, s:b}", "type", "array", "items", choices(days), "minItems", 1,
                     "uniqueItems", 1);
}

static json_t *list_schema(const struct rule_field *field)
{
    return json_pack("{s:s, s:o, s:I, s:I}", "type", "array", "items", map_schema(field->shape),
                     "minItems", (json_int_t)field->min, "maxItems", (json_int_t)field->max);
}

static json_t *value_schema(const struct rule_field *field)
{
    switch (field->form) {
    case RULE_FORM_TEXT:
        return text_up_to(field->max);
    case RULE_FORM_NAME:
        return pattern(PATTERN_NAME);
    case RULE_FORM_VERSION:
        return pattern(PATTERN_VERSION);
    case RULE_FORM_CHOICE:
        return choices(field->choices);
    case RULE_FORM_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case RULE_FORM_INT:
        return whole_number(field);
    case RULE_FORM_PERCENT:
        return json_pack("{s:s, s:i, s:i}", "type", "number", "exclusiveMinimum", 0, "maximum",
                         100);
    case RULE_FORM_DURATION:
    case RULE_FORM_SECONDS:
        return pattern(PATTERN_DURATION);
    case RULE_FORM_CLOCK:
        return pattern(PATTERN_CLOCK);
    case RULE_FORM_WEEKDAYS:
        return weekdays();
    case RULE_FORM_MOMENT:
        return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
    case RULE_FORM_STRINGS:
        return one_or_list(field->choices ? choices(field->choices) : text_up_to(256), field->max);
    case RULE_FORM_KEY:
        return one_or_list(expression(), RULE_KEY_PARTS_MAX);
    case RULE_FORM_LETS:
    case RULE_FORM_PARAMS:
        return named_expressions(field->max);
    case RULE_FORM_DATA:
        return json_pack("{s:s}", "type", "object");
    case RULE_FORM_ASSETS:
        return json_pack("{s:s, s:{s:s}, s:I}", "type", "object", "additionalProperties", "type",
                         "object", "maxProperties", (json_int_t)field->max);
    case RULE_FORM_MAP:
        return map_schema(field->shape);
    case RULE_FORM_LIST:
        return list_schema(field);
    default:
        return expression();
    }
}

/* The words, and what the controller does not do yet. */
static int describe(json_t *schema, const struct rule_field *field)
{
    struct text words = {0};
    int rc;

    text_format(&words, "%s%s", field->words,
                field->later ? ". Read and tested, and refused at arming by this version." : "");
    rc = text_ok(&words)
             ? json_object_set_new(schema, "description", json_string(text_string(&words)))
             : -1;
    text_clear(&words);
    return rc;
}

static int add_fields(const struct rule_shape *shape, json_t *properties, json_t *required,
                      json_t *company)
{
    for (const struct rule_field *field = shape->fields; field->name; field++) {
        json_t *schema;

        if (field->form == RULE_FORM_REFUSED)
            continue;
        schema = value_schema(field);
        if (!schema || describe(schema, field) < 0) {
            json_decref(schema);
            return -1;
        }
        if (json_object_set_new(properties, field->name, schema) < 0)
            return -1;
        if (field->required && json_array_append_new(required, json_string(field->name)) < 0)
            return -1;
        if (field->with &&
            json_object_set_new(company, field->name, json_pack("[s]", field->with)) < 0)
            return -1;
    }
    return 0;
}

static int add_one_of(const struct rule_shape *shape, json_t *schema)
{
    json_t *list = json_array();

    for (const char *const *name = shape->one_of; *name; name++)
        if (json_array_append_new(list, json_pack("{s:[s]}", "required", *name)) < 0) {
            json_decref(list);
            return -1;
        }
    /* Neither of them: no schema says so shortly but this. */
    if (shape->or_none) {
        json_t *any = json_deep_copy(list);

        if (json_array_append_new(list, json_pack("{s:{s:o}}", "not", "anyOf", any)) < 0) {
            json_decref(list);
            return -1;
        }
    }
    return json_object_set_new(schema, "oneOf", list);
}

static json_t *map_schema(const struct rule_shape *shape)
{
    json_t *properties = json_object(), *required = json_array(), *company = json_object(), *schema;
    int rc = add_fields(shape, properties, required, company);

    schema = json_pack("{s:s, s:O, s:b}", "type", "object", "properties", properties,
                       "additionalProperties", 0);
    if (json_array_size(required))
        rc |= json_object_set(schema, "required", required);
    if (json_object_size(company))
        rc |= json_object_set(schema, "dependentRequired", company);
    if (shape->one_of)
        rc |= add_one_of(shape, schema);
    json_decref(properties);
    json_decref(required);
    json_decref(company);
    if (rc < 0) {
        json_decref(schema);
        return NULL;
    }
    return schema;
}

json_t *rule_schema_make(void)
{
    json_t *head =
        json_pack("{s:s, s:s, s:s}", "$schema", SCHEMA, "title", "A rule of Muster", "description",
                  "Made from the same table as the parser; see docs/rule-language.md. "
                  "Expressions are compiled by muster rule lint.");
    json_t *file = map_schema(&rule_file_shape);

    if (!head || !file || json_object_update(head, file) < 0) {
        json_decref(head);
        head = NULL;
    }
    json_decref(file);
    return head;
}
