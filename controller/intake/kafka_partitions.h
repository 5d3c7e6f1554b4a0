/* kafka_partitions.h - the partitions that are ours, and those that are no longer while a keeper
 * has a batch of them. Invariant: one is listed exactly while it is assigned and its cursor was
 * opened by us. One thread calls everything here.
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct kafka_ends;
struct kafka_partition;

/* Zeroed to begin with. */
struct kafka_partitions {
    struct kafka_partition **items; /* owned */
    size_t count, room;
    struct kafka_partition **revoked; /* owned; still with a keeper */
    size_t revoked_count;
};

struct kafka_partition *kafka_partitions_find(const struct kafka_partitions *partitions,
                                              const char *topic, int32_t number);
/* Takes it over when it succeeds. */
int kafka_partitions_add(struct kafka_partitions *partitions, struct kafka_partition *partition,
                         struct error *err);
/* No longer ours. The batch that a keeper may have of it is its own affair, fenced by the epoch. */
void kafka_partitions_drop(struct kafka_partitions *partitions, const char *topic, int32_t number);
void kafka_partitions_drop_all(struct kafka_partitions *partitions);
/* One that was revoked, and that its keeper has given back. */
void kafka_partitions_forget(struct kafka_partitions *partitions,
                             struct kafka_partition *partition);
void kafka_partitions_clear(struct kafka_partitions *partitions); /* none is with a keeper */

/* Of all records that wait. */
size_t kafka_partitions_bytes(const struct kafka_partitions *partitions);
/* Where each that is read stands; the caller destroys the list. */
rd_kafka_topic_partition_list_t *
kafka_partitions_positions(const struct kafka_partitions *partitions);
/* How far the logs of those that are read reach, where that is not noted yet; 'ret' has room for
 * all of them. Then the same list comes back, with those marked that were noted. */
size_t kafka_partitions_ends(const struct kafka_partitions *partitions, rd_kafka_t *consumer,
                             struct kafka_ends *ret);
void kafka_partitions_ends_noted(struct kafka_partitions *partitions, const struct kafka_ends *ends,
                                 size_t count);
