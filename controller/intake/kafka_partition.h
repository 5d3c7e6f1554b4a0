/* kafka_partition.h - a partition in our hands: from where it is read, whether what was read last
 * is still what is there, and the records that wait for the next batch. Spec: docs/alert-format.md,
 * "Position".
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>

#include "controller/intake/alert_batch.h"

struct alert_source;
struct db;
struct error;

struct kafka_partition {
    struct alert_partition kept;
    char *cluster, *topic, *source_name; /* owned; the origin borrows them */
    bool halted; /* nothing is read until a person looked; why: cursor.halted_because */
    bool halt_unwritten;
    int64_t noted_end; /* of the log, as kafka_source_ends() told it last */
    bool verify;       /* the record at cursor.last_offset comes first, to be compared */
    rd_kafka_message_t **messages; /* owned */
    size_t count, room, bytes;
};

struct kafka_partition *kafka_partition_create(const char *cluster, const char *topic,
                                               int32_t partition, const struct alert_source *source,
                                               struct error *err);
void kafka_partition_destroy(struct kafka_partition *partition);

/* Raises the epoch and says where to start. 'low' and 'high' are the log's start and end. A
 * position that does not fit halts it. -1: the database. */
int kafka_partition_open(struct kafka_partition *partition, struct db *db, int64_t low,
                         int64_t high, int64_t *ret_start, struct error *err);

/* Takes the message over: kept for the batch, dropped, or 1: it shows that the log is another one;
 * halt with *ret_why (static). -1: memory, the message is gone. */
int kafka_partition_take(struct kafka_partition *partition, rd_kafka_message_t *message,
                         const char **ret_why, struct error *err);
void kafka_partition_drop_messages(struct kafka_partition *partition, size_t first_count);

/* Takes no more, and writes that down at the next chance; without effect on the row when it is no
 * longer ours. */
void kafka_partition_halt(struct kafka_partition *partition, const char *because);
/* Another consumer has raised the epoch. When Kafka leaves the partition with us all the same, it
 * is opened again. */
void kafka_partition_lose(struct kafka_partition *partition);
int kafka_partition_write_halt(struct kafka_partition *partition, struct db *db, struct error *err);

void kafka_record_of(const rd_kafka_message_t *message, struct kafka_record *ret);
