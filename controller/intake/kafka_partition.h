/* kafka_partition.h - a partition in our hands: from where it is read, whether what was read last
 * is still what is there, and the records, decoded, that wait for the next batch or are in one.
 * While it is busy a keeper has 'kept' and the first 'busy' records. Spec: docs/alert-format.md,
 * "Position".
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>

#include "controller/intake/alert_keeper.h"

struct alert_source;
struct db;
struct error;
struct kafka_waiting; /* a record, its message and its alerts */
struct mapping_run;
struct source_format;

struct kafka_partition {
    struct alert_partition kept;
    char *cluster, *topic, *source_name; /* owned; the origin borrows them */
    struct source_format *format;        /* held; NULL: records are of our own shape */
    struct mapping_run *run;             /* borrowed; the reading thread's */
    bool halted;         /* nothing is read until it is opened again; why: cursor.halted_because */
    bool halt_unwritten; /* not before a person has looked: the row is to say so */
    bool verify;         /* the record at cursor.last_offset comes first, to be compared */
    bool revoked;        /* no longer ours, but a keeper has a batch of it */
    int64_t next;        /* behind what was kept, as this thread knows it */
    int64_t noted_end;   /* of the log, as kafka_source_ends() told it last */
    int64_t retry_ms;    /* not before, by the monotonic clock */
    uint64_t turn;       /* of the last batch: who waited longest goes first */
    rd_kafka_queue_t *queue;        /* its messages; owned by kafka_source */
    struct kafka_waiting **waiting; /* owned */
    size_t count, room, bytes;
    size_t busy;
    size_t batch_max; /* records: fewer where a batch takes long */
    struct alert_job job;
    char halt_later[256]; /* said while a keeper had it; "": nothing */
    bool halt_later_lasts;
};

struct kafka_partition *kafka_partition_create(const char *cluster, const char *topic,
                                               int32_t partition, const struct alert_source *source,
                                               struct error *err);
/* From here on records are read so; the partition holds 'format'. */
void kafka_partition_read_as(struct kafka_partition *partition, struct source_format *format,
                             struct mapping_run *run);
void kafka_partition_destroy(struct kafka_partition *partition); /* not busy */

/* Raises the epoch and says where to start. 'low' and 'high' are the log's start and end. A
 * position that does not fit halts it. -1: the database. */
int kafka_partition_open(struct kafka_partition *partition, struct db *db, int64_t low,
                         int64_t high, int64_t *ret_start, struct error *err);

/* Takes the message over: decoded for the batch, dropped, or 1: it shows that the log is another
 * one; halt with *ret_why (static). -1: memory, the message is gone. */
int kafka_partition_take(struct kafka_partition *partition, rd_kafka_message_t *message,
                         const char **ret_why, struct error *err);
bool kafka_partition_is_full(const struct kafka_partition *partition);

/* The next batch as a job, by count and bytes; NULL: nothing may be kept now, or no memory. */
struct alert_job *kafka_partition_lend(struct kafka_partition *partition, int64_t now_ms);
/* Nobody took the job. */
void kafka_partition_take_back(struct kafka_partition *partition);
/* The job came back: what was kept is dropped, what was lost or refused is told. 1: all is well.
 * 0: halted or lost, read no more of it. -1: the database is away, the records stay. */
int kafka_partition_settle(struct kafka_partition *partition, int64_t retry_ms);

/* Takes no more, and writes that down at the next chance; without effect on the row when it is no
 * longer ours. */
void kafka_partition_halt(struct kafka_partition *partition, const char *because);
/* Takes no more until it is opened again, at the next chance and by nobody's leave: nothing is
 * wrong with it. */
void kafka_partition_pass(struct kafka_partition *partition, const char *because);
int kafka_partition_write_halt(struct kafka_partition *partition, struct db *db, struct error *err);
