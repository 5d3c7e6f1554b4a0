/* kafka_source.c - see kafka_source.h. Invariant: messages of a partition that is not in
 * 'partitions' are dropped.
 *
 * Each partition has a queue of its own in librdkafka, which stops fetching into it when it holds
 * queued.max.messages.kbytes. A partition that has enough waiting is not asked until there is room:
 * that is all of the back-pressure, it drops nothing and holds up no other partition. The
 * consumer's own queue brings rebalances and errors.
 *
 * While PostgreSQL is away a rebalance waits for it, and the loop stops polling: past
 * max.poll.interval.ms Kafka gives the partitions to somebody else, which loses nothing, since the
 * position is not Kafka's.
 */
#include "controller/intake/kafka_source.h"

#include <errno.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "controller/db/db_pool.h"
#include "controller/intake/alert_batch.h"
#include "controller/intake/alert_source.h"
#include "controller/intake/kafka_end.h"
#include "controller/intake/kafka_partition.h"
#include "controller/intake/kafka_partitions.h"
#include "controller/intake/kafka_properties.h"
#include "rules/mapping/mapping_run.h"

#define WAITING_BYTES_MAX (32 * 1024 * 1024) /* over all partitions, and a message more of each */
#define ROUND_MAX 256 /* records of one partition before the next one's are taken */
#define ASK_MS 5000
#define RETRY_MS 500
#define END_MS 3000

struct kafka_source {
    rd_kafka_t *consumer;
    struct db_pool *pool;
    const struct alert_sources *sources;
    struct mapping_run *run; /* of the thread that reads */
    const atomic_bool *stop;
    char *cluster;
    struct kafka_partitions partitions;
    size_t first; /* whose turn it is to be read */
    size_t room;  /* as many partitions share the memory that there is for what waits */
    size_t wants;
    int wake_fd; /* librdkafka writes to it when a queue is no longer empty */
    bool failed;
    bool doubt; /* a broker was lost: ask whether the cluster answers */
    int64_t asked_ms;
    char trouble[256];
    char troubled_topic[256], topic_trouble[256];
};

static bool is_stopping(const struct kafka_source *source)
{
    return atomic_load(source->stop);
}

static void pause_ms(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};

    nanosleep(&time, NULL);
}

static void trouble(struct kafka_source *source, const char *why)
{
    if (strcmp(source->trouble, why) != 0)
        log_warn("intake", "waiting", "for=%s", log_quote(why));
    snprintf(source->trouble, sizeof(source->trouble), "%s", why);
}

/* Nothing revives such a consumer: another one takes its place. It is told in one of two ways, by
 * the callback or as a message. */
static bool is_fatal(struct kafka_source *source, rd_kafka_t *consumer)
{
    char why[256];

    if (rd_kafka_fatal_error(consumer, why, sizeof(why)) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    if (!source->failed)
        log_error("intake", "the consumer failed", "why=%s", log_quote(why));
    source->failed = true;
    return true;
}

static void on_error(rd_kafka_t *consumer, int code, const char *reason, void *arg)
{
    struct kafka_source *source = arg;
    char why[256];

    (void)code;
    if (is_fatal(source, consumer))
        return;
    snprintf(why, sizeof(why), "Kafka: %s", reason);
    source->doubt = true;
    trouble(source, why);
}

static void on_log(const rd_kafka_t *consumer, int level, const char *facility, const char *text)
{
    (void)consumer;
    /* Errors come to on_error() as well, once; the rest is for whoever searches a fault. */
    log_event(level <= 3 ? LOG_WARN : LOG_DEBUG, "kafka", "librdkafka", "facility=%s text=%s",
              log_quote(facility), log_quote(text));
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
                                          partition->kept.origin.partition, &low, &high, ASK_MS);
    if (rc)
        return error_set_code(err, ERROR_UNAVAILABLE, "Kafka: ends of %s: %s", partition->topic,
                              rd_kafka_err2str(rc));
    db = db_pool_take(source->pool, ASK_MS, err);
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
        trouble(source, error_text(&err));
        pause_ms(RETRY_MS);
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

static void on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t code,
                         rd_kafka_topic_partition_list_t *list, void *arg)
{
    struct kafka_source *source = arg;

    switch (code) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
        assign(source, list);
        break;
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
        for (int i = 0; i < list->cnt; i++)
            kafka_partitions_drop(&source->partitions, list->elems[i].topic,
                                  list->elems[i].partition);
        note("revoke", rd_kafka_incremental_unassign(consumer, list));
        break;
    default:
        log_warn("intake", "rebalance failed", "why=%s", log_quote(rd_kafka_err2str(code)));
        kafka_partitions_drop_all(&source->partitions);
        rd_kafka_assign(consumer, NULL);
    }
}

/* Tells Kafka how far PostgreSQL is, for lag monitors; nothing depends on it. */
static void hint(const struct kafka_source *source)
{
    rd_kafka_topic_partition_list_t *list = kafka_partitions_positions(&source->partitions);

    if (list->cnt > 0)
        rd_kafka_commit(source->consumer, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
}

/* Whether the group stands still is told nowhere else. While it rebalances a commit waits behind
 * our joining and is refused as one of an older generation, at which librdkafka lets go of every
 * partition. */
static int on_statistics(rd_kafka_t *consumer, char *json, size_t length, void *arg)
{
    (void)consumer;
    (void)length;
    if (strstr(json, "\"join_state\": \"steady\""))
        hint(arg);
    return 0; /* librdkafka frees it */
}

static void wake_on_consumer(struct kafka_source *source)
{
    static const uint64_t one = 1;
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(source->consumer);

    if (!queue)
        return;
    rd_kafka_queue_io_event_enable(queue, source->wake_fd, &one, sizeof(one));
    rd_kafka_queue_destroy(queue);
}

struct kafka_source *kafka_source_create(const struct conf_map *properties, struct db_pool *pool,
                                         const struct alert_sources *sources,
                                         const atomic_bool *stop, size_t partitions,
                                         struct error *err)
{
    struct kafka_source *source = calloc(1, sizeof(*source));
    rd_kafka_conf_t *conf = kafka_properties_build(properties, partitions, err);
    char why[256];

    if (!source)
        error_no_memory(err);
    if (!source || !conf)
        goto fail;
    source->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (source->wake_fd < 0) {
        error_set(err, "eventfd: %s", strerror(errno));
        goto fail;
    }
    if (!(source->run = mapping_run_create(err)))
        goto fail;
    source->pool = pool;
    source->sources = sources;
    source->stop = stop;
    source->wants = partitions;
    source->room = kafka_properties_room(properties, partitions);
    rd_kafka_conf_set_opaque(conf, source);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
    source->consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    if (!source->consumer) {
        error_set_code(err, ERROR_INVALID, "Kafka: %s", why);
        goto fail;
    }
    rd_kafka_poll_set_consumer(source->consumer);
    wake_on_consumer(source);
    trouble(source, "Kafka: no broker has answered yet");
    return source;
fail:
    if (conf)
        rd_kafka_conf_destroy(conf);
    if (source && source->wake_fd > 0)
        close(source->wake_fd);
    if (source)
        mapping_run_destroy(source->run);
    free(source);
    return NULL;
}

void kafka_source_destroy(struct kafka_source *source)
{
    if (!source)
        return;
    rd_kafka_consumer_close(source->consumer);
    kafka_partitions_clear(&source->partitions);
    mapping_run_destroy(source->run);
    if (kafka_end(source->consumer, END_MS) == 1)
        close(source->wake_fd);
    else /* what still runs may write to the descriptor: nobody else may get its number */
        log_warn("intake", "librdkafka does not end", "waited_ms=%d", END_MS);
    free(source->cluster);
    free(source);
}

size_t kafka_source_wants(const struct kafka_source *source)
{
    return source->wants;
}

int kafka_source_subscribe(struct kafka_source *source, struct error *err)
{
    rd_kafka_topic_partition_list_t *topics =
        rd_kafka_topic_partition_list_new((int)source->sources->count);
    rd_kafka_resp_err_t rc;

    for (size_t i = 0; i < source->sources->count; i++)
        rd_kafka_topic_partition_list_add(topics, source->sources->items[i].topic,
                                          RD_KAFKA_PARTITION_UA);
    rc = topics->cnt > 0 ? rd_kafka_subscribe(source->consumer, topics)
                         : rd_kafka_unsubscribe(source->consumer);
    rd_kafka_topic_partition_list_destroy(topics);
    source->topic_trouble[0] = '\0';
    return rc ? error_set(err, "Kafka: subscribe: %s", rd_kafka_err2str(rc)) : 0;
}

static void take_error(struct kafka_source *source, const rd_kafka_message_t *message)
{
    const char *topic = message->rkt ? rd_kafka_topic_name(message->rkt) : "";
    struct kafka_partition *partition =
        kafka_partitions_find(&source->partitions, topic, message->partition);
    char why[256];

    if (is_fatal(source, source->consumer))
        return;
    snprintf(why, sizeof(why), "Kafka: %s%s%s", topic, *topic ? ": " : "",
             rd_kafka_message_errstr(message));
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && partition) {
        kafka_partition_halt(partition, why);
        kafka_source_pause(source, partition);
        return;
    }
    if (*topic) {
        log_warn("intake", "a topic cannot be read", "topic=%s why=%s", topic, log_quote(why));
        snprintf(source->troubled_topic, sizeof(source->troubled_topic), "%s", topic);
        snprintf(source->topic_trouble, sizeof(source->topic_trouble), "%s", why);
        return;
    }
    trouble(source, why);
}

static void take(struct kafka_source *source, rd_kafka_message_t *message)
{
    struct kafka_partition *partition;
    const char *why = NULL;
    struct error err = {0};

    if (message->err) {
        take_error(source, message);
        rd_kafka_message_destroy(message);
        return;
    }
    partition = kafka_partitions_find(&source->partitions, rd_kafka_topic_name(message->rkt),
                                      message->partition);
    if (!partition) {
        rd_kafka_message_destroy(message);
        return;
    }
    source->doubt = false;
    source->trouble[0] = '\0';
    switch (kafka_partition_take(partition, message, &why, &err)) {
    case 0:
        break;
    case 1:
        kafka_partition_halt(partition, why);
        kafka_source_pause(source, partition);
        break;
    default:
        /* The record is lost to this reader: who opens the partition next reads it again. */
        if (err.code == ERROR_UNAVAILABLE)
            kafka_partition_pass(partition, error_text(&err));
        else
            kafka_partition_halt(partition, error_text(&err));
        kafka_source_pause(source, partition);
    }
}

/* Rebalances and errors; with them the partitions may change. */
static void serve(struct kafka_source *source)
{
    rd_kafka_message_t *message;

    while ((message = rd_kafka_consumer_poll(source->consumer, 0)))
        take(source, message);
}

/* A round over the partitions, each a little, beginning with another one each time. True: there was
 * something. */
static bool read_round(struct kafka_source *source)
{
    size_t bytes = kafka_partitions_bytes(&source->partitions);
    bool any = false;

    source->first++;
    for (size_t i = 0; i < source->partitions.count; i++) {
        struct kafka_partition *partition =
            source->partitions.items[(source->first + i) % source->partitions.count];
        rd_kafka_message_t *message;

        for (int n = 0; n < ROUND_MAX && bytes < WAITING_BYTES_MAX && partition->queue &&
                        !partition->halted && !kafka_partition_is_full(partition) &&
                        (message = rd_kafka_consume_queue(partition->queue, 0));
             n++) {
            bytes += message->len;
            any = true;
            take(source, message);
        }
    }
    return any;
}

bool kafka_source_connect(struct kafka_source *source, int timeout_ms)
{
    char *cluster;

    if (source->cluster)
        return true;
    cluster = rd_kafka_clusterid(source->consumer, timeout_ms);
    if (cluster) {
        source->cluster = strdup(cluster);
        rd_kafka_mem_free(source->consumer, cluster);
        source->trouble[0] = '\0';
    } else {
        serve(source); /* lets on_error() say why */
    }
    return source->cluster != NULL;
}

bool kafka_source_poll(struct kafka_source *source)
{
    uint64_t woken;

    /* Before the queues are looked at: what comes meanwhile wakes again. */
    if (read(source->wake_fd, &woken, sizeof(woken)) < 0 && errno != EAGAIN)
        log_warn("intake", "eventfd", "why=%s", log_quote(strerror(errno)));
    serve(source);
    return read_round(source);
}

int kafka_source_fd(const struct kafka_source *source)
{
    return source->wake_fd;
}

struct kafka_partition *const *kafka_source_partitions(const struct kafka_source *source,
                                                       size_t *ret_count)
{
    *ret_count = source->partitions.count;
    return source->partitions.items;
}

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
    error = rd_kafka_seek_partitions(source->consumer, list, ASK_MS);
    if (error || list->elems[0].err) {
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

size_t kafka_source_ends(struct kafka_source *source, struct kafka_ends *ret)
{
    return kafka_partitions_ends(&source->partitions, source->consumer, ret);
}

void kafka_source_ends_noted(struct kafka_source *source, const struct kafka_ends *ends,
                             size_t count)
{
    kafka_partitions_ends_noted(&source->partitions, ends, count);
}

void kafka_source_forget(struct kafka_source *source, struct kafka_partition *partition)
{
    kafka_partitions_forget(&source->partitions, partition);
}

/* Brokers that came back are noticed without a record, too. */
static void ask_again(struct kafka_source *source)
{
    const struct rd_kafka_metadata *metadata;
    int64_t now = clock_monotonic_ms();

    if (!source->doubt || now - source->asked_ms < ASK_MS)
        return;
    source->asked_ms = now;
    if (rd_kafka_metadata(source->consumer, 0, NULL, &metadata, RETRY_MS) != 0)
        return;
    rd_kafka_metadata_destroy(metadata);
    source->doubt = false;
    source->trouble[0] = '\0';
}

const char *kafka_source_trouble(struct kafka_source *source)
{
    ask_again(source);
    return source->trouble;
}

const char *kafka_source_topic_trouble(const struct kafka_source *source)
{
    return source->topic_trouble;
}

bool kafka_source_joined(const struct kafka_source *source)
{
    char *member = rd_kafka_memberid(source->consumer);
    bool joined = member && *member;

    if (member)
        rd_kafka_mem_free(source->consumer, member);
    return joined;
}

bool kafka_source_failed(const struct kafka_source *source)
{
    return source->failed;
}

void kafka_source_read_formats(struct kafka_source *source)
{
    for (size_t i = 0; i < source->partitions.count; i++) {
        struct kafka_partition *partition = source->partitions.items[i];
        const struct alert_source *alerts = alert_sources_find(source->sources, partition->topic);

        if (alerts && alerts->format != partition->format)
            kafka_partition_read_as(partition, alerts->format, source->run);
    }
}
