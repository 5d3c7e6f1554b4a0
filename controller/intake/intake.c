/* intake.c - see intake.h. One thread: learn the sources, poll, keep each partition's records in
 * one transaction, again. Invariant: records are dropped from memory only once their transaction is
 * committed, or their partition is no longer ours.
 */
#include "controller/intake/intake.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "controller/db/db_pool.h"
#include "controller/intake/alert_batch.h"
#include "controller/intake/alert_source.h"
#include "controller/intake/kafka_partition.h"
#include "controller/intake/kafka_properties.h"
#include "controller/intake/kafka_source.h"

#define POLL_MS 100
#define REFRESH_MS 1000 /* sources, halted partitions */
#define HINT_MS 5000
#define RETRY_MS 500
#define TAKE_MS 2000 /* for a connection of the pool */

struct intake {
    const struct conf_map *kafka;
    struct db_pool *pool;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    pthread_mutex_t mutex;
    struct intake_status status; /* under 'mutex' */

    /* The thread's own. */
    struct alert_sources sources;
    struct alert_batch *batch;
    struct kafka_source *source;
    struct alert_counts counts;
    bool subscribed;
    int64_t refreshed_ms, hinted_ms, noted_ms;
    char trouble[256]; /* of PostgreSQL */
};

int intake_check(const struct intake_settings *settings, struct error *err)
{
    rd_kafka_conf_t *conf = kafka_properties_build(settings->kafka, err);

    if (!conf)
        return -1;
    rd_kafka_conf_destroy(conf);
    return 0;
}

struct intake *intake_create(const struct intake_settings *settings, struct db_pool *pool,
                             struct error *err)
{
    struct intake *intake;

    if (intake_check(settings, err) < 0)
        return NULL;
    intake = calloc(1, sizeof(*intake));
    if (!intake) {
        error_set(err, "out of memory");
        return NULL;
    }
    intake->kafka = settings->kafka;
    intake->pool = pool;
    pthread_mutex_init(&intake->mutex, NULL);
    snprintf(intake->status.waiting_on, sizeof(intake->status.waiting_on), "its start");
    intake->batch = alert_batch_create(err);
    if (!intake->batch) {
        intake_destroy(intake);
        return NULL;
    }
    return intake;
}

static void pause_ms(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};

    nanosleep(&time, NULL);
}

static void trouble(struct intake *intake, const char *why)
{
    if (strcmp(intake->trouble, why) != 0 && *why)
        log_warn("intake", "waiting", "for=%s", log_quote(why));
    snprintf(intake->trouble, sizeof(intake->trouble), "%s", why);
}

static void publish(struct intake *intake)
{
    const char *kafka = intake->source ? kafka_source_trouble(intake->source) : "";
    bool idle = intake->sources.count == 0;
    struct kafka_partition *const *partitions = NULL;
    struct intake_status *status = &intake->status;
    size_t count = 0;

    if (!*kafka && !idle && intake->source && !kafka_source_joined(intake->source))
        kafka = "Kafka: joining the consumer group";
    if (intake->source)
        partitions = kafka_source_partitions(intake->source, &count);
    pthread_mutex_lock(&intake->mutex);
    status->partitions = count;
    status->partitions_halted = 0;
    status->halted[0] = '\0';
    for (size_t i = 0; i < count; i++)
        if (partitions[i]->halted) {
            status->partitions_halted++;
            snprintf(status->halted, sizeof(status->halted), "%.80s/%" PRId32 ": %.160s",
                     partitions[i]->topic, partitions[i]->kept.origin.partition,
                     partitions[i]->kept.cursor.halted_because);
        }
    snprintf(status->waiting_on, sizeof(status->waiting_on), "%s",
             *intake->trouble ? intake->trouble : kafka);
    snprintf(status->topic, sizeof(status->topic), "%s",
             intake->source ? kafka_source_topic_trouble(intake->source) : "");
    status->ready = !status->waiting_on[0] && (idle || intake->subscribed);
    status->alerts = intake->counts.alerts;
    status->tasks = intake->counts.tasks;
    status->refused = intake->counts.refused;
    status->batches = intake->counts.batches;
    status->batch_retries = intake->counts.retries;
    pthread_mutex_unlock(&intake->mutex);
}

/* Writes down what halted, and lets run what a person released. */
static int tend_halted(struct intake *intake, struct db *db, struct error *err)
{
    struct kafka_partition *const *partitions;
    size_t count;

    partitions = kafka_source_partitions(intake->source, &count);
    for (size_t i = 0; i < count; i++) {
        int halted;

        if (!partitions[i]->halted)
            continue;
        if (kafka_partition_write_halt(partitions[i], db, err) < 0)
            return -1;
        halted = kafka_cursor_is_halted(db, &partitions[i]->kept.cursor, err);
        if (halted < 0)
            return -1;
        if (halted == 0 && kafka_source_reopen(intake->source, partitions[i], err) < 0)
            log_warn("intake", "not open yet", "topic=%s why=%s", partitions[i]->topic,
                     log_quote(error_text(err)));
    }
    return 0;
}

/* For people who ask for the lag; nothing depends on it. */
static int note_ends(struct intake *intake, struct db *db, struct error *err)
{
    struct kafka_ends *ends;
    size_t count;
    int rc;

    if (clock_monotonic_ms() - intake->noted_ms < HINT_MS)
        return 0;
    kafka_source_partitions(intake->source, &count);
    ends = calloc(count + 1, sizeof(*ends));
    if (!ends)
        return error_set_code(err, ERROR_UNAVAILABLE, "out of memory");
    count = kafka_source_ends(intake->source, ends);
    rc = kafka_cursor_note_ends(db, ends, count, err);
    free(ends);
    intake->noted_ms = clock_monotonic_ms();
    return rc;
}

static int refresh(struct intake *intake, struct db *db, struct error *err)
{
    int changed;

    if (clock_monotonic_ms() - intake->refreshed_ms < REFRESH_MS && intake->subscribed)
        return 0;
    changed = alert_sources_refresh(db, &intake->sources, err);
    if (changed < 0)
        return -1;
    if ((changed > 0 || !intake->subscribed) && kafka_source_subscribe(intake->source, err) < 0)
        return -1;
    intake->subscribed = true;
    intake->refreshed_ms = clock_monotonic_ms();
    return tend_halted(intake, db, err) < 0 ? -1 : note_ends(intake, db, err);
}

/* One partition's records in one transaction, or in more where the database refuses one of them. */
static int keep(struct intake *intake, struct kafka_partition *partition, struct db *db,
                struct error *err)
{
    size_t count = partition->count < ALERT_BATCH_MAX ? partition->count : ALERT_BATCH_MAX;
    struct kafka_record *records = calloc(count + 1, sizeof(*records));
    int rc;

    if (!records)
        return error_set_code(err, ERROR_UNAVAILABLE, "out of memory");
    for (size_t i = 0; i < count; i++)
        kafka_record_of(partition->messages[i], &records[i]);
    rc = alert_batch_keep(intake->batch, db, &partition->kept, records, count, clock_realtime_us(),
                          &intake->counts, err);
    free(records);
    if (rc > 0) {
        kafka_partition_drop_messages(partition, count);
    } else if (rc == 0) {
        kafka_partition_lose(partition);
        kafka_source_pause(intake->source, partition);
    } else if (err->code != ERROR_UNAVAILABLE && err->code != ERROR_TIMEOUT) {
        kafka_partition_halt(partition, error_text(err));
        kafka_source_pause(intake->source, partition);
        rc = 0;
    }
    return rc < 0 ? -1 : 0;
}

static int keep_all(struct intake *intake, struct db *db, struct error *err)
{
    struct kafka_partition *const *partitions;
    size_t count;

    partitions = kafka_source_partitions(intake->source, &count);
    for (size_t i = 0; i < count; i++)
        while (partitions[i]->count > 0)
            if (keep(intake, partitions[i], db, err) < 0)
                return -1;
    return 0;
}

/* -1: nothing was lost; wait and come again. */
static int round_trip(struct intake *intake, bool has_records, struct error *err)
{
    bool due = clock_monotonic_ms() - intake->refreshed_ms >= REFRESH_MS || !intake->subscribed;
    struct db *db;
    int rc = 0;

    if (!has_records && !due)
        return 0;
    db = db_pool_take(intake->pool, TAKE_MS, err);
    if (!db)
        return -1;
    if (has_records)
        rc = keep_all(intake, db, err);
    if (rc == 0)
        rc = refresh(intake, db, err);
    db_pool_give(intake->pool, db);
    return rc;
}

static int ensure_source(struct intake *intake, struct error *err)
{
    if (intake->source && kafka_source_failed(intake->source)) {
        kafka_source_destroy(intake->source);
        intake->source = NULL;
    }
    if (!intake->source) {
        intake->subscribed = false;
        intake->source =
            kafka_source_create(intake->kafka, intake->pool, &intake->sources, &intake->stop, err);
    }
    return intake->source ? 0 : -1;
}

static void turn(struct intake *intake)
{
    struct error err = {0};
    size_t records;

    if (ensure_source(intake, &err) < 0) {
        trouble(intake, error_text(&err));
        pause_ms(RETRY_MS);
        return;
    }
    if (!kafka_source_connect(intake->source, POLL_MS))
        return;
    /* With records in hand that PostgreSQL did not take yet, no more are asked for. */
    records = *intake->trouble ? 1 : kafka_source_poll(intake->source, POLL_MS);
    if (round_trip(intake, records > 0, &err) < 0) {
        trouble(intake, error_text(&err));
        pause_ms(RETRY_MS);
        return;
    }
    trouble(intake, "");
    if (clock_monotonic_ms() - intake->hinted_ms >= HINT_MS) {
        kafka_source_hint(intake->source);
        intake->hinted_ms = clock_monotonic_ms();
    }
}

static void *run(void *arg)
{
    struct intake *intake = arg;

    while (!atomic_load(&intake->stop)) {
        turn(intake);
        publish(intake);
    }
    kafka_source_destroy(intake->source);
    intake->source = NULL;
    return NULL;
}

int intake_start(struct intake *intake, struct error *err)
{
    int rc = pthread_create(&intake->thread, NULL, run, intake);

    if (rc != 0)
        return error_set(err, "the intake's thread cannot start: %s", strerror(rc));
    intake->started = true;
    return 0;
}

void intake_stop(struct intake *intake)
{
    if (!intake || !intake->started)
        return;
    atomic_store(&intake->stop, true);
    pthread_join(intake->thread, NULL);
    intake->started = false;
}

void intake_destroy(struct intake *intake)
{
    if (!intake)
        return;
    intake_stop(intake);
    alert_sources_clear(&intake->sources);
    alert_batch_destroy(intake->batch);
    pthread_mutex_destroy(&intake->mutex);
    free(intake);
}

void intake_read_status(struct intake *intake, struct intake_status *ret)
{
    pthread_mutex_lock(&intake->mutex);
    *ret = intake->status;
    pthread_mutex_unlock(&intake->mutex);
}
