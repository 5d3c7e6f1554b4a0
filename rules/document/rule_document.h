/* rule_document.h - a rule as a person wrote it: restricted YAML, checked field by field, its
 * expressions compiled. What is not understood is refused with its place, never ignored, and all
 * that is wrong is told at once. The fields, their kinds and bounds are one table (rule_fields.h),
 * from which the published JSON Schema is made too. Spec: docs/rule-language.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/document/rule_expression.h"
#include "rules/document/rule_test.h"

struct cel_env;
struct rule_issues;

#define RULE_PARAMS_MAX 32
#define RULE_LETS_MAX 32
#define RULE_SCOPE_VALUES_MAX 256 /* of one attribute */
#define RULE_LIST_MAX 32 /* of require, limits, suppress, absent, stages, windows, report */
#define RULE_LEVELS_MAX 8

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
    char **items; /* count 0: not restricted, or none */
    size_t count;
};

struct rule_let {
    char *name;
    struct rule_expression expression; /* may name those above it */
    int slot;                          /* of vars.<name> in the document's environment */
};

struct rule_ticket {
    char *queue;                     /* NULL: there is no ticket */
    struct rule_expression priority; /* int */
    struct rule_expression title;    /* string; not written: the rule's title */
};

enum rule_window_kind {
    RULE_WINDOW_NONE,
    RULE_WINDOW_TUMBLING,
    RULE_WINDOW_SLIDING,
    RULE_WINDOW_SESSION
};

/* Event time. Tumbling: aligned to the epoch. Session: ends 'within' after its last alert. */
struct rule_window {
    int kind; /* enum rule_window_kind */
    struct rule_key key;
    int64_t within_ms, lateness_ms;
    struct rule_expression sum;  /* a number; not written: 1 */
    struct rule_expression when; /* bool */
    int64_t max_keys;
};

/* Not acted on while another alert of those types, with the same key, came in the last 'for_ms'; or
 * while 'when' is true. One of the two is written. */
struct rule_suppress {
    struct rule_strings type;
    struct rule_key key;
    int64_t for_ms;
    struct rule_expression when;
    char *because;
};

/* Something expected within a time after the rule has acted or matched; else 'then'. */
struct rule_absent {
    char *expect; /* an event's type, or task.finished */
    struct rule_key key;
    int64_t within_ms;
    struct rule_ticket then;
};

struct rule_require {
    struct rule_expression expr;
    char *because;
};

/* At most 'max' tasks, or 'max_percent' of the machines but at least 'min', of one value of 'by'
 * run at a time. */
struct rule_limit {
    struct rule_expression by;
    int64_t max;        /* 0: percent */
    double max_percent; /* 0: max */
    int64_t min;
};

struct rule_level {
    char *role;
    struct rule_expression of; /* of which the role is asked; may be missing */
    int64_t count, timeout_ms;
};

enum rule_on_timeout { RULE_TIMEOUT_ELSE, RULE_TIMEOUT_DROP };

struct rule_approval {
    struct rule_level *levels;
    size_t count; /* 0: none is asked */
    bool distinct_people;
    struct rule_strings not ; /* metadata.author */
    int on_timeout;           /* enum rule_on_timeout */
};

struct rule_hours {
    unsigned weekdays;         /* bit 0: Monday; 0 is written as 7 days */
    int from_min, to_min;      /* of the day; to <= from: over midnight */
    struct rule_expression tz; /* or the name of a zone, then 'zone' */
    char *zone;                /* both missing: UTC */
};

struct rule_schedule {
    bool maintenance; /* window: maintenance */
    struct rule_expression calendar;
    struct rule_hours *windows;
    size_t count;
    int64_t spread_ms, latest_ms; /* latest 0: there is no schedule */
};

struct rule_stage {
    int64_t max;               /* 0: percent */
    double max_percent;        /* 0: max */
    struct rule_expression of; /* of what the percentage is */
    int64_t soak_ms;
};

struct rule_rollout {
    struct rule_key key;
    struct rule_stage *stages;
    size_t count;
    struct rule_expression halt_when;
    struct rule_ticket on_halt;
};

struct rule_param {
    char *name;
    struct rule_expression expression;
    char *value; /* of an expression that names nothing; else NULL */
};

struct rule_report {
    char *to, *event;
    struct rule_strings include;
};

enum rule_after {
    RULE_AFTER_AS_FOUND,
    RULE_AFTER_POWER_OFF,
    RULE_AFTER_LOCAL_DISK,
    RULE_AFTER_STAY
};
const char *rule_after_name(int after); /* as tasks have it: "local_disk" */

struct rule_action {
    char *image;
    char *version; /* as written: "=1.4.0", "~7.2"; NULL: the newest that is granted */
    char *profile;
    struct rule_param *params;
    size_t param_count;
    struct rule_strings run;
    int64_t deadline_s; /* 0: the image's */
    int after;          /* enum rule_after */
    struct rule_report *reports;
    size_t report_count;
    struct rule_expression verify;
    int64_t verify_within_ms;
};

struct rule_document {
    char *id, *title, *owner;
    char *runbook; /* NULL: none */
    struct rule_strings tags;
    int64_t version, priority;
    struct rule_strings scope[RULE_ATTRIBUTES];
    struct cel_env *env; /* of all its expressions: rule_names.h, then vars.* */
    struct rule_let *lets;
    size_t let_count;
    struct rule_expression match; /* not written: always */
    struct rule_suppress *suppress;
    size_t suppress_count;
    int64_t hold_ms; /* 0: none */
    struct rule_window window;
    struct rule_absent *absent;
    size_t absent_count;
    struct rule_key dedup;
    int64_t dedup_ms;
    struct rule_key throttle;
    int64_t throttle_max, throttle_ms;
    struct rule_require *require;
    size_t require_count;
    struct rule_limit *limits;
    size_t limit_count;
    struct rule_approval approval;
    struct rule_schedule schedule;
    struct rule_rollout rollout;
    struct rule_action boot;
    struct rule_ticket otherwise; /* else */
    struct rule_test *tests;
    size_t test_count;
    char *later; /* see rule_document_not_carried_out() */
};

/* 'issues' is empty before. NULL: it has at least one, in the order of the file, or memory ran out.
 */
struct rule_document *rule_document_parse(const char *bytes, size_t length,
                                          struct rule_issues *issues);
void rule_document_destroy(struct rule_document *document);

/* The first field of the file that this version reads and does not act on, with its line:
 * "'window' (line 14)". NULL: all is carried out. A rule that has one is never armed. */
const char *rule_document_not_carried_out(const struct rule_document *document);
