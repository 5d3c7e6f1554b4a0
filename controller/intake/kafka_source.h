/* kafka_source.h - the consumer: subscribed to the sources' topics, its partitions opened as they
 * are assigned and let go as they are revoked. Auto-commit is off; partitions move cooperatively.
 * One thread calls everything here, and the rebalances run inside kafka_source_poll() and
 * kafka_source_destroy().
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct alert_sources;
struct conf_map;
struct db_pool;
struct error;
struct kafka_ends;
struct kafka_partition;
struct kafka_source;

/* Borrowed: 'pool', 'sources' (whose content may change between calls), 'stop' (ends every wait).
 * 'partitions': how many may be ours at a time, for what waits in memory. Where more come it fails,
 * and kafka_source_wants() says how many the next one should be made for. */
struct kafka_source *kafka_source_create(const struct conf_map *properties, struct db_pool *pool,
                                         const struct alert_sources *sources,
                                         const atomic_bool *stop, size_t partitions,
                                         struct error *err);
size_t kafka_source_wants(const struct kafka_source *source);
/* Leaves the group. What was not kept is read again by whoever comes next. */
void kafka_source_destroy(struct kafka_source *source);

/* Waits up to 'timeout_ms' for the cluster to say who it is. True: connected. */
bool kafka_source_connect(struct kafka_source *source, int timeout_ms);
/* To the topics of 'sources', as they are now. */
int kafka_source_subscribe(struct kafka_source *source, struct error *err);

/* True: nobody in the group reads some partition (kafka_group.h), and this consumer has left it:
 * subscribe again. */
bool kafka_source_rejoin_when_due(struct kafka_source *source);

/* What comes from here on is read as 'sources' now say. */
void kafka_source_read_formats(struct kafka_source *source);

/* Serves rebalances and errors, and takes a round of records into the partitions that have room.
 * False: nothing came, and kafka_source_fd() is readable when something may have. Never waits,
 * except that a rebalance waits for PostgreSQL. */
bool kafka_source_poll(struct kafka_source *source);
int kafka_source_fd(const struct kafka_source *source);

struct kafka_partition *const *kafka_source_partitions(const struct kafka_source *source,
                                                       size_t *ret_count);
/* A revoked partition that a keeper has given back. */
void kafka_source_forget(struct kafka_source *source, struct kafka_partition *partition);
/* Reads no more of a halted partition; reads again one that a person let run. */
void kafka_source_pause(struct kafka_source *source, const struct kafka_partition *partition);
int kafka_source_reopen(struct kafka_source *source, struct kafka_partition *partition,
                        struct error *err);
/* How far the logs of the running partitions reach, where that is not noted yet; 'ret' has room for
 * all of them. Then the same list comes back, with those marked that were noted. */
size_t kafka_source_ends(struct kafka_source *source, struct kafka_ends *ret);
void kafka_source_ends_noted(struct kafka_source *source, const struct kafka_ends *ends,
                             size_t count);

/* "" when all is well; else what it waits for. Borrowed until the next call. */
const char *kafka_source_trouble(struct kafka_source *source);
/* "", or the topic that cannot be read and why: one tenant's matter, the others go on. */
const char *kafka_source_topic_trouble(const struct kafka_source *source);
bool kafka_source_joined(const struct kafka_source *source); /* a member of the consumer group */
bool kafka_source_failed(const struct kafka_source *source); /* for good: make a new one */
