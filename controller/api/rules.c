/* rules.c - /v1/rules: a rule's text comes in whole or not at all, and what is wrong is named by
 * line and column; every version is shown, with what was done with it and what differs. The steps
 * of its life: rule_steps.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/db/db_rows.h"
#include "controller/decide/rule_life.h"
#include "controller/decide/rule_store.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_warnings.h"

int rules_list(struct api_call *call)
{
    struct rule_filter filter = {.tenant = call->tenant};
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor(call, "rules", key, &filter.after) < 0)
        return -1;
    filter.limit = limit + 1;
    return api_answer_list(call, "rules", rule_store_list(call->db, &filter, &err), limit, &err);
}

/* A version in the query; 0: it is not there. */
static int query_version(struct api_call *call, const char *key, int64_t *ret)
{
    const char *text = api_query(call, key);
    char *end;

    *ret = 0;
    if (!text)
        return 0;
    *ret = *text >= '0' && *text <= '9' && strlen(text) <= 10 ? strtoll(text, &end, 10) : 0;
    if (*ret < 1 || *ret > INT32_MAX || *end)
        return problem_set(&call->problem, 400, "invalid_query", NULL,
                           "%s is a version: 1 to 2147483647", key);
    return 0;
}

int rules_show(struct api_call *call)
{
    struct rule_filter filter = {.tenant = call->tenant, .only = call->arguments[0], .limit = 1};
    struct error err = {0};
    char object[160];

    if (query_version(call, "version", &filter.version) < 0)
        return -1;
    snprintf(object, sizeof(object), "%s%s%s", call->arguments[0], filter.version ? " v" : "",
             filter.version ? api_query(call, "version") : "");
    return api_answer_row(call, rule_store_list(call->db, &filter, &err), "rule", object, &err);
}

int rules_history(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    struct db_rows *rows;
    const char *before;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor(call, "history", key, &before) < 0)
        return -1;
    rows = rule_store_history(call->db, &call->tenant, call->arguments[0], before, limit + 1, &err);
    /* A rule was pushed at least once. */
    if (rows && db_rows_count(rows) == 0 && !before) {
        db_rows_destroy(rows);
        return api_not_found(call, "rule", call->arguments[0]);
    }
    return api_answer_list(call, "history", rows, limit, &err);
}

int rules_diff(struct api_call *call)
{
    const char *name = call->arguments[0];
    struct text diff = {0};
    struct error err = {0};
    int64_t from, to;
    int rc;

    if (query_version(call, "from", &from) < 0 || query_version(call, "to", &to) < 0)
        return -1;
    rc = rule_store_diff(call->db, &call->tenant, name, &from, &to, &diff, &err);
    if (rc > 0)
        rc = api_answer_json(call, json_pack("{s:s, s:I, s:I, s:s}", "name", name, "from",
                                             (json_int_t)from, "to", (json_int_t)to, "diff",
                                             text_string(&diff)));
    else if (rc < 0)
        rc = api_failed(call, &err);
    else
        rc = problem_set(&call->problem, 404, "unknown_rule",
                         "muster rule history NAME lists its versions.",
                         "there is no rule %s, or not both versions of it", name);
    text_clear(&diff);
    return rc;
}

/* ?KEY=true, ?KEY=false or nothing, which is false. */
static int query_flag(struct api_call *call, const char *key, bool *ret)
{
    const char *value = api_query(call, key);

    *ret = value && strcmp(value, "true") == 0;
    if (value && !*ret && strcmp(value, "false") != 0)
        return problem_set(&call->problem, 400, "invalid_query", NULL, "%s is true or false", key);
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

int rules_check(struct api_call *call)
{
    struct rule_document *document = parse(call);

    if (document)
        api_object(call, "replay of rule %s v%lld", document->id, (long long)document->version);
    rule_document_destroy(document);
    return document ? 0 : -1;
}

static int push(struct api_call *call, const struct rule_document *document)
{
    char who[API_ACTOR_SIZE];
    struct rule_push push = {.tenant = call->tenant,
                             .name = document->id,
                             .version = document->version,
                             .source = call->body,
                             .length = call->body_length,
                             .pushed_by = who};
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
    default:
        return api_failed(call, &err);
    }
}

/* What was pushed is armed in the same transaction, or neither is done. */
static int push_and_arm(struct api_call *call, const struct rule_document *document, bool arm,
                        bool waive)
{
    const char *reason = api_query(call, "reason");
    struct rule_step step = {.name = document->id,
                             .act = RULE_ARM,
                             .version = document->version,
                             .waive_replay = waive,
                             .reason = reason ? reason : "pushed and armed"};

    if (push(call, document) < 0)
        return -1;
    if (!arm)
        return 0;
    return rule_step_take(call, &step, true);
}

static int answer_pushed(struct api_call *call, const struct rule_document *document, bool armed)
{
    json_t *warnings = rule_warnings_make(document);

    snprintf(call->location, sizeof(call->location), "/v1/rules/%s", document->id);
    return api_answer_json(call, json_pack("{s:s, s:I, s:b, s:o}", "name", document->id, "version",
                                           (json_int_t)document->version, "armed", armed,
                                           "warnings", warnings));
}

/* Whoever passes the replay by says why. */
static int read_wishes(struct api_call *call, bool *arm, bool *waive)
{
    const char *reason = api_query(call, "reason");

    if (query_flag(call, "arm", arm) < 0 || query_flag(call, "waive_replay", waive) < 0)
        return -1;
    if (reason && (!*reason || strlen(reason) > 250))
        return problem_set(&call->problem, 400, "invalid_query", NULL, "reason has 1 to 250 bytes");
    if (*waive && !(*arm && reason))
        return problem_set(&call->problem, 400, "invalid_query", NULL,
                           "waive_replay goes with arm and a reason");
    return 0;
}

int rules_push(struct api_call *call)
{
    struct rule_document *document;
    bool arm, waive;
    int rc = -1;

    if (read_wishes(call, &arm, &waive) < 0 || !(document = parse(call)))
        return -1;
    api_object(call, "rule %s v%lld", document->id, (long long)document->version);
    snprintf(call->why, sizeof(call->why), "%s", arm ? "pushed and armed" : "pushed");
    if (push_and_arm(call, document, arm, waive) == 0)
        rc = answer_pushed(call, document, arm);
    rule_document_destroy(document);
    return rc;
}
