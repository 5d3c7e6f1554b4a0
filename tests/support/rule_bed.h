/* rule_bed.h - rules and alerts of a test in one line each: rules as the lines of their spec,
 * alerts as JSON, what became of them as one text: "a:acts b:outranked", with until in seconds
 * where there is one ("a:held@120"). Times are seconds.
 */
#pragma once

#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"

#define RULE_BED_RULES 64
#define RULE_BED_ANSWER 4096

struct rule_bed {
    struct rule_member members[RULE_BED_RULES];
    size_t count;
    struct rule_set *set;
    struct rule_states *states;
    struct rule_engine *engine;
    struct rule_moment *moment;
    json_t *event, *asset;
    const struct rule_finding *findings; /* of the last alert */
    size_t finding_count;
    struct rule_finding due;
    char answer[RULE_BED_ANSWER];
};

static inline struct rule_document *rule_bed_parse(const char *text)
{
    struct rule_issues issues = {0};
    struct rule_document *document = rule_document_parse(text, strlen(text), &issues);
    struct text told = {0};

    rule_issues_write(&issues, "rule", text, strlen(text), &told);
    ck_assert_msg(document != NULL, "%s", text_string(&told));
    text_clear(&told);
    rule_issues_clear(&issues);
    return document;
}

/* 'spec' are its lines, two blanks before each, without scope and action. */
static inline struct rule_document *rule_bed_make(const char *id, const char *scope,
                                                  const char *spec)
{
    struct text text = {0};
    struct rule_document *document;

    text_format(&text,
                "apiVersion: rules/v1\nkind: Rule\n"
                "metadata: {id: %s, version: 1, owner: o}\nspec:\n  scope: %s\n%s"
                "  action: {boot: {image: diag}}\n",
                id, scope, spec);
    document = rule_bed_parse(text_string(&text));
    text_clear(&text);
    return document;
}

static inline void rule_bed_add(struct rule_bed *bed, const char *id, const char *spec)
{
    bed->members[bed->count++] =
        (struct rule_member){.document = rule_bed_make(id, "{type: t}", spec)};
}

/* After all rules were added. */
static inline void rule_bed_open(struct rule_bed *bed)
{
    struct error err = {0};

    bed->set = rule_set_create(bed->members, bed->count, &err);
    ck_assert_msg(bed->set != NULL, "%s", error_text(&err));
    bed->states = rule_states_create(false);
    bed->moment = rule_moment_create();
    ck_assert_ptr_nonnull(bed->moment);
    bed->engine = rule_engine_create(bed->set, bed->states, &err);
    ck_assert_ptr_nonnull(bed->engine);
}

static inline void rule_bed_close(struct rule_bed *bed)
{
    rule_engine_destroy(bed->engine);
    rule_states_destroy(bed->states);
    rule_set_destroy(bed->set);
    rule_moment_destroy(bed->moment);
    json_decref(bed->event);
    json_decref(bed->asset);
    *bed = (struct rule_bed){0};
}

static inline json_t *rule_bed_json(const char *text)
{
    json_error_t why;
    json_t *json = json_loads(text, 0, &why);

    ck_assert_msg(json != NULL, "%s: %s", text, why.text);
    return json;
}

/* Members of event.*, without braces; the type is t and the status firing unless they say so. */
static inline void rule_bed_fill(struct rule_bed *bed, const char *event, const char *asset,
                                 double now_s)
{
    char text[2048];
    struct error err = {0};
    json_t *more;

    json_decref(bed->event);
    json_decref(bed->asset);
    bed->event = bed->asset = NULL;
    bed->event = rule_bed_json("{\"type\": \"t\", \"status\": \"firing\"}");
    snprintf(text, sizeof(text), "{%s}", event);
    more = rule_bed_json(text);
    json_object_update(bed->event, more);
    json_decref(more);
    snprintf(text, sizeof(text), "{%s}", asset);
    bed->asset = rule_bed_json(text);
    ck_assert_int_eq(rule_moment_fill(bed->moment, bed->event, bed->asset, (int64_t)(now_s * 1e6),
                                      rule_set_names(bed->set), &err),
                     0);
    /* Its own seconds, so that what comes due says which alert it was. */
    bed->moment->reference.length = sizeof(bed->moment->now_us);
    memcpy(bed->moment->reference.bytes, &bed->moment->now_us, sizeof(bed->moment->now_us));
}

static inline void rule_bed_write(struct rule_bed *bed, const struct rule_finding *findings,
                                  size_t count)
{
    size_t at = 0;

    bed->answer[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(bed->answer + at, sizeof(bed->answer) - at, "%s%s:%s", i ? " " : "",
                               rule_set_at(bed->set, findings[i].rule)->name,
                               rule_ending_name(findings[i].ending));
        if (findings[i].until_us)
            at += (size_t)snprintf(bed->answer + at, sizeof(bed->answer) - at, "@%g",
                                   (double)findings[i].until_us / 1e6);
    }
}

static inline const char *rule_bed_alert_of(struct rule_bed *bed, const char *event,
                                            const char *asset, double now_s)
{
    struct error err = {0};

    rule_bed_fill(bed, event, asset, now_s);
    ck_assert_msg(
        rule_engine_alert(bed->engine, bed->moment, &bed->findings, &bed->finding_count, &err) == 0,
        "%s", error_text(&err));
    rule_bed_write(bed, bed->findings, bed->finding_count);
    return bed->answer;
}

/* Of machine m1. */
static inline const char *rule_bed_alert(struct rule_bed *bed, const char *event, double now_s)
{
    return rule_bed_alert_of(bed, event, "\"id\": \"m1\", \"name\": \"m1\"", now_s);
}

/* The moment is that of the alert which the state names. */
static inline void rule_bed_refer(struct rule_bed *bed, const struct rule_state *state)
{
    const unsigned char *reference;
    const char *task;
    size_t length;

    if (!rule_engine_reference(state, &reference, &length, &task))
        return;
    bed->moment->reference.length = length;
    memcpy(bed->moment->reference.bytes, reference, length);
}

/* What comes due up to now, of which 'event' is the alert: "" when it only went. */
static inline const char *rule_bed_due(struct rule_bed *bed, const char *event, double now_s)
{
    const struct rule_state *state;
    struct error err = {0};
    int rc = 0;

    bed->answer[0] = '\0';
    while (rc == 0 && (state = rule_states_due(bed->states, (int64_t)(now_s * 1e6)))) {
        rule_bed_fill(bed, event, "\"id\": \"m1\", \"name\": \"m1\"", now_s);
        rule_bed_refer(bed, state);
        rc = rule_engine_due(bed->engine, state, bed->moment, &bed->due, &err);
        ck_assert_msg(rc >= 0, "%s", error_text(&err));
        if (rc > 0)
            rule_bed_write(bed, &bed->due, 1);
    }
    return bed->answer;
}

static inline size_t rule_bed_states(const struct rule_bed *bed, const char *rule)
{
    size_t count = 0;

    for (int kind = 1; kind < RULE_STATE_KINDS; kind++)
        count += rule_states_count(bed->states, rule, kind);
    return count;
}
