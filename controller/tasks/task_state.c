/* task_state.c - see task_state.h. Invariant: nothing else writes task.state or task_queue.state.
 */
#include "controller/tasks/task_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_state.sql.h"
#include "controller/tasks/task_ticket.h"

static void read_now(const struct db_rows *rows, size_t row, const struct uuid *tenant,
                     struct task_now *ret)
{
    *ret = (struct task_now){.tenant = *tenant,
                             .task = db_uuid(rows, row, 0),
                             .machine = db_uuid(rows, row, 1),
                             .site = db_uuid(rows, row, 2),
                             .epoch = db_int(rows, row, 4),
                             .expires_us = db_time(rows, row, 5),
                             .now_us = db_time(rows, row, 6),
                             .cancel_requested_us = db_time(rows, row, 7),
                             .granted = db_bool(rows, row, 8),
                             .settled = db_bool(rows, row, 9),
                             .rival = db_bool(rows, row, 10),
                             .facts_journal = db_uuid(rows, row, 11)};
    snprintf(ret->state, sizeof(ret->state), "%s", db_text(rows, row, 3));
    db_blob32(rows, row, 12, ret->facts_chain);
}

/* The queue rows first: what the second statement says beside its locked rows is of behind them. */
int task_state_lock_many(struct db *db, const struct uuid *tenant, const struct uuid *tasks,
                         size_t count, struct task_now *ret, struct error *err)
{
    struct db_rows *rows;
    int found;

    if (db_execute(db, SQL_TASK_LOCK_QUEUE, err, "uU", tenant, count, tasks) < 0)
        return -1;
    rows = db_query(db, SQL_TASK_LOCK, err, "uU", tenant, count, tasks);
    if (!rows)
        return -1;
    found = (int)db_rows_count(rows);
    for (int i = 0; i < found; i++)
        read_now(rows, (size_t)i, tenant, &ret[i]);
    db_rows_destroy(rows);
    return found;
}

int task_state_lock(struct db *db, const struct uuid *tenant, const struct uuid *task,
                    struct task_now *ret, struct error *err)
{
    return task_state_lock_many(db, tenant, task, 1, ret, err);
}

int task_state_alone(struct db *db, const struct uuid *tenant, const struct uuid *task,
                     task_act *act, void *context, struct error *err)
{
    struct task_now now;
    int rc;

    if (db_begin_tenant(db, tenant, err) < 0)
        return -1;
    rc = task_state_lock(db, tenant, task, &now, err);
    if (rc > 0)
        rc = act(db, &now, context, err);
    if (rc > 0 && db_commit(db, err) < 0)
        rc = -1;
    db_rollback(db);
    return rc;
}

int task_state_audit_words(const struct task_now *now, const struct task_change *change,
                           const char *name, const char *why, struct task_change_words *words,
                           struct audit_entry *ret, struct error *err)
{
    struct text text = {0};

    snprintf(words->action, sizeof(words->action), "task.%s", change->to);
    strcpy(words->object, "task ");
    uuid_format(&now->task, words->object + strlen(words->object));
    snprintf(words->details, sizeof(words->details), "{\"epoch\": %lld}", (long long)now->epoch);
    text_format(&text, "%s: %s", name, why);
    if (!(words->why = text_take(&text)))
        return error_no_memory(err);
    *ret = (struct audit_entry){.who = change->who,
                                .action = words->action,
                                .object = words->object,
                                .outcome = "ok",
                                .why = words->why,
                                .details = now->epoch ? words->details : NULL};
    return 0;
}

static int write_audit(struct db *db, const struct task_now *now, const struct task_change *change,
                       const char *name, const char *why, struct error *err)
{
    struct task_change_words words;
    struct audit_entry entry;
    int rc;

    if (task_state_audit_words(now, change, name, why, &words, &entry, err) < 0)
        return -1;
    rc = audit_append(db, &now->tenant, &entry, err);
    free(words.why);
    return rc;
}

static int write_change(struct db *db, const struct task_now *now, const struct task_change *change,
                        const char *name, const char *why, struct error *err)
{
    const struct uuid id = uuid_make();
    bool final = task_state_is_final(change->to), told = !uuid_is_nil(&change->agent);
    int64_t at = change->at_us == INT64_MIN ? clock_realtime_us() : change->at_us;
    int changed = db_execute(db, SQL_TASK_CHANGE, err, "uussbtiuiiussui", &now->tenant, &now->task,
                             now->state, change->to, (int) final, at,
                             change->epoch ? change->epoch : now->epoch,
                             uuid_is_nil(&change->controller) ? NULL : &change->controller,
                             (int64_t)TASK_LEASE_S, (int64_t)TASK_RETRY_S, &id, name, why,
                             told ? &change->agent : NULL, (int64_t)change->sequence);

    if (changed < 0)
        return -1;
    if (changed != 1)
        return error_set_code(err, ERROR_CONFLICT, "the task is not %s any more", now->state);
    return 0;
}

int task_state_words(const struct task_now *now, const struct task_change *change,
                     char name[TASK_CHANGE_NAME], const char **ret_why, struct error *err)
{
    const struct task_edge *edge = task_edge_find(now->state, change->to, change->event);

    if (!edge)
        return error_set_code(err, ERROR_CONFLICT, "a task that is %s does not become %s by %s",
                              now->state, change->to, change->event);
    *ret_why = change->why && change->why[0] ? change->why : edge->sentence;
    snprintf(name, TASK_CHANGE_NAME, "%s -> %s", now->state, change->to);
    return 0;
}

int task_state_change(struct db *db, struct task_now *now, const struct task_change *change,
                      struct error *err)
{
    char name[TASK_CHANGE_NAME];
    const char *why;

    if (task_state_words(now, change, name, &why, err) < 0 ||
        write_change(db, now, change, name, why, err) < 0)
        return -1;
    if (change->epoch)
        now->epoch = change->epoch;
    snprintf(now->state, sizeof(now->state), "%s", change->to);
    if (strcmp(now->state, "expired") == 0 &&
        task_ticket_open(db, &now->tenant, &now->task, 1, why, err) < 0)
        return -1;
    return write_audit(db, now, change, name, why, err);
}

/* ---- many at once ---- */

struct write_columns {
    struct uuid *tasks, *journals;
    const char **was, **to, **restores, **verdicts, **stops, **causes, **remedies;
    int64_t *starts, *ends, *logs, *agrees;
    struct db_bytes *reports, *chains;
};

/* In one block, which the caller frees by its first column. -1: memory. */
static int columns_make(struct write_columns *to, size_t count, struct error *err)
{
    size_t ids = count * sizeof(struct uuid), words = count * sizeof(char *),
           numbers = count * sizeof(int64_t), bytes = count * sizeof(struct db_bytes);
    char *at = calloc(1, 2 * ids + 2 * bytes + 4 * numbers + 7 * words + 1);
    const char ***texts[] = {&to->was,   &to->to,     &to->restores, &to->verdicts,
                             &to->stops, &to->causes, &to->remedies};
    int64_t **values[] = {&to->starts, &to->ends, &to->logs, &to->agrees};

    if (!at)
        return error_no_memory(err);
    to->tasks = (struct uuid *)(void *)at;
    to->journals = to->tasks + count;
    at += 2 * ids;
    to->reports = (struct db_bytes *)(void *)at;
    to->chains = to->reports + count;
    at += 2 * bytes;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++, at += numbers)
        *values[i] = (int64_t *)(void *)at;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++, at += words)
        *texts[i] = (const char **)(void *)at;
    return 0;
}

static void columns_put(struct write_columns *to, size_t at, const struct task_write *row)
{
    to->tasks[at] = row->task;
    to->journals[at] = row->facts_journal;
    to->was[at] = row->was;
    to->to[at] = row->to;
    to->restores[at] = row->restore;
    to->verdicts[at] = row->verdict;
    to->stops[at] = row->stopped_at;
    to->causes[at] = row->cause;
    to->remedies[at] = row->remedy;
    to->starts[at] = row->started_us;
    to->ends[at] = row->ended_us;
    to->logs[at] = row->log_size;
    to->agrees[at] = row->facts_agree;
    to->reports[at] = (struct db_bytes){row->report_sha256, 32};
    if (!uuid_is_nil(&row->facts_journal))
        to->chains[at] = (struct db_bytes){row->facts_chain, sizeof(row->facts_chain)};
}

/* Those that an agent did not start in time. */
static int open_tickets(struct db *db, const struct uuid *tenant, const struct task_write *rows,
                        size_t count, struct error *err)
{
    static const char why[] = "the agent did not start the task before its last start moment";

    for (size_t i = 0; i < count; i++)
        if (rows[i].to && strcmp(rows[i].to, "expired") == 0 &&
            task_ticket_open(db, tenant, &rows[i].task, 1, why, err) < 0)
            return -1;
    return 0;
}

int task_state_write_many(struct db *db, const struct uuid *tenant, const struct task_write *rows,
                          size_t count, struct error *err)
{
    struct write_columns columns;
    struct db_rows *written;
    int64_t changed;

    if (columns_make(&columns, count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        columns_put(&columns, i, &rows[i]);
    written =
        db_query(db, SQL_TASK_WRITE, err, "uUSSTSSSSSYITUYI", tenant, count, columns.tasks, count,
                 columns.was, count, columns.to, count, columns.starts, count, columns.restores,
                 count, columns.verdicts, count, columns.stops, count, columns.causes, count,
                 columns.remedies, count, columns.reports, count, columns.logs, count, columns.ends,
                 count, columns.journals, count, columns.chains, count, columns.agrees);
    free(columns.tasks);
    if (!written)
        return -1;
    changed = db_int(written, 0, 0);
    db_rows_destroy(written);
    if (changed != (int64_t)count)
        return error_set_code(err, ERROR_CONFLICT, "%lld of %zu tasks are not as they were",
                              (long long)count - (long long)changed, count);
    return open_tickets(db, tenant, rows, count, err);
}

/* ---- leasing ---- */

/* Of 'tasks' only the ids and epochs (0: none) are looked at. */
static int audit_many(struct db *db, const struct uuid *tenant, const char *action,
                      const struct task_lease *tasks, size_t count, const char *why,
                      struct error *err)
{
    struct words {
        char object[UUID_TEXT_SIZE + 8], details[40];
    } *words = calloc(count + 1, sizeof(*words));
    struct audit_entry *entries = calloc(count + 1, sizeof(*entries));
    int rc = -1;

    if (!words || !entries) {
        error_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        strcpy(words[i].object, "task ");
        uuid_format(&tasks[i].task, words[i].object + 5);
        snprintf(words[i].details, sizeof(words[i].details), "{\"epoch\": %llu}",
                 (unsigned long long)tasks[i].epoch);
        entries[i] = (struct audit_entry){.who = "musterd",
                                          .action = action,
                                          .object = words[i].object,
                                          .outcome = "ok",
                                          .why = why,
                                          .details = tasks[i].epoch ? words[i].details : NULL};
    }
    rc = audit_append_many(db, tenant, entries, count, err);
out:
    free(words);
    free(entries);
    return rc;
}

static struct db_rows *write_leases(struct db *db, const struct uuid *controller,
                                    const struct task_lease *wanted, size_t count,
                                    const char *sentence, struct error *err)
{
    struct uuid *ids = calloc(5 * count + 1, sizeof(*ids));
    struct db_rows *rows = NULL;

    for (size_t i = 0; ids && i < count; i++) {
        ids[i] = wanted[i].task;
        ids[count + i] = wanted[i].machine;
        ids[2 * count + i] = uuid_make();
        ids[3 * count + i] = wanted[i].site;
        ids[4 * count + i] = wanted[i].agent;
    }
    if (!ids)
        error_no_memory(err);
    else
        rows = db_query(db, SQL_TASK_LEASE, err, "uUUUUUuiss", &wanted[0].tenant, count, ids, count,
                        ids + count, count, ids + 2 * count, count, ids + 3 * count, count,
                        ids + 4 * count, controller, (int64_t)TASK_LEASE_S, "queued -> leased",
                        sentence);
    free(ids);
    return rows;
}

int task_state_lease(struct db *db, const struct uuid *controller, const struct task_lease *wanted,
                     size_t count, struct task_lease *ret, struct error *err)
{
    const struct task_edge *edge = task_edge_find("queued", "leased", "lease");
    struct db_rows *rows = write_leases(db, controller, wanted, count, edge->sentence, err);
    char why[80];
    int leased = -1;

    if (!rows)
        return -1;
    snprintf(why, sizeof(why), "queued -> leased: %s", edge->sentence);
    for (size_t i = 0; i < db_rows_count(rows); i++)
        ret[i] = (struct task_lease){.tenant = wanted[0].tenant,
                                     .task = db_uuid(rows, i, 0),
                                     .machine = db_uuid(rows, i, 1),
                                     .epoch = (uint64_t)db_int(rows, i, 2),
                                     .site = db_uuid(rows, i, 3),
                                     .agent = db_uuid(rows, i, 4)};
    if (audit_many(db, &wanted[0].tenant, "task.leased", ret, db_rows_count(rows), why, err) == 0)
        leased = (int)db_rows_count(rows);
    db_rows_destroy(rows);
    return leased;
}

/* ---- parking ---- */

static struct db_rows *write_parked(struct db *db, const struct uuid *tenant,
                                    const struct task_parking *tasks, size_t count,
                                    const char *sentence, struct error *err)
{
    struct uuid *ids = calloc(2 * count + 1, sizeof(*ids));
    int64_t *entries = calloc(count + 1, sizeof(*entries));
    struct db_rows *rows = NULL;

    for (size_t i = 0; ids && entries && i < count; i++) {
        ids[i] = tasks[i].task;
        ids[count + i] = uuid_make();
        entries[i] = tasks[i].entry;
    }
    if (ids && entries)
        rows = db_query(db, SQL_TASK_PARK, err, "uUIUss", tenant, count, ids, count, entries, count,
                        ids + count, "queued -> limited", sentence);
    else
        error_no_memory(err);
    free(ids);
    free(entries);
    return rows;
}

int task_state_park(struct db *db, const struct uuid *tenant, const struct task_parking *tasks,
                    size_t count, struct error *err)
{
    const struct task_edge *edge = task_edge_find("queued", "limited", "limit_full");
    struct db_rows *rows = write_parked(db, tenant, tasks, count, edge->sentence, err);
    struct task_lease *told;
    char why[80];
    int parked = -1;

    if (!rows)
        return -1;
    told = calloc(db_rows_count(rows) + 1, sizeof(*told));
    for (size_t i = 0; told && i < db_rows_count(rows); i++)
        told[i].task = db_uuid(rows, i, 0);
    snprintf(why, sizeof(why), "queued -> limited: %s", edge->sentence);
    if (!told)
        error_no_memory(err);
    else if (audit_many(db, tenant, "task.limited", told, db_rows_count(rows), why, err) == 0)
        parked = (int)db_rows_count(rows);
    free(told);
    db_rows_destroy(rows);
    return parked;
}

int task_state_note(struct db *db, const struct task_now *now, const struct task_change *change,
                    const char *name, struct error *err)
{
    const struct uuid id = uuid_make();
    int64_t at = change->at_us == INT64_MIN ? clock_realtime_us() : change->at_us;

    return db_execute(
               db, SQL_TASK_NOTE, err, "uuuitssui", &now->tenant, &id, &now->task,
               change->epoch ? change->epoch : now->epoch, at, name, change->why ? change->why : "",
               uuid_is_nil(&change->agent) ? NULL : &change->agent, (int64_t)change->sequence) < 0
               ? -1
               : 0;
}
