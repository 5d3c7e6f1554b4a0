/* rule_store.c - see rule_store.h. Writes tables rule and rule_version. */
#include "controller/decide/rule_store.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/line_diff.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/rule_store.sql.h"
#include "proto/sha256.h"

struct kept {
    struct uuid id;
    int64_t newest;
    bool same, has_version;
};

static int read_kept(struct db *db, const struct rule_push *push, const uint8_t digest[32],
                     struct kept *ret, struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_RULE_FIND, err, "usi", &push->tenant, push->name, push->version);
    uint8_t kept[32];

    if (!rows)
        return -1;
    if (db_rows_count(rows) == 0) {
        db_rows_destroy(rows);
        return error_set(err, "rule %s did not stay", push->name);
    }
    *ret = (struct kept){.id = db_uuid(rows, 0, 0),
                         .newest = db_int(rows, 0, 1),
                         .same = db_blob32(rows, 0, 2, kept) && memcmp(kept, digest, 32) == 0,
                         .has_version = db_bool(rows, 0, 3)};
    db_rows_destroy(rows);
    return 0;
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
    *ret_current = kept.newest;
    if (kept.same)
        return RULE_THERE_ALREADY;
    if (kept.has_version && push->version <= kept.newest)
        return RULE_NOT_HIGHER;
    if (db_execute(db, SQL_RULE_VERSION_INSERT, err, "uuisys", &push->tenant, &kept.id,
                   push->version, push->source, digest, sizeof(digest), push->pushed_by) < 0 ||
        db_execute(db, SQL_RULE_PUSH, err, "uui", &push->tenant, &kept.id, push->version) < 0)
        return RULE_PUSH_FAILED;
    return RULE_PUSHED;
}

struct db_rows *rule_store_list(struct db *db, const struct rule_filter *filter, struct error *err)
{
    return db_query(db, SQL_RULE_LIST, err, "ussii", &filter->tenant, filter->after, filter->only,
                    filter->version, filter->limit);
}

struct db_rows *rule_store_history(struct db *db, const struct uuid *tenant, const char *name,
                                   const char *before, int64_t limit, struct error *err)
{
    return db_query(db, SQL_RULE_HISTORY, err, "ussi", tenant, name, before, limit);
}

static int write_diff(const char *rule, int64_t from, const char *before, int64_t to,
                      const char *after, struct text *out, struct error *err)
{
    char from_name[96], to_name[96];
    struct line_diff_side a = {from_name, before, strlen(before)};
    struct line_diff_side b = {to_name, after, strlen(after)};

    snprintf(from_name, sizeof(from_name), "%.64s v%" PRId64, rule, from);
    snprintf(to_name, sizeof(to_name), "%.64s v%" PRId64, rule, to);
    return line_diff(&a, &b, out, err) < 0 ? -1 : 1;
}

int rule_store_diff(struct db *db, const struct uuid *tenant, const char *name, int64_t *from,
                    int64_t *to, struct text *out, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_RULE_TWO_TEXTS, err, "usii", tenant, name, *from, *to);
    int rc = 0;

    if (!rows)
        return -1;
    /* The first version of all came from nothing. */
    if (db_rows_count(rows) > 0 && !db_is_null(rows, 0, 3) &&
        (!db_is_null(rows, 0, 2) || db_is_null(rows, 0, 0))) {
        *from = db_int(rows, 0, 0);
        *to = db_int(rows, 0, 1);
        rc = write_diff(name, *from, db_is_null(rows, 0, 2) ? "" : db_text(rows, 0, 2), *to,
                        db_text(rows, 0, 3), out, err);
    }
    db_rows_destroy(rows);
    return rc;
}
