/* intake.h - alerts from Kafka become alerts, decisions and tasks in PostgreSQL: one thread that
 * consumes every active source's topic. PostgreSQL holds the position, Kafka's own is a hint for
 * lag monitors. Semantics: docs/guarantees.md; the message: docs/alert-format.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct conf_map;
struct db_pool;
struct error;
struct intake;

struct intake_settings {
    /* librdkafka properties, "bootstrap.servers" at least; secrets are paths of files. Borrowed
     * until intake_destroy(). */
    const struct conf_map *kafka;
};

/* What is wrong with the settings, without connecting: for --check-config. */
int intake_check(const struct intake_settings *settings, struct error *err);

/* 'pool' (login muster_engine) is borrowed. */
struct intake *intake_create(const struct intake_settings *settings, struct db_pool *pool,
                             struct error *err);
/* Returns at once; the thread waits for PostgreSQL and Kafka by itself and says so in its status.
 */
int intake_start(struct intake *intake, struct error *err);
/* Finishes the batch at hand, leaves the group, joins the thread. */
void intake_stop(struct intake *intake);
void intake_destroy(struct intake *intake);

struct intake_status {
    bool ready;           /* consuming, or no source to consume */
    char waiting_on[256]; /* "" when ready */
    char halted[256];     /* the last partition that halted, and why; "" when none is */
    char topic[256];      /* a topic that cannot be read, and why; "" when all can */
    uint64_t partitions, partitions_halted;
    uint64_t alerts, tasks, refused, batches, batch_retries;
};
/* From any thread. */
void intake_read_status(struct intake *intake, struct intake_status *ret);
