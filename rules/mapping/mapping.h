/* mapping.h - how messages of one format become events: restricted YAML with expressions on the
 * right-hand side, compiled. Immutable once it was read: any number of threads run it at once
 * (mapping_run.h). Its tests stand in its own file (mapping_trial.h). Spec: docs/mappings.md.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/document/rule_document.h"

struct cel_env;
struct rule_issues;

#define MAPPING_TESTS_MAX 64
#define MAPPING_TEST_EVENTS_MAX 64

enum mapping_body {
    MAPPING_JSON,  /* one value */
    MAPPING_LINES, /* one value a line; empty lines are none */
    MAPPING_ANY,   /* one value, or no JSON at all: then message is null */
};

/* The members of an event, in the order in which they are made. */
enum mapping_field {
    MAPPING_ID,
    MAPPING_SOURCE,
    MAPPING_TYPE,
    MAPPING_STATUS,
    MAPPING_SEVERITY,
    MAPPING_TIME,
    MAPPING_FINGERPRINT,
    MAPPING_COUNT,
    MAPPING_COMPONENT,
    MAPPING_LABELS,
    MAPPING_FIRMWARE,
    MAPPING_FIELDS,
};
enum mapping_selector {
    MAPPING_MAC,
    MAPPING_SERIAL,
    MAPPING_ASSET_TAG,
    MAPPING_NAME,
    MAPPING_SELECTORS
};
const char *mapping_field_name(enum mapping_field field);          /* "severity" */
const char *mapping_selector_name(enum mapping_selector selector); /* "asset_tag" */

/* What one event of a test must be: only what is written is compared. */
struct mapping_expected {
    json_t *event, *machine; /* NULL: not written */
    char *undecodable;       /* a part of the reason; NULL: it is an event */
    unsigned line;
};

struct mapping_test {
    char *name;
    int64_t received_s;
    json_t *headers; /* of strings; NULL: none */
    json_t *message; /* a map; or 'text', the message as it is */
    char *text;
    struct mapping_expected *events;
    size_t event_count;
    int64_t dropped; /* -1: not written */
    unsigned line;
};

struct mapping {
    char *name, *title; /* title NULL: none */
    int64_t version;
    int body;                    /* enum mapping_body */
    struct rule_expression each; /* a list; not written: the message is the one item */
    struct rule_let *lets;
    size_t let_count;
    struct rule_expression drop; /* bool */
    struct rule_expression fields[MAPPING_FIELDS];
    struct rule_expression selectors[MAPPING_SELECTORS];
    char *defaults[MAPPING_FIELDS]; /* of the texts, where an expression has no value */
    struct mapping_test *tests;
    size_t test_count;
    struct cel_env *env; /* of all its expressions: mapping_names.h, then vars.* */
};

/* 'issues' is empty before. NULL: it has at least one, in the order of the file, or memory ran out.
 */
struct mapping *mapping_parse(const char *bytes, size_t length, struct rule_issues *issues);
void mapping_destroy(struct mapping *mapping);
