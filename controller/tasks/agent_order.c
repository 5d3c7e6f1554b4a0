/* agent_order.c - see agent_order.h. Owns table agent_order. Invariant: an order ends once, by the
 * agent's answer or by a newer one. */
#include "controller/tasks/agent_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/agent_order.sql.h"
#include "controller/tasks/task_state.h"

static int notify(struct db *db, const struct uuid *machine, struct error *err)
{
    return db_execute(db, SQL_AGENT_ORDER_NOTIFY, err, "u", machine) < 0 ? -1 : 0;
}

int agent_order_settle(struct db *db, const struct task_now *task, const char *outcome,
                       const char *who, const char *reason, struct error *err)
{
    const struct uuid id = uuid_make();

    if (db_execute(db, SQL_AGENT_ORDER_SETTLE, err, "uuusss", &task->tenant, &task->task, &id,
                   outcome, who, reason) < 0)
        return -1;
    return notify(db, &task->machine, err);
}

int agent_order_release(struct db *db, const struct uuid *tenant, const struct uuid *machine,
                        const char *who, const char *reason, struct error *err)
{
    const struct uuid id = uuid_make();

    if (db_execute(db, SQL_AGENT_ORDER_SUPERSEDE, err, "uu", tenant, machine) < 0 ||
        db_execute(db, SQL_AGENT_ORDER_RELEASE, err, "uuuss", tenant, machine, &id, who, reason) <
            0)
        return -1;
    return notify(db, machine, err);
}

int agent_order_due(struct db *db, struct agent_order **ret, size_t *ret_count, struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_AGENT_ORDER_DUE, err, "i", (int64_t)AGENT_ORDER_AGAIN_S);
    struct agent_order *list;
    size_t count;

    if (!rows)
        return -1;
    count = db_rows_count(rows);
    list = calloc(count + 1, sizeof(*list));
    for (size_t i = 0; list && i < count; i++) {
        const char *outcome = db_text(rows, i, 6);

        list[i] = (struct agent_order){.tenant = db_uuid(rows, i, 0),
                                       .id = db_uuid(rows, i, 1),
                                       .site = db_uuid(rows, i, 2),
                                       .machine = db_uuid(rows, i, 3),
                                       .task = db_uuid(rows, i, 4),
                                       .epoch = (uint64_t)db_int(rows, i, 5)};
        snprintf(list[i].outcome, sizeof(list[i].outcome), "%s", outcome ? outcome : "");
        snprintf(list[i].reason, sizeof(list[i].reason), "%s", db_text(rows, i, 7));
        text_mend_utf8(list[i].reason);
    }
    db_rows_destroy(rows);
    if (!list)
        return error_set_code(err, ERROR_UNAVAILABLE, "out of memory for %zu orders", count);
    *ret = list;
    *ret_count = count;
    return 0;
}

int agent_order_sent(struct db *db, const struct agent_order *order, const uint8_t sha256[32],
                     struct error *err)
{
    int rc;

    if (db_begin_tenant(db, &order->tenant, err) < 0)
        return -1;
    rc = db_execute(db, SQL_AGENT_ORDER_SENT, err, "uuy", &order->tenant, &order->id, sha256,
                    (size_t)32);
    if (rc > 0 && db_commit(db, err) < 0)
        rc = -1;
    db_rollback(db);
    return rc;
}

static bool may_be_mended(const char *refusal)
{
    return strcmp(refusal, "expired") == 0 || strcmp(refusal, "replay") == 0 ||
           strcmp(refusal, "unknown_key") == 0;
}

static int end(struct db *db, const struct db_rows *rows, const char *refusal, const char *who,
               struct error *err)
{
    struct uuid tenant = db_uuid(rows, 0, 0), id = db_uuid(rows, 0, 1);
    struct uuid machine = db_uuid(rows, 0, 3);
    char how[80] = "taken", action[32], object[UUID_TEXT_SIZE + 10] = "machine ";
    const struct audit_entry entry = {.who = who,
                                      .action = action,
                                      .object = object,
                                      .outcome = refusal ? "refused" : "ok",
                                      .why = how};
    int ended;

    if (refusal)
        snprintf(how, sizeof(how), "refused: %s", refusal);
    text_mend_utf8(how);
    snprintf(action, sizeof(action), "order.%s", db_text(rows, 0, 2));
    uuid_format(&machine, object + strlen(object));
    if (db_set_tenant(db, &tenant, err) < 0)
        return -1;
    if (refusal && may_be_mended(refusal))
        return 1;
    ended = db_execute(db, SQL_AGENT_ORDER_END, err, "uus", &tenant, &id, how);
    if (ended < 0 || (ended > 0 && audit_append(db, &tenant, &entry, err) < 0))
        return -1;
    return 1;
}

int agent_order_answered(struct db *db, const struct uuid *site, const uint8_t sha256[32],
                         const char *refusal, const char *who, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_AGENT_ORDER_FIND, err, "uy", site, sha256, (size_t)32);
    int rc = -1;

    if (rows)
        rc = db_rows_count(rows) == 0 ? 0 : end(db, rows, refusal, who, err);
    db_rows_destroy(rows);
    return rc;
}
