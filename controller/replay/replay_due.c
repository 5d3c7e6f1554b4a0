/* replay_due.c - see replay_due.h. Reads tables alert, machine_document and task, for one timer at
 * a time: which comes next is known only when the one before it was worked through. */
#include "controller/replay/replay_due.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/alert_moment.h"
#include "controller/intake/alert_recall.h"
#include "controller/replay/replay.sql.h"
#include "controller/replay/replay_machines.h"
#include "controller/replay/replay_records.h"
#include "controller/replay/replay_waiting.h"
#include "rules/cel/cel_arena.h"
#include "rules/engine/rule_moment.h"

#define TASK_TAKES_US INT64_C(600000000)
#define TASK_OF_REPLAY "replay-"

struct replay_due {
    struct db *db;
    struct uuid tenant;
    struct replay_machines *machines;
    uint64_t names;
    struct replay_waiting *waiting;
    struct recalled_alert alert;
    struct db_rows *alert_rows; /* NULL: it was waited for */
};

struct replay_due *replay_due_create(struct db *db, const struct uuid *tenant,
                                     struct replay_machines *machines, uint64_t names,
                                     struct error *err)
{
    struct replay_due *due = calloc(1, sizeof(*due));

    if (!due || !(due->waiting = replay_waiting_create(err))) {
        free(due);
        error_no_memory(err);
        return NULL;
    }
    due->db = db;
    due->tenant = *tenant;
    due->machines = machines;
    due->names = names;
    return due;
}

static void forget(struct replay_due *due)
{
    if (due->alert_rows)
        alert_recall_clear(&due->alert, 1);
    db_rows_destroy(due->alert_rows);
    due->alert_rows = NULL;
}

void replay_due_destroy(struct replay_due *due)
{
    if (!due)
        return;
    forget(due);
    replay_waiting_destroy(due->waiting);
    free(due);
}

int replay_due_expect(struct replay_due *due, const struct replay_alert *alert, struct error *err)
{
    return replay_waiting_add(due->waiting, alert, err);
}

static int recall_alert(struct replay_due *due, const struct uuid *alert, struct error *err)
{
    forget(due);
    if (replay_waiting_find(due->waiting, alert, &due->alert.words, &due->alert.machine))
        return 0;
    return alert_recall(due->db, &due->tenant, alert, 1, &due->alert, &due->alert_rows, err);
}

/* The version that was told at that moment; 0: none was. */
static int find_version(struct replay_due *due, int64_t now_us, int64_t *ret, struct error *err)
{
    struct db_rows *rows = db_query(due->db, SQL_REPLAY_DOCUMENT_THEN, err, "uut", &due->tenant,
                                    &due->alert.machine, now_us);

    if (!rows)
        return -1;
    *ret = db_rows_count(rows) ? db_int(rows, 0, 0) : 0;
    db_rows_destroy(rows);
    return 0;
}

/* The document that the decision saw, where there is one; else the machine as it was then. */
static int recall_machine(struct replay_due *due, const struct replay_record *record,
                          int64_t now_us, int64_t *ret_version, struct error *err)
{
    int64_t version = record ? record->document_version : 0;
    struct replay_machine *machine;
    int rc;

    *ret_version = 0;
    if (!record && find_version(due, now_us, &version, err) < 0)
        return -1;
    if (version == 0)
        return 0;
    if (replay_machines_find(due->machines, &due->alert.machine, &version, 1, &machine, err) < 0)
        return -1;
    rc = replay_machine_show(machine, &due->alert.words, err);
    if (rc > 0)
        *ret_version = version;
    return rc < 0 ? -1 : 0;
}

static void set_text(struct rule_moment *moment, const char *name, const char *text)
{
    char *copy = cel_arena_copy(moment->arena, text, strlen(text));

    if (copy)
        rule_moment_set(moment, name, cel_string(copy, strlen(text)));
}

static bool is_of_replay(const char *task)
{
    return strncmp(task, TASK_OF_REPLAY, strlen(TASK_OF_REPLAY)) == 0;
}

static int recall_real_task(struct replay_due *due, const struct rule_replay_due *what,
                            const struct uuid *task, struct rule_moment *moment, bool *ret_ended,
                            struct error *err)
{
    struct db_rows *rows =
        db_query(due->db, SQL_REPLAY_TASK, err, "uut", &due->tenant, task, what->now_us);

    if (!rows)
        return -1;
    if (db_rows_count(rows)) {
        set_text(moment, "task.state", db_text(rows, 0, 1));
        set_text(moment, "task.image", db_text(rows, 0, 2));
        *ret_ended = !db_is_null(rows, 0, 0) && db_time(rows, 0, 0) <= what->state->due_us;
    }
    db_rows_destroy(rows);
    return 0;
}

static int recall_task(struct replay_due *due, const struct rule_replay_due *what,
                       struct rule_moment *moment, bool *ret_ended, struct error *err)
{
    struct uuid task;

    if (!what->task[0])
        return 0;
    set_text(moment, "task.id", what->task);
    if (is_of_replay(what->task)) {
        int64_t made_us = strtoll(what->task + strlen(TASK_OF_REPLAY), NULL, 10);

        *ret_ended = made_us + TASK_TAKES_US <= what->state->due_us;
        set_text(moment, "task.state", *ret_ended ? "succeeded" : "running");
        return 0;
    }
    return uuid_parse(what->task, &task) < 0
               ? 0
               : recall_real_task(due, what, &task, moment, ret_ended, err);
}

int replay_due_recall(struct replay_due *due, const struct rule_replay_due *what,
                      const struct uuid *alert, const struct replay_record *record,
                      struct rule_moment *moment, bool *ret_ended, int64_t *ret_version,
                      struct error *err)
{
    if (recall_alert(due, alert, err) < 0 ||
        recall_machine(due, record, what->now_us, ret_version, err) < 0)
        return -1;
    due->alert.words.alert = *alert;
    if (alert_moment_fill(moment, &due->alert.words, what->now_us, due->names, err) < 0)
        return -1;
    return recall_task(due, what, moment, ret_ended, err);
}

void replay_due_name_task(int64_t made_us, char out[RULE_REPLAY_TASK_SIZE])
{
    snprintf(out, RULE_REPLAY_TASK_SIZE, TASK_OF_REPLAY "%lld", (long long)made_us);
}
