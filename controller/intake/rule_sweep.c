/* rule_sweep.c - see rule_sweep.h. Pages follow the primary key from its start to its end: a
 * statement of bounded size each, however much is over at once.
 */
#include "controller/intake/rule_sweep.h"

#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/intake/rule_sweep.sql.h"

/* Clocks of controllers differ: what is over for one may not be for another yet. */
#define AFTER_US (5 * 60 * INT64_C(1000000))
#define PAGE_ROWS 10000
#define PAGES_AT_ONCE 4

static int read_place(struct rule_sweep *sweep, const struct db_rows *rows, struct error *err)
{
    const char *rule = db_text(rows, 0, 0);
    const uint8_t *key = db_blob(rows, 0, 2, &sweep->key_length);

    if (strlen(rule) >= sizeof(sweep->rule) || sweep->key_length > sizeof(sweep->key))
        return error_set(err, "a state of rule %.80s has a key of %zu bytes", rule,
                         sweep->key_length);
    snprintf(sweep->rule, sizeof(sweep->rule), "%s", rule);
    sweep->kind = db_int(rows, 0, 1);
    memcpy(sweep->key, key, sweep->key_length);
    return 1;
}

/* 1: there are more of the tenant. */
static int sweep_page(struct rule_sweep *sweep, struct db *db, int64_t before_us, struct error *err)
{
    struct db_rows *plan = db_query(db, SQL_SWEEP_PLAN, err, ""), *rows;
    int rc;

    db_rows_destroy(plan);
    rows = plan
               ? db_query(db, SQL_SWEEP_PAGE, err, "utsiyi", &sweep->tenant, before_us, sweep->rule,
                          sweep->kind, sweep->key, sweep->key_length, (int64_t)PAGE_ROWS)
               : NULL;
    if (!rows)
        return -1;
    rc = db_rows_count(rows) > 0 ? read_place(sweep, rows, err) : 0;
    db_rows_destroy(rows);
    return rc;
}

static int sweep_tenant(struct rule_sweep *sweep, struct db *db, int64_t before_us,
                        struct error *err)
{
    int rc = db_begin_tenant(db, &sweep->tenant, err);

    if (rc == 0)
        rc = sweep_page(sweep, db, before_us, err);
    if (rc >= 0 && db_commit(db, err) < 0)
        rc = -1;
    db_rollback(db);
    sweep->in_tenant = rc > 0;
    return rc;
}

/* 0: there is none behind. */
static int next_tenant(struct rule_sweep *sweep, struct db *db, int64_t before_us,
                       struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_SWEEP_NEXT_TENANT, err, "ut", &sweep->tenant, before_us);
    bool found = rows && db_rows_count(rows) > 0;
    struct uuid tenant = {0};

    if (!rows)
        return -1;
    if (found)
        tenant = db_uuid(rows, 0, 0);
    db_rows_destroy(rows);
    *sweep = (struct rule_sweep){.tenant = tenant, .in_tenant = found};
    return found;
}

int rule_sweep_on(struct rule_sweep *sweep, struct db *db, int64_t now_us, struct error *err)
{
    int64_t before_us = now_us - AFTER_US;

    for (int page = 0; page < PAGES_AT_ONCE; page++) {
        if (!sweep->in_tenant) {
            int found = next_tenant(sweep, db, before_us, err);

            if (found <= 0)
                return found;
        }
        if (sweep_tenant(sweep, db, before_us, err) < 0)
            return -1;
    }
    return 1;
}
