/* rule_guard_fields.c - the fields of what stands between an alert that is in scope and the action:
 * see rule_fields.h.
 */
#include "rules/document/rule_document.h"
#include "rules/document/rule_field_macros.h"
#include "rules/document/rule_fields.h"
#include "rules/document/rule_names.h"

static const char *const kinds[] = {"tumbling", "sliding", "session", NULL};

static const struct rule_field window_fields[] = {
    {.name = "kind",
     .form = RULE_FORM_CHOICE,
     .required = true,
     AT(rule_window, kind),
     .choices = kinds,
     .first = RULE_WINDOW_TUMBLING,
     .words =
         "tumbling (aligned to the epoch), sliding, or session, which ends 'within' after its last "
         "alert"},
    {.name = "key",
     .form = RULE_FORM_KEY,
     .required = true,
     AT(rule_window, key),
     .names = RULE_OF_EVENT,
     .words = "what is counted apart"},
    {.name = "within",
     .form = RULE_FORM_DURATION,
     .required = true,
     AT(rule_window, within_ms),
     .min = SECOND,
     .max = 30 * DAY,
     .words = "how long it is, in the time of the events"},
    {.name = "lateness",
     .form = RULE_FORM_DURATION,
     AT(rule_window, lateness_ms),
     .max = DAY,
     .words = "how late an alert may come and still be counted"},
    {.name = "sum",
     .form = RULE_FORM_EXPRESSION,
     AT(rule_window, sum),
     .type = "number",
     .names = RULE_OF_EVENT,
     .words = "what an alert adds to window.sum; not written: 1"},
    {.name = "when",
     .form = RULE_FORM_EXPRESSION,
     .required = true,
     AT(rule_window, when),
     .type = "bool",
     .names = RULE_OF_EVENT | RULE_OF_WINDOW,
     .words = "the rule goes on only when this holds"},
    {.name = "max_keys",
     .form = RULE_FORM_INT,
     AT(rule_window, max_keys),
     .min = 1,
     .max = 1000000,
     .initial = 100000,
     .words = "keys that are kept; beyond it the one longest without an alert goes"},
    {0},
};
const struct rule_shape rule_window_shape = {.name = "window", .fields = window_fields};

static const struct rule_field absent_fields[] = {
    {.name = "expect",
     .form = RULE_FORM_TEXT,
     .required = true,
     .max = 256,
     AT(rule_absent, expect),
     .words = "the type of an event, or task.finished"},
    {.name = "key",
     .form = RULE_FORM_KEY,
     .required = true,
     AT(rule_absent, key),
     .names = RULE_OF_EVENT | RULE_OF_TASK,
     .words = "which one is expected: the same key"},
    {.name = "within",
     .form = RULE_FORM_DURATION,
     .required = true,
     AT(rule_absent, within_ms),
     .min = SECOND,
     .max = 90 * DAY,
     .words = "how long it is waited for"},
    {.name = "then",
     .form = RULE_FORM_MAP,
     .required = true,
     AT(rule_absent, then),
     .shape = &rule_absence_in_shape,
     .words = "what is done when it did not come"},
    {0},
};
const struct rule_shape rule_absent_shape = {
    .name = "absent", .fields = absent_fields, .size = sizeof(struct rule_absent)};

static const struct rule_field suppress_fields[] = {
    {.name = "type",
     .with = "key",
     .form = RULE_FORM_STRINGS,
     .max = RULE_SCOPE_VALUES_MAX,
     AT(rule_suppress, type),
     .words = "after an alert of one of these types"},
    {.name = "key",
     .with = "for",
     .form = RULE_FORM_KEY,
     AT(rule_suppress, key),
     .names = RULE_OF_EVENT,
     .words = "with the same key"},
    {.name = "for",
     .with = "type",
     .form = RULE_FORM_DURATION,
     AT(rule_suppress, for_ms),
     .min = SECOND,
     .max = 30 * DAY,
     .words = "for so long"},
    {.name = "when",
     .form = RULE_FORM_EXPRESSION,
     AT(rule_suppress, when),
     .type = "bool",
     .names = RULE_OF_EVENT,
     .words = "or while this holds"},
    {.name = "because",
     .form = RULE_FORM_TEXT,
     .required = true,
     .max = TEXT_MAX,
     AT(rule_suppress, because),
     .words = "why, for who reads what was decided"},
    {0},
};

static const char *const suppress_one_of[] = {"type", "when", NULL};
const struct rule_shape rule_suppress_shape = {.name = "suppress",
                                               .fields = suppress_fields,
                                               .size = sizeof(struct rule_suppress),
                                               .one_of = suppress_one_of};

static const struct rule_field dedup_fields[] = {
    {.name = "key",
     .form = RULE_FORM_KEY,
     .required = true,
     AT(rule_document, dedup),
     .names = BEHIND,
     .words = "the same key is the same fault"},
    {.name = "within",
     .form = RULE_FORM_DURATION,
     .required = true,
     AT(rule_document, dedup_ms),
     .min = SECOND,
     .max = 365 * DAY,
     .words = "how long after it was acted on"},
    {0},
};
const struct rule_shape rule_dedup_shape = {.name = "dedup", .fields = dedup_fields};

static const struct rule_field throttle_fields[] = {
    {.name = "key",
     .form = RULE_FORM_KEY,
     .required = true,
     AT(rule_document, throttle),
     .names = BEHIND,
     .words = "what is counted apart"},
    {.name = "max",
     .form = RULE_FORM_INT,
     .required = true,
     AT(rule_document, throttle_max),
     .min = 1,
     .max = 1000000,
     .words = "how often the rule acts"},
    {.name = "per",
     .form = RULE_FORM_DURATION,
     .required = true,
     AT(rule_document, throttle_ms),
     .min = SECOND,
     .max = 365 * DAY,
     .words = "in how long a time"},
    {0},
};
const struct rule_shape rule_throttle_shape = {.name = "throttle", .fields = throttle_fields};

static const struct rule_field require_fields[] = {
    {.name = "expr",
     .form = RULE_FORM_EXPRESSION,
     .required = true,
     AT(rule_require, expr),
     .type = "bool",
     .names = BEHIND,
     .words = "must hold, also when the task is handed out"},
    {.name = "because",
     .form = RULE_FORM_TEXT,
     .required = true,
     .max = TEXT_MAX,
     AT(rule_require, because),
     .words = "why, for who reads what was decided"},
    {0},
};
const struct rule_shape rule_require_shape = {
    .name = "require", .fields = require_fields, .size = sizeof(struct rule_require)};

static const struct rule_field limit_fields[] = {
    {.name = "by",
     .form = RULE_FORM_EXPRESSION,
     .required = true,
     AT(rule_limit, by),
     .type = "key",
     .names = BEHIND,
     .words = "of one value of this"},
    {.name = "max",
     .form = RULE_FORM_INT,
     AT(rule_limit, max),
     .min = 1,
     .max = 1000000,
     .words = "so many tasks at a time"},
    {.name = "max_percent",
     .form = RULE_FORM_PERCENT,
     AT(rule_limit, max_percent),
     .words = "or so many of its machines"},
    {.name = "min",
     .with = "max_percent",
     .form = RULE_FORM_INT,
     AT(rule_limit, min),
     .min = 1,
     .max = 1000000,
     .words = "but so many at least"},
    {0},
};

static const char *const limit_one_of[] = {"max", "max_percent", NULL};
const struct rule_shape rule_limit_shape = {.name = "limits",
                                            .fields = limit_fields,
                                            .size = sizeof(struct rule_limit),
                                            .one_of = limit_one_of};
