/* migrate.c - see migrate.h. Invariant: schema_migration holds, in order, the first migrations of
 * MIGRATIONS, each with the digest of the text that was run; behind all of them there may be those
 * of a later release, which say whom they serve. */
#include "controller/db/migrate.h"

#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/db/migrate.sql.h"
#include "controller/db/migrations.h"
#include "proto/sha256.h"

#define MIGRATION_COUNT (sizeof(MIGRATIONS) / sizeof(MIGRATIONS[0]))

/* A new table over a large one takes longer than what the daemon's statements may. */
#define SQL_PATIENCE                                                                               \
    "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0"

static void digest_of(const struct migration *migration, uint8_t out[32])
{
    sha256_of(migration->sql, strlen(migration->sql), out);
}

/* A later release's. It says which programs still work with it, for the time in which controllers
 * of both releases run. */
static int compare_newer(const struct db_rows *rows, size_t row, struct error *err)
{
    if (db_int(rows, row, 3) <= MIGRATIONS[MIGRATION_COUNT - 1].number)
        return 0;
    return error_set_code(err, ERROR_CONFLICT,
                          "the database's schema is newer than this program (migration %04d_%s "
                          "serves programs that know %04d or later): install the newer musterd",
                          (int)db_int(rows, row, 0), db_text(rows, row, 1),
                          (int)db_int(rows, row, 3));
}

static int compare_one(const struct db_rows *rows, size_t row, struct error *err)
{
    const char *name = db_text(rows, row, 1);
    uint8_t digest[32];
    const uint8_t *held;
    size_t length;

    if (row >= MIGRATION_COUNT)
        return compare_newer(rows, row, err);
    if (MIGRATIONS[row].number != db_int(rows, row, 0) || strcmp(MIGRATIONS[row].name, name) != 0)
        return error_set_code(err, ERROR_CONFLICT,
                              "the database has migration %04d_%s where this program has %04d_%s: "
                              "they are not of one line of releases",
                              (int)db_int(rows, row, 0), name, MIGRATIONS[row].number,
                              MIGRATIONS[row].name);
    digest_of(&MIGRATIONS[row], digest);
    held = db_blob(rows, row, 2, &length);
    if (length != sizeof(digest) || memcmp(held, digest, sizeof(digest)) != 0)
        return error_set_code(err, ERROR_CONFLICT,
                              "migration %04d_%s was altered after it had been applied here: "
                              "restore its text, and put the change into a new migration",
                              MIGRATIONS[row].number, name);
    return 0;
}

/* How many are applied, ours and later ones that serve us; -1 when they are not of our line. */
static int compare(struct db *db, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_MIGRATION_TABLE_EXISTS, err, "");
    bool exists = rows && db_bool(rows, 0, 0);
    int count;

    if (!rows)
        return -1;
    db_rows_destroy(rows);
    if (!exists)
        return 0;
    rows = db_query(db, SQL_MIGRATIONS_APPLIED, err, "");
    if (!rows)
        return -1;
    count = (int)db_rows_count(rows);
    for (int row = 0; row < count; row++) {
        if (compare_one(rows, (size_t)row, err) < 0) {
            db_rows_destroy(rows);
            return -1;
        }
    }
    db_rows_destroy(rows);
    return count;
}

static int apply(struct db *db, const struct migration *migration, struct error *err)
{
    uint8_t digest[32];

    digest_of(migration, digest);
    if (db_script(db, migration->sql, err) < 0 ||
        db_execute(db, SQL_MIGRATION_APPLIED, err, "isyi", (int64_t)migration->number,
                   migration->name, digest, sizeof(digest), (int64_t)migration->serves_from) < 0)
        return error_prefix(err, "migration %04d_%s", migration->number, migration->name);
    return 0;
}

/* 1: one more is applied. 0: none was missing. */
static int apply_next(struct db *db, void (*applied)(int, const char *), struct error *err)
{
    int count = -1, rc = -1;

    if (db_begin(db, err) < 0)
        return -1;
    if (db_script(db, SQL_PATIENCE, err) < 0 || db_script(db, SQL_MIGRATION_LOCK, err) < 0 ||
        db_script(db, SQL_MIGRATION_TABLE, err) < 0 || (count = compare(db, err)) < 0)
        goto out;
    if ((size_t)count >= MIGRATION_COUNT) {
        rc = db_commit(db, err);
        goto out;
    }
    if (apply(db, &MIGRATIONS[count], err) < 0 || db_commit(db, err) < 0)
        goto out;
    if (applied)
        applied(MIGRATIONS[count].number, MIGRATIONS[count].name);
    rc = 1;
out:
    db_rollback(db);
    return rc;
}

int migrate_apply(const struct conf_map *owner, void (*applied)(int number, const char *name),
                  struct error *err)
{
    struct db *db = db_connect(owner, err);
    int made = 0, rc = -1;

    if (!db)
        return -1;
    while ((rc = apply_next(db, applied, err)) == 1)
        made++;
    db_disconnect(db);
    return rc < 0 ? -1 : made;
}

int migrate_check(struct db *db, struct error *err)
{
    int count = compare(db, err);

    if (count < 0)
        return -1;
    if ((size_t)count >= MIGRATION_COUNT)
        return 0;
    return error_set_code(err, ERROR_CONFLICT,
                          "the database's schema is %s (it has %d of %zu migrations): run "
                          "'musterd migrate CONFIG' with the owner's credential",
                          count ? "older than this program" : "empty", count, MIGRATION_COUNT);
}
