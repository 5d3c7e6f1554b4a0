/* automation.c - see automation.h. Writes tables rule_book (killed_*, brake_*), rule_switch,
 * automation_stop and platform_brake. Locks: a tenant's rule book, or that of all stops. */
#include "controller/decide/automation.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/automation.sql.h"
#include "controller/decide/platform_brakes.sql.h"
#include "controller/decide/rule_store.sql.h"

static int lock_book(struct db *db, const struct uuid *tenant, struct error *err)
{
    return db_execute(db, SQL_RULE_BOOK_LOCK, err, "u", tenant) < 0 ? -1 : 0;
}

static int note(struct db *db, const struct uuid *tenant, const char *act, const char *who,
                const char *reason, const char *brake, struct error *err)
{
    struct uuid id = uuid_make();

    return db_execute(db, SQL_AUTOMATION_NOTE, err, "uussss", tenant, &id, act, who, reason,
                      brake) < 0
               ? -1
               : 0;
}

static int switch_tenant(struct db *db, const struct automation_switch *wanted, struct error *err)
{
    struct db_rows *rows;
    bool stopped;

    if (lock_book(db, &wanted->whose, err) < 0 ||
        !(rows = db_query(db, SQL_AUTOMATION_TENANT_STOPPED, err, "u", &wanted->whose)))
        return -1;
    stopped = db_rows_count(rows) > 0;
    db_rows_destroy(rows);
    if (stopped != wanted->on)
        return 0;
    if (db_execute(db, SQL_AUTOMATION_TENANT_SWITCH, err, "uss", &wanted->whose,
                   wanted->on ? NULL : wanted->reason, wanted->who) < 0 ||
        note(db, &wanted->whose, wanted->on ? "start" : "stop", wanted->who, wanted->reason, NULL,
             err) < 0)
        return -1;
    return 1;
}

static const struct uuid *site_of(enum automation_scope scope, const struct uuid *whose)
{
    return scope == AUTOMATION_SITE ? whose : NULL;
}

/* 'sql' ends stops. The row is the record of it: it says who ended it, too. */
static int end_stop(struct db *db, const struct automation_switch *wanted, const char *sql,
                    struct error *err)
{
    const struct uuid *site = site_of(wanted->scope, &wanted->whose);

    if (db_execute(db, SQL_AUTOMATION_FLEET_LOCK, err, "") < 0 ||
        db_execute(db, SQL_PLATFORM_BRAKES_FORGET, err, "u", site) < 0)
        return -1;
    return db_execute(db, sql, err, "uss", site, wanted->reason, wanted->who);
}

/* In the place of a brake's, if one stands: who releases that does not undo this one. */
static int begin_stop(struct db *db, const struct automation_switch *wanted, struct error *err)
{
    const struct uuid *site = site_of(wanted->scope, &wanted->whose);
    struct uuid id = uuid_make();

    if (db_execute(db, SQL_AUTOMATION_FLEET_LOCK, err, "") < 0 ||
        db_execute(db, SQL_PLATFORM_BRAKES_RELEASE, err, "uss", site, wanted->reason, wanted->who) <
            0)
        return -1;
    return db_execute(db, SQL_AUTOMATION_STOP, err, "uuss", &id, site, wanted->reason, wanted->who);
}

static int switch_all(struct db *db, const struct automation_switch *wanted, struct error *err)
{
    return wanted->on ? end_stop(db, wanted, SQL_AUTOMATION_START, err)
                      : begin_stop(db, wanted, err);
}

int automation_switch(struct db *db, const struct automation_switch *wanted, struct error *err)
{
    return wanted->scope == AUTOMATION_TENANT ? switch_tenant(db, wanted, err)
                                              : switch_all(db, wanted, err);
}

static int set_tenants_brake(struct db *db, const struct automation_brake *brake, struct error *err)
{
    char words[64];

    snprintf(words, sizeof(words), "%" PRId64 " in %" PRId64 " s", brake->max, brake->per_s);
    if (lock_book(db, &brake->whose, err) < 0 ||
        db_execute(db, SQL_AUTOMATION_SET_BRAKE, err, "uii", &brake->whose, brake->max,
                   brake->per_s) < 0)
        return -1;
    return note(db, &brake->whose, "set", brake->who, brake->reason,
                brake->max ? words : "switched off", err);
}

int automation_set_brake(struct db *db, const struct automation_brake *brake, struct error *err)
{
    if (brake->scope == AUTOMATION_TENANT)
        return set_tenants_brake(db, brake, err);
    return db_execute(db, SQL_PLATFORM_BRAKES_SET, err, "uiiss",
                      site_of(brake->scope, &brake->whose), brake->max, brake->per_s, brake->who,
                      brake->reason) < 0
               ? -1
               : 0;
}

static int release_tenants(struct db *db, const struct automation_switch *wanted, struct error *err)
{
    int released = -1;

    if (lock_book(db, &wanted->whose, err) < 0 ||
        (released = db_execute(db, SQL_AUTOMATION_RELEASE, err, "u", &wanted->whose)) <= 0)
        return released < 0 ? -1 : 0;
    return note(db, &wanted->whose, "release", wanted->who, wanted->reason, NULL, err) < 0 ? -1 : 1;
}

int automation_release(struct db *db, const struct automation_switch *wanted, struct error *err)
{
    return wanted->scope == AUTOMATION_TENANT
               ? release_tenants(db, wanted, err)
               : end_stop(db, wanted, SQL_PLATFORM_BRAKES_RELEASE, err);
}

struct db_rows *automation_show(struct db *db, const struct uuid *tenant, struct error *err)
{
    return tenant ? db_query(db, SQL_AUTOMATION_SHOW, err, "u", tenant)
                  : db_query(db, SQL_AUTOMATION_SHOW_STOPS, err, "");
}
