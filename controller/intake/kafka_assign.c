/* kafka_assign.c - partitions that become ours and go again: see kafka_source_inside.h. Invariant:
 * one is read only while its cursor was opened by us, from where that says.
 *
 * While PostgreSQL is away a rebalance waits for it, and the loop stops polling: past
 * max.poll.interval.ms Kafka gives the partitions to somebody else, which loses nothing, since the
 * position is not Kafka's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "controller/db/db_pool.h"
#include "controller/intake/alert_source.h"
#include "controller/intake/kafka_partition.h"
#include "controller/intake/kafka_source_inside.h"

static bool is_stopping(const struct kafka_source *source)
{
    return atomic_load(source->stop);
}

static void pause_ms(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};

    nanosleep(&time, NULL);
}

/* Before it is assigned: its messages never come by way of the consumer's queue. */
static int open_queue(struct kafka_source *source, struct kafka_partition *partition,
                      struct error *err)
{
    static const uint64_t one = 1; /* what an eventfd takes */

    partition->queue = rd_kafka_queue_get_partition(source->consumer, partition->topic,
                                                    partition->kept.origin.partition);
    if (!partition->queue)
        return error_no_memory(err);
    rd_kafka_queue_forward(partition->queue, NULL);
    rd_kafka_queue_io_event_enable(partition->queue, source->wake_fd, &one, sizeof(one));
    return 0;
}

/* One attempt to find the log's ends and to open the cursor. */
static int try_open(struct kafka_source *source, struct kafka_partition *partition,
                    int64_t *ret_start, struct error *err)
{
    rd_kafka_resp_err_t rc;
    struct db *db;
    int64_t low, high;
    int opened;

    rc = rd_kafka_query_watermark_offsets(source->consumer, partition->topic,
                                          partition->kept.origin.partition, &low, &high,
                                          KAFKA_ASK_MS);
    if (rc)
        return error_set_code(err, ERROR_UNAVAILABLE, "Kafka: ends of %s: %s", partition->topic,
                              rd_kafka_err2str(rc));
    db = db_pool_take(source->pool, KAFKA_ASK_MS, err);
    if (!db)
        return -1;
    opened = kafka_partition_open(partition, db, low, high, ret_start, err);
    db_pool_give(source->pool, db);
    return opened;
}

/* One attempt to have it: its cursor open, its queue ours. */
static int try_assign(struct kafka_source *source, const char *topic, int32_t number,
                      const struct alert_source *alerts, int64_t *ret_start, struct error *err)
{
    struct kafka_partition *partition =
        kafka_partition_create(source->cluster, topic, number, alerts, err);

    if (!partition)
        return -1;
    kafka_partition_read_as(partition, alerts->format, source->run);
    if (try_open(source, partition, ret_start, err) < 0 ||
        kafka_partitions_add(&source->partitions, partition, err) < 0) {
        kafka_partition_destroy(partition);
        return -1;
    }
    if (open_queue(source, partition, err) < 0) {
        kafka_partitions_drop(&source->partitions, topic, number);
        return -1;
    }
    log_info("intake", "partition opened",
             "topic=%s partition=%" PRId32 " epoch=%" PRId64 " start=%" PRId64, topic, number,
             partition->kept.cursor.epoch, *ret_start);
    return 0;
}

/* Where to start, RD_KAFKA_OFFSET_END for what must not be read. Patiently: until it is open or we
 * stop. */
static int64_t assign_one(struct kafka_source *source, const char *topic, int32_t number)
{
    const struct alert_source *alerts = alert_sources_find(source->sources, topic);
    struct error err;
    int64_t start;

    if (!alerts)
        return RD_KAFKA_OFFSET_END; /* paused or gone since; the next rebalance takes it away */
    while (!is_stopping(source)) {
        error_clear(&err);
        if (try_assign(source, topic, number, alerts, &start, &err) == 0)
            return start;
        kafka_source_wait_for(source, error_text(&err));
        pause_ms(KAFKA_RETRY_MS);
    }
    return RD_KAFKA_OFFSET_END;
}

static void note(const char *what, rd_kafka_error_t *error)
{
    if (!error)
        return;
    log_warn("intake", "rebalance", "step=%s why=%s", what,
             log_quote(rd_kafka_error_string(error)));
    rd_kafka_error_destroy(error);
}

/* Each has a share of the memory that was fixed when the consumer was made: one that is made for
 * twice as many takes its place, so that those of a controller that dies fit as well. */
static bool fits(struct kafka_source *source, size_t more)
{
    size_t count = source->partitions.count + more;

    if (count <= source->room)
        return true;
    if (!source->failed)
        log_info("intake", "the consumer is made anew for more partitions", "partitions=%zu",
                 count);
    source->failed = true;
    source->wants = 2 * count;
    return false;
}

/* A pause outlives the assignment that it was made in: who is given a partition back that halted
 * here once begins with that taken off. */
static void assign(struct kafka_source *source, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *silent = rd_kafka_topic_partition_list_new(list->cnt);
    rd_kafka_topic_partition_list_t *read = rd_kafka_topic_partition_list_new(list->cnt);
    bool open = fits(source, (size_t)list->cnt);

    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *at = &list->elems[i];

        at->offset = open ? assign_one(source, at->topic, at->partition) : RD_KAFKA_OFFSET_END;
        if (strcmp(at->topic, source->troubled_topic) == 0)
            source->topic_trouble[0] = '\0';
        rd_kafka_topic_partition_list_add(at->offset == RD_KAFKA_OFFSET_END ? silent : read,
                                          at->topic, at->partition);
    }
    note("assign", rd_kafka_incremental_assign(source->consumer, list));
    rd_kafka_pause_partitions(source->consumer, silent);
    rd_kafka_resume_partitions(source->consumer, read);
    rd_kafka_topic_partition_list_destroy(silent);
    rd_kafka_topic_partition_list_destroy(read);
    source->trouble[0] = '\0';
}

void kafka_assign_on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t code,
                               rd_kafka_topic_partition_list_t *list, void *arg)
{
    struct kafka_source *source = arg;

    switch (code) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
        source->assigned = true;
        assign(source, list);
        break;
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
        for (int i = 0; i < list->cnt; i++)
            kafka_partitions_drop(&source->partitions, list->elems[i].topic,
                                  list->elems[i].partition);
        FAULT_POINT("musterd_partitions_revoked");
        note("revoke", rd_kafka_incremental_unassign(consumer, list));
        break;
    default:
        log_warn("intake", "rebalance failed", "why=%s", log_quote(rd_kafka_err2str(code)));
        kafka_partitions_drop_all(&source->partitions);
        rd_kafka_assign(consumer, NULL);
    }
}

/* ---- one that halted ---- */

static rd_kafka_topic_partition_list_t *list_of(const struct kafka_partition *partition,
                                                int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, partition->topic, partition->kept.origin.partition)
        ->offset = offset;
    return list;
}

void kafka_source_pause(struct kafka_source *source, const struct kafka_partition *partition)
{
    rd_kafka_topic_partition_list_t *list = list_of(partition, RD_KAFKA_OFFSET_INVALID);

    rd_kafka_pause_partitions(source->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
}

int kafka_source_reopen(struct kafka_source *source, struct kafka_partition *partition,
                        struct error *err)
{
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_error_t *error;
    int64_t start;
    int rc = -1;

    if (try_open(source, partition, &start, err) < 0)
        return -1;
    if (partition->halted)
        return 0;
    list = list_of(partition, start);
    error = rd_kafka_seek_partitions(source->consumer, list, KAFKA_ASK_MS);
    if (error || list->elems[0].err) {
        /* librdkafka has given it up, as behind an end that was beyond the log's: it fetches that
         * partition no more, wherever it is told to. */
        if (!error && list->elems[0].err == RD_KAFKA_RESP_ERR__STATE && !source->failed) {
            log_warn("intake", "the consumer is made anew for a partition that it has given up",
                     "topic=%s partition=%" PRId32, partition->topic,
                     partition->kept.origin.partition);
            source->failed = true;
        }
        error_set_code(err, ERROR_UNAVAILABLE, "Kafka: seek: %s",
                       error ? rd_kafka_error_string(error) : rd_kafka_err2str(list->elems[0].err));
        kafka_partition_pass(partition, error_text(err));
        if (error)
            rd_kafka_error_destroy(error);
    } else {
        rd_kafka_resume_partitions(source->consumer, list);
        log_info("intake", "partition runs again", "topic=%s partition=%" PRId32 " start=%" PRId64,
                 partition->topic, partition->kept.origin.partition, start);
        rc = 0;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}
