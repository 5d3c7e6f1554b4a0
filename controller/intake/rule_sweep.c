/* rule_sweep.c - see rule_sweep.h. Pages follow the primary key from its start to its end: a
 * statement of bounded size each, however much is over at once.
 */
#include "controller/intake/rule_sweep.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/ids.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/intake/rule_sweep.sql.h"
#include "rules/engine/rule_state_key.h"

/* Clocks of controllers differ: what is over for one may not be for another yet. */
#define AFTER_US (5 * 60 * INT64_C(1000000))
#define PAGE_ROWS 10000

struct place {
    char rule[80]; /* an id, "~shadow" behind it */
    int64_t kind;
    unsigned char key[RULE_STATE_KEY_MAX];
    size_t key_length;
};

static int read_place(const struct db_rows *rows, struct place *ret, struct error *err)
{
    const char *rule = db_text(rows, 0, 0);
    const uint8_t *key = db_blob(rows, 0, 2, &ret->key_length);

    if (strlen(rule) >= sizeof(ret->rule) || ret->key_length > sizeof(ret->key))
        return error_set(err, "a state of rule %.80s has a key of %zu bytes", rule,
                         ret->key_length);
    snprintf(ret->rule, sizeof(ret->rule), "%s", rule);
    ret->kind = db_int(rows, 0, 1);
    memcpy(ret->key, key, ret->key_length);
    return 1;
}

/* 1: there are more behind 'place', which is moved on. */
static int sweep_page(struct db *db, const struct uuid *tenant, int64_t before_us,
                      struct place *place, struct error *err)
{
    struct db_rows *plan = db_query(db, SQL_SWEEP_PLAN, err, ""), *rows;
    int rc;

    db_rows_destroy(plan);
    rows = plan ? db_query(db, SQL_SWEEP_PAGE, err, "utsiyi", tenant, before_us, place->rule,
                           place->kind, place->key, place->key_length, (int64_t)PAGE_ROWS)
                : NULL;
    if (!rows)
        return -1;
    rc = db_rows_count(rows) > 0 ? read_place(rows, place, err) : 0;
    db_rows_destroy(rows);
    return rc;
}

static int sweep_tenant(struct db *db, const struct uuid *tenant, int64_t before_us,
                        struct error *err)
{
    struct place place = {0};
    int rc;

    do {
        rc = db_begin_tenant(db, tenant, err);
        if (rc == 0)
            rc = sweep_page(db, tenant, before_us, &place, err);
        if (rc >= 0 && db_commit(db, err) < 0)
            rc = -1;
        db_rollback(db);
    } while (rc > 0);
    return rc;
}

int rule_sweep(struct db *db, int64_t now_us, struct error *err)
{
    struct db_rows *tenants = db_query(db, SQL_SWEEP_TENANTS, err, "t", now_us - AFTER_US);
    int rc = tenants ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < db_rows_count(tenants); i++) {
        struct uuid tenant = db_uuid(tenants, i, 0);

        rc = sweep_tenant(db, &tenant, now_us - AFTER_US, err);
    }
    db_rows_destroy(tenants);
    return rc;
}
