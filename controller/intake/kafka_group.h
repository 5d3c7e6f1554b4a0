/* kafka_group.h - who of the consumer group reads what, as Kafka has it, looked at every now and
 * then. A member that dies while partitions move to another, and is back under its
 * group.instance.id before Kafka has missed it, is given what it had: those on the move are then
 * read by nobody, and nothing in the protocol notices (KIP-345 beside KIP-429).
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

struct alert_sources;
struct error;
struct kafka_group;

/* Borrowed: 'consumer'. NULL: memory. Destroy it before the consumer. */
struct kafka_group *kafka_group_create(rd_kafka_t *consumer, struct error *err);
void kafka_group_destroy(struct kafka_group *group);

/* Asks and takes answers; waits for metadata alone, KAFKA_GROUP_METADATA_MS at most. True: of the
 * topics of 'sources' a partition that has a leader was read by nobody in two answers, with the
 * group at rest: who leaves and joins again makes Kafka give it to somebody. Said seldom while that
 * does not help. */
#define KAFKA_GROUP_METADATA_MS 500
bool kafka_group_leaves_out(struct kafka_group *group, const struct alert_sources *sources);
