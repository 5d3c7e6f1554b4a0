/* kafka_partition.c - see kafka_partition.h. Invariant: a message is taken only when its offset is
 * at or above the cursor's and, after an assignment, only once the record read last was found again
 * or found gone.
 */
#include "controller/intake/kafka_partition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/log.h"
#include "controller/intake/alert_source.h"

struct kafka_partition *kafka_partition_create(const char *cluster, const char *topic,
                                               int32_t partition, const struct alert_source *source,
                                               struct error *err)
{
    struct kafka_partition *made = calloc(1, sizeof(*made));

    if (made) {
        made->cluster = strdup(cluster);
        made->topic = strdup(topic);
        made->source_name = strdup(source->name);
    }
    if (!made || !made->cluster || !made->topic || !made->source_name) {
        kafka_partition_destroy(made);
        error_set(err, "out of memory");
        return NULL;
    }
    made->kept.origin = (struct alert_origin){.tenant = source->tenant,
                                              .source = source->id,
                                              .source_name = made->source_name,
                                              .cluster = made->cluster,
                                              .topic = made->topic,
                                              .partition = partition};
    made->kept.cursor = (struct kafka_cursor){
        .cluster = made->cluster, .topic = made->topic, .partition = partition};
    return made;
}

void kafka_partition_destroy(struct kafka_partition *partition)
{
    if (!partition)
        return;
    kafka_partition_drop_messages(partition, partition->count);
    free(partition->messages);
    free(partition->cluster);
    free(partition->topic);
    free(partition->source_name);
    free(partition);
}

void kafka_partition_halt(struct kafka_partition *partition, const char *because)
{
    struct kafka_cursor *cursor = &partition->kept.cursor;

    partition->halted = true;
    partition->halt_unwritten = true;
    snprintf(cursor->halted_because, sizeof(cursor->halted_because), "%s", because);
    kafka_partition_drop_messages(partition, partition->count);
    log_error("intake", "partition halted",
              "topic=%s partition=%" PRId32 " position=%" PRId64 " why=%s", partition->topic,
              cursor->partition, cursor->next, log_quote(because));
}

void kafka_partition_lose(struct kafka_partition *partition)
{
    struct kafka_cursor *cursor = &partition->kept.cursor;

    partition->halted = true;
    snprintf(cursor->halted_because, sizeof(cursor->halted_because),
             "another consumer has taken it over");
    kafka_partition_drop_messages(partition, partition->count);
    log_warn("intake", "fenced", "topic=%s partition=%" PRId32 " epoch=%" PRId64, partition->topic,
             cursor->partition, cursor->epoch);
}

int kafka_partition_write_halt(struct kafka_partition *partition, struct db *db, struct error *err)
{
    const struct kafka_cursor *cursor = &partition->kept.cursor;

    if (partition->halt_unwritten && kafka_cursor_halt(db, cursor, cursor->halted_because, err) < 0)
        return -1;
    partition->halt_unwritten = false;
    return 0;
}

/* 1: "why" says what is wrong with the position. */
static int judge(const struct kafka_cursor *cursor, int64_t low, int64_t high, char *why,
                 size_t size)
{
    bool is_new = cursor->next == 0 && cursor->last_offset < 0;

    if (cursor->next > high)
        return snprintf(why, size,
                        "position %" PRId64 " is beyond the log's end %" PRId64
                        ": the topic was made anew or cut",
                        cursor->next, high) > 0;
    if (cursor->next < low && !is_new)
        return snprintf(why, size,
                        "records %" PRId64 " to %" PRId64 " were deleted before they were read",
                        cursor->next, low - 1) > 0;
    return 0;
}

int kafka_partition_open(struct kafka_partition *partition, struct db *db, int64_t low,
                         int64_t high, int64_t *ret_start, struct error *err)
{
    struct kafka_cursor *cursor = &partition->kept.cursor;
    char why[256];

    if (kafka_cursor_open(db, cursor, low, high, err) < 0)
        return -1;
    partition->verify = false;
    partition->halted = cursor->halted_because[0] != '\0';
    partition->halt_unwritten = false;
    if (!partition->halted && judge(cursor, low, high, why, sizeof(why)))
        kafka_partition_halt(partition, why);
    if (partition->halted) {
        *ret_start = RD_KAFKA_OFFSET_END;
        return 0;
    }
    partition->verify = cursor->last_offset >= low && cursor->last_offset < high;
    *ret_start = partition->verify ? cursor->last_offset : cursor->next > low ? cursor->next : low;
    return 0;
}

void kafka_record_of(const rd_kafka_message_t *message, struct kafka_record *ret)
{
    rd_kafka_timestamp_type_t type;

    *ret = (struct kafka_record){.offset = message->offset,
                                 .timestamp_ms = rd_kafka_message_timestamp(message, &type),
                                 .key = message->key,
                                 .value = message->payload,
                                 .key_length = message->key_len,
                                 .length = message->len};
}

/* 1: it is another record than the one that was read. */
static int compare_last(struct kafka_partition *partition, const rd_kafka_message_t *message,
                        struct error *err)
{
    const struct kafka_cursor *cursor = &partition->kept.cursor;
    uint8_t digest[KAFKA_DIGEST_SIZE];
    struct kafka_record record;

    kafka_record_of(message, &record);
    if (kafka_record_digest(&record, digest, err) < 0)
        return -1;
    return memcmp(digest, cursor->last_digest, sizeof(digest)) != 0;
}

static int append(struct kafka_partition *partition, rd_kafka_message_t *message, struct error *err)
{
    if (partition->count == partition->room) {
        size_t room = partition->room ? 2 * partition->room : 64;
        rd_kafka_message_t **grown = realloc(partition->messages, room * sizeof(*grown));

        if (!grown) {
            rd_kafka_message_destroy(message);
            return error_set(err, "out of memory");
        }
        partition->messages = grown;
        partition->room = room;
    }
    partition->messages[partition->count++] = message;
    partition->bytes += message->len;
    return 0;
}

int kafka_partition_take(struct kafka_partition *partition, rd_kafka_message_t *message,
                         const char **ret_why, struct error *err)
{
    const struct kafka_cursor *cursor = &partition->kept.cursor;
    int differs = 0;

    if (!partition->halted && partition->verify && message->offset >= cursor->last_offset) {
        partition->verify = false;
        /* Behind it: the record is gone, by compaction. That is no sign of another log. */
        if (message->offset == cursor->last_offset)
            differs = compare_last(partition, message, err);
    }
    if (!differs && !partition->halted && message->offset >= cursor->next)
        return append(partition, message, err);
    rd_kafka_message_destroy(message);
    if (differs > 0)
        *ret_why = "the record that was read last is another one now: the topic was made anew";
    return differs;
}

void kafka_partition_drop_messages(struct kafka_partition *partition, size_t first_count)
{
    for (size_t i = 0; i < first_count; i++) {
        partition->bytes -= partition->messages[i]->len;
        rd_kafka_message_destroy(partition->messages[i]);
    }
    partition->count -= first_count;
    if (partition->count > 0)
        memmove(partition->messages, partition->messages + first_count,
                partition->count * sizeof(rd_kafka_message_t *));
}
