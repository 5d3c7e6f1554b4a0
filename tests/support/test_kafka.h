/* test_kafka.h - topics and records on the Kafka that a scenario started, for C test programs:
 * HOST:PORT is in MUSTER_TEST_KAFKA. Include it after check.h.
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#define TEST_KAFKA_MS 20000

static inline const char *test_kafka(void)
{
    const char *bootstrap = getenv("MUSTER_TEST_KAFKA");

    ck_assert_msg(bootstrap != NULL, "MUSTER_TEST_KAFKA is not set: run the scenario's 'run'");
    return bootstrap;
}

static inline rd_kafka_t *test_producer(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];
    rd_kafka_t *producer;

    rd_kafka_conf_set(conf, "bootstrap.servers", test_kafka(), NULL, 0);
    rd_kafka_conf_set(conf, "message.max.bytes", "8000000", NULL, 0);
    rd_kafka_conf_set(conf, "log_level", "2", NULL, 0);
    producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    ck_assert_msg(producer != NULL, "%s", why);
    return producer;
}

/* 'timestamp_ms' 0: now. Returns once the broker has it. */
static inline void test_produce(rd_kafka_t *producer, const char *topic, int32_t partition,
                                const void *value, size_t length, int64_t timestamp_ms)
{
    rd_kafka_resp_err_t rc = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_VALUE((void *)value, length), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_END);

    ck_assert_msg(rc == 0, "%s", rd_kafka_err2str(rc));
    ck_assert_int_eq(rd_kafka_flush(producer, TEST_KAFKA_MS), 0);
}

static inline rd_kafka_event_t *test_await(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TEST_KAFKA_MS);

    ck_assert_msg(event != NULL, "no answer from Kafka");
    ck_assert_msg(rd_kafka_event_error(event) == 0, "%s", rd_kafka_event_error_string(event));
    return event;
}

/* Timestamps are the producer's. Tried again while an older topic of that name is being deleted. */
static inline void test_topic_make(rd_kafka_t *producer, const char *topic, int partitions)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(producer);
    rd_kafka_resp_err_t rc;

    do {
        rd_kafka_NewTopic_t *made = rd_kafka_NewTopic_new(topic, partitions, 1, NULL, 0);
        rd_kafka_event_t *event;
        size_t count;

        rd_kafka_NewTopic_set_config(made, "message.timestamp.type", "CreateTime");
        rd_kafka_CreateTopics(producer, &made, 1, NULL, queue);
        event = test_await(queue);
        rc = rd_kafka_topic_result_error(rd_kafka_CreateTopics_result_topics(
            rd_kafka_event_CreateTopics_result(event), &count)[0]);
        rd_kafka_event_destroy(event);
        rd_kafka_NewTopic_destroy(made);
    } while (rc == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS);
    ck_assert_msg(rc == 0, "%s", rd_kafka_err2str(rc));
    rd_kafka_queue_destroy(queue);
}

static inline void test_topic_delete(rd_kafka_t *producer, const char *topic)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(producer);
    rd_kafka_DeleteTopic_t *gone = rd_kafka_DeleteTopic_new(topic);

    rd_kafka_DeleteTopics(producer, &gone, 1, NULL, queue);
    rd_kafka_event_destroy(test_await(queue));
    rd_kafka_DeleteTopic_destroy(gone);
    rd_kafka_queue_destroy(queue);
}

/* The log starts at 'offset' afterwards. */
static inline void test_records_delete(rd_kafka_t *producer, const char *topic, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(producer);
    rd_kafka_DeleteRecords_t *gone;

    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = offset;
    gone = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(producer, &gone, 1, NULL, queue);
    rd_kafka_event_destroy(test_await(queue));
    rd_kafka_DeleteRecords_destroy(gone);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_destroy(queue);
}
