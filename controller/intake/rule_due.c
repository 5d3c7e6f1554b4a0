/* rule_due.c - see rule_due.h. Invariant: a state goes in the transaction that holds what came of
 * it, or stays; whatever else happens, it is looked at again.
 * Locks: whose turn a tenant's due states are (tried, never waited for), rule book (shared), the
 * buckets of states, then what tasks write: the order of a batch of alerts.
 */
#include "controller/intake/rule_due.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "common/text.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/alert_moment.h"
#include "controller/decide/decision_carry.h"
#include "controller/decide/rule_book.h"
#include "controller/decide/rule_books.h"
#include "controller/decide/rule_keeper.h"
#include "controller/fleet/machine_document.h"
#include "controller/fleet/machine_lookup.h"
#include "controller/health/metrics.h"
#include "controller/intake/alert_recall.h"
#include "controller/intake/alert_store.h"
#include "controller/intake/batch_size.h"
#include "controller/intake/rule_due.sql.h"
#include "controller/tasks/task_ended.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"
#include "rules/engine/rule_states.h"

static const struct batch_bounds BATCH = {.least = 1, .most = 200, .slow_ms = 400, .quick_ms = 100};

struct rule_due {
    struct rule_books *books;
    size_t most; /* states of a transaction */
};

/* A state that is due, with what it refers to. */
struct waiting {
    struct rule_state state; /* borrowed from the rows */
    struct uuid alert;       /* nil: it refers to none */
    struct uuid task;        /* nil: it waits for none */
    struct recalled_alert *recalled;
    struct machine_found *machine;
    const struct task_end *end;
    struct machine_document document;
    char trigger[RULE_DUE_TRIGGER_SIZE];
    char origin[ALERT_TRIGGER_SIZE]; /* of its task's id, with 'stamp_ms' */
    int64_t stamp_ms;
    struct decision_subject subject;
    struct decision_said said;
};

/* One transaction of one tenant. */
struct batch {
    struct db *db;
    struct uuid tenant;
    int64_t now_us;
    struct rule_desk desk;
    struct decision_carry *carry;
    struct waiting *waiting;
    size_t count;
    struct recalled_alert *recalled;
    struct machine_found *machines;
    struct task_end *ends;
    struct db_rows *rows, *alert_rows, *machine_rows, *task_rows;
    uint64_t tasks;
};

struct rule_due *rule_due_create(struct error *err)
{
    struct rule_due *due = calloc(1, sizeof(*due));

    if (!due) {
        error_no_memory(err);
        return NULL;
    }
    due->most = BATCH.most;
    if (!(due->books = rule_books_create(err))) {
        free(due);
        return NULL;
    }
    return due;
}

void rule_due_destroy(struct rule_due *due)
{
    if (!due)
        return;
    rule_books_destroy(due->books);
    free(due);
}

/* ---- what is due, and what it refers to ---- */

static void read_state(const struct db_rows *rows, size_t row, struct waiting *ret)
{
    struct rule_state *state = &ret->state;
    const unsigned char *reference;
    const char *task;
    size_t length;

    state->name.rule = db_text(rows, row, 0);
    state->name.kind = (int)db_int(rows, row, 1);
    state->name.key = db_blob(rows, row, 2, &state->name.length);
    state->value = db_blob(rows, row, 3, &state->length);
    state->due_us = db_time(rows, row, 4);
    if (!rule_engine_reference(state, &reference, &length, &task))
        return;
    alert_moment_reference(reference, length, &ret->alert);
    uuid_parse(task, &ret->task);
}

int rule_due_trigger(const struct rule_state_name *name, int64_t due_us,
                     char out[RULE_DUE_TRIGGER_SIZE], struct error *err)
{
    uint8_t digest[32];
    char hex[33];

    if (EVP_Digest(name->key, name->length, digest, NULL, EVP_sha256(), NULL) != 1)
        return error_set(err, "SHA-256 is not available");
    text_hex(digest, 16, hex);
    snprintf(out, RULE_DUE_TRIGGER_SIZE, "timer/%s/%d/%s/%" PRId64, name->rule, name->kind, hex,
             due_us);
    return 0;
}

static int read_batch(struct batch *batch, int64_t most, struct error *err)
{
    size_t count;

    batch->rows =
        db_query(batch->db, SQL_RULE_DUE_LIST, err, "uti", &batch->tenant, batch->now_us, most);
    if (!batch->rows)
        return -1;
    count = batch->count = db_rows_count(batch->rows);
    batch->waiting = calloc(count + 1, sizeof(*batch->waiting));
    batch->recalled = calloc(count + 1, sizeof(*batch->recalled));
    batch->machines = calloc(count + 1, sizeof(*batch->machines));
    batch->ends = calloc(count + 1, sizeof(*batch->ends));
    if (!batch->waiting || !batch->recalled || !batch->machines || !batch->ends)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        struct waiting *waiting = &batch->waiting[i];

        read_state(batch->rows, i, waiting);
        waiting->recalled = &batch->recalled[i];
        waiting->machine = &batch->machines[i];
        waiting->end = &batch->ends[i];
        if (rule_due_trigger(&waiting->state.name, waiting->state.due_us, waiting->trigger, err) <
            0)
            return -1;
    }
    return 0;
}

/* Alerts as they were kept, machines as they are now, tasks as they stand. */
static int look_up(struct batch *batch, struct error *err)
{
    struct uuid *ids = calloc(batch->count + 1, sizeof(*ids));
    int rc = -1;

    if (!ids)
        return error_no_memory(err);
    for (size_t i = 0; i < batch->count; i++)
        ids[i] = batch->waiting[i].alert;
    if (alert_recall(batch->db, &batch->tenant, ids, batch->count, batch->recalled,
                     &batch->alert_rows, err) < 0)
        goto out;
    for (size_t i = 0; i < batch->count; i++)
        ids[i] = batch->recalled[i].machine;
    if (machine_lookup_ids(batch->db, &batch->tenant, ids, batch->count, batch->machines,
                           &batch->machine_rows, err) < 0)
        goto out;
    for (size_t i = 0; i < batch->count; i++)
        ids[i] = batch->waiting[i].task;
    rc = task_ended(batch->db, &batch->tenant, ids, batch->count, batch->ends, &batch->task_rows,
                    err);
out:
    free(ids);
    return rc;
}

static void clear(struct batch *batch)
{
    decision_carry_destroy(batch->carry);
    for (size_t i = 0; batch->waiting && i < batch->count; i++)
        machine_document_clear(&batch->waiting[i].document);
    if (batch->recalled)
        alert_recall_clear(batch->recalled, batch->count);
    free(batch->waiting);
    free(batch->recalled);
    free(batch->machines);
    free(batch->ends);
    db_rows_destroy(batch->rows);
    db_rows_destroy(batch->alert_rows);
    db_rows_destroy(batch->machine_rows);
    db_rows_destroy(batch->task_rows);
}

/* ---- one state ---- */

static int fill(struct batch *batch, struct waiting *waiting, struct error *err)
{
    uint64_t names = rule_set_names(rule_book_rules(batch->desk.book));
    struct alert_words words = waiting->recalled->words;

    words.alert = waiting->alert;
    if (waiting->machine->found) {
        waiting->document.text = waiting->machine->document_text;
        words.machine = waiting->machine;
        if (!(words.asset = machine_document_json(&waiting->document, err)))
            return -1;
    }
    return alert_moment_fill(batch->desk.moment, &words, batch->now_us, names, err);
}

static void set_text(struct rule_moment *moment, const char *name, const char *text)
{
    rule_moment_set(moment, name, cel_string(text, strlen(text)));
}

/* 'id' lives as long as the moment is looked at. */
static void set_task(struct batch *batch, const struct waiting *waiting, char id[UUID_TEXT_SIZE])
{
    if (uuid_is_nil(&waiting->task))
        return;
    uuid_format(&waiting->task, id);
    set_text(batch->desk.moment, "task.id", id);
    if (waiting->end->state) {
        set_text(batch->desk.moment, "task.state", waiting->end->state);
        set_text(batch->desk.moment, "task.image", waiting->end->image);
    }
}

static const struct rule_state *still_due(const struct batch *batch, const struct waiting *waiting)
{
    const struct rule_state *state = rule_states_find(batch->desk.states, &waiting->state.name);

    return state && state->due_us == waiting->state.due_us ? state : NULL;
}

/* It is not waited for any more. */
static bool has_come(const struct batch *batch, const struct waiting *waiting,
                     const struct rule_state *state)
{
    return waiting->end->ended && waiting->end->at_us <= state->due_us &&
           rule_engine_came(batch->desk.engine, state);
}

/* Of the record that began it: read again, as behind a restored backup, it begins at another
 * moment and is due at another, and what it boots was booted. */
static void name_origin(struct waiting *waiting)
{
    const struct recalled_alert *alert = waiting->recalled;
    char digest[33];

    waiting->stamp_ms = waiting->state.due_us / 1000;
    snprintf(waiting->origin, sizeof(waiting->origin), "%s", waiting->trigger);
    if (!alert->found)
        return;
    waiting->stamp_ms = alert->record_us / 1000;
    text_hex(alert->sha256, 16, digest);
    snprintf(waiting->origin, sizeof(waiting->origin),
             "held/%s/%s/%s/%" PRId64 "/%" PRId64 "#%" PRId64, digest, alert->cluster, alert->topic,
             alert->partition, alert->offset, alert->item);
}

static int work_through(struct batch *batch, struct waiting *waiting, struct error *err)
{
    const struct rule_state *state = still_due(batch, waiting);
    char id[UUID_TEXT_SIZE];

    if (!state || has_come(batch, waiting, state))
        return 0; /* or another controller did, or an alert ended it */
    if (fill(batch, waiting, err) < 0)
        return -1;
    set_task(batch, waiting, id);
    if (!waiting->recalled->found)
        log_warn("decide", "what was waited for refers to an alert that is not kept any more",
                 "rule=%s", waiting->state.name.rule);
    name_origin(waiting);
    waiting->subject = (struct decision_subject){
        .alert = waiting->alert,
        .machine = waiting->machine,
        .type = waiting->recalled->found ? waiting->recalled->words.type : "",
        .trigger = waiting->trigger,
        .kind = "timer",
        .origin = waiting->origin,
        .stamp_ms = waiting->stamp_ms,
        .from_us = state->due_us,
    };
    return decision_carry_due(batch->carry, &waiting->subject, state, batch->desk.moment,
                              &waiting->said, err);
}

/* ---- a transaction ---- */

static int load_states(struct batch *batch, struct error *err)
{
    struct rule_keeper *keeper = batch->desk.keeper;

    rule_keeper_begin(keeper);
    for (size_t i = 0; i < batch->count; i++) {
        struct waiting *waiting = &batch->waiting[i];
        char id[UUID_TEXT_SIZE];

        if (fill(batch, waiting, err) < 0)
            return -1;
        set_task(batch, waiting, id);
        if (rule_keeper_want(keeper, &waiting->state.name, err) < 0 ||
            rule_engine_keys(batch->desk.engine, batch->desk.moment, rule_keeper_want, keeper,
                             err) < 0)
            return -1;
    }
    return rule_keeper_load(keeper, batch->db, &batch->tenant, batch->now_us, err);
}

static int carry_out(struct batch *batch, struct error *err)
{
    for (size_t i = 0; i < batch->count; i++)
        if (work_through(batch, &batch->waiting[i], err) < 0)
            return -1;
    return decision_carry_out(batch->carry, &batch->tasks, err) < 0 ||
                   rule_keeper_store(batch->desk.keeper, batch->db, &batch->tenant,
                                     rule_book_rules(batch->desk.book), batch->now_us, err) < 0 ||
                   decision_carry_store(batch->carry, err) < 0
               ? -1
               : 0;
}

static int take_turn(struct batch *batch, struct error *err)
{
    struct db_rows *rows = db_query(batch->db, SQL_RULE_DUE_TRY, err, "u", &batch->tenant);
    int rc = rows ? db_bool(rows, 0, 0) : -1;

    db_rows_destroy(rows);
    return rc;
}

static int commit(struct batch *batch, struct error *err)
{
    FAULT_POINT("musterd_due_before_commit");
    if (db_commit(batch->db, err) < 0)
        return -1;
    FAULT_POINT("musterd_due_committed");
    decision_carry_count(batch->carry);
    metric_add(METRIC_DUE_TASKS, batch->tasks);
    return 0;
}

/* How many states were looked at; fewer than 'most': there are no more. */
static int run_batch(struct rule_due *due, struct batch *batch, int64_t most, struct error *err)
{
    int rc = db_begin_tenant(batch->db, &batch->tenant, err);

    if (rc == 0)
        rc = take_turn(batch, err);
    if (rc <= 0)
        goto out;
    rc = -1;
    if (db_execute(batch->db, SQL_RULE_DUE_PLAN, err, "") < 0 ||
        rule_book_hold(batch->db, &batch->tenant, err) < 0 ||
        rule_books_open(due->books, batch->db, &batch->tenant, &batch->desk, err) < 0 ||
        read_batch(batch, most, err) < 0)
        goto out;
    if (batch->count == 0) { /* another controller was here meanwhile */
        rc = 0;
        goto out;
    }
    if (look_up(batch, err) < 0)
        goto out;
    batch->carry = decision_carry_create(batch->db, &batch->tenant, batch->desk.book,
                                         batch->desk.engine, batch->desk.shares, err);
    if (!batch->carry || load_states(batch, err) < 0 || carry_out(batch, err) < 0 ||
        commit(batch, err) < 0)
        goto out;
    rc = (int)batch->count;
out:
    db_rollback(batch->db);
    return rc;
}

/* ---- tenants ---- */

static bool blames_state(const struct error *err)
{
    if (!err->sqlstate[0])
        return err->code == ERROR_INVALID;
    return strncmp(err->sqlstate, "22", 2) == 0 || strncmp(err->sqlstate, "23", 2) == 0;
}

/* It fails, always: it must not stand in the way of the others. */
static int give_up(const struct batch *batch, const struct error *why, struct error *err)
{
    const struct rule_state_name *name = &batch->waiting[0].state.name;
    int rc = db_begin_tenant(batch->db, &batch->tenant, err);

    log_error("decide", "what was waited for cannot be carried out, and is given up",
              "rule=%s sqlstate=%s reason=%s", name->rule, why->sqlstate,
              log_quote(error_text(why)));
    if (rc == 0 && db_execute(batch->db, SQL_RULE_DUE_DROP, err, "usiy", &batch->tenant, name->rule,
                              (int64_t)name->kind, name->key, name->length) >= 0)
        rc = db_commit(batch->db, err);
    db_rollback(batch->db);
    return rc;
}

static int run_tenant(struct rule_due *due, struct db *db, const struct uuid *tenant,
                      int64_t now_us, struct error *err)
{
    bool apart = false; /* one by one, to find which it is that is refused */
    int64_t most;
    int rc;

    do {
        struct batch batch = {.db = db, .tenant = *tenant, .now_us = now_us};
        int64_t began_ms = clock_monotonic_ms();
        struct error why = {0};

        most = apart ? 1 : (int64_t)due->most;
        rc = run_batch(due, &batch, most, &why);
        if (rc < 0 && blames_state(&why) && most == 1 && batch.count == 1) {
            rc = give_up(&batch, &why, &why) < 0 ? -1 : 1;
            apart = false;
        } else if (rc < 0 && blames_state(&why) && most > 1) {
            rc = (int)most; /* again */
            apart = true;
        } else if (!apart) {
            due->most = batch_size_next(due->most, &BATCH, clock_monotonic_ms() - began_ms, true);
        }
        if (rc < 0 && err)
            *err = why;
        clear(&batch);
    } while (rc == most);
    return rc < 0 ? -1 : 0;
}

static int find_next(struct db *db, int64_t now_us, int64_t *ret, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_RULE_DUE_NEXT, err, "t", now_us);

    if (!rows)
        return -1;
    *ret = db_is_null(rows, 0, 0) ? INT64_MAX : db_time(rows, 0, 0);
    db_rows_destroy(rows);
    return 0;
}

int rule_due_run(struct rule_due *due, struct db *db, int64_t now_us, int64_t *ret_next_us,
                 struct error *err)
{
    struct db_rows *tenants = db_query(db, SQL_RULE_DUE_TENANTS, err, "t", now_us);
    int rc = tenants ? 0 : -1;

    for (size_t i = 0; tenants && i < db_rows_count(tenants); i++) {
        struct uuid tenant = db_uuid(tenants, i, 0);

        if (run_tenant(due, db, &tenant, now_us, err) < 0)
            rc = -1; /* the others' turn all the same */
    }
    db_rows_destroy(tenants);
    return rc < 0 || find_next(db, now_us, ret_next_us, err) < 0 ? -1 : 0;
}
