/* rule_test_fields.c - the fields of a rule's tests, and that what they speak of is there: see
 * rule_fields.h, rule_test.h.
 */
#include <string.h>

#include "common/text.h"
#include "common/yaml.h"
#include "rules/document/rule_field_macros.h"
#include "rules/document/rule_fields.h"
#include "rules/document/rule_names.h"
#include "rules/document/rule_reader.h"
#include "rules/document/rule_test.h"

#define NAME_MAX_BYTES 128 /* of a machine, a person, a queue: what a test calls it */

static const struct rule_field answer_fields[] = {
    {.name = "by",
     .form = RULE_FORM_TEXT,
     .required = true,
     .max = NAME_MAX_BYTES,
     AT(rule_test_answer, by),
     .words = "who"},
    {.name = "role",
     .form = RULE_FORM_NAME,
     .required = true,
     AT(rule_test_answer, role),
     .words = "in which role"},
    {.name = "because",
     .form = RULE_FORM_TEXT,
     .max = TEXT_MAX,
     AT(rule_test_answer, because),
     .words = "why"},
    {0},
};
static const struct rule_shape approve_shape = {.name = "approve", .fields = answer_fields};
static const struct rule_shape refuse_shape = {.name = "refuse", .fields = answer_fields};

static const char *const states[] = {"running", "succeeded", "failed", NULL};

static const struct rule_field end_fields[] = {
    {.name = "asset",
     .form = RULE_FORM_TEXT,
     .required = true,
     .max = NAME_MAX_BYTES,
     AT(rule_test_end, asset),
     .words = "whose newest task"},
    {.name = "state",
     .form = RULE_FORM_CHOICE,
     .required = true,
     AT(rule_test_end, state),
     .choices = states,
     .words = "is so from now on"},
    {0},
};
static const struct rule_shape end_shape = {.name = "task", .fields = end_fields};

static const struct rule_field entry_fields[] = {
    {.name = "at",
     .form = RULE_FORM_DURATION,
     .required = true,
     AT(rule_test_entry, at_ms),
     .max = 3650 * DAY,
     .words = "when, behind the test's now"},
    {.name = "times",
     .with = "every",
     .form = RULE_FORM_INT,
     AT(rule_test_entry, times),
     .min = 1,
     .max = RULE_TEST_TIMES_MAX,
     .initial = 1,
     .words = "how often"},
    {.name = "every",
     .with = "times",
     .form = RULE_FORM_DURATION,
     AT(rule_test_entry, every_ms),
     .max = 3650 * DAY,
     .words = "and at which distance"},
    {.name = "each",
     .with = "event",
     .form = RULE_FORM_TEXT,
     .max = NAME_MAX_BYTES,
     AT(rule_test_entry, each),
     .words = "of each machine of this set"},
    {.name = "event",
     .form = RULE_FORM_DATA,
     AT(rule_test_entry, event),
     .words = "the members of event.*, and asset: which machine"},
    {.name = "approve",
     .form = RULE_FORM_MAP,
     AT(rule_test_entry, approve),
     .shape = &approve_shape,
     .words = "somebody says yes"},
    {.name = "refuse",
     .form = RULE_FORM_MAP,
     AT(rule_test_entry, refuse),
     .shape = &refuse_shape,
     .words = "somebody says no"},
    {.name = "task",
     .form = RULE_FORM_MAP,
     AT(rule_test_entry, task),
     .shape = &end_shape,
     .words = "a task goes on"},
    {.name = "restart",
     .form = RULE_FORM_BOOL,
     AT(rule_test_entry, restart),
     .words = "true: what the rule remembers is written out and read again; nothing changes"},
    {0},
};

static int check_choice(struct rule_reader *reader, const struct yaml_node *node,
                        const char *const *choices)
{
    char show[TEXT_SHOW_SIZE];

    if (!node)
        return 0;
    for (size_t i = 0; node->kind == YAML_SCALAR && choices[i]; i++)
        if (strcmp(choices[i], node->text) == 0)
            return 0;
    return rule_reader_refuse(reader, node, "%s must be %s, %s or %s%s%s", node->key, choices[0],
                              choices[1], choices[2], node->kind == YAML_SCALAR ? ", not " : "",
                              node->kind == YAML_SCALAR ? text_show(node->text, show) : "");
}

static void check_event(struct rule_reader *reader, const struct yaml_node *event,
                        const json_t *data, bool each)
{
    static const char *const statuses[] = {"firing", "resolved", "info", NULL};
    static const char *const severities[] = {"info", "warning", "critical", NULL};

    rule_reader_members(reader, event, "event", each ? NULL : "asset");
    rule_reader_kinds(reader, event, data, "event");
    if (!yaml_member(event, "type"))
        rule_reader_refuse(reader, event, "'type' is missing in event");
    if (!each && !yaml_member(event, "asset"))
        rule_reader_refuse(reader, event, "'asset' is missing in event: whose is it?");
    check_choice(reader, yaml_member(event, "status"), statuses);
    check_choice(reader, yaml_member(event, "severity"), severities);
}

static void check_entry(struct rule_reader *reader, const struct yaml_node *map, const void *base)
{
    const struct rule_test_entry *entry = base;
    const struct yaml_node *restart = yaml_member(map, "restart");

    if (entry->event)
        check_event(reader, yaml_member(map, "event"), entry->event, entry->each != NULL);
    if (restart && restart->kind == YAML_SCALAR && strcmp(restart->text, "false") == 0)
        rule_reader_refuse(reader, restart, "'restart' is true, or not written");
}

static const char *const entry_one_of[] = {"event", "approve", "refuse", "task", "restart", NULL};
static const struct rule_shape entry_shape = {.name = "feed",
                                              .fields = entry_fields,
                                              .size = sizeof(struct rule_test_entry),
                                              LINE(rule_test_entry),
                                              .one_of = entry_one_of,
                                              .check = check_entry};

static const char *const acts[] = {"boot",     "approve", "schedule", "ticket",
                                   "suppress", "halt",    NULL};

static const struct rule_field decision_fields[] = {
    {.name = "do",
     .form = RULE_FORM_CHOICE,
     .required = true,
     AT(rule_test_decision, act),
     .choices = acts,
     .words = "what it decided"},
    {.name = "asset",
     .form = RULE_FORM_TEXT,
     .max = NAME_MAX_BYTES,
     AT(rule_test_decision, asset),
     .words = "for which machine"},
    {.name = "image",
     .form = RULE_FORM_NAME,
     AT(rule_test_decision, image),
     .words = "what it boots"},
    {.name = "version",
     .form = RULE_FORM_VERSION,
     AT(rule_test_decision, version),
     .words = "as the rule has it"},
    {.name = "profile",
     .form = RULE_FORM_NAME,
     AT(rule_test_decision, profile),
     .words = "of the image"},
    {.name = "params",
     .form = RULE_FORM_DATA,
     AT(rule_test_decision, params),
     .words = "what the image is given; those named are compared"},
    {.name = "level",
     .form = RULE_FORM_INT,
     AT(rule_test_decision, level),
     .min = 1,
     .max = 8,
     .initial = -1,
     .words = "of the approval, from 1"},
    {.name = "queue",
     .form = RULE_FORM_NAME,
     AT(rule_test_decision, queue),
     .words = "of the ticket"},
    {.name = "priority",
     .form = RULE_FORM_INT,
     AT(rule_test_decision, priority),
     .min = 0,
     .max = 1000000,
     .initial = -1,
     .words = "of the ticket"},
    {.name = "title",
     .form = RULE_FORM_TEXT,
     .max = TEXT_MAX,
     AT(rule_test_decision, title),
     .words = "of the ticket"},
    {.name = "calendar",
     .form = RULE_FORM_TEXT,
     .max = NAME_MAX_BYTES,
     AT(rule_test_decision, calendar),
     .words = "that it waits for"},
    {0},
};
static const struct rule_shape decision_shape = {.name = "decisions",
                                                 .fields = decision_fields,
                                                 .size = sizeof(struct rule_test_decision),
                                                 LINE(rule_test_decision)};

static const struct rule_field expect_fields[] = {
    {.name = "at",
     .form = RULE_FORM_DURATION,
     FLAG(rule_test_expect, timed),
     AT(rule_test_expect, at_ms),
     .max = 3650 * DAY,
     .words = "when, behind the test's now"},
    {.name = "decisions",
     .with = "at",
     .form = RULE_FORM_LIST,
     FLAG(rule_test_expect, lists),
     COUNTED(rule_test_expect, decisions, count),
     .max = RULE_TEST_ENTRIES_MAX,
     .shape = &decision_shape,
     .words = "made since the moment before; [] is none"},
    {.name = "total",
     .with = "at",
     .form = RULE_FORM_INT,
     AT(rule_test_expect, total),
     .max = 10000000,
     .initial = -1,
     .words = "boots started up to then"},
    {.name = "always",
     .form = RULE_FORM_EXPRESSION,
     AT(rule_test_expect, always),
     .type = "bool",
     .names = RULE_OF_TEST,
     .words = "what holds at every moment of the test"},
    {0},
};

static void check_expect(struct rule_reader *reader, const struct yaml_node *map, const void *base)
{
    const struct rule_test_expect *expect = base;

    if (expect->timed && !expect->lists && expect->total < 0)
        rule_reader_refuse(reader, map, "'decisions' or 'total' is missing in expect");
}

static const char *const expect_one_of[] = {"at", "always", NULL};
static const struct rule_shape expect_shape = {.name = "expect",
                                               .fields = expect_fields,
                                               .size = sizeof(struct rule_test_expect),
                                               LINE(rule_test_expect),
                                               .one_of = expect_one_of,
                                               .check = check_expect};

static const struct rule_field test_fields[] = {
    {.name = "name",
     .form = RULE_FORM_TEXT,
     .required = true,
     .max = TEXT_MAX,
     AT(rule_test, name),
     .words = "what it shows"},
    {.name = "now",
     .form = RULE_FORM_MOMENT,
     AT(rule_test, now_s),
     .initial = RULE_TEST_NOW_S,
     .words = "when it begins; not written: 2026-01-05T12:00:00Z, a Monday"},
    {.name = "assets",
     .form = RULE_FORM_ASSETS,
     .required = true,
     COUNTED(rule_test, assets, asset_count),
     .max = RULE_TEST_ASSETS_MAX,
     .words =
         "machines by name: the members of asset.*; with count, a set of them, whose id has a %d"},
    {.name = "feed",
     .form = RULE_FORM_LIST,
     .required = true,
     .min = 1,
     COUNTED(rule_test, feed, feed_count),
     .max = RULE_TEST_ENTRIES_MAX,
     .shape = &entry_shape,
     .words = "what happens"},
    {.name = "expect",
     .form = RULE_FORM_LIST,
     .required = true,
     .min = 1,
     COUNTED(rule_test, expect, expect_count),
     .max = RULE_TEST_ENTRIES_MAX,
     .shape = &expect_shape,
     .words = "what must come of it"},
    {0},
};

static const struct rule_test_asset *find_asset(const struct rule_test *test, const char *name)
{
    for (size_t i = 0; i < test->asset_count; i++)
        if (strcmp(test->assets[i].name, name) == 0)
            return &test->assets[i];
    return NULL;
}

/* Machines of a set are named by their ids; that they are of it shows when the test runs. */
static bool has_set(const struct rule_test *test)
{
    for (size_t i = 0; i < test->asset_count; i++)
        if (test->assets[i].count)
            return true;
    return false;
}

static void check_asset(struct rule_reader *reader, const struct rule_test *test,
                        const struct yaml_node *name)
{
    char show[TEXT_SHOW_SIZE];

    if (name && name->kind == YAML_SCALAR && !find_asset(test, name->text) && !has_set(test))
        rule_reader_refuse(reader, name, "no machine %s is among the test's assets",
                           text_show(name->text, show));
}

static void check_each(struct rule_reader *reader, const struct rule_test *test,
                       const struct yaml_node *name)
{
    const struct rule_test_asset *asset;
    char show[TEXT_SHOW_SIZE];

    if (!name || name->kind != YAML_SCALAR)
        return;
    asset = find_asset(test, name->text);
    if (!asset || !asset->count)
        rule_reader_refuse(reader, name, "no set %s with a count is among the test's assets",
                           text_show(name->text, show));
}

static const struct yaml_node *first_of(const struct yaml_node *map, const char *list)
{
    const struct yaml_node *node = yaml_member(map, list);

    return node ? node->first : NULL;
}

static void check_test(struct rule_reader *reader, const struct yaml_node *map, const void *base)
{
    const struct rule_test *test = base;

    for (const struct yaml_node *at = first_of(map, "feed"); at; at = at->next) {
        check_asset(reader, test, yaml_member(yaml_member(at, "event"), "asset"));
        check_asset(reader, test, yaml_member(yaml_member(at, "task"), "asset"));
        check_each(reader, test, yaml_member(at, "each"));
    }
    for (const struct yaml_node *at = first_of(map, "expect"); at; at = at->next)
        for (const struct yaml_node *one = first_of(at, "decisions"); one; one = one->next)
            check_asset(reader, test, yaml_member(one, "asset"));
}

const struct rule_shape rule_test_shape = {.name = "tests",
                                           .fields = test_fields,
                                           .size = sizeof(struct rule_test),
                                           LINE(rule_test),
                                           .check = check_test};
