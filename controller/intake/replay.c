/* replay.c - see replay.h. Reads tables alert, decision, machine_document, task and the armed
 * rules; holds a batch of alerts at a time. Invariant: a decision is compared once: with what the
 * replay makes at its alert or timer, or, left over, with nothing.
 */
#include "controller/intake/replay.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/json.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/alert_moment.h"
#include "controller/decide/decision_carry.h"
#include "controller/decide/rule_armed.h"
#include "controller/decide/rule_book.sql.h"
#include "controller/fleet/machine_document.h"
#include "controller/fleet/machine_lookup.h"
#include "controller/intake/alert_formats.h"
#include "controller/intake/alert_recall.h"
#include "controller/intake/replay.sql.h"
#include "controller/intake/replay_records.h"
#include "controller/intake/replay_told.h"
#include "controller/intake/rule_due.h"
#include "proto/sha256.h"
#include "rules/cel/cel_arena.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_replay.h"
#include "rules/engine/rule_set.h"

#define STATEMENT_TIMEOUT "45s"
#define TASK_TAKES_US INT64_C(600000000) /* one that nobody ran ends well, as in a rule's tests */
#define TASK_OF_REPLAY "replay-"

/* An alert of the batch, with its machine as it was then. */
struct recorded {
    struct uuid id, machine;
    int64_t at_us, document_version;
    struct alert_words words;
    const char *event_text; /* borrowed from the rows, as the words are */
    const uint8_t *raw_bytes;
    size_t raw_length;
    json_t *event, *raw;
    struct machine_document document; /* text NULL: it is not kept */
    struct machine_found found;
};

/* What a timer refers to. */
struct looked_up {
    struct recalled_alert alert;
    struct db_rows *alert_rows, *document_rows, *task_rows;
    struct machine_document document;
    struct machine_found found;
};

struct replay {
    struct db *db;
    const struct replay_request *request;
    struct rule_set *rules;
    struct replay_rule *of; /* of each rule of the set */
    size_t rule_count;
    uint64_t names;
    const char **types; /* that a rule looks at; borrowed */
    size_t type_count;
    struct rule_replay *engine;
    struct replay_records *records;
    struct replay_told *told;
    struct recorded *now;                /* the alert that is gone through */
    size_t others;                       /* rows of it that are no acting rule's */
    char trigger[RULE_DUE_TRIGGER_SIZE]; /* of the timer that is worked through; "": an alert */
    struct uuid due_alert;
    int64_t due_version; /* of the machine's document that it saw */
    struct looked_up looked_up;
    int64_t deadline_ms;
    int64_t alerts;
};

/* ---- rules ---- */

static int add_member(struct replay *replay, struct rule_member *members,
                      struct rule_document *document, int64_t version, bool shadow, bool draft)
{
    struct replay_rule *of = &replay->of[replay->rule_count];

    *of = (struct replay_rule){.name = strdup(document->id), .version = version, .draft = draft};
    members[replay->rule_count++] =
        (struct rule_member){.document = document, .shadow = shadow, .of = of};
    return of->name ? 0 : -1;
}

static struct rule_document *parse_draft(const struct replay_request *request, struct error *err)
{
    struct rule_issues issues = {0};
    struct rule_document *document = rule_document_parse(request->text, request->length, &issues);

    if (!document)
        rule_issues_error(&issues, "rule", err);
    rule_issues_clear(&issues);
    return document;
}

/* The armed ones, without that of the draft's name; shadows only when there is no draft. What
 * cannot be read took no part either. */
static int add_armed(struct replay *replay, const struct db_rows *rows, const char *draft,
                     struct rule_member *members, struct error *err)
{
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        const char *name = db_text(rows, i, 2);
        bool shadow = db_bool(rows, i, 4);
        struct error why = {0};
        struct rule_document *document;

        if (draft && (shadow || strcmp(draft, name) == 0))
            continue;
        document = rule_armed_parse(name, db_text(rows, i, 3), &why);
        if (!document && why.code != ERROR_INVALID) {
            *err = why;
            return -1;
        }
        if (document &&
            add_member(replay, members, document, db_int(rows, i, 1), shadow, false) < 0)
            return error_no_memory(err);
    }
    return 0;
}

static int make_rules(struct replay *replay, struct error *err)
{
    struct db_rows *rows =
        db_query(replay->db, SQL_RULE_BOOK_RULES, err, "u", &replay->request->tenant);
    struct rule_document *draft = NULL;
    struct rule_member *members = NULL;
    int rc = -1;

    if (!rows)
        return -1;
    members = calloc(db_rows_count(rows) + 1, sizeof(*members));
    replay->of = calloc(db_rows_count(rows) + 1, sizeof(*replay->of));
    if (!members || !replay->of) {
        error_no_memory(err);
        goto out;
    }
    if (replay->request->text) {
        if (!(draft = parse_draft(replay->request, err)))
            goto out;
        if (add_member(replay, members, draft, draft->version, false, true) < 0) {
            error_no_memory(err);
            goto out;
        }
    }
    if (add_armed(replay, rows, draft ? draft->id : NULL, members, err) < 0)
        goto out;
    replay->rules = rule_set_create(members, replay->rule_count, err); /* takes the documents */
    rc = replay->rules ? 0 : -1;
    free(members);
    members = NULL;
out:
    for (size_t i = 0; members && i < replay->rule_count; i++)
        rule_document_destroy(members[i].document);
    free(members);
    db_rows_destroy(rows);
    return rc;
}

static int list_types(struct replay *replay, struct error *err)
{
    size_t count = 0;

    for (int pass = 0; pass < 2; pass++) {
        if (pass && !(replay->types = calloc(count + 1, sizeof(*replay->types))))
            return error_no_memory(err);
        for (uint32_t i = 0; i < rule_set_count(replay->rules); i++) {
            const struct rule_document *rule = rule_set_at(replay->rules, i)->document;

            for (size_t n = 0; n < rule->scope[RULE_TYPE].count; n++, count++)
                if (pass)
                    replay->types[replay->type_count++] = rule->scope[RULE_TYPE].items[n];
            for (size_t n = 0; n < rule->suppress_count; n++)
                for (size_t k = 0; k < rule->suppress[n].type.count; k++, count++)
                    if (pass)
                        replay->types[replay->type_count++] = rule->suppress[n].type.items[k];
            for (size_t n = 0; n < rule->absent_count; n++, count++)
                if (pass)
                    replay->types[replay->type_count++] = rule->absent[n].expect;
        }
    }
    return 0;
}

/* ---- moments ---- */

static const char *member(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* The plain words of a machine are those of its document. */
static int show_machine(struct machine_document *document, const struct uuid *machine,
                        int64_t version, struct machine_found *found, struct alert_words *words,
                        struct error *err)
{
    const json_t *asset = machine_document_json(document, err);

    if (!asset)
        return -1;
    *found = (struct machine_found){.found = true,
                                    .machine = *machine,
                                    .document_version = version,
                                    .name = member(asset, "name"),
                                    .class = member(asset, "class"),
                                    .site_name = member(asset, "site"),
                                    .rack = member(asset, "rack")};
    words->machine = found;
    words->asset = asset;
    return 0;
}

static int fill(void *context, struct rule_moment *moment, struct error *err)
{
    struct replay *replay = context;
    struct recorded *alert = replay->now;
    struct alert_words *words = &alert->words;
    struct error why = {0};

    replay->trigger[0] = '\0';
    if (!alert->document.text)
        return 0;
    if (!alert->raw && alert->raw_bytes)
        alert->raw =
            json_parse((const char *)alert->raw_bytes, alert->raw_length, ALERT_BYTES_MAX, NULL);
    if (!alert->event)
        alert->event = alert->event_text ? json_parse(alert->event_text, strlen(alert->event_text),
                                                      ALERT_BYTES_MAX, NULL)
                                         : json_incref(json_object_get(alert->raw, "event"));
    words->event = alert->event;
    words->raw = alert->event_text ? json_object_get(alert->event, "raw") : alert->raw;
    words->source = member(alert->event, "source");
    if (show_machine(&alert->document, &alert->machine, alert->document_version, &alert->found,
                     words, err) < 0)
        return -1;
    if (alert_moment_fill(moment, words, alert->at_us, replay->names, &why) == 0)
        return 1;
    if (why.code != ERROR_INVALID) {
        *err = why;
        return -1;
    }
    return 0; /* it takes more room than an alert may: it was settled without rules */
}

/* ---- what is due ---- */

static struct replay_record *record_of(const struct replay *replay, const char *rule, bool shadow)
{
    const struct uuid *alert = replay->trigger[0] ? &replay->due_alert : &replay->now->id;

    return replay_records_find(replay->records, alert, replay->trigger[0] ? replay->trigger : NULL,
                               rule, shadow);
}

/* The rule behind a state's name, "id" or "id~shadow". */
static const struct rule_in_set *rule_of(const struct replay *replay,
                                         const struct rule_state *state)
{
    return rule_set_at(replay->rules, (uint32_t)rule_set_find(replay->rules, state->name.rule));
}

static int64_t when(void *context, const struct rule_state *state)
{
    struct replay *replay = context;
    const struct rule_in_set *rule = rule_of(replay, state);
    char trigger[RULE_DUE_TRIGGER_SIZE];
    const struct replay_record *record;

    if (rule_due_trigger(&state->name, state->due_us, trigger, NULL) < 0)
        return state->due_us;
    record = replay_records_find(replay->records, NULL, trigger, rule->document->id, rule->shadow);
    return record && record->evaluated_us > state->due_us ? record->evaluated_us : state->due_us;
}

static void forget(struct looked_up *at)
{
    alert_recall_clear(&at->alert, 1);
    machine_document_clear(&at->document);
    db_rows_destroy(at->alert_rows);
    db_rows_destroy(at->document_rows);
    db_rows_destroy(at->task_rows);
    memset(at, 0, sizeof(*at));
}

/* The document that the decision saw, where there is one; else the machine as it was then. */
static int recall_machine(struct replay *replay, const struct replay_record *record, int64_t now_us,
                          struct error *err)
{
    struct looked_up *at = &replay->looked_up;
    const struct uuid *tenant = &replay->request->tenant;

    replay->due_version = 0;
    if (record && record->document_version == 0)
        return 0; /* nobody's any more */
    at->document_rows = record ? machine_document_at(replay->db, tenant, &at->alert.machine,
                                                     &record->document_version, 1, err)
                               : db_query(replay->db, SQL_REPLAY_DOCUMENT_THEN, err, "uut", tenant,
                                          &at->alert.machine, now_us);
    if (!at->document_rows)
        return -1;
    if (db_rows_count(at->document_rows) == 0)
        return 0;
    replay->due_version = record ? record->document_version : db_int(at->document_rows, 0, 0);
    at->document.text = db_text(at->document_rows, 0, 1);
    return show_machine(&at->document, &at->alert.machine, replay->due_version, &at->found,
                        &at->alert.words, err);
}

static void set_text(struct rule_moment *moment, const char *name, const char *text)
{
    char *copy = cel_arena_copy(moment->arena, text, strlen(text));

    if (copy)
        rule_moment_set(moment, name, cel_string(copy, strlen(text)));
}

/* A task that was really made ended as it did; another is over after a while. */
static int recall_task(struct replay *replay, const struct rule_replay_due *due,
                       struct rule_moment *moment, bool *ret_ended, struct error *err)
{
    struct looked_up *at = &replay->looked_up;
    struct uuid task;

    if (!due->task[0])
        return 0;
    set_text(moment, "task.id", due->task);
    if (strncmp(due->task, TASK_OF_REPLAY, strlen(TASK_OF_REPLAY)) == 0) {
        int64_t made_us = strtoll(due->task + strlen(TASK_OF_REPLAY), NULL, 10);

        *ret_ended = made_us + TASK_TAKES_US <= due->state->due_us;
        if (*ret_ended)
            set_text(moment, "task.state", "succeeded");
        return 0;
    }
    if (uuid_parse(due->task, &task) < 0)
        return 0;
    at->task_rows =
        db_query(replay->db, SQL_REPLAY_TASK, err, "uu", &replay->request->tenant, &task);
    if (!at->task_rows)
        return -1;
    if (db_rows_count(at->task_rows) == 0)
        return 0;
    set_text(moment, "task.state", db_text(at->task_rows, 0, 1));
    set_text(moment, "task.image", db_text(at->task_rows, 0, 2));
    *ret_ended = db_time(at->task_rows, 0, 0) <= due->state->due_us;
    return 0;
}

static int recall(void *context, const struct rule_replay_due *due, struct rule_moment *moment,
                  bool *ret_ended, struct error *err)
{
    struct replay *replay = context;
    struct looked_up *at = &replay->looked_up;
    const struct rule_in_set *rule = rule_of(replay, due->state);

    forget(at);
    if (rule_due_trigger(&due->state->name, due->state->due_us, replay->trigger, err) < 0)
        return -1;
    replay->due_alert = (struct uuid){{0}};
    alert_moment_reference(due->reference, due->length, &replay->due_alert);
    if (alert_recall(replay->db, &replay->request->tenant, &replay->due_alert, 1, &at->alert,
                     &at->alert_rows, err) < 0 ||
        recall_machine(replay, record_of(replay, rule->document->id, rule->shadow), due->now_us,
                       err) < 0)
        return -1;
    at->alert.words.alert = replay->due_alert;
    if (alert_moment_fill(moment, &at->alert.words, due->now_us, replay->names, err) < 0)
        return -1;
    return recall_task(replay, due, moment, ret_ended, err);
}

/* ---- what comes of it ---- */

/* What stood in the way when it happened stands in the way again, but not in that of a draft. */
static int can_act(void *context, uint32_t rule, const struct rule_decision *decision,
                   const char **ret_why, struct error *err)
{
    struct replay *replay = context;
    const struct rule_in_set *in_set = rule_set_at(replay->rules, rule);
    const struct replay_rule *of = in_set->of;
    const struct replay_record *record;

    (void)decision;
    (void)err;
    if (of->draft)
        return 1;
    record = record_of(replay, in_set->document->id, false);
    if (!record || strcmp(record->ending, rule_ending_name(RULE_REFUSED)) != 0)
        return 1;
    *ret_why = record->words;
    return 0;
}

static int found(void *context, const struct rule_finding *finding,
                 const struct rule_replay_due *due, char ret_task[RULE_REPLAY_TASK_SIZE],
                 struct error *err)
{
    struct replay *replay = context;
    const struct rule_in_set *rule = rule_set_at(replay->rules, finding->rule);
    const struct replay_rule *of = rule->of;
    struct replay_record *record;
    struct replay_made made = {.rule = of,
                               .shadow = rule->shadow,
                               .timer = due != NULL,
                               .finding = finding,
                               .alert = due ? replay->due_alert : replay->now->id,
                               .at_us = due ? due->now_us : replay->now->at_us,
                               .document_version =
                                   due ? replay->due_version : replay->now->document_version};

    if (!due)
        replay->trigger[0] = '\0';
    if (!due && (rule->shadow || finding->ending == RULE_OUTRANKED) &&
        replay->others++ >= DECISION_RULES_MAX)
        return 0; /* no row was kept of more */
    record = record_of(replay, rule->document->id, rule->shadow);
    if (finding->ending == RULE_ACTS && record && !uuid_is_nil(&record->task))
        uuid_format(&record->task, ret_task);
    else if (finding->ending == RULE_ACTS)
        snprintf(ret_task, RULE_REPLAY_TASK_SIZE, TASK_OF_REPLAY "%lld", (long long)made.at_us);
    if (replay_told_compare(replay->told, &made, record, err) < 0)
        return -1;
    if (record)
        replay_records_drop(replay->records, record);
    return 0;
}

/* ---- batches ---- */

static int read_decisions(struct replay *replay, const struct recorded *alerts, size_t count,
                          struct error *err)
{
    struct uuid *ids = calloc(count + 1, sizeof(*ids));
    struct db_rows *rows = NULL;
    int rc = 0;

    for (size_t i = 0; ids && i < count; i++)
        ids[i] = alerts[i].id;
    if (ids)
        rows = db_query(replay->db, SQL_REPLAY_DECISIONS, err, "uU", &replay->request->tenant,
                        count, ids);
    else
        error_no_memory(err);
    free(ids);
    if (!rows)
        return -1;
    for (size_t i = 0; rc == 0 && i < db_rows_count(rows); i++) {
        const struct replay_record record = {
            .alert = db_uuid(rows, i, 0),
            .task = db_uuid(rows, i, 1),
            .timer = db_bool(rows, i, 2),
            .shadow = db_bool(rows, i, 3),
            .trigger = (char *)db_text(rows, i, 4),
            .rule = (char *)db_text(rows, i, 5),
            .version = db_int(rows, i, 6),
            .document_version = db_int(rows, i, 7),
            .until_us = db_is_null(rows, i, 8) ? 0 : db_time(rows, i, 8),
            .evaluated_us = db_time(rows, i, 9),
            .ending = (char *)db_text(rows, i, 10),
            .words = (char *)db_text(rows, i, 11),
        };

        /* What a timer made behind the time that is gone through is not compared, nor, with a
         * draft, what only looked on. */
        if ((!record.timer || record.evaluated_us < replay->request->until_us) &&
            !(record.shadow && replay->request->text))
            rc = replay_records_add(replay->records, &record, err);
    }
    db_rows_destroy(rows);
    return rc;
}

static void read_alert(const struct db_rows *rows, size_t row, struct recorded *ret)
{
    *ret = (struct recorded){.id = db_uuid(rows, row, 0),
                             .at_us = db_time(rows, row, 1),
                             .machine = db_uuid(rows, row, 7),
                             .document_version = db_int(rows, row, 8),
                             .event_text = db_text(rows, row, 9)};
    ret->raw_bytes = db_blob(rows, row, 10, &ret->raw_length);
    ret->words = (struct alert_words){.alert = ret->id,
                                      .id = db_text(rows, row, 2),
                                      .type = db_text(rows, row, 3),
                                      .status = db_text(rows, row, 4),
                                      .severity = db_text(rows, row, 5),
                                      .time_us = db_time(rows, row, 6)};
}

/* *ret_rows holds the texts. */
static int read_documents(struct replay *replay, struct recorded *alerts, size_t count,
                          struct db_rows **ret_rows, struct error *err)
{
    struct uuid *machines = calloc(count + 1, sizeof(*machines));
    int64_t *versions = calloc(count + 1, sizeof(*versions));

    *ret_rows = NULL;
    for (size_t i = 0; machines && versions && i < count; i++) {
        machines[i] = alerts[i].machine;
        versions[i] = alerts[i].document_version;
    }
    if (machines && versions)
        *ret_rows = machine_document_at(replay->db, &replay->request->tenant, machines, versions,
                                        count, err);
    else
        error_no_memory(err);
    free(machines);
    free(versions);
    if (!*ret_rows)
        return -1;
    for (size_t i = 0; i < db_rows_count(*ret_rows); i++)
        alerts[db_int(*ret_rows, i, 0)].document.text = db_text(*ret_rows, i, 1);
    return 0;
}

static int go_through(struct replay *replay, struct recorded *alert, struct error *err)
{
    struct replay_record *left;

    replay->now = alert;
    replay->others = 0;
    if (rule_replay_alert(replay->engine, alert->words.type, alert->at_us, err) < 0)
        return -1;
    while ((left = replay_records_left(replay->records, &alert->id))) {
        if (replay_told_compare(replay->told, NULL, left, err) < 0)
            return -1;
        replay_records_drop(replay->records, left);
    }
    replay->alerts++;
    return 0;
}

static int go_through_batch(struct replay *replay, const struct db_rows *rows, struct error *err)
{
    size_t count = db_rows_count(rows);
    struct recorded *alerts = calloc(count + 1, sizeof(*alerts));
    struct db_rows *documents = NULL;
    int rc = -1;

    if (!alerts)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++)
        read_alert(rows, i, &alerts[i]);
    if (read_decisions(replay, alerts, count, err) < 0 ||
        read_documents(replay, alerts, count, &documents, err) < 0)
        goto out;
    rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = go_through(replay, &alerts[i], err);
out:
    for (size_t i = 0; i < count; i++) {
        json_decref(alerts[i].event);
        json_decref(alerts[i].raw);
        machine_document_clear(&alerts[i].document);
    }
    free(alerts);
    db_rows_destroy(documents);
    return rc;
}

static int go_through_all(struct replay *replay, struct error *err)
{
    size_t count;

    do {
        struct db_rows *rows = db_query(replay->db, SQL_REPLAY_FETCH, err, "");
        int rc;

        if (!rows)
            return -1;
        count = db_rows_count(rows);
        rc = go_through_batch(replay, rows, err);
        db_rows_destroy(rows);
        if (rc < 0)
            return -1;
        if (clock_monotonic_ms() > replay->deadline_ms)
            return error_set_code(err, ERROR_TIMEOUT,
                                  "%lld alerts took longer than %d s: replay a shorter time",
                                  (long long)replay->alerts, REPLAY_SECONDS_MAX);
    } while (count > 0);
    return 0;
}

static int end(struct replay *replay, struct error *err)
{
    struct replay_record *left;

    if (rule_replay_until(replay->engine, replay->request->until_us, err) < 0)
        return -1;
    while ((left = replay_records_left(replay->records, NULL))) {
        if (replay_told_compare(replay->told, NULL, left, err) < 0)
            return -1;
        replay_records_drop(replay->records, left);
    }
    return 0;
}

/* ---- the whole ---- */

static int leave_row(struct replay *replay, const json_t *summary, struct error *err)
{
    const struct replay_request *request = replay->request;
    struct uuid id = uuid_make();
    const char *rule = member(summary, "rule");
    int64_t version = json_integer_value(json_object_get(summary, "version"));
    uint8_t digest[32];
    char *text = json_dumps(summary, JSON_COMPACT);
    int rc;

    if (!text)
        return error_no_memory(err);
    sha256_of(request->text, request->length, digest);
    rc = db_execute(replay->db, SQL_REPLAY_INSERT, err, "uusiyttiijs", &request->tenant, &id, rule,
                    version, digest, sizeof(digest), request->since_us, request->until_us,
                    replay->alerts, replay_told_acts(replay->told), text, request->made_by);
    free(text);
    return rc < 0 ? -1 : 0;
}

static int open_replay(struct replay *replay, struct error *err)
{
    const struct rule_replay_calls calls = {.context = replay,
                                            .fill = fill,
                                            .recall = recall,
                                            .when = when,
                                            .found = found,
                                            .can_act = can_act};
    const struct replay_request *request = replay->request;

    if (make_rules(replay, err) < 0 || list_types(replay, err) < 0 ||
        !(replay->records = replay_records_create(err)) ||
        !(replay->told = replay_told_create(request->text ? &replay->of[0] : NULL, err)) ||
        !(replay->engine = rule_replay_create(replay->rules, &calls, err)))
        return -1;
    replay->names = rule_set_names(replay->rules);
    if (db_execute(replay->db, SQL_REPLAY_LIMITS, err, "s", STATEMENT_TIMEOUT) < 0 ||
        db_execute(replay->db, SQL_REPLAY_OPEN, err, "uttS", &request->tenant, request->since_us,
                   request->until_us, replay->type_count, replay->types) < 0)
        return -1;
    return 0;
}

static void close_replay(struct replay *replay)
{
    forget(&replay->looked_up);
    rule_replay_destroy(replay->engine);
    replay_told_destroy(replay->told);
    replay_records_destroy(replay->records);
    free((void *)replay->types);
    rule_set_destroy(replay->rules);
    for (size_t i = 0; i < replay->rule_count; i++)
        free(replay->of[i].name);
    free(replay->of);
}

int replay_run(struct db *db, const struct replay_request *request, json_t **ret, struct error *err)
{
    struct replay replay = {.db = db,
                            .request = request,
                            .deadline_ms = clock_monotonic_ms() + REPLAY_SECONDS_MAX * 1000};
    json_t *summary = NULL;
    int rc = -1;

    if (open_replay(&replay, err) == 0 && go_through_all(&replay, err) == 0 &&
        end(&replay, err) == 0 &&
        (summary = replay_told_summary(replay.told, request->since_us, request->until_us,
                                       replay.alerts, err)) &&
        (!request->text || leave_row(&replay, summary, err) == 0)) {
        *ret = summary;
        summary = NULL;
        rc = 0;
    }
    json_decref(summary);
    close_replay(&replay);
    return rc;
}
