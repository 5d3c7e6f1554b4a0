/* intake.c - see intake.h. One thread learns the sources, reads and decodes; keepers have a batch
 * of a partition each, in one transaction, while it goes on. Invariants: a partition has one batch
 * under way at most; records are dropped from memory only once their transaction is committed, or
 * their partition is no longer ours. Among partitions that have records the tenant that had less
 * done comes first.
 */
#include "controller/intake/intake.h"

#include <inttypes.h>
#include <poll.h>
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
#include "controller/intake/alert_keeper.h"
#include "controller/intake/alert_source.h"
#include "controller/intake/fair_turns.h"
#include "controller/intake/kafka_partition.h"
#include "controller/intake/kafka_properties.h"
#include "controller/intake/kafka_source.h"

#define POLL_MS 100
#define REFRESH_MS 1000 /* sources, halted partitions */
#define NOTE_MS 5000    /* how far the logs reach */
#define RETRY_MS 500
#define TAKE_MS 2000 /* for a connection of the pool */
#define KEEPERS 2    /* connections at work: one commits while the other computes */

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
    struct alert_keepers *keepers;
    struct fair_turns *turns;
    uint64_t turn;
    struct kafka_source *source;
    size_t wanted; /* partitions that the next one should have room for */
    struct alert_counts counts;
    bool subscribed;
    int64_t refreshed_ms, noted_ms;
    char trouble[256]; /* of PostgreSQL */
};

int intake_check(const struct intake_settings *settings, struct error *err)
{
    rd_kafka_conf_t *conf = kafka_properties_build(settings->kafka, 0, err);

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
        error_no_memory(err);
        return NULL;
    }
    intake->kafka = settings->kafka;
    intake->pool = pool;
    pthread_mutex_init(&intake->mutex, NULL);
    snprintf(intake->status.waiting_on, sizeof(intake->status.waiting_on), "its start");
    intake->turns = fair_turns_create(err);
    intake->keepers = intake->turns ? alert_keepers_create(pool, KEEPERS, err) : NULL;
    if (!intake->keepers) {
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

    if (clock_monotonic_ms() - intake->noted_ms < NOTE_MS)
        return 0;
    kafka_source_partitions(intake->source, &count);
    ends = calloc(count + 1, sizeof(*ends));
    if (!ends)
        return error_no_memory(err);
    count = kafka_source_ends(intake->source, ends);
    rc = kafka_cursor_note_ends(db, ends, count, err);
    if (rc == 0)
        kafka_source_ends_noted(intake->source, ends, count);
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
    kafka_source_read_formats(intake->source);
    if (kafka_source_rejoin_when_due(intake->source))
        intake->subscribed = false;
    if ((changed > 0 || !intake->subscribed) && kafka_source_subscribe(intake->source, err) < 0)
        return -1;
    intake->subscribed = true;
    intake->refreshed_ms = clock_monotonic_ms();
    return tend_halted(intake, db, err) < 0 ? -1 : note_ends(intake, db, err);
}

/* What a keeper has done. */
static void settle(struct intake *intake, struct alert_job *job)
{
    struct kafka_partition *partition = job->owner;
    int rc = kafka_partition_settle(partition, clock_monotonic_ms() + RETRY_MS);

    intake->counts.alerts += job->counts.alerts;
    intake->counts.tasks += job->counts.tasks;
    intake->counts.refused += job->counts.refused;
    intake->counts.batches += job->counts.batches;
    intake->counts.retries += job->counts.retries;
    if (rc < 0)
        trouble(intake, error_text(&job->err));
    else if (job->rc > 0)
        trouble(intake, "");
    if (partition->revoked)
        kafka_source_forget(intake->source, partition);
    else if (rc == 0)
        kafka_source_pause(intake->source, partition);
}

/* Whose batch comes next; NULL: nobody's. */
static struct kafka_partition *next_partition(struct intake *intake, int64_t now_ms)
{
    struct kafka_partition *const *partitions, *best = NULL;
    uint64_t best_tag = 0;
    size_t count;

    partitions = kafka_source_partitions(intake->source, &count);
    for (size_t i = 0; i < count; i++) {
        struct kafka_partition *partition = partitions[i];
        uint64_t tag;

        if (partition->count == 0 || partition->busy > 0 || partition->halted ||
            now_ms < partition->retry_ms)
            continue;
        tag = fair_turns_tag(intake->turns, &partition->kept.origin.tenant);
        if (!best || tag < best_tag || (tag == best_tag && partition->turn < best->turn)) {
            best = partition;
            best_tag = tag;
        }
    }
    return best;
}

static void hand_out(struct intake *intake)
{
    int64_t now_ms = clock_monotonic_ms();
    struct kafka_partition *partition;

    while (alert_keepers_idle(intake->keepers) > 0 &&
           (partition = next_partition(intake, now_ms))) {
        struct alert_job *job = kafka_partition_lend(partition, now_ms);

        if (!job)
            return;
        if (alert_keepers_give(intake->keepers, job) < 0) {
            kafka_partition_take_back(partition);
            return;
        }
        fair_turns_give(intake->turns, &partition->kept.origin.tenant, job->count);
        partition->turn = ++intake->turn;
    }
}

static void settle_all(struct intake *intake)
{
    struct alert_job *job;

    while (alert_keepers_idle(intake->keepers) < KEEPERS)
        if ((job = alert_keepers_take(intake->keepers, POLL_MS)))
            settle(intake, job);
}

/* 1: done. 0: not due. -1: wait and come again. */
static int refresh_when_due(struct intake *intake, struct error *err)
{
    bool due = clock_monotonic_ms() - intake->refreshed_ms >= REFRESH_MS || !intake->subscribed;
    struct db *db;
    int rc;

    if (!due)
        return 0;
    db = db_pool_take(intake->pool, TAKE_MS, err);
    if (!db)
        return -1;
    rc = refresh(intake, db, err) < 0 ? -1 : 1;
    db_pool_give(intake->pool, db);
    return rc;
}

static int ensure_source(struct intake *intake, struct error *err)
{
    if (intake->source && kafka_source_failed(intake->source)) {
        settle_all(intake);
        intake->wanted = kafka_source_wants(intake->source);
        kafka_source_destroy(intake->source);
        intake->source = NULL;
    }
    if (!intake->source) {
        intake->subscribed = false;
        intake->source = kafka_source_create(intake->kafka, intake->pool, &intake->sources,
                                             &intake->stop, intake->wanted, err);
    }
    return intake->source ? 0 : -1;
}

/* Until a record, a rebalance or a keeper comes. */
static void wait(const struct intake *intake)
{
    struct pollfd fds[2] = {
        {.fd = kafka_source_fd(intake->source), .events = POLLIN},
        {.fd = alert_keepers_fd(intake->keepers), .events = POLLIN},
    };

    poll(fds, 2, POLL_MS);
}

static void turn(struct intake *intake)
{
    struct error err = {0};
    struct alert_job *job;
    int refreshed;
    bool any;

    if (ensure_source(intake, &err) < 0) {
        trouble(intake, error_text(&err));
        pause_ms(RETRY_MS);
        return;
    }
    if (!kafka_source_connect(intake->source, POLL_MS))
        return;
    any = kafka_source_poll(intake->source);
    while ((job = alert_keepers_take(intake->keepers, 0))) {
        settle(intake, job);
        any = true;
    }
    hand_out(intake);
    refreshed = refresh_when_due(intake, &err);
    if (refreshed != 0)
        trouble(intake, refreshed > 0 ? "" : error_text(&err));
    if (refreshed < 0)
        pause_ms(RETRY_MS);
    if (!any)
        wait(intake);
}

static void *run(void *arg)
{
    struct intake *intake = arg;

    while (!atomic_load(&intake->stop)) {
        turn(intake);
        publish(intake);
    }
    settle_all(intake);
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
    alert_keepers_destroy(intake->keepers);
    fair_turns_destroy(intake->turns);
    pthread_mutex_destroy(&intake->mutex);
    free(intake);
}

void intake_read_status(struct intake *intake, struct intake_status *ret)
{
    pthread_mutex_lock(&intake->mutex);
    *ret = intake->status;
    pthread_mutex_unlock(&intake->mutex);
}
