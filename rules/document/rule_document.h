/* rule_document.h - a rule as a person wrote it: restricted YAML, checked field by field.
 * What is not understood is refused with its place, never ignored: a field of the rule language
 * that this version does not carry out yet, a mistyped name, a value of the wrong kind. Spec:
 * docs/rule-language.md.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/document/cel_literal.h"

struct error;

#define RULE_PARAMS_MAX 32
#define RULE_SCOPE_VALUES_MAX 256 /* of one attribute */

enum rule_attribute {
    RULE_TYPE, /* of the event; always scoped: the index of a rule book */
    RULE_STATUS,
    RULE_SEVERITY,
    RULE_SOURCE,
    RULE_ASSET_NAME,
    RULE_ASSET_CLASS,
    RULE_ASSET_SITE,
    RULE_ASSET_RACK,
    RULE_ATTRIBUTES,
};
const char *rule_attribute_name(enum rule_attribute attribute); /* "asset.class" */

struct rule_strings {
    char **items; /* count 0: not restricted */
    size_t count;
};

struct rule_param {
    char *name;
    enum cel_literal_type type;
    char *value;
};

struct rule_document {
    char *id, *title, *owner;
    char *runbook; /* NULL: none */
    struct rule_strings tags;
    int64_t version, priority;
    struct rule_strings scope[RULE_ATTRIBUTES];
    struct {
        char *image;
        char *version; /* exactly this one; NULL: the newest that is granted */
        struct rule_param *params;
        size_t param_count;
        int64_t deadline_s; /* 0: the image's */
        const char *after;  /* as_found | power_off | local_disk | stay; static */
    } boot;
};

/* 'name' is for messages, which read "name:line:column: message". NULL with 'err', code
 * ERROR_INVALID. */
struct rule_document *rule_document_parse(const char *name, const char *bytes, size_t length,
                                          struct error *err);
void rule_document_destroy(struct rule_document *document);
