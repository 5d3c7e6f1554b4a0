/* rule_fields_clear.c - gives back what was read along the table of fields, whole or in part. */
#include <jansson.h>
#include <stdlib.h>

#include "rules/document/rule_document.h"
#include "rules/document/rule_field_macros.h"
#include "rules/document/rule_fields.h"

static void clear_strings(struct rule_strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
}

static void clear_lets(struct rule_let *lets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(lets[i].name);
        rule_expression_clear(&lets[i].expression);
    }
    free(lets);
}

static void clear_params(struct rule_param *params, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(params[i].name);
        free(params[i].value);
        rule_expression_clear(&params[i].expression);
    }
    free(params);
}

static void clear_assets(struct rule_test_asset *assets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(assets[i].name);
        json_decref(assets[i].data);
    }
    free(assets);
}

static void clear_list(const struct rule_shape *shape, char *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rule_fields_clear(shape, items + i * shape->size);
    free(items);
}

static void clear_field(const struct rule_field *field, char *base)
{
    void *at = base + field->offset;
    size_t count = field->also ? *(size_t *)(base + field->also) : 0;

    switch (field->form) {
    case RULE_FORM_TEXT:
    case RULE_FORM_BYTES:
    case RULE_FORM_NAME:
    case RULE_FORM_VERSION:
        free(*(char **)at);
        break;
    case RULE_FORM_STRINGS:
        clear_strings(at);
        break;
    case RULE_FORM_EXPRESSION:
        rule_expression_clear(at);
        break;
    case RULE_FORM_KEY:
        rule_key_clear(at);
        break;
    case RULE_FORM_ZONE:
        rule_expression_clear(at);
        free(*(char **)(base + field->also));
        break;
    case RULE_FORM_LETS:
        clear_lets(*(struct rule_let **)at, count);
        break;
    case RULE_FORM_PARAMS:
        clear_params(*(struct rule_param **)at, count);
        break;
    case RULE_FORM_DATA:
        json_decref(*(json_t **)at);
        break;
    case RULE_FORM_ASSETS:
        clear_assets(*(struct rule_test_asset **)at, count);
        break;
    case RULE_FORM_MAP:
        rule_fields_clear(field->shape, at);
        break;
    case RULE_FORM_LIST:
        clear_list(field->shape, *(char **)at, count);
        break;
    default:
        break;
    }
}

void rule_fields_clear(const struct rule_shape *shape, void *base)
{
    for (const struct rule_field *field = shape->fields; field->name; field++)
        if (field->offset != RULE_NOWHERE)
            clear_field(field, base);
}
