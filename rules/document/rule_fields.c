/* rule_fields.c - the fields of a rule file, of its head and of its scope: see rule_fields.h. What
 * decides further stands in rule_guard_fields.c, what acts in rule_action_fields.c, what tests in
 * rule_test_fields.c.
 */
#include "rules/document/rule_fields.h"

#include "rules/document/rule_document.h"
#include "rules/document/rule_field_macros.h"
#include "rules/document/rule_names.h"

#define PRIORITY_MAX 1000000
#define TAGS_MAX 32

/* ---- scope ---- */

static const char *const statuses[] = {"firing", "info", NULL};
static const char *const severities[] = {"info", "warning", "critical", NULL};

#define SCOPE(attribute, written, ...)                                                             \
    {                                                                                              \
        .name = written, .form = RULE_FORM_STRINGS, .max = RULE_SCOPE_VALUES_MAX,                  \
        .offset =                                                                                  \
            offsetof(struct rule_document, scope) + (attribute) * sizeof(struct rule_strings),     \
        __VA_ARGS__                                                                                \
    }

static const struct rule_field scope_fields[] = {
    SCOPE(RULE_TYPE, "type", .required = true, .words = "the types of events it is for"),
    SCOPE(RULE_STATUS, "status", .choices = statuses,
          .words = "of the event; a resolved alert boots nothing"),
    SCOPE(RULE_SEVERITY, "severity", .choices = severities, .words = "of the event"),
    SCOPE(RULE_SOURCE, "source", .words = "of the event: who reported it"),
    SCOPE(RULE_ASSET_NAME, "asset.name", .words = "of the machine"),
    SCOPE(RULE_ASSET_CLASS, "asset.class", .words = "of the machine"),
    SCOPE(RULE_ASSET_SITE, "asset.site", .words = "of the machine"),
    SCOPE(RULE_ASSET_RACK, "asset.rack", .words = "of the machine"),
    {0},
};
static const struct rule_shape scope_shape = {.name = "scope", .fields = scope_fields};

const char *rule_attribute_name(enum rule_attribute attribute)
{
    return scope_fields[attribute].name;
}

/* ---- the file ---- */

static const struct rule_field spec_fields[] = {
    {.name = "priority",
     .form = RULE_FORM_INT,
     AT(rule_document, priority),
     .min = -PRIORITY_MAX,
     .max = PRIORITY_MAX,
     .words = "of several matching rules the highest acts, then the lowest id"},
    {.name = "scope",
     .form = RULE_FORM_MAP,
     .required = true,
     .shape = &scope_shape,
     .words = "which alerts it looks at: equality and membership only"},
    {.name = "let",
     .form = RULE_FORM_LETS,
     COUNTED(rule_document, lets, let_count),
     .max = RULE_LETS_MAX,
     .names = RULE_OF_EVENT,
     .words = "names for expressions, used as vars.<name>"},
    {.name = "match",
     .form = RULE_FORM_EXPRESSION,
     AT(rule_document, match),
     .type = "bool",
     .names = RULE_OF_EVENT,
     .words = "whether the rule is for this alert"},
    {.name = "suppress",
     .form = RULE_FORM_LIST,
     COUNTED(rule_document, suppress, suppress_count),
     .max = RULE_LIST_MAX,
     .shape = &rule_suppress_shape,
     .words = "when it is left alone, though it matches"},
    {.name = "hold",
     .form = RULE_FORM_DURATION,
     AT(rule_document, hold_ms),
     .min = SECOND,
     .max = 7 * DAY,
     .words = "how long the fault must last; a resolved alert cancels"},
    {.name = "window",
     .form = RULE_FORM_MAP,
     AT(rule_document, window),
     .shape = &rule_window_shape,
     .words = "counts alerts by a key"},
    {.name = "dedup",
     .form = RULE_FORM_MAP,
     .shape = &rule_dedup_shape,
     .words = "acts once on one fault"},
    {.name = "throttle",
     .form = RULE_FORM_MAP,
     .shape = &rule_throttle_shape,
     .words = "acts so often at most"},
    {.name = "require",
     .with = "else",
     .form = RULE_FORM_LIST,
     COUNTED(rule_document, require, require_count),
     .max = RULE_LIST_MAX,
     .shape = &rule_require_shape,
     .words = "what must hold, else 'else'"},
    {.name = "approval",
     .form = RULE_FORM_MAP,
     .later = true,
     AT(rule_document, approval),
     .shape = &rule_approval_shape,
     .words = "who is asked first"},
    {.name = "schedule",
     .form = RULE_FORM_MAP,
     AT(rule_document, schedule),
     .shape = &rule_schedule_shape,
     .words = "when it may run"},
    {.name = "limits",
     .form = RULE_FORM_LIST,
     COUNTED(rule_document, limits, limit_count),
     .max = RULE_LIST_MAX,
     .shape = &rule_limit_shape,
     .words = "how many of its tasks run at a time"},
    {.name = "rollout",
     .form = RULE_FORM_MAP,
     .later = true,
     AT(rule_document, rollout),
     .shape = &rule_rollout_shape,
     .words = "in which stages it goes through the fleet"},
    {.name = "action",
     .form = RULE_FORM_MAP,
     .required = true,
     AT(rule_document, boot),
     .shape = &rule_action_shape,
     .words = "what it does"},
    {.name = "else",
     .form = RULE_FORM_MAP,
     AT(rule_document, otherwise),
     .shape = &rule_ticket_in_shape,
     .words = "what it does when it must not act"},
    {.name = "absent",
     .form = RULE_FORM_LIST,
     COUNTED(rule_document, absent, absent_count),
     .max = RULE_LIST_MAX,
     .shape = &rule_absent_shape,
     .words = "what must follow, and what is done when it does not"},
    {.name = "tests", .form = RULE_FORM_REFUSED, .words = "stands beside spec, not in it"},
    {0},
};

static const struct rule_shape spec_shape = {.name = "spec", .fields = spec_fields};

static const struct rule_field metadata_fields[] = {
    {.name = "id",
     .form = RULE_FORM_NAME,
     .required = true,
     AT(rule_document, id),
     .words = "names the rule in its tenant"},
    {.name = "title",
     .form = RULE_FORM_TEXT,
     .max = TEXT_MAX,
     AT(rule_document, title),
     .words = "for people; not written: the id"},
    VERSION_FIELD(rule_document),
    {.name = "owner",
     .form = RULE_FORM_TEXT,
     .required = true,
     .max = TEXT_MAX,
     AT(rule_document, owner),
     .words = "who is asked about it"},
    {.name = "runbook",
     .form = RULE_FORM_TEXT,
     .max = TEXT_MAX,
     AT(rule_document, runbook),
     .words = "where people read on"},
    {.name = "tags",
     .form = RULE_FORM_STRINGS,
     .max = TAGS_MAX,
     AT(rule_document, tags),
     .words = "to find it by"},
    {.name = "stage",
     .form = RULE_FORM_REFUSED,
     .words = "is not in the file: it is set by muster rule arm and disarm"},
    {0},
};
static const struct rule_shape metadata_shape = {.name = "metadata", .fields = metadata_fields};

static const char *const api_versions[] = {"rules/v1", NULL};
static const char *const file_kinds[] = {"Rule", NULL};

static const struct rule_field file_fields[] = {
    FILE_HEAD(api_versions, file_kinds, metadata_shape, spec_shape),
    {.name = "tests",
     .form = RULE_FORM_LIST,
     COUNTED(rule_document, tests, test_count),
     .max = RULE_TESTS_MAX,
     .shape = &rule_test_shape,
     .words = "what it must decide"},
    {0},
};
const struct rule_shape rule_file_shape = {.name = "", .fields = file_fields};
