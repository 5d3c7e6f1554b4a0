/* kafka_cursor.h - one partition's position, the truth about what was read: a row of table
 * kafka_cursor. Its epoch rises with every owner, and whoever holds an older one can neither move
 * it nor keep anything. Spec: docs/alert-format.md, "Position".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct error;

#define KAFKA_DIGEST_SIZE 32

struct kafka_record {
    int64_t offset, timestamp_ms;
    const void *key, *value; /* NULL: none; borrowed */
    size_t key_length, length;
};

struct kafka_cursor {
    const char *cluster, *topic; /* borrowed */
    int32_t partition;
    int64_t epoch;
    int64_t next;        /* offset of the record to be read */
    int64_t last_offset; /* -1: nothing was read yet */
    int64_t last_timestamp_ms;
    uint8_t last_digest[KAFKA_DIGEST_SIZE];
    char halted_because[256]; /* "": it runs */
};

/* SHA-256 over timestamp, key and value: what a record was, wherever it is read again. */
int kafka_record_digest(const struct kafka_record *record, uint8_t out[KAFKA_DIGEST_SIZE],
                        struct error *err);

/* A transaction of its own: makes the row when there is none, raises the epoch, reads the rest.
 * 'low' and 'high' are the log's start and end. */
int kafka_cursor_open(struct db *db, struct kafka_cursor *cursor, int64_t low, int64_t high,
                      struct error *err);

/* The rest runs inside the caller's transaction. 1: the row is locked and ours, cursor->next is
 * what it says. 0: another owner has come, or the database has forgotten what it had committed:
 * nothing of ours may be kept, and the partition is opened again. */
int kafka_cursor_lock(struct db *db, struct kafka_cursor *cursor, struct error *err);
/* Behind 'last', after kafka_cursor_lock(). ERROR_STALE: not ours. */
int kafka_cursor_advance(struct db *db, const struct kafka_cursor *cursor,
                         const struct kafka_record *last, struct error *err);
/* A statement of its own. 1: halted, 0: no longer ours. */
int kafka_cursor_halt(struct db *db, const struct kafka_cursor *cursor, const char *because,
                      struct error *err);
/* How far the logs of 'count' partitions of one cluster reach, for people; those that are no longer
 * ours, or that a batch holds, are passed over and not marked. */
struct kafka_ends {
    const struct kafka_cursor *cursor; /* borrowed */
    int64_t low, high;
    bool noted;
};
int kafka_cursor_note_ends(struct db *db, struct kafka_ends *ends, size_t count, struct error *err);
/* 1: a person has not let it run yet. 0: it may run. */
int kafka_cursor_is_halted(struct db *db, const struct kafka_cursor *cursor, struct error *err);
