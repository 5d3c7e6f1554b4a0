/* source_reading.c - see source_reading.h; and /v1/sources/{name}/format, which changes it. */
#include "controller/api/source_reading.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/resources.h"
#include "controller/api/routes.h"
#include "controller/intake/source.h"
#include "rules/document/rule_issues.h"
#include "rules/mapping/mapping.h"
#include "rules/mapping/mapping_formats.h"

/* All that is wrong with it, for who mends the file. */
static int malformed(struct api_call *call, const struct rule_issues *issues)
{
    struct error err = {0};
    json_t *errors;

    rule_issues_error(issues, "mapping", &err);
    if (issues->no_memory)
        return api_failed(call, &err);
    problem_set(&call->problem, 400, "malformed_mapping", "docs/mappings.md has every field.", "%s",
                error_text(&err));
    errors = json_array();
    for (size_t i = 0; i < rule_issues_kept(issues); i++) {
        const struct rule_issue *issue = &issues->items[i];
        char place[32];

        snprintf(place, sizeof(place), "%u:%u", issue->line, issue->column);
        json_array_append_new(errors, json_pack("{s:s, s:s}", "field", place, "detail",
                                                issue->message ? issue->message : ""));
    }
    json_decref(call->problem.errors);
    call->problem.errors = errors;
    return -1;
}

static int take_mapping(struct api_call *call, const char *text, char *ret_format,
                        struct source_reading *ret)
{
    struct rule_issues issues = {0};
    struct mapping *mapping = mapping_parse(text, strlen(text), &issues);
    int rc = mapping ? 0 : malformed(call, &issues);

    if (mapping) {
        snprintf(ret_format, SOURCE_FORMAT_SIZE, "%s", mapping->name);
        ret->document = text;
        ret->version = mapping->version;
        /* What muster knows by this name is something else. */
        if (strcmp(mapping->name, "muster") == 0 || mapping_format_find(mapping->name))
            rc = problem_set(&call->problem, 400, "mapping_name_taken",
                             "Give the mapping a name of its own (metadata.name).",
                             "the format %s is part of muster", mapping->name);
    }
    mapping_destroy(mapping);
    rule_issues_clear(&issues);
    return rc;
}

static int take_format(struct api_call *call, const char *name, char *ret_format)
{
    const char *near = mapping_format_nearest(name);
    char show[TEXT_SHOW_SIZE];

    if (strcmp(name, "muster") != 0 && !mapping_format_find(name))
        return problem_set(&call->problem, 400, "unknown_format",
                           "muster mapping list has them all; send another one as a mapping.",
                           "no format is called %s%s%s", text_show(name, show),
                           near ? ": is it " : "", near ? near : "");
    snprintf(ret_format, SOURCE_FORMAT_SIZE, "%s", name);
    return 0;
}

int source_reading_take(struct api_call *call, char ret_format[SOURCE_FORMAT_SIZE],
                        struct source_reading *ret)
{
    const char *format = NULL, *mapping = NULL;

    if (api_string(call, "format", SOURCE_FORMAT_SIZE - 1, &format) < 0 ||
        api_string(call, "mapping", API_BODY_MAX, &mapping) < 0)
        return -1;
    if (format && mapping)
        return problem_field(&call->problem, "mapping", "goes without format: it has its own name");
    *ret = (struct source_reading){.format = ret_format};
    return mapping ? take_mapping(call, mapping, ret_format, ret)
                   : take_format(call, format ? format : "muster", ret_format);
}

int sources_read_as(struct api_call *call)
{
    static const char *const known[] = {"format", "mapping", NULL};
    const char *name = call->arguments[0];
    char who[API_ACTOR_SIZE], format[SOURCE_FORMAT_SIZE];
    struct source_reading reading;
    struct error err = {0};

    if (api_known(call, known) < 0 || source_reading_take(call, format, &reading) < 0)
        return -1;
    api_actor(call, who);
    reading.who = who;
    api_object(call, "source %s", name);
    switch (source_read_as(call->db, &call->tenant, name, &reading, &err)) {
    case SOURCE_READ:
        break;
    case SOURCE_READ_UNKNOWN:
        return api_not_found(call, "source", name);
    case SOURCE_READ_NOT_HIGHER:
        return problem_set(
            &call->problem, 409, "version_not_higher", "Raise metadata.version of the mapping.",
            "source %s has had another mapping of version %" PRId64 " or a higher one", name,
            reading.version);
    default:
        return api_failed(call, &err);
    }
    snprintf(call->why, sizeof(call->why), "its messages are read as %s", format);
    return sources_show(call);
}
