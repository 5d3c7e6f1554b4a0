/* idempotency.c - see idempotency.h. Owns table idempotency_key. */
#include "controller/api/idempotency.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/api/idempotency.sql.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "proto/sha256.h"

void idempotency_hash(struct idempotency *entry, const char *method, const char *path,
                      const char *query, const void *body, size_t length)
{
    uint8_t parts[4 * SHA256_DIGEST_LENGTH];

    /* Hashes of the parts, so that no byte can move from one to the next. */
    sha256_of(method, strlen(method), parts);
    sha256_of(path, strlen(path), parts + SHA256_DIGEST_LENGTH);
    sha256_of(query, strlen(query), parts + 2 * SHA256_DIGEST_LENGTH);
    sha256_of(length ? body : "", length, parts + 3 * SHA256_DIGEST_LENGTH);
    sha256_of(parts, sizeof(parts), entry->request_sha256);
}

static int lock(struct db *db, const struct idempotency *entry, struct error *err)
{
    char tenant[UUID_TEXT_SIZE];
    struct db_rows *rows;
    int locked = -1;

    uuid_format(&entry->tenant, tenant);
    rows = db_query(db, SQL_IDEMPOTENCY_LOCK, err, "sss", tenant, entry->principal, entry->key);
    if (rows)
        locked = db_bool(rows, 0, 0);
    db_rows_destroy(rows);
    return locked;
}

static enum idempotency_verdict read_row(const struct db_rows *rows, struct idempotency *entry,
                                         struct error *err)
{
    size_t length = 0;
    const uint8_t *digest = db_blob(rows, 0, 0, &length);

    if (length != sizeof(entry->request_sha256) ||
        memcmp(digest, entry->request_sha256, length) != 0)
        return IDEMPOTENCY_OTHER_REQUEST;
    entry->status = (int)db_int(rows, 0, 1);
    entry->response = strdup(db_is_null(rows, 0, 2) ? "" : db_text(rows, 0, 2));
    entry->location = strdup(db_is_null(rows, 0, 3) ? "" : db_text(rows, 0, 3));
    if (entry->response && entry->location)
        return IDEMPOTENCY_REPLAY;
    error_set(err, "out of memory");
    return IDEMPOTENCY_FAILED;
}

enum idempotency_verdict idempotency_begin(struct db *db, struct idempotency *entry,
                                           struct error *err)
{
    enum idempotency_verdict verdict = IDEMPOTENCY_NEW;
    struct db_rows *rows;
    int locked = lock(db, entry, err);

    if (locked <= 0)
        return locked < 0 ? IDEMPOTENCY_FAILED : IDEMPOTENCY_IN_FLIGHT;
    rows = db_query(db, SQL_IDEMPOTENCY_FIND, err, "uss", &entry->tenant, entry->principal,
                    entry->key);
    if (!rows)
        return IDEMPOTENCY_FAILED;
    if (db_rows_count(rows) > 0)
        verdict = read_row(rows, entry, err);
    db_rows_destroy(rows);
    return verdict;
}

/* Who keeps one also forgets the old ones: a principal has at most a day of them. */
int idempotency_keep(struct db *db, const struct idempotency *entry, int status,
                     const char *response, const char *location, struct error *err)
{
    if (db_execute(db, SQL_IDEMPOTENCY_FORGET, err, "us", &entry->tenant, entry->principal) < 0 ||
        db_execute(db, SQL_IDEMPOTENCY_KEEP, err, "ussyiss", &entry->tenant, entry->principal,
                   entry->key, entry->request_sha256, sizeof(entry->request_sha256),
                   (int64_t)status, response, location) < 0)
        return -1;
    return 0;
}

void idempotency_clear(struct idempotency *entry)
{
    free(entry->response);
    free(entry->location);
    entry->response = entry->location = NULL;
}
