/* kafka_source_inside.h - what the files of the consumer share: kafka_source.c reads and is waited
 * for, kafka_assign.c takes partitions and lets them go.
 */
#pragma once

#include <librdkafka/rdkafka.h>

#include "controller/intake/kafka_partitions.h"
#include "controller/intake/kafka_source.h"

#define KAFKA_ASK_MS 5000 /* for an answer of a broker or of the database */
#define KAFKA_RETRY_MS 500

struct kafka_group;
struct mapping_run;

struct kafka_source {
    rd_kafka_t *consumer;
    struct db_pool *pool;
    const struct alert_sources *sources;
    struct mapping_run *run; /* of the thread that reads */
    const atomic_bool *stop;
    char *cluster;
    struct kafka_group *group;
    struct kafka_partitions partitions;
    size_t first; /* whose turn it is to be read */
    size_t room;  /* as many partitions share the memory that there is for what waits */
    size_t wants;
    int wake_fd; /* librdkafka writes to it when a queue is no longer empty */
    bool failed;
    bool assigned; /* Kafka has said what is ours, though it may be nothing */
    bool doubt; /* a broker was lost: ask whether the cluster answers */
    int64_t asked_ms;
    char trouble[256];
    char troubled_topic[256], topic_trouble[256];
};

/* Says once what is waited for. */
void kafka_source_wait_for(struct kafka_source *source, const char *why);

/* ---- kafka_assign.c ---- */

/* rd_kafka_conf_set_rebalance_cb(): 'arg' is the source. */
void kafka_assign_on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t code,
                               rd_kafka_topic_partition_list_t *list, void *arg);
