/* kafka_cursor.c - see kafka_cursor.h. */
#include "controller/intake/kafka_cursor.h"

#include <endian.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/fault_point.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/intake/kafka_cursor.sql.h"

static bool add_number(EVP_MD_CTX *context, int64_t number)
{
    uint64_t big = htobe64((uint64_t)number);

    return EVP_DigestUpdate(context, &big, sizeof(big)) == 1;
}

/* Length in front, and -1 for what is absent: no two records make the same bytes. */
static bool add_bytes(EVP_MD_CTX *context, const void *bytes, size_t length)
{
    return add_number(context, bytes ? (int64_t)length : -1) &&
           (!bytes || EVP_DigestUpdate(context, bytes, length) == 1);
}

int kafka_record_digest(const struct kafka_record *record, uint8_t out[KAFKA_DIGEST_SIZE],
                        struct error *err)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
              add_number(context, record->timestamp_ms) &&
              add_bytes(context, record->key, record->key_length) &&
              add_bytes(context, record->value, record->length) &&
              EVP_DigestFinal_ex(context, out, NULL) == 1;

    EVP_MD_CTX_free(context);
    return ok ? 0 : error_set(err, "SHA-256 is not available");
}

int kafka_cursor_open(struct db *db, struct kafka_cursor *cursor, int64_t low, int64_t high,
                      struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_KAFKA_CURSOR_OPEN, err, "ssiii", cursor->cluster,
                                    cursor->topic, (int64_t)cursor->partition, low, high);
    const uint8_t *digest;
    size_t length = 0;

    if (!rows)
        return -1;
    cursor->epoch = db_int(rows, 0, 0);
    cursor->next = db_int(rows, 0, 1);
    cursor->last_offset = db_int(rows, 0, 2);
    cursor->last_timestamp_ms = db_int(rows, 0, 3);
    digest = db_blob(rows, 0, 4, &length);
    if (digest && length == KAFKA_DIGEST_SIZE)
        memcpy(cursor->last_digest, digest, KAFKA_DIGEST_SIZE);
    else
        cursor->last_offset = -1;
    snprintf(cursor->halted_because, sizeof(cursor->halted_because), "%s",
             db_is_null(rows, 0, 5) ? "" : db_text(rows, 0, 5));
    db_rows_destroy(rows);
    return 0;
}

/* A build that does without believes what it read when the partition was given to it. */
static bool is_fenced(void)
{
    return PROTECTION("cursor_fence");
}

int kafka_cursor_lock(struct db *db, struct kafka_cursor *cursor, struct error *err)
{
    struct db_rows *rows;
    int count;

    if (!is_fenced())
        return 1;
    rows = db_query(db, SQL_KAFKA_CURSOR_LOCK, err, "ssii", cursor->cluster, cursor->topic,
                    (int64_t)cursor->partition, cursor->epoch);
    if (!rows)
        return -1;
    count = (int)db_rows_count(rows);
    /* Below what was committed: a standby that lagged was promoted. What it lacks is read again. */
    if (count > 0 && db_int(rows, 0, 0) < cursor->next)
        count = 0;
    if (count > 0)
        cursor->next = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    return count;
}

int kafka_cursor_advance(struct db *db, const struct kafka_cursor *cursor,
                         const struct kafka_record *last, struct error *err)
{
    uint8_t digest[KAFKA_DIGEST_SIZE];
    int changed;

    if (kafka_record_digest(last, digest, err) < 0)
        return -1;
    changed = db_execute(db, SQL_KAFKA_CURSOR_ADVANCE, err, "ssiiiiy", cursor->cluster,
                         cursor->topic, (int64_t)cursor->partition, cursor->epoch, last->offset + 1,
                         last->timestamp_ms, digest, sizeof(digest));
    if (changed == 0 && is_fenced())
        return error_set_code(err, ERROR_STALE, "another consumer owns this partition now");
    return changed < 0 ? -1 : 0;
}

int kafka_cursor_halt(struct db *db, const struct kafka_cursor *cursor, const char *because,
                      struct error *err)
{
    return db_execute(db, SQL_KAFKA_CURSOR_HALT, err, "ssiis", cursor->cluster, cursor->topic,
                      (int64_t)cursor->partition, cursor->epoch, because);
}

int kafka_cursor_is_halted(struct db *db, const struct kafka_cursor *cursor, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_KAFKA_CURSOR_IS_HALTED, err, "ssi", cursor->cluster,
                                    cursor->topic, (int64_t)cursor->partition);
    int halted;

    if (!rows)
        return -1;
    halted = db_rows_count(rows) > 0 && db_bool(rows, 0, 0);
    db_rows_destroy(rows);
    return halted;
}

static void mark_noted(struct kafka_ends *ends, size_t count, const char *topic, int64_t partition)
{
    for (size_t i = 0; i < count; i++)
        if (ends[i].cursor->partition == partition && strcmp(ends[i].cursor->topic, topic) == 0)
            ends[i].noted = true;
}

static int note_ends(struct db *db, struct kafka_ends *ends, size_t count, const char **topics,
                     const int64_t *numbers, struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_KAFKA_CURSOR_NOTE_ENDS, err, "sSIIII", ends[0].cursor->cluster, count,
                 topics, count, numbers, count, numbers + count, count, numbers + 2 * count, count,
                 numbers + 3 * count);

    if (!rows)
        return -1;
    for (size_t i = 0; i < db_rows_count(rows); i++)
        mark_noted(ends, count, db_text(rows, i, 0), db_int(rows, i, 1));
    db_rows_destroy(rows);
    return 0;
}

int kafka_cursor_note_ends(struct db *db, struct kafka_ends *ends, size_t count, struct error *err)
{
    const char **topics = calloc(count + 1, sizeof(*topics));
    int64_t *numbers = calloc(4 * count + 1, sizeof(*numbers));
    int rc = -1;

    if (!topics || !numbers) {
        error_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        topics[i] = ends[i].cursor->topic;
        numbers[i] = ends[i].cursor->partition;
        numbers[count + i] = ends[i].cursor->epoch;
        numbers[2 * count + i] = ends[i].low;
        numbers[3 * count + i] = ends[i].high;
    }
    rc = count == 0 ? 0 : note_ends(db, ends, count, topics, numbers, err);
out:
    free(topics);
    free(numbers);
    return rc;
}
