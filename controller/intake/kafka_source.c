/* kafka_source.c - see kafka_source.h. Invariant: messages of a partition that is not in
 * 'partitions' are dropped.
 *
 * Each partition has a queue of its own in librdkafka, which stops fetching into it when it holds
 * queued.max.messages.kbytes. A partition that has enough waiting is not asked until there is room:
 * that is all of the back-pressure, it drops nothing and holds up no other partition. The
 * consumer's own queue brings rebalances and errors.
 */
#include "controller/intake/kafka_source.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "controller/intake/alert_source.h"
#include "controller/intake/kafka_end.h"
#include "controller/intake/kafka_group.h"
#include "controller/intake/kafka_partition.h"
#include "controller/intake/kafka_properties.h"
#include "controller/intake/kafka_source_inside.h"
#include "rules/mapping/mapping_run.h"

#define WAITING_BYTES_MAX (32 * 1024 * 1024) /* over all partitions, and a message more of each */
#define ROUND_MAX 256 /* records of one partition before the next one's are taken */
/* Of its end, which is over before a controller has to be: */
#define ASSIGNED_MS 2000
#define CLOSE_MS 2000
#define END_MS 3000

void kafka_source_wait_for(struct kafka_source *source, const char *why)
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
    kafka_source_wait_for(source, why);
}

static void on_log(const rd_kafka_t *consumer, int level, const char *facility, const char *text)
{
    (void)consumer;
    /* Errors come to on_error() as well, once; the rest is for whoever searches a fault. */
    log_event(level <= 3 ? LOG_WARN : LOG_DEBUG, "kafka", "librdkafka", "facility=%s text=%s",
              log_quote(facility), log_quote(text));
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
    struct kafka_source *source = arg;

    (void)consumer;
    (void)length;
    if (strstr(json, "\"join_state\": \"steady\"")) {
        source->assigned = true;
        hint(source);
    }
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
    rd_kafka_conf_set_rebalance_cb(conf, kafka_assign_on_rebalance);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
    source->consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    if (!source->consumer) {
        error_set_code(err, ERROR_INVALID, "Kafka: %s", why);
        goto fail;
    }
    conf = NULL;
    if (!(source->group = kafka_group_create(source->consumer, err))) {
        rd_kafka_destroy(source->consumer);
        goto fail;
    }
    rd_kafka_poll_set_consumer(source->consumer);
    wake_on_consumer(source);
    kafka_source_wait_for(source, "Kafka: no broker has answered yet");
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

static void take_off(rd_kafka_message_t *message)
{
    if (message)
        rd_kafka_message_destroy(message);
}

/* librdkafka aborts the program when a consumer is destroyed that has joined the group and was not
 * told yet what is its (its issue 4312): that is waited for. */
static void await_assignment(struct kafka_source *source)
{
    int64_t until_ms = clock_monotonic_ms() + ASSIGNED_MS;

    while (kafka_source_joined(source) && !source->assigned && clock_monotonic_ms() < until_ms)
        take_off(rd_kafka_consumer_poll(source->consumer, 50));
}

void kafka_source_destroy(struct kafka_source *source)
{
    bool whole;

    if (!source)
        return;
    kafka_group_destroy(source->group);
    await_assignment(source);
    if (!kafka_close(source->consumer, CLOSE_MS))
        log_warn("intake", "the consumer group is not left", "waited_ms=%d", CLOSE_MS);
    whole = source->assigned || !kafka_source_joined(source);
    kafka_partitions_clear(&source->partitions);
    mapping_run_destroy(source->run);
    if (whole && kafka_end(source->consumer, END_MS) == 1)
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

bool kafka_source_rejoin_when_due(struct kafka_source *source)
{
    rd_kafka_resp_err_t rc;

    if (!kafka_group_leaves_out(source->group, source->sources))
        return false;
    rc = rd_kafka_unsubscribe(source->consumer);
    log_warn("intake", "leaving the consumer group and joining again, to have all partitions read",
             "unsubscribed=%s", log_quote(rd_kafka_err2str(rc)));
    return rc == 0;
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
    kafka_source_wait_for(source, why);
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

    if (!source->doubt || now - source->asked_ms < KAFKA_ASK_MS)
        return;
    source->asked_ms = now;
    if (rd_kafka_metadata(source->consumer, 0, NULL, &metadata, KAFKA_RETRY_MS) != 0)
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
