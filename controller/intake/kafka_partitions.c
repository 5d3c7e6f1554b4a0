/* kafka_partitions.c - see kafka_partitions.h. */
#include "controller/intake/kafka_partitions.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/intake/kafka_cursor.h"
#include "controller/intake/kafka_partition.h"

/* Its place, 'count' when it is not ours. */
static size_t place_of(const struct kafka_partitions *partitions, const char *topic, int32_t number)
{
    size_t at = 0;

    while (at < partitions->count && (partitions->items[at]->kept.origin.partition != number ||
                                      strcmp(partitions->items[at]->topic, topic) != 0))
        at++;
    return at;
}

struct kafka_partition *kafka_partitions_find(const struct kafka_partitions *partitions,
                                              const char *topic, int32_t number)
{
    size_t at = place_of(partitions, topic, number);

    return at < partitions->count ? partitions->items[at] : NULL;
}

int kafka_partitions_add(struct kafka_partitions *partitions, struct kafka_partition *partition,
                         struct error *err)
{
    if (partitions->count == partitions->room) {
        size_t room = partitions->room ? 2 * partitions->room : 16;
        struct kafka_partition **grown = realloc(partitions->items, room * sizeof(*grown));

        if (!grown)
            return error_no_memory(err);
        partitions->items = grown;
        partitions->room = room;
    }
    partitions->items[partitions->count++] = partition;
    return 0;
}

static void close_queue(struct kafka_partition *partition)
{
    if (!partition->queue)
        return;
    rd_kafka_queue_io_event_enable(partition->queue, -1, NULL, 0);
    rd_kafka_queue_destroy(partition->queue);
    partition->queue = NULL;
}

static void let_go(struct kafka_partitions *partitions, struct kafka_partition *partition)
{
    struct kafka_partition **grown;

    close_queue(partition);
    if (partition->busy == 0) {
        kafka_partition_destroy(partition);
        return;
    }
    partition->revoked = true;
    grown = realloc(partitions->revoked, (partitions->revoked_count + 1) * sizeof(*grown));
    if (!grown)
        return; /* a leak, and no use after free */
    partitions->revoked = grown;
    partitions->revoked[partitions->revoked_count++] = partition;
}

void kafka_partitions_drop(struct kafka_partitions *partitions, const char *topic, int32_t number)
{
    size_t at = place_of(partitions, topic, number);
    struct kafka_partition *partition;

    if (at == partitions->count)
        return;
    partition = partitions->items[at];
    partitions->items[at] = partitions->items[--partitions->count];
    let_go(partitions, partition);
}

void kafka_partitions_drop_all(struct kafka_partitions *partitions)
{
    while (partitions->count > 0)
        let_go(partitions, partitions->items[--partitions->count]);
}

void kafka_partitions_forget(struct kafka_partitions *partitions, struct kafka_partition *partition)
{
    for (size_t i = 0; i < partitions->revoked_count; i++)
        if (partitions->revoked[i] == partition)
            partitions->revoked[i] = partitions->revoked[--partitions->revoked_count];
    kafka_partition_destroy(partition);
}

void kafka_partitions_clear(struct kafka_partitions *partitions)
{
    kafka_partitions_drop_all(partitions);
    free(partitions->items);
    free(partitions->revoked);
}

size_t kafka_partitions_bytes(const struct kafka_partitions *partitions)
{
    size_t bytes = 0;

    for (size_t i = 0; i < partitions->count; i++)
        bytes += partitions->items[i]->bytes;
    return bytes;
}

rd_kafka_topic_partition_list_t *
kafka_partitions_positions(const struct kafka_partitions *partitions)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)partitions->count + 1);

    for (size_t i = 0; i < partitions->count; i++) {
        const struct kafka_partition *partition = partitions->items[i];

        if (!partition->halted && partition->next > 0)
            rd_kafka_topic_partition_list_add(list, partition->topic,
                                              partition->kept.origin.partition)
                ->offset = partition->next;
    }
    return list;
}

size_t kafka_partitions_ends(const struct kafka_partitions *partitions, rd_kafka_t *consumer,
                             struct kafka_ends *ret)
{
    size_t count = 0;

    for (size_t i = 0; i < partitions->count; i++) {
        struct kafka_partition *partition = partitions->items[i];
        int64_t low, high;

        /* From what the last fetch brought: nobody is asked. */
        if (partition->halted ||
            rd_kafka_get_watermark_offsets(consumer, partition->topic,
                                           partition->kept.origin.partition, &low, &high) ||
            low < 0 || high < 0 || high == partition->noted_end)
            continue;
        ret[count++] =
            (struct kafka_ends){.cursor = &partition->kept.cursor, .low = low, .high = high};
    }
    return count;
}

void kafka_partitions_ends_noted(struct kafka_partitions *partitions, const struct kafka_ends *ends,
                                 size_t count)
{
    for (size_t i = 0, at = 0; i < partitions->count && at < count; i++)
        if (ends[at].cursor == &partitions->items[i]->kept.cursor) {
            if (ends[at].noted)
                partitions->items[i]->noted_end = ends[at].high;
            at++;
        }
}
