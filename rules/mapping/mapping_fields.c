/* mapping_fields.c - see mapping_fields.h. The table is also what docs/mappings.md must name. */
#include "rules/mapping/mapping_fields.h"

#include <string.h>

#include "common/yaml.h"
#include "rules/document/rule_field_macros.h"
#include "rules/document/rule_fields.h"
#include "rules/document/rule_reader.h"
#include "rules/mapping/event_shape.h"
#include "rules/mapping/mapping.h"
#include "rules/mapping/mapping_names.h"

#define OF_MESSAGE ((unsigned)MAPPING_OF_MESSAGE)
#define OF_ITEM ((unsigned)(MAPPING_OF_MESSAGE | MAPPING_OF_ITEM))
#define TEXT_OF_TEST_MAX (64 * 1024) /* a message written as one text */

#define PART(field, member_name, member_type, what)                                                \
    {                                                                                              \
        .name = member_name, .form = RULE_FORM_EXPRESSION, AT(mapping, fields[field]),             \
        .type = member_type, .names = OF_ITEM, .words = what                                       \
    }

static const struct rule_field event_fields[] = {
    {.name = "id",
     .form = RULE_FORM_EXPRESSION,
     .required = true,
     AT(mapping, fields[MAPPING_ID]),
     .type = "text?",
     .names = OF_ITEM,
     .words = "names the event within its source: a second one is a duplicate"},
    PART(MAPPING_SOURCE, "source", "text?", "who reported it, without spaces"),
    PART(MAPPING_TYPE, "type", "text?", "what happened"),
    PART(MAPPING_STATUS, "status", "text?", "firing, resolved or info"),
    PART(MAPPING_SEVERITY, "severity", "text?", "info, warning or critical"),
    PART(MAPPING_TIME, "time", "moment?", "when it happened; not written: when it was received"),
    PART(MAPPING_FINGERPRINT, "fingerprint", "text?", "the same for all alerts of one fault"),
    PART(MAPPING_COUNT, "count", "count?", "how often"),
    PART(MAPPING_COMPONENT, "component", "map?", "the part: kind, id ..."),
    PART(MAPPING_LABELS, "labels", "labels?", "names to texts; of several maps the last wins"),
    PART(MAPPING_FIRMWARE, "firmware", "map?", "of firmware events: version, channel ..."),
    {0},
};
static const struct rule_shape event_shape = {.name = "event", .fields = event_fields};

const char *mapping_field_name(enum mapping_field field)
{
    return event_fields[field].name;
}

#define SELECTOR(which, member_name, what)                                                         \
    {                                                                                              \
        .name = member_name, .form = RULE_FORM_EXPRESSION, AT(mapping, selectors[which]),          \
        .type = "text?", .names = OF_ITEM, .words = what                                           \
    }

static const struct rule_field machine_fields[] = {
    SELECTOR(MAPPING_MAC, "mac", "of one of its network cards"),
    SELECTOR(MAPPING_SERIAL, "serial", "its serial number"),
    SELECTOR(MAPPING_ASSET_TAG, "asset_tag", "its asset tag"),
    SELECTOR(MAPPING_NAME, "name", "what people call it"),
    {0},
};

static void check_machine(struct rule_reader *reader, const struct yaml_node *map, const void *base)
{
    (void)base;
    if (!map->first)
        rule_reader_refuse(reader, map,
                           "'mac', 'serial', 'asset_tag' or 'name' is missing in machine");
}

static const struct rule_shape machine_shape = {
    .name = "machine", .fields = machine_fields, .check = check_machine};

const char *mapping_selector_name(enum mapping_selector selector)
{
    return machine_fields[selector].name;
}

static const struct rule_field default_fields[] = {
    {.name = "source",
     .form = RULE_FORM_TEXT,
     .max = EVENT_SOURCE_BYTES_MAX,
     AT(mapping, defaults[MAPPING_SOURCE]),
     .words = "who reported it, without spaces"},
    {.name = "type",
     .form = RULE_FORM_TEXT,
     .max = EVENT_FIELD_BYTES_MAX,
     AT(mapping, defaults[MAPPING_TYPE]),
     .words = "what happened"},
    {.name = "status",
     .form = RULE_FORM_TEXT,
     .max = EVENT_FIELD_BYTES_MAX,
     AT(mapping, defaults[MAPPING_STATUS]),
     .words = "firing, resolved or info"},
    {.name = "severity",
     .form = RULE_FORM_TEXT,
     .max = EVENT_FIELD_BYTES_MAX,
     AT(mapping, defaults[MAPPING_SEVERITY]),
     .words = "info, warning or critical"},
    {0},
};

static void check_choice(struct rule_reader *reader, const struct yaml_node *map, const char *name,
                         const char *const *choices, const char *listed)
{
    const struct yaml_node *node = yaml_member(map, name);

    for (size_t i = 0; node && choices[i]; i++)
        if (strcmp(node->text, choices[i]) == 0)
            return;
    if (node)
        rule_reader_refuse(reader, node, "%s must be %s", name, listed);
}

static void check_defaults(struct rule_reader *reader, const struct yaml_node *map,
                           const void *base)
{
    const struct mapping *mapping = base;

    check_choice(reader, map, "status", event_statuses, "firing, resolved or info");
    check_choice(reader, map, "severity", event_severities, "info, warning or critical");
    if (mapping->defaults[MAPPING_SOURCE] && strchr(mapping->defaults[MAPPING_SOURCE], ' '))
        rule_reader_refuse(reader, yaml_member(map, "source"), "source holds a space: remove it");
}

static const struct rule_shape default_shape = {
    .name = "defaults", .fields = default_fields, .check = check_defaults};

/* ---- tests ---- */

static const struct rule_field expected_fields[] = {
    {.name = "event",
     .form = RULE_FORM_DATA,
     AT(mapping_expected, event),
     .words = "members that it must have"},
    {.name = "machine",
     .form = RULE_FORM_DATA,
     AT(mapping_expected, machine),
     .words = "what it must be found by"},
    {.name = "undecodable",
     .form = RULE_FORM_TEXT,
     .max = TEXT_MAX,
     AT(mapping_expected, undecodable),
     .words = "it cannot be made; a part of the reason"},
    {0},
};

static void check_expected(struct rule_reader *reader, const struct yaml_node *map,
                           const void *base)
{
    const struct mapping_expected *expected = base;

    if (expected->undecodable ? expected->event || expected->machine
                              : !expected->event && !expected->machine)
        rule_reader_refuse(reader, map, "needs event, machine or both, or undecodable alone");
}

static const struct rule_shape expected_shape = {.name = "events",
                                                 .fields = expected_fields,
                                                 .size = sizeof(struct mapping_expected),
                                                 .check = check_expected,
                                                 LINE(mapping_expected)};

static const struct rule_field test_fields[] = {
    {.name = "name",
     .form = RULE_FORM_TEXT,
     .required = true,
     .max = TEXT_MAX,
     AT(mapping_test, name),
     .words = "what it shows"},
    {.name = "received",
     .form = RULE_FORM_MOMENT,
     AT(mapping_test, received_s),
     .initial = RULE_TEST_NOW_S,
     .words = "when; not written: 2026-01-05T12:00:00Z"},
    {.name = "headers",
     .form = RULE_FORM_DATA,
     AT(mapping_test, headers),
     .words = "of the record or request"},
    {.name = "message", .form = RULE_FORM_DATA, AT(mapping_test, message), .words = "what came"},
    {.name = "body",
     .form = RULE_FORM_BYTES,
     .max = TEXT_OF_TEST_MAX,
     AT(mapping_test, text),
     .words = "the same as it is, of several lines or no JSON"},
    {.name = "events",
     .form = RULE_FORM_LIST,
     COUNTED(mapping_test, events, event_count),
     .max = MAPPING_TEST_EVENTS_MAX,
     .shape = &expected_shape,
     .words = "what it must become, all of it in order; not written: nothing"},
    {.name = "dropped",
     .form = RULE_FORM_INT,
     AT(mapping_test, dropped),
     .max = INT32_MAX,
     .initial = -1,
     .words = "how many items must be left out"},
    {0},
};

static void check_test(struct rule_reader *reader, const struct yaml_node *map, const void *base)
{
    const struct mapping_test *test = base;
    const char *name;
    json_t *value;

    json_object_foreach(test->headers, name, value)
    {
        if (!json_is_string(value))
            rule_reader_refuse(reader, yaml_member(yaml_member(map, "headers"), name),
                               "a header is a text: quote it");
    }
}

static const char *const test_one_of[] = {"message", "body", NULL};
static const struct rule_shape test_shape = {.name = "tests",
                                             .fields = test_fields,
                                             .size = sizeof(struct mapping_test),
                                             .one_of = test_one_of,
                                             .check = check_test,
                                             LINE(mapping_test)};

/* ---- the file ---- */

static const char *const bodies[] = {"json", "json-lines", "any", NULL};

static const struct rule_field spec_fields[] = {
    {.name = "body",
     .form = RULE_FORM_CHOICE,
     AT(mapping, body),
     .choices = bodies,
     .first = MAPPING_JSON,
     .words = "what a message is; not written: json"},
    {.name = "each",
     .form = RULE_FORM_EXPRESSION,
     AT(mapping, each),
     .type = "list",
     .names = OF_MESSAGE,
     .words = "the items of a message; not written: it is the only one"},
    {.name = "let",
     .form = RULE_FORM_LETS,
     COUNTED(mapping, lets, let_count),
     .max = RULE_LETS_MAX,
     .names = OF_ITEM,
     .words = "names for expressions, used as vars.<name>"},
    {.name = "drop",
     .form = RULE_FORM_EXPRESSION,
     AT(mapping, drop),
     .type = "bool",
     .names = OF_ITEM,
     .words = "which items are no events"},
    {.name = "event",
     .form = RULE_FORM_MAP,
     .required = true,
     .shape = &event_shape,
     .words = "what an item becomes"},
    {.name = "machine",
     .form = RULE_FORM_MAP,
     .required = true,
     .shape = &machine_shape,
     .words = "which machine it is about"},
    {.name = "defaults",
     .form = RULE_FORM_MAP,
     .shape = &default_shape,
     .words = "texts where an expression has no value"},
    {0},
};
static const struct rule_shape spec_shape = {.name = "spec", .fields = spec_fields};

static const struct rule_field metadata_fields[] = {
    {.name = "name",
     .form = RULE_FORM_NAME,
     .required = true,
     AT(mapping, name),
     .words = "what the format is called"},
    {.name = "title",
     .form = RULE_FORM_TEXT,
     .max = TEXT_MAX,
     AT(mapping, title),
     .words = "for people"},
    VERSION_FIELD(mapping),
    {0},
};
static const struct rule_shape metadata_shape = {.name = "metadata", .fields = metadata_fields};

static const char *const api_versions[] = {"mappings/v1", NULL};
static const char *const kinds[] = {"Mapping", NULL};

static const struct rule_field file_fields[] = {
    FILE_HEAD(api_versions, kinds, metadata_shape, spec_shape),
    {.name = "tests",
     .form = RULE_FORM_LIST,
     COUNTED(mapping, tests, test_count),
     .max = MAPPING_TESTS_MAX,
     .shape = &test_shape,
     .words = "what messages must become"},
    {0},
};
const struct rule_shape mapping_file_shape = {.name = "", .fields = file_fields};
