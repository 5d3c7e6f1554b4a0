/* rules.c - /v1/rules and /v1/automation: a rule's text comes in whole or not at all, and what is
 * wrong is named by line and column; rules are armed and disarmed, a tenant's automation is stopped
 * and started, each with a reason. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/decide/rule_store.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"

int rules_list(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor(call, "rules", key, &after) < 0)
        return -1;
    return api_answer_list(call, "rules",
                           rule_store_list(call->db, &call->tenant, after, NULL, limit + 1, &err),
                           limit, &err);
}

int rules_show(struct api_call *call)
{
    struct error err = {0};

    return api_answer_row(
        call, rule_store_list(call->db, &call->tenant, NULL, call->arguments[0], 1, &err), "rule",
        call->arguments[0], &err);
}

/* ?arm=true, ?arm=false or nothing, which is false. */
static int read_arm(struct api_call *call, bool *ret)
{
    const char *arm = api_query(call, "arm");

    *ret = arm && strcmp(arm, "true") == 0;
    if (arm && !*ret && strcmp(arm, "false") != 0)
        return problem_set(&call->problem, 400, "invalid_query", NULL, "arm is true or false");
    return 0;
}

/* All of them, for who mends the file. */
static void list_issues(struct api_call *call, const struct rule_issues *issues)
{
    json_t *errors = json_array();

    for (size_t i = 0; i < rule_issues_kept(issues); i++) {
        const struct rule_issue *issue = &issues->items[i];
        char place[32];

        snprintf(place, sizeof(place), "%u:%u", issue->line, issue->column);
        json_array_append_new(errors, json_pack("{s:s, s:s}", "field", place, "detail",
                                                issue->message ? issue->message : ""));
    }
    json_decref(call->problem.errors);
    call->problem.errors = errors;
}

static struct rule_document *parse_text(struct api_call *call, const char *name)
{
    struct rule_issues issues = {0};
    struct rule_document *document = rule_document_parse(call->body, call->body_length, &issues);
    struct error err = {0};

    if (!document) {
        rule_issues_error(&issues, name, &err);
        if (issues.no_memory) {
            api_failed(call, &err);
        } else {
            problem_set(&call->problem, 400, "malformed_rule",
                        "docs/rule-language.md has every field.", "%s", error_text(&err));
            list_issues(call, &issues);
        }
    }
    rule_issues_clear(&issues);
    return document;
}

static struct rule_document *parse(struct api_call *call)
{
    const char *name = api_query(call, "name");

    api_object(call, "rule of %.120s", name ? name : "rule.yaml");
    if (call->body_length > 0)
        return parse_text(call, name ? name : "rule.yaml");
    problem_set(&call->problem, 400, "malformed_rule", "Send the rule's YAML as the body.",
                "there is no rule in the body");
    return NULL;
}

static int not_armable(struct api_call *call, const struct error *err)
{
    return problem_set(
        &call->problem, 409, "not_carried_out",
        "Leave the field out, or keep the rule as a draft: docs/rule-language.md says "
        "what is carried out.",
        "%s", error_text(err));
}

static int push(struct api_call *call, const struct rule_document *document, bool arm)
{
    char who[API_ACTOR_SIZE];
    struct rule_push push = {.tenant = call->tenant,
                             .name = document->id,
                             .version = document->version,
                             .source = call->body,
                             .length = call->body_length,
                             .pushed_by = who,
                             .arm = arm};
    struct error err = {0};
    int64_t current = 0;

    api_actor(call, who);
    switch (rule_store_push(call->db, &push, &current, &err)) {
    case RULE_PUSHED:
        call->status = 201;
        return 0;
    case RULE_THERE_ALREADY:
        return 0;
    case RULE_NOT_HIGHER:
        return problem_set(&call->problem, 409, "version_not_higher", "Raise metadata.version.",
                           "rule %s is at version %lld, with another text", document->id,
                           (long long)current);
    case RULE_PUSH_NOT_ARMABLE:
        return err.code == ERROR_INVALID ? not_armable(call, &err) : api_failed(call, &err);
    default:
        return api_failed(call, &err);
    }
}

int rules_push(struct api_call *call)
{
    struct rule_document *document;
    bool arm;
    int rc = -1;

    if (read_arm(call, &arm) < 0 || !(document = parse(call)))
        return -1;
    api_object(call, "rule %s v%lld", document->id, (long long)document->version);
    snprintf(call->why, sizeof(call->why), "%s", arm ? "pushed and armed" : "pushed");
    if (push(call, document, arm) == 0) {
        snprintf(call->location, sizeof(call->location), "/v1/rules/%s", document->id);
        rc = api_answer_json(call, json_pack("{s:s, s:I, s:b}", "name", document->id, "version",
                                             (json_int_t)document->version, "armed", arm));
    }
    rule_document_destroy(document);
    return rc;
}

/* ---- switches ---- */

static int switch_it(struct api_call *call, const char *rule, bool on)
{
    static const char *const known[] = {"reason", NULL};
    char who[API_ACTOR_SIZE];
    struct rule_switch wanted = {
        .tenant = call->tenant, .name = rule, .on = on, .who = who, .reason = NULL};
    struct error err = {0};

    api_object(call, rule ? "rule %s" : "automation", rule);
    if (api_known(call, known) < 0 || api_required(call, "reason", 250, &wanted.reason) < 0)
        return -1;
    snprintf(call->why, sizeof(call->why), "%s", wanted.reason);
    api_actor(call, who);
    switch (rule_store_switch(call->db, &wanted, &err)) {
    case RULE_SWITCHED:
        return 0;
    case RULE_SWITCHED_BEFORE:
        return problem_set(
            &call->problem, 409, "no_change", NULL, "%s %s already", rule ? rule : "automation",
            rule ? (on ? "is armed" : "is not armed") : (on ? "runs" : "is stopped"));
    case RULE_NOT_ARMABLE:
        return err.code == ERROR_INVALID ? not_armable(call, &err) : api_failed(call, &err);
    case RULE_NOT_THERE:
        return api_not_found(call, "rule", rule);
    default:
        return api_failed(call, &err);
    }
}

int rules_arm(struct api_call *call)
{
    return switch_it(call, call->arguments[0], true) < 0 ? -1 : rules_show(call);
}

int rules_disarm(struct api_call *call)
{
    return switch_it(call, call->arguments[0], false) < 0 ? -1 : rules_show(call);
}

int automation_show(struct api_call *call)
{
    struct error err = {0};

    return api_answer_row(call, rule_store_automation(call->db, &call->tenant, &err), "automation",
                          call->tenant_name, &err);
}

int automation_start(struct api_call *call)
{
    return switch_it(call, NULL, true) < 0 ? -1 : automation_show(call);
}

int automation_stop(struct api_call *call)
{
    return switch_it(call, NULL, false) < 0 ? -1 : automation_show(call);
}
