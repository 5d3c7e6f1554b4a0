/* rule_store.c - see rule_store.h. Writes tables rule, rule_version, rule_book,
 * rule_switch. */
#include "controller/decide/rule_store.h"

#include <openssl/sha.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/rule_armed.h"
#include "controller/decide/rule_store.sql.h"
#include "proto/sha256.h"

struct kept {
    struct uuid id;
    int64_t version, active; /* 0: none is armed */
    bool same, has_version;
};

static int read_kept(struct db *db, const struct rule_push *push, const uint8_t digest[32],
                     struct kept *ret, struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_RULE_FIND, err, "usi", &push->tenant, push->name, push->version);
    const uint8_t *kept;
    size_t length = 0;

    if (!rows)
        return -1;
    if (db_rows_count(rows) == 0) {
        db_rows_destroy(rows);
        return error_set(err, "rule %s did not stay", push->name);
    }
    kept = db_blob(rows, 0, 3, &length);
    *ret = (struct kept){.id = db_uuid(rows, 0, 0),
                         .version = db_int(rows, 0, 1),
                         .active = db_is_null(rows, 0, 2) ? 0 : db_int(rows, 0, 2),
                         .has_version = db_bool(rows, 0, 4),
                         .same = length == 32 && memcmp(kept, digest, 32) == 0};
    db_rows_destroy(rows);
    return 0;
}

/* 'version': of what is armed; 0: of none. */
static int keep_switch(struct db *db, const struct rule_switch *wanted, const struct uuid *rule,
                       int64_t version, struct error *err)
{
    static const char *const acts[2][2] = {{"stop", "start"}, {"disarm", "arm"}};
    struct uuid id = uuid_make();

    return db_execute(db, SQL_RULE_SWITCH_INSERT, err, "uuusssi", &wanted->tenant, &id, rule,
                      acts[rule != NULL][wanted->on], wanted->who, wanted->reason, version) < 0
               ? -1
               : 0;
}

static int arm(struct db *db, const struct rule_switch *wanted, const struct uuid *rule,
               int64_t version, struct error *err)
{
    if (db_execute(db, SQL_RULE_ARM, err, "uuiss", &wanted->tenant, rule, version, wanted->who,
                   wanted->reason) < 0 ||
        db_execute(db, SQL_RULE_BOOK_RAISE, err, "u", &wanted->tenant) < 0)
        return -1;
    return keep_switch(db, wanted, rule, version, err);
}

static int arm_pushed(struct db *db, const struct rule_push *push, const struct uuid *rule,
                      struct error *err)
{
    const struct rule_switch armed = {
        .tenant = push->tenant, .on = true, .who = push->pushed_by, .reason = "pushed and armed"};

    return arm(db, &armed, rule, push->version, err);
}

enum rule_pushed rule_store_push(struct db *db, const struct rule_push *push, int64_t *ret_current,
                                 struct error *err)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    struct uuid fresh = uuid_make();
    struct kept kept;

    sha256_of(push->source, push->length, digest);
    if (db_execute(db, SQL_RULE_BOOK_LOCK, err, "u", &push->tenant) < 0 ||
        db_execute(db, SQL_RULE_ENSURE, err, "uusi", &push->tenant, &fresh, push->name,
                   push->version) < 0 ||
        read_kept(db, push, digest, &kept, err) < 0)
        return RULE_PUSH_FAILED;
    *ret_current = kept.version;
    if (push->arm && rule_armed_check(push->name, push->source, err) < 0)
        return RULE_PUSH_NOT_ARMABLE;
    if (kept.same) {
        if (push->arm && kept.active != push->version && arm_pushed(db, push, &kept.id, err) < 0)
            return RULE_PUSH_FAILED;
        return RULE_THERE_ALREADY;
    }
    if (kept.has_version && push->version <= kept.version)
        return RULE_NOT_HIGHER;
    if (db_execute(db, SQL_RULE_VERSION_INSERT, err, "uuisys", &push->tenant, &kept.id,
                   push->version, push->source, digest, sizeof(digest), push->pushed_by) < 0 ||
        db_execute(db, SQL_RULE_PUSH, err, "uui", &push->tenant, &kept.id, push->version) < 0 ||
        (push->arm && arm_pushed(db, push, &kept.id, err) < 0))
        return RULE_PUSH_FAILED;
    return RULE_PUSHED;
}

/* ---- switches ---- */

static int disarm(struct db *db, const struct rule_switch *wanted, const struct uuid *rule,
                  struct error *err)
{
    if (db_execute(db, SQL_RULE_DISARM, err, "uuss", &wanted->tenant, rule, wanted->who,
                   wanted->reason) < 0 ||
        db_execute(db, SQL_RULE_BOOK_RAISE, err, "u", &wanted->tenant) < 0)
        return -1;
    return keep_switch(db, wanted, rule, 0, err);
}

/* Armed is the newest version. */
static enum rule_switched switch_rule(struct db *db, const struct rule_switch *wanted,
                                      struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_RULE_NEWEST, err, "us", &wanted->tenant, wanted->name);
    int64_t newest, active;
    struct uuid rule;
    bool armable;

    if (!rows)
        return RULE_SWITCH_FAILED;
    if (db_rows_count(rows) == 0) {
        db_rows_destroy(rows);
        return RULE_NOT_THERE;
    }
    rule = db_uuid(rows, 0, 0);
    newest = db_int(rows, 0, 1);
    active = db_is_null(rows, 0, 2) ? 0 : db_int(rows, 0, 2);
    armable = !wanted->on || rule_armed_check(wanted->name, db_text(rows, 0, 3), err) == 0;
    db_rows_destroy(rows);
    if (active == (wanted->on ? newest : 0))
        return RULE_SWITCHED_BEFORE;
    if (!armable)
        return RULE_NOT_ARMABLE;
    if ((wanted->on ? arm(db, wanted, &rule, newest, err) : disarm(db, wanted, &rule, err)) < 0)
        return RULE_SWITCH_FAILED;
    return RULE_SWITCHED;
}

static enum rule_switched switch_all(struct db *db, const struct rule_switch *wanted,
                                     struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_RULE_BOOK_KILLED, err, "u", &wanted->tenant);
    bool is_on;

    if (!rows)
        return RULE_SWITCH_FAILED;
    is_on = db_rows_count(rows) == 0 || db_is_null(rows, 0, 0);
    db_rows_destroy(rows);
    if (is_on == wanted->on)
        return RULE_SWITCHED_BEFORE;
    if (db_execute(db, SQL_RULE_BOOK_KILL, err, "uss", &wanted->tenant,
                   wanted->on ? NULL : wanted->reason, wanted->who) < 0 ||
        keep_switch(db, wanted, NULL, 0, err) < 0)
        return RULE_SWITCH_FAILED;
    return RULE_SWITCHED;
}

enum rule_switched rule_store_switch(struct db *db, const struct rule_switch *wanted,
                                     struct error *err)
{
    if (db_execute(db, SQL_RULE_BOOK_LOCK, err, "u", &wanted->tenant) < 0)
        return RULE_SWITCH_FAILED;
    return wanted->name ? switch_rule(db, wanted, err) : switch_all(db, wanted, err);
}

struct db_rows *rule_store_automation(struct db *db, const struct uuid *tenant, struct error *err)
{
    return db_query(db, SQL_RULE_BOOK_SHOW, err, "u", tenant);
}

struct db_rows *rule_store_list(struct db *db, const struct uuid *tenant, const char *after,
                                const char *only, int64_t limit, struct error *err)
{
    return db_query(db, SQL_RULE_LIST, err, "ussi", tenant, after, only, limit);
}
