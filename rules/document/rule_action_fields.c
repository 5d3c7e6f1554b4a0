/* rule_action_fields.c - the fields of what a rule does, and of who and what it waits for: see
 * rule_fields.h.
 */
#include "common/yaml.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_field_macros.h"
#include "rules/document/rule_fields.h"
#include "rules/document/rule_names.h"
#include "rules/document/rule_reader.h"

#define DEADLINE_MIN_S 30 /* table task, deadline_s */
#define DEADLINE_MAX_S 86400

/* ---- tickets: the same fields at three places, which know different names ---- */

#define TICKET_FIELDS(known)                                                                       \
    {                                                                                              \
        {.name = "queue",                                                                          \
         .form = RULE_FORM_NAME,                                                                   \
         .required = true,                                                                         \
         AT(rule_ticket, queue),                                                                   \
         .words = "where it is put"},                                                              \
            {.name = "priority",                                                                   \
             .form = RULE_FORM_EXPRESSION,                                                         \
             .required = true,                                                                     \
             AT(rule_ticket, priority),                                                            \
             .type = "int",                                                                        \
             .names = (known),                                                                     \
             .words = "a whole number, or an expression"},                                         \
            {.name = "title",                                                                      \
             .form = RULE_FORM_EXPRESSION,                                                         \
             AT(rule_ticket, title),                                                               \
             .type = "string",                                                                     \
             .names = (known),                                                                     \
             .words = "an expression; not written: the rule's title"},                             \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define TICKET_SHAPES(place, known)                                                                \
    static const struct rule_field place##_fields[] = TICKET_FIELDS(known);                        \
    static const struct rule_shape place##_shape = {.name = "ticket", .fields = place##_fields};   \
    static const struct rule_field place##_in_fields[] = {                                         \
        {.name = "ticket",                                                                         \
         .form = RULE_FORM_MAP,                                                                    \
         .required = true,                                                                         \
         .shape = &place##_shape,                                                                  \
         .words = "a ticket is opened"},                                                           \
        {0},                                                                                       \
    };

TICKET_SHAPES(ticket, BEHIND)
const struct rule_shape rule_ticket_in_shape = {.name = "else", .fields = ticket_in_fields};
TICKET_SHAPES(halt, RULE_OF_EVENT | RULE_OF_ROLLOUT)
const struct rule_shape rule_halt_in_shape = {.name = "on_halt", .fields = halt_in_fields};
TICKET_SHAPES(absence, RULE_OF_EVENT | RULE_OF_TASK)
const struct rule_shape rule_absence_in_shape = {.name = "then", .fields = absence_in_fields};

/* ---- action ---- */

static const char *const afters[] = {"as-found", "power-off", "local-disk", "stay", NULL};

const char *rule_after_name(int after)
{
    static const char *const names[] = {"as_found", "power_off", "local_disk", "stay"};

    return names[after];
}

static const struct rule_field boot_fields[] = {
    {.name = "image",
     .form = RULE_FORM_NAME,
     .required = true,
     AT(rule_action, image),
     .words = "the image's name"},
    {.name = "version",
     .form = RULE_FORM_VERSION,
     AT(rule_action, version),
     .words =
         "\"=1.4.0\": exactly this one; \"~1.4\": the newest 1.4; not written: the newest that "
         "is granted"},
    {.name = "profile",
     .form = RULE_FORM_NAME,
     AT(rule_action, profile),
     .words = "which of the image's profiles"},
    {.name = "params",
     .form = RULE_FORM_PARAMS,
     COUNTED(rule_action, params, param_count),
     .max = RULE_PARAMS_MAX,
     .names = BEHIND,
     .words = "names to expressions: what the image is given"},
    {.name = "run",
     .form = RULE_FORM_STRINGS,
     .max = RULE_LIST_MAX,
     AT(rule_action, run),
     .words = "which of the image's checks, in this order"},
    {.name = "deadline",
     .form = RULE_FORM_SECONDS,
     AT(rule_action, deadline_s),
     .min = DEADLINE_MIN_S,
     .max = DEADLINE_MAX_S,
     .words = "how long the task may take; not written: the image's"},
    {.name = "after",
     .form = RULE_FORM_CHOICE,
     AT(rule_action, after),
     .choices = afters,
     .words = "how the machine is left"},
    {0},
};
static const struct rule_shape boot_shape = {.name = "boot", .fields = boot_fields};

static const char *const includes[] = {"results", "event", NULL};

static const struct rule_field report_fields[] = {
    {.name = "to",
     .form = RULE_FORM_NAME,
     .required = true,
     AT(rule_report, to),
     .words = "the destination's name"},
    {.name = "event",
     .form = RULE_FORM_TEXT,
     .required = true,
     .max = 256,
     AT(rule_report, event),
     .words = "the type of what is sent"},
    {.name = "include",
     .form = RULE_FORM_STRINGS,
     .max = RULE_LIST_MAX,
     AT(rule_report, include),
     .choices = includes,
     .words = "what goes with it"},
    {0},
};
static const struct rule_shape report_shape = {
    .name = "report", .fields = report_fields, .size = sizeof(struct rule_report)};

static const struct rule_field verify_fields[] = {
    {.name = "expect",
     .form = RULE_FORM_EXPRESSION,
     .required = true,
     AT(rule_action, verify),
     .type = "bool",
     .names = RULE_OF_EVENT,
     .words = "what must hold afterwards"},
    {.name = "within",
     .form = RULE_FORM_DURATION,
     .required = true,
     AT(rule_action, verify_within_ms),
     .min = SECOND,
     .max = 7 * DAY,
     .words = "how long after the end"},
    {0},
};
static const struct rule_shape verify_shape = {.name = "verify", .fields = verify_fields};

static const struct rule_field action_fields[] = {
    {.name = "boot",
     .form = RULE_FORM_MAP,
     .required = true,
     .shape = &boot_shape,
     .words = "boots the machine into an image"},
    {.name = "verify",
     .form = RULE_FORM_MAP,
     .later = true,
     .shape = &verify_shape,
     .words = "what shows that it helped"},
    {.name = "report",
     .form = RULE_FORM_LIST,
     COUNTED(rule_action, reports, report_count),
     .max = RULE_LIST_MAX,
     .shape = &report_shape,
     .words = "who is told what came of it"},
    {0},
};
const struct rule_shape rule_action_shape = {.name = "action", .fields = action_fields};

/* ---- approval ---- */

static const struct rule_field level_fields[] = {
    {.name = "role",
     .form = RULE_FORM_NAME,
     .required = true,
     AT(rule_level, role),
     .words = "who may answer"},
    {.name = "of",
     .form = RULE_FORM_EXPRESSION,
     AT(rule_level, of),
     .type = "string",
     .names = BEHIND,
     .words = "of what they have the role: asset.service"},
    {.name = "count",
     .form = RULE_FORM_INT,
     AT(rule_level, count),
     .min = 1,
     .max = 16,
     .initial = 1,
     .words = "how many must say yes"},
    {.name = "timeout",
     .form = RULE_FORM_DURATION,
     .required = true,
     AT(rule_level, timeout_ms),
     .min = MINUTE,
     .max = 30 * DAY,
     .words = "how long they are waited for"},
    {0},
};
static const struct rule_shape level_shape = {
    .name = "levels", .fields = level_fields, .size = sizeof(struct rule_level)};

static const char *const not_by[] = {"metadata.author", NULL};
static const char *const on_timeouts[] = {"else", "drop", NULL};

static const struct rule_field approval_fields[] = {
    {.name = "levels",
     .form = RULE_FORM_LIST,
     .required = true,
     .min = 1,
     COUNTED(rule_approval, levels, count),
     .max = RULE_LEVELS_MAX,
     .shape = &level_shape,
     .words = "asked one after the other"},
    {.name = "distinct_people",
     .form = RULE_FORM_BOOL,
     AT(rule_approval, distinct_people),
     .words = "whether nobody may answer twice"},
    {.name = "not",
     .form = RULE_FORM_STRINGS,
     .max = RULE_LIST_MAX,
     AT(rule_approval, not ),
     .choices = not_by,
     .words = "who may not answer"},
    {.name = "on_timeout",
     .form = RULE_FORM_CHOICE,
     AT(rule_approval, on_timeout),
     .choices = on_timeouts,
     .words = "what is done when nobody answers"},
    {0},
};
const struct rule_shape rule_approval_shape = {.name = "approval", .fields = approval_fields};

/* ---- schedule ---- */

static const struct rule_field hours_fields[] = {
    {.name = "weekdays",
     .form = RULE_FORM_WEEKDAYS,
     AT(rule_hours, weekdays),
     .words = "mon, tue, wed, thu, fri, sat, sun; not written: all"},
    {.name = "from",
     .form = RULE_FORM_CLOCK,
     .required = true,
     AT(rule_hours, from_min),
     .words = "\"01:00\""},
    {.name = "to",
     .form = RULE_FORM_CLOCK,
     .required = true,
     AT(rule_hours, to_min),
     .words = "\"05:00\"; not behind 'from': on the next day"},
    {.name = "tz",
     .form = RULE_FORM_ZONE,
     COUNTED(rule_hours, tz, zone),
     .names = BEHIND,
     .words = "a zone such as Europe/Amsterdam, or an expression; not written: UTC"},
    {0},
};
static const struct rule_shape hours_shape = {
    .name = "windows", .fields = hours_fields, .size = sizeof(struct rule_hours)};

static const char *const named_windows[] = {"maintenance", NULL};

static const struct rule_field schedule_fields[] = {
    {.name = "window",
     .with = "calendar",
     .form = RULE_FORM_CHOICE,
     .later = true,
     .offset = RULE_NOWHERE,
     FLAG(rule_schedule, maintenance),
     .choices = named_windows,
     .words = "in the maintenance windows of a calendar"},
    {.name = "calendar",
     .with = "window",
     .form = RULE_FORM_EXPRESSION,
     AT(rule_schedule, calendar),
     .type = "string",
     .names = BEHIND,
     .words = "the calendar's name"},
    {.name = "windows",
     .form = RULE_FORM_LIST,
     .later = true,
     COUNTED(rule_schedule, windows, count),
     .max = RULE_LIST_MAX,
     .shape = &hours_shape,
     .words = "or at these hours"},
    {.name = "spread",
     .form = RULE_FORM_DURATION,
     AT(rule_schedule, spread_ms),
     .max = DAY,
     .words = "starts are spread over so long"},
    {.name = "latest",
     .form = RULE_FORM_DURATION,
     .required = true,
     AT(rule_schedule, latest_ms),
     .min = MINUTE,
     .max = 365 * DAY,
     .words = "not started by then, it is dropped"},
    {0},
};

/* Starts are spread from when a window opens. */
static void check_schedule(struct rule_reader *reader, const struct yaml_node *map,
                           const void *base)
{
    const struct yaml_node *spread = yaml_member(map, "spread");

    (void)base;
    if (spread && !yaml_member(map, "window") && !yaml_member(map, "windows"))
        rule_reader_refuse_key(reader, spread, "'spread' needs 'window' or 'windows' beside it");
}

static const char *const schedule_one_of[] = {"window", "windows", NULL};
const struct rule_shape rule_schedule_shape = {.name = "schedule",
                                               .fields = schedule_fields,
                                               .one_of = schedule_one_of,
                                               .or_none = true,
                                               .check = check_schedule};

/* ---- rollout ---- */

static const struct rule_field stage_fields[] = {
    {.name = "max",
     .form = RULE_FORM_INT,
     AT(rule_stage, max),
     .min = 1,
     .max = 1000000,
     .words = "so many machines"},
    {.name = "max_percent",
     .form = RULE_FORM_PERCENT,
     AT(rule_stage, max_percent),
     .words = "or so many of them"},
    {.name = "of",
     .with = "max_percent",
     .form = RULE_FORM_EXPRESSION,
     AT(rule_stage, of),
     .type = "key",
     .names = BEHIND,
     .words = "of what: asset.site; not written: of all"},
    {.name = "soak",
     .form = RULE_FORM_DURATION,
     AT(rule_stage, soak_ms),
     .max = 90 * DAY,
     .words = "how long the next stage waits"},
    {0},
};

static const char *const stage_one_of[] = {"max", "max_percent", NULL};
static const struct rule_shape stage_shape = {.name = "stages",
                                              .fields = stage_fields,
                                              .size = sizeof(struct rule_stage),
                                              .one_of = stage_one_of};

static const struct rule_field rollout_fields[] = {
    {.name = "key",
     .form = RULE_FORM_KEY,
     .required = true,
     AT(rule_rollout, key),
     .names = BEHIND,
     .words = "what is one rollout"},
    {.name = "stages",
     .form = RULE_FORM_LIST,
     .required = true,
     .min = 1,
     COUNTED(rule_rollout, stages, count),
     .max = RULE_LIST_MAX,
     .shape = &stage_shape,
     .words = "one after the other; the last goes on"},
    {.name = "halt_when",
     .form = RULE_FORM_EXPRESSION,
     AT(rule_rollout, halt_when),
     .type = "bool",
     .names = RULE_OF_EVENT | RULE_OF_ROLLOUT,
     .words = "no more are started once this holds"},
    {.name = "on_halt",
     .with = "halt_when",
     .form = RULE_FORM_MAP,
     AT(rule_rollout, on_halt),
     .shape = &rule_halt_in_shape,
     .words = "what is done then"},
    {0},
};
const struct rule_shape rule_rollout_shape = {.name = "rollout", .fields = rollout_fields};
