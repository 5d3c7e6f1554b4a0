/* bootstrap.c - see bootstrap.h. Invariant: a token that is in no file is in no database: the file
 * is written before the commit and removed when that fails. */
#include "controller/access/bootstrap.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/file.h"
#include "controller/access/bootstrap.sql.h"
#include "controller/access/principal.h"
#include "controller/access/token.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"

static int refuse_second(struct db *db, bool again, struct error *err)
{
    struct db_rows *rows;
    bool live;

    if (again)
        return 0;
    if (!(rows = db_query(db, SQL_BOOTSTRAP_LIVE, err, "u", &PLATFORM_TENANT)))
        return -1;
    live = db_bool(rows, 0, 0);
    db_rows_destroy(rows);
    return live ? error_set_code(err, ERROR_CONFLICT,
                                 "admin has a live token already: use it, or add --again")
                : 0;
}

static int add_token(struct db *db, const uint8_t hash[TOKEN_HASH_BYTES], int64_t hours,
                     struct error *err)
{
    struct principal admin;
    struct uuid id;
    char object[64] = "token ";

    if (principal_ensure(db, &PLATFORM_TENANT, "admin", ROLE_PLATFORM_ADMIN, &admin, err) < 0 ||
        token_add(db, &admin, hash, "bootstrap",
                  clock_realtime_us() + hours * 3600 * INT64_C(1000000), &id, err) < 0)
        return -1;
    uuid_format(&id, object + strlen(object));
    return audit_append(db, &PLATFORM_TENANT,
                        &(struct audit_entry){.who = "musterd",
                                              .action = "token.bootstrap",
                                              .object = object,
                                              .outcome = "ok",
                                              .why = "the first credential, made on this host"},
                        err);
}

static int check_path(const char *path, struct error *err)
{
    struct stat info;

    return lstat(path, &info) == 0
               ? error_set_code(err, ERROR_CONFLICT, "%s is there already: choose another --out",
                                path)
               : 0;
}

int bootstrap(const struct conf_map *api, const char *path, int64_t hours, bool again,
              struct error *err)
{
    char line[TOKEN_SIZE + 1], text[TOKEN_SIZE];
    uint8_t hash[TOKEN_HASH_BYTES];
    struct db *db = NULL;
    bool written = false;
    int rc = -1;

    if (check_path(path, err) < 0 || !(db = db_connect(api, err)) ||
        db_begin_tenant(db, &PLATFORM_TENANT, err) < 0 || refuse_second(db, again, err) < 0 ||
        token_make(text, hash, err) < 0 || add_token(db, hash, hours, err) < 0)
        goto out;
    snprintf(line, sizeof(line), "%s\n", text);
    if (file_write(path, line, strlen(line), 0600, err) < 0)
        goto out;
    written = true;
    rc = db_commit(db, err);
out:
    if (rc < 0 && db)
        db_rollback(db);
    if (rc < 0 && written)
        unlink(path);
    OPENSSL_cleanse(line, sizeof(line));
    OPENSSL_cleanse(text, sizeof(text));
    db_disconnect(db);
    return rc;
}
