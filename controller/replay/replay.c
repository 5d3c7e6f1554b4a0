/* replay.c - see replay.h. Invariant: a decision is compared once: with what the replay makes at
 * its alert or timer, or, left over, with nothing.
 */
#include "controller/replay/replay.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "controller/db/db.h"
#include "controller/decide/alert_moment.h"
#include "controller/decide/decision_words.h"
#include "controller/intake/rule_due.h"
#include "controller/replay/replay.sql.h"
#include "controller/replay/replay_alert.h"
#include "controller/replay/replay_due.h"
#include "controller/replay/replay_history.h"
#include "controller/replay/replay_machines.h"
#include "controller/replay/replay_records.h"
#include "controller/replay/replay_rules.h"
#include "controller/replay/replay_told.h"
#include "proto/sha256.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_names.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_replay.h"
#include "rules/engine/rule_set.h"

#define DEADLINE_EVERY 256 /* alerts */

struct replay {
    struct db *db;
    const struct replay_request *request;
    struct replay_rules *rules;
    const struct rule_set *set; /* of them */
    uint64_t names;
    struct rule_replay *engine;
    struct replay_machines *machines;
    struct replay_records *records;
    struct replay_history *history;
    struct replay_due *due;
    struct replay_told *told;
    struct replay_alert *now;            /* the alert that is gone through */
    struct decision_telling telling;     /* of its findings */
    char trigger[RULE_DUE_TRIGGER_SIZE]; /* of the timer that is worked through; "": an alert */
    struct uuid due_alert;
    int64_t due_version; /* of the machine's document that it saw */
    int64_t deadline_ms;
    int64_t alerts;
};

static int check_deadline(const struct replay *replay, struct error *err)
{
    if (clock_monotonic_ms() <= replay->deadline_ms)
        return 0;
    return error_set_code(err, ERROR_TIMEOUT,
                          "%lld alerts took longer than %d s: replay a shorter time",
                          (long long)replay->alerts, REPLAY_SECONDS_MAX);
}

/* ---- what the engine asks ---- */

static int fill(void *context, struct rule_moment *moment, struct error *err)
{
    struct replay *replay = context;

    replay->trigger[0] = '\0';
    return replay_alert_show(replay->now, replay->names, moment, err);
}

static struct replay_record *record_of(const struct replay *replay, const struct rule_in_set *rule)
{
    const char *trigger = replay->trigger[0] ? replay->trigger : NULL;

    return replay_records_find(replay->records, trigger ? &replay->due_alert : &replay->now->id,
                               trigger, rule->document->id, rule->shadow);
}

/* The rule behind a state's name, "id" or "id~shadow". */
static const struct rule_in_set *rule_of(const struct replay *replay,
                                         const struct rule_state *state)
{
    return rule_set_at(replay->set, (uint32_t)rule_set_find(replay->set, state->name.rule));
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

/* Of a task that only the replay makes: its rule's. */
static void show_image(const struct replay *replay, const struct rule_replay_due *due,
                       struct rule_moment *moment)
{
    const char *image = rule_of(replay, due->state)->document->boot.image;

    if (due->task[0] && cel_is(moment->slots[rule_env_slot("task.image")], CEL_ABSENT))
        rule_moment_set(moment, "task.image", cel_string(image, strlen(image)));
}

static int recall(void *context, const struct rule_replay_due *due, struct rule_moment *moment,
                  bool *ret_ended, struct error *err)
{
    struct replay *replay = context;

    if (check_deadline(replay, err) < 0 ||
        rule_due_trigger(&due->state->name, due->state->due_us, replay->trigger, err) < 0)
        return -1;
    replay->due_alert = (struct uuid){{0}};
    alert_moment_reference(due->reference, due->length, &replay->due_alert);
    if (replay_due_recall(replay->due, due, &replay->due_alert,
                          record_of(replay, rule_of(replay, due->state)), moment, ret_ended,
                          &replay->due_version, err) < 0)
        return -1;
    show_image(replay, due, moment);
    return 0;
}

/* What stood in the way when it happened stands in the way again, but not in that of a draft. */
static int can_act(void *context, uint32_t rule, const struct rule_decision *decision,
                   const char **ret_why, struct error *err)
{
    struct replay *replay = context;
    const struct rule_in_set *in_set = rule_set_at(replay->set, rule);
    const struct replay_rule *of = in_set->of;
    const struct replay_record *record;

    (void)decision;
    (void)err;
    if (of->draft)
        return 1;
    record = record_of(replay, in_set);
    if (!record || strcmp(record->ending, rule_ending_name(RULE_REFUSED)) != 0)
        return 1;
    *ret_why = record->words;
    return 0;
}

/* Whether a timer may come back to the alert: of a hold to the one that began it. */
static bool is_waited_for(const struct rule_finding *finding, const struct rule_in_set *rule,
                          int64_t now_us)
{
    if (finding->ending == RULE_HELD)
        return finding->until_us == now_us + rule->document->hold_ms * 1000;
    return finding->ending == RULE_ACTS && rule->document->absent_count > 0;
}

static int found(void *context, const struct rule_finding *finding,
                 const struct rule_replay_due *due, char ret_task[RULE_REPLAY_TASK_SIZE],
                 struct error *err)
{
    struct replay *replay = context;
    const struct rule_in_set *rule = rule_set_at(replay->set, finding->rule);
    struct replay_record *record;
    bool says;
    struct replay_made made = {.rule = rule->of,
                               .shadow = rule->shadow,
                               .timer = due != NULL,
                               .finding = finding,
                               .alert = due ? replay->due_alert : replay->now->id,
                               .at_us = due ? due->now_us : replay->now->at_us,
                               .document_version =
                                   due ? replay->due_version : replay->now->document_version};

    if (!due)
        replay->trigger[0] = '\0';
    if (!due && !decision_is_kept(&replay->telling, finding, rule->shadow, &says))
        return 0; /* no row was kept of more */
    record = record_of(replay, rule);
    if (finding->ending == RULE_ACTS && record && !uuid_is_nil(&record->task))
        uuid_format(&record->task, ret_task);
    else if (finding->ending == RULE_ACTS)
        replay_due_name_task(made.at_us, ret_task);
    if (replay_told_compare(replay->told, &made, record, err) < 0 ||
        (!due && is_waited_for(finding, rule, made.at_us) &&
         replay_due_expect(replay->due, replay->now, err) < 0))
        return -1;
    if (record)
        replay_records_drop(replay->records, record);
    return 0;
}

/* ---- alerts ---- */

/* What was decided about it, 'alert' NULL: about any, and is not made again. */
static int tell_left(struct replay *replay, const struct uuid *alert, struct error *err)
{
    struct replay_record *left;

    while ((left = replay_records_left(replay->records, alert))) {
        if (replay_told_compare(replay->told, NULL, left, err) < 0)
            return -1;
        replay_records_drop(replay->records, left);
    }
    return 0;
}

static int go_through(struct replay *replay, struct error *err)
{
    const struct replay_alert *alert = replay->now;

    replay->telling = (struct decision_telling){0};
    if (rule_replay_alert(replay->engine, alert->words.type, alert->at_us, err) < 0 ||
        tell_left(replay, &alert->id, err) < 0)
        return -1;
    return ++replay->alerts % DEADLINE_EVERY == 0 ? check_deadline(replay, err) : 0;
}

static int go_through_all(struct replay *replay, struct error *err)
{
    int rc;

    while ((rc = replay_history_next(replay->history, &replay->now, err)) > 0)
        if (go_through(replay, err) < 0)
            return -1;
    if (rc < 0 || rule_replay_until(replay->engine, replay->request->until_us, err) < 0)
        return -1;
    return tell_left(replay, NULL, err);
}

/* ---- the whole ---- */

static int leave_row(struct replay *replay, const json_t *summary, struct error *err)
{
    const struct replay_request *request = replay->request;
    struct uuid id = uuid_make();
    const char *rule = json_string_value(json_object_get(summary, "rule"));
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

    if (!(replay->rules = replay_rules_create(replay->db, request, err)))
        return -1;
    replay->set = replay_rules_set(replay->rules);
    replay->names = rule_set_names(replay->set);
    if (!(replay->machines = replay_machines_create(replay->db, &request->tenant, err)) ||
        !(replay->records = replay_records_create(err)) ||
        !(replay->due = replay_due_create(replay->db, &request->tenant, replay->machines,
                                          replay->names, err)) ||
        !(replay->told = replay_told_create(replay_rules_draft(replay->rules), err)) ||
        !(replay->engine = rule_replay_create(replay->set, &calls, err)) ||
        !(replay->history = replay_history_open(replay->db, request, replay->rules,
                                                replay->machines, replay->records, err)))
        return -1;
    return 0;
}

static void close_replay(struct replay *replay)
{
    rule_replay_destroy(replay->engine);
    replay_history_close(replay->history);
    replay_told_destroy(replay->told);
    replay_due_destroy(replay->due);
    replay_records_destroy(replay->records);
    replay_machines_destroy(replay->machines);
    replay_rules_destroy(replay->rules);
}

int replay_run(struct db *db, const struct replay_request *request, json_t **ret, struct error *err)
{
    struct replay replay = {.db = db,
                            .request = request,
                            .deadline_ms = clock_monotonic_ms() + REPLAY_SECONDS_MAX * 1000};
    json_t *summary = NULL;
    int rc = -1;

    if (open_replay(&replay, err) == 0 && go_through_all(&replay, err) == 0 &&
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
