/* replay_history.c - see replay_history.h. Reads tables alert and decision. Invariant: before an
 * alert is given out, all that was decided about it is in the records: decisions come in the order
 * of the moments at which their alerts came, and are read up to the last moment of the batch.
 */
#include "controller/replay/replay_history.h"

#include <stdbool.h>
#include <stdlib.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/replay/replay.h"
#include "controller/replay/replay.sql.h"
#include "controller/replay/replay_alert.h"
#include "controller/replay/replay_machines.h"
#include "controller/replay/replay_records.h"
#include "controller/replay/replay_rules.h"

#define STATEMENT_TIMEOUT "45s"

struct replay_history {
    struct db *db;
    const struct replay_request *request;
    struct replay_machines *machines;
    struct replay_records *records;
    struct db_rows *rows; /* of the batch */
    struct replay_alert *alerts;
    size_t count, next;
    bool sent;                 /* the server is at the batch behind it */
    struct db_rows *decisions; /* NULL: not asked for yet */
    size_t decision;           /* the next one of them */
    bool decided;              /* there are no more of them */
};

struct replay_history *replay_history_open(struct db *db, const struct replay_request *request,
                                           const struct replay_rules *rules,
                                           struct replay_machines *machines,
                                           struct replay_records *records, struct error *err)
{
    struct replay_history *history = calloc(1, sizeof(*history));
    size_t type_count;
    const char *const *types = replay_rules_types(rules, &type_count);

    if (!history) {
        error_no_memory(err);
        return NULL;
    }
    history->db = db;
    history->request = request;
    history->machines = machines;
    history->records = records;
    if (db_execute(db, SQL_REPLAY_LIMITS, err, "s", STATEMENT_TIMEOUT) == -1 ||
        db_execute(db, SQL_REPLAY_OPEN, err, "uttSb", &request->tenant, request->since_us,
                   request->until_us, type_count, types, request->text != NULL) < 0) {
        replay_history_close(history);
        return NULL;
    }
    return history;
}

static void end_batch(struct replay_history *history)
{
    for (size_t i = 0; i < history->count; i++)
        replay_alert_clear(&history->alerts[i]);
    free(history->alerts);
    db_rows_destroy(history->rows);
    history->alerts = NULL;
    history->rows = NULL;
    history->count = history->next = 0;
}

void replay_history_close(struct replay_history *history)
{
    if (!history)
        return;
    end_batch(history);
    if (history->sent)
        db_rows_destroy(db_receive(history->db, NULL));
    db_rows_destroy(history->decisions);
    free(history);
}

/* ---- decisions ---- */

static int add_decision(struct replay_history *history, const struct db_rows *rows, size_t row,
                        struct error *err)
{
    const struct replay_record record = {
        .alert = db_uuid(rows, row, 0),
        .task = db_uuid(rows, row, 1),
        .trigger = db_text(rows, row, 2),
        .shadow = db_bool(rows, row, 3),
        .rule = db_text(rows, row, 4),
        .version = db_int(rows, row, 5),
        .document_version = db_int(rows, row, 6),
        .until_us = db_is_null(rows, row, 7) ? 0 : db_time(rows, row, 7),
        .evaluated_us = db_time(rows, row, 8),
        .ending = db_text(rows, row, 9),
        .words = db_text(rows, row, 10),
    };

    return replay_records_add(history->records, &record, err);
}

/* Those of alerts that came up to then. */
static int read_decisions(struct replay_history *history, int64_t until_us, struct error *err)
{
    while (!history->decided) {
        const struct db_rows *rows = history->decisions;

        for (; rows && history->decision < db_rows_count(rows); history->decision++) {
            if (db_time(rows, history->decision, 11) > until_us)
                return 0;
            if (add_decision(history, rows, history->decision, err) < 0)
                return -1;
        }
        db_rows_destroy(history->decisions);
        history->decision = 0;
        history->decisions = db_query(history->db, SQL_REPLAY_FETCH_DECISIONS, err, "");
        if (!history->decisions)
            return -1;
        history->decided = db_rows_count(history->decisions) == 0;
    }
    return 0;
}

/* ---- alerts ---- */

static int find_machines(struct replay_history *history, struct error *err)
{
    size_t count = history->count;
    struct uuid *ids = calloc(count + 1, sizeof(*ids));
    int64_t *versions = calloc(count + 1, sizeof(*versions));
    struct replay_machine **found = calloc(count + 1, sizeof(struct replay_machine *));
    int rc = -1;

    if (!ids || !versions || !found) {
        error_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = history->alerts[i].machine_id;
        versions[i] = history->alerts[i].document_version;
    }
    replay_machines_trim(history->machines);
    rc = replay_machines_find(history->machines, ids, versions, count, found, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        history->alerts[i].machine = found[i];
out:
    free(ids);
    free(versions);
    free((void *)found);
    return rc;
}

/* Controllers' clocks differ: the last one of a batch need not be the latest. */
static int64_t latest(const struct replay_history *history)
{
    int64_t latest_us = INT64_MIN;

    for (size_t i = 0; i < history->count; i++)
        if (history->alerts[i].at_us > latest_us)
            latest_us = history->alerts[i].at_us;
    return latest_us;
}

static int send_batch(struct replay_history *history, struct error *err)
{
    if (db_send(history->db, SQL_REPLAY_FETCH_ALERTS, err) < 0)
        return -1;
    history->sent = true;
    return 0;
}

static int receive_batch(struct replay_history *history, struct error *err)
{
    if (!history->sent && send_batch(history, err) < 0)
        return -1;
    history->sent = false;
    history->rows = db_receive(history->db, err);
    return history->rows ? 0 : -1;
}

/* The server works out the batch behind it while this one is gone through. */
static int read_batch(struct replay_history *history, struct error *err)
{
    end_batch(history);
    if (receive_batch(history, err) < 0)
        return -1;
    if (!(history->alerts = calloc(db_rows_count(history->rows) + 1, sizeof(*history->alerts))))
        return error_no_memory(err);
    history->count = db_rows_count(history->rows);
    for (size_t i = 0; i < history->count; i++)
        replay_alert_read(history->rows, i, &history->alerts[i]);
    if (find_machines(history, err) < 0 || read_decisions(history, latest(history), err) < 0)
        return -1;
    return history->count ? send_batch(history, err) : 0;
}

int replay_history_next(struct replay_history *history, struct replay_alert **ret,
                        struct error *err)
{
    if (history->next > 0)
        replay_alert_clear(&history->alerts[history->next - 1]);
    if (history->next == history->count && read_batch(history, err) < 0)
        return -1;
    if (history->count == 0)
        return 0;
    *ret = &history->alerts[history->next++];
    return 1;
}
