/* kafka_group.c - see kafka_group.h. Invariant: one question is under way at most. */
#include "controller/intake/kafka_group.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "controller/intake/alert_source.h"

#define ASK_MS 5000
#define TWICE 2
#define PATIENCE_MS 30000 /* behind having said it, doubled each time */
#define PATIENCE_MAX_MS (10 * 60 * 1000)

struct kafka_group {
    rd_kafka_t *consumer;
    rd_kafka_queue_t *answers;
    char id[256];
    bool asked;
    int64_t asked_ms;
    unsigned in_a_row; /* answers that left something out */
    int64_t quiet_until_ms, patience_ms;
};

struct kafka_group *kafka_group_create(rd_kafka_t *consumer, struct error *err)
{
    struct kafka_group *group = calloc(1, sizeof(*group));
    size_t size = sizeof(group->id);

    if (group)
        group->answers = rd_kafka_queue_new(consumer);
    if (!group || !group->answers) {
        free(group);
        error_no_memory(err);
        return NULL;
    }
    group->consumer = consumer;
    group->patience_ms = PATIENCE_MS;
    if (rd_kafka_conf_get(rd_kafka_conf(consumer), "group.id", group->id, &size) !=
        RD_KAFKA_CONF_OK)
        group->id[0] = '\0'; /* it is longer than any name that Kafka takes */
    return group;
}

void kafka_group_destroy(struct kafka_group *group)
{
    if (!group)
        return;
    rd_kafka_queue_destroy(group->answers);
    free(group);
}

static void ask(struct kafka_group *group, int64_t now_ms)
{
    const char *ids[] = {group->id};

    rd_kafka_DescribeConsumerGroups(group->consumer, ids, 1, NULL, group->answers);
    group->asked = true;
    group->asked_ms = now_ms;
}

static bool has(const rd_kafka_ConsumerGroupDescription_t *told, const char *topic, int32_t number)
{
    for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(told); i++) {
        const rd_kafka_MemberDescription_t *member =
            rd_kafka_ConsumerGroupDescription_member(told, i);
        const rd_kafka_MemberAssignment_t *given = rd_kafka_MemberDescription_assignment(member);

        if (given && rd_kafka_topic_partition_list_find(rd_kafka_MemberAssignment_partitions(given),
                                                        topic, number))
            return true;
    }
    return false;
}

static bool all_are_read(const rd_kafka_ConsumerGroupDescription_t *told,
                         const struct rd_kafka_metadata_topic *topic)
{
    for (int i = 0; i < topic->partition_cnt; i++) {
        const struct rd_kafka_metadata_partition *partition = &topic->partitions[i];

        if (partition->leader >= 0 && !has(told, topic->topic, partition->id)) {
            log_info("intake", "nobody reads a partition", "topic=%s partition=%" PRId32,
                     topic->topic, partition->id);
            return false;
        }
    }
    return true;
}

/* Whether a partition has nobody; false as well where that is not known. */
static bool leaves_out(const struct kafka_group *group,
                       const rd_kafka_ConsumerGroupDescription_t *told,
                       const struct alert_sources *sources)
{
    const struct rd_kafka_metadata *metadata;
    bool all = true;

    if (rd_kafka_ConsumerGroupDescription_error(told) ||
        rd_kafka_ConsumerGroupDescription_state(told) != RD_KAFKA_CONSUMER_GROUP_STATE_STABLE ||
        rd_kafka_metadata(group->consumer, 0, NULL, &metadata, KAFKA_GROUP_METADATA_MS) != 0)
        return false;
    for (int i = 0; all && i < metadata->topic_cnt; i++)
        if (!metadata->topics[i].err && alert_sources_find(sources, metadata->topics[i].topic))
            all = all_are_read(told, &metadata->topics[i]);
    rd_kafka_metadata_destroy(metadata);
    return !all;
}

static void take(struct kafka_group *group, rd_kafka_event_t *answer,
                 const struct alert_sources *sources)
{
    const rd_kafka_DescribeConsumerGroups_result_t *result =
        rd_kafka_event_DescribeConsumerGroups_result(answer);
    const rd_kafka_ConsumerGroupDescription_t **groups;
    size_t count = 0;

    group->asked = false;
    if (!result || rd_kafka_event_error(answer))
        return; /* who may not ask is not helped */
    groups = rd_kafka_DescribeConsumerGroups_result_groups(result, &count);
    if (count != 1)
        return;
    group->in_a_row = leaves_out(group, groups[0], sources) ? group->in_a_row + 1 : 0;
}

bool kafka_group_leaves_out(struct kafka_group *group, const struct alert_sources *sources)
{
    int64_t now_ms = clock_monotonic_ms();
    rd_kafka_event_t *answer;

    if (!group->asked) {
        if (now_ms - group->asked_ms >= ASK_MS)
            ask(group, now_ms);
        return false;
    }
    answer = rd_kafka_queue_poll(group->answers, 0);
    if (!answer)
        return false;
    take(group, answer, sources);
    rd_kafka_event_destroy(answer);
    if (group->in_a_row < TWICE || now_ms < group->quiet_until_ms)
        return false;
    group->in_a_row = 0;
    group->quiet_until_ms = now_ms + group->patience_ms;
    if (group->patience_ms < PATIENCE_MAX_MS)
        group->patience_ms *= 2;
    return true;
}
