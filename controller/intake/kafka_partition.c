/* kafka_partition.c - see kafka_partition.h. Invariants: a message is taken only when its offset is
 * at or above the position and, after an assignment, only once the record read last was found again
 * or found gone. Records leave only once their transaction is committed, or the partition is lost
 * or halted.
 */
#include "controller/intake/kafka_partition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/log.h"
#include "controller/intake/alert_items.h"
#include "controller/intake/alert_source.h"
#include "controller/intake/batch_size.h"
#include "controller/intake/source_format.h"
#include "rules/mapping/mapping_run.h"

/* What waits for PostgreSQL: the batch after the next is not read before there is room. */
#define WAITING_MAX (2 * ALERT_BATCH_MAX)
#define WAITING_BYTES_MAX (2 * BATCH_BYTES_MAX)
#define BATCH_BYTES_MAX (4 * 1024 * 1024) /* and one record more */
static const struct batch_bounds BATCH = {
    .least = 16, .most = ALERT_BATCH_MAX, .slow_ms = 100, .quick_ms = 50};

struct kafka_waiting {
    rd_kafka_message_t *message; /* owned */
    struct kafka_record record;
    struct alert_items alerts;
};

static void waiting_destroy(struct kafka_waiting *waiting)
{
    alert_items_clear(&waiting->alerts);
    rd_kafka_message_destroy(waiting->message);
    free(waiting);
}

static void drop(struct kafka_partition *partition, size_t first_count)
{
    for (size_t i = 0; i < first_count; i++) {
        partition->bytes -= partition->waiting[i]->record.length;
        waiting_destroy(partition->waiting[i]);
    }
    partition->count -= first_count;
    if (partition->count > 0)
        memmove(partition->waiting, partition->waiting + first_count,
                partition->count * sizeof(struct kafka_waiting *));
}

struct kafka_partition *kafka_partition_create(const char *cluster, const char *topic,
                                               int32_t partition, const struct alert_source *source,
                                               struct error *err)
{
    struct kafka_partition *made = calloc(1, sizeof(*made));

    if (made) {
        made->batch_max = ALERT_BATCH_MAX / 2;
        made->cluster = strdup(cluster);
        made->topic = strdup(topic);
        made->source_name = strdup(source->name);
    }
    if (!made || !made->cluster || !made->topic || !made->source_name) {
        kafka_partition_destroy(made);
        error_no_memory(err);
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
    drop(partition, partition->count);
    source_format_drop(partition->format);
    free(partition->waiting);
    free(partition->cluster);
    free(partition->topic);
    free(partition->source_name);
    free(partition);
}

void kafka_partition_read_as(struct kafka_partition *partition, struct source_format *format,
                             struct mapping_run *run)
{
    struct source_format *before = partition->format;

    partition->format = source_format_hold(format);
    partition->run = run;
    source_format_drop(before);
}

static void halt(struct kafka_partition *partition, const char *because, bool lasts)
{
    struct kafka_cursor *cursor = &partition->kept.cursor;

    if (partition->busy > 0) {
        snprintf(partition->halt_later, sizeof(partition->halt_later), "%s", because);
        partition->halt_later_lasts = lasts;
        return;
    }
    partition->halted = true;
    partition->halt_unwritten = lasts;
    snprintf(cursor->halted_because, sizeof(cursor->halted_because), "%s", because);
    drop(partition, partition->count);
    if (lasts)
        log_error("intake", "partition halted",
                  "topic=%s partition=%" PRId32 " position=%" PRId64 " why=%s", partition->topic,
                  cursor->partition, cursor->next, log_quote(because));
    else
        log_warn("intake", "partition is opened again",
                 "topic=%s partition=%" PRId32 " position=%" PRId64 " why=%s", partition->topic,
                 cursor->partition, cursor->next, log_quote(because));
}

void kafka_partition_halt(struct kafka_partition *partition, const char *because)
{
    halt(partition, because, true);
}

void kafka_partition_pass(struct kafka_partition *partition, const char *because)
{
    halt(partition, because, false);
}

/* Another consumer has raised the epoch, or the position went back. When Kafka leaves the partition
 * with us all the same, it is opened again. */
static void lose(struct kafka_partition *partition)
{
    struct kafka_cursor *cursor = &partition->kept.cursor;

    partition->halted = true;
    snprintf(cursor->halted_because, sizeof(cursor->halted_because),
             "another consumer has taken it over, or the position went back");
    drop(partition, partition->count);
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
    if (cursor->next > high)
        return snprintf(why, size,
                        "position %" PRId64 " is beyond the log's end %" PRId64
                        ": the topic was made anew or cut",
                        cursor->next, high) > 0;
    if (cursor->next < low)
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
    partition->next = cursor->next;
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
    if (!partition->verify && cursor->last_offset >= 0)
        log_info("intake", "the record that was read last is gone, and cannot be compared",
                 "topic=%s partition=%" PRId32 " offset=%" PRId64, partition->topic,
                 cursor->partition, cursor->last_offset);
    *ret_start = partition->verify ? cursor->last_offset : cursor->next;
    return 0;
}

static void record_of(const rd_kafka_message_t *message, struct kafka_record *ret)
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

    record_of(message, &record);
    if (kafka_record_digest(&record, digest, err) < 0)
        return -1;
    return memcmp(digest, cursor->last_digest, sizeof(digest)) != 0;
}

static int append(struct kafka_partition *partition, struct kafka_waiting *waiting)
{
    if (partition->count == partition->room) {
        size_t room = partition->room ? 2 * partition->room : 64;
        struct kafka_waiting **grown = realloc(partition->waiting, room * sizeof(*grown));

        if (!grown)
            return -1;
        partition->waiting = grown;
        partition->room = room;
    }
    partition->waiting[partition->count++] = waiting;
    partition->bytes += waiting->record.length;
    return 0;
}

/* Only mappings look at them. */
static size_t headers_of(const rd_kafka_message_t *message, struct mapping_header *ret)
{
    rd_kafka_headers_t *headers;
    size_t count = 0;

    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    while (count < MAPPING_HEADERS_MAX) {
        const void *value;

        if (rd_kafka_header_get_all(headers, count, &ret[count].name, &value, &ret[count].length) !=
            RD_KAFKA_RESP_ERR_NO_ERROR)
            break;
        ret[count].value = value ? value : "";
        count++;
    }
    return count;
}

static int read_record(const struct kafka_partition *partition, struct kafka_waiting *waiting,
                       struct error *err)
{
    struct mapping_header headers[MAPPING_HEADERS_MAX];
    struct alert_reading reading = {
        .format = partition->format, .run = partition->run, .headers = headers};

    if (partition->format)
        reading.header_count = headers_of(waiting->message, headers);
    return alert_items_prepare(&waiting->alerts, &waiting->record, &reading, err);
}

/* Takes the message. */
static int decode(struct kafka_partition *partition, rd_kafka_message_t *message, struct error *err)
{
    struct kafka_waiting *waiting = calloc(1, sizeof(*waiting));

    if (!waiting) {
        rd_kafka_message_destroy(message);
        return error_no_memory(err);
    }
    waiting->message = message;
    record_of(message, &waiting->record);
    if (read_record(partition, waiting, err) == 0) {
        if (append(partition, waiting) == 0)
            return 0;
        error_no_memory(err);
    }
    waiting_destroy(waiting);
    return -1;
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
    if (!differs && !partition->halted && message->offset >= partition->next)
        return decode(partition, message, err);
    rd_kafka_message_destroy(message);
    if (differs > 0)
        *ret_why = "the record that was read last is another one now: the topic was made anew";
    return differs;
}

bool kafka_partition_is_full(const struct kafka_partition *partition)
{
    return partition->count >= WAITING_MAX || partition->bytes >= WAITING_BYTES_MAX;
}

/* Records of the next batch, and how many alerts they hold. */
static size_t batch_of(const struct kafka_partition *partition, size_t *ret_alerts)
{
    size_t count = 0, alerts = 0, bytes = 0;

    while (count < partition->count && alerts < partition->batch_max && bytes < BATCH_BYTES_MAX) {
        bytes += partition->waiting[count]->record.length;
        alerts += partition->waiting[count++]->alerts.count;
    }
    *ret_alerts = alerts;
    return count;
}

struct alert_job *kafka_partition_lend(struct kafka_partition *partition, int64_t now_ms)
{
    size_t alerts, count = batch_of(partition, &alerts), at = 0;
    struct alert_item **items;

    if (count == 0 || partition->busy > 0 || partition->halted || now_ms < partition->retry_ms)
        return NULL;
    items = calloc(alerts, sizeof(*items));
    if (!items)
        return NULL;
    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; n < partition->waiting[i]->alerts.count; n++)
            items[at++] = &partition->waiting[i]->alerts.items[n];
    partition->busy = count;
    partition->job = (struct alert_job){
        .owner = partition, .partition = &partition->kept, .items = items, .count = alerts};
    return &partition->job;
}

void kafka_partition_take_back(struct kafka_partition *partition)
{
    free(partition->job.items);
    partition->job.items = NULL;
    partition->busy = 0;
}

/* Also of one that was not kept: where its rules compute for longer than the server lets a
 * transaction wait, as many would never be. */
static void size_batches(struct kafka_partition *partition)
{
    const struct alert_job *job = &partition->job;
    bool full = job->rc > 0 && job->count >= partition->batch_max;

    partition->batch_max = batch_size_next(partition->batch_max, &BATCH, job->took_ms, full);
}

int kafka_partition_settle(struct kafka_partition *partition, int64_t retry_ms)
{
    struct alert_job *job = &partition->job;
    size_t count = partition->busy;
    int rc = 1;

    kafka_partition_take_back(partition);
    partition->next = partition->kept.cursor.next;
    if (job->rc > 0) {
        drop(partition, count);
        size_batches(partition);
    } else if (job->rc == 0) {
        lose(partition);
        rc = 0;
    } else if (job->err.code == ERROR_UNAVAILABLE || job->err.code == ERROR_TIMEOUT) {
        partition->retry_ms = retry_ms;
        size_batches(partition);
        rc = -1;
    } else {
        kafka_partition_halt(partition, error_text(&job->err));
        rc = 0;
    }
    if (partition->halt_later[0] && !partition->halted) {
        halt(partition, partition->halt_later, partition->halt_later_lasts);
        rc = 0;
    }
    partition->halt_later[0] = '\0';
    return rc;
}
