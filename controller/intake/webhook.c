/* webhook.c - see webhook.h. Invariant: what is answered as kept was committed; a keeper is one
 * thread's from hire() until dismiss().
 */
#include "controller/intake/webhook.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_pool.h"
#include "controller/db/db_rows.h"
#include "controller/intake/alert_batch.h"
#include "controller/intake/alert_items.h"
#include "controller/intake/alert_receipt.h"
#include "controller/intake/alert_source.h"
#include "controller/intake/source_format.h"
#include "controller/intake/webhook.sql.h"
#include "rules/mapping/mapping_run.h"

#define HIRE_MS 2000
#define TAKE_MS 2000

/* What is kept between requests. */
struct keeper {
    bool busy;
    struct alert_batch *batch;
    struct mapping_run *run;
    struct uuid source; /* whose format it was last */
    struct source_format *format;
};

struct webhook {
    struct db_pool *pool;
    pthread_mutex_t mutex;
    pthread_cond_t dismissed;
    struct keeper keepers[WEBHOOK_KEEPERS]; /* 'busy' under 'mutex' */
    struct webhook_counts counts;           /* under 'mutex' */
};

struct webhook *webhook_create(struct db_pool *pool, struct error *err)
{
    struct webhook *webhook = calloc(1, sizeof(*webhook));
    pthread_condattr_t monotonic;

    if (!webhook) {
        error_no_memory(err);
        return NULL;
    }
    webhook->pool = pool;
    pthread_mutex_init(&webhook->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&webhook->dismissed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (size_t i = 0; i < WEBHOOK_KEEPERS; i++)
        if (!(webhook->keepers[i].batch = alert_batch_create(err)) ||
            !(webhook->keepers[i].run = mapping_run_create(err))) {
            webhook_destroy(webhook);
            return NULL;
        }
    return webhook;
}

void webhook_destroy(struct webhook *webhook)
{
    if (!webhook)
        return;
    for (size_t i = 0; i < WEBHOOK_KEEPERS; i++) {
        alert_batch_destroy(webhook->keepers[i].batch);
        mapping_run_destroy(webhook->keepers[i].run);
        source_format_drop(webhook->keepers[i].format);
    }
    pthread_cond_destroy(&webhook->dismissed);
    pthread_mutex_destroy(&webhook->mutex);
    free(webhook);
}

static struct keeper *idle(struct webhook *webhook)
{
    for (size_t i = 0; i < WEBHOOK_KEEPERS; i++)
        if (!webhook->keepers[i].busy)
            return &webhook->keepers[i];
    return NULL;
}

static struct keeper *hire(struct webhook *webhook, struct error *err)
{
    struct keeper *keeper;
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += HIRE_MS / 1000;
    pthread_mutex_lock(&webhook->mutex);
    while (!(keeper = idle(webhook)) && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&webhook->dismissed, &webhook->mutex, &until);
    if (keeper)
        keeper->busy = true;
    pthread_mutex_unlock(&webhook->mutex);
    if (!keeper)
        error_set_code(err, ERROR_UNAVAILABLE, "more messages come than can be kept");
    return keeper;
}

static void dismiss(struct webhook *webhook, struct keeper *keeper,
                    const struct alert_counts *counts)
{
    pthread_mutex_lock(&webhook->mutex);
    keeper->busy = false;
    webhook->counts.alerts += counts->alerts;
    webhook->counts.tasks += counts->tasks;
    webhook->counts.refused += counts->refused;
    webhook->counts.batches += counts->batches;
    webhook->counts.retries += counts->retries;
    pthread_cond_signal(&webhook->dismissed);
    pthread_mutex_unlock(&webhook->mutex);
}

void webhook_read_counts(struct webhook *webhook, struct webhook_counts *ret)
{
    pthread_mutex_lock(&webhook->mutex);
    *ret = webhook->counts;
    pthread_mutex_unlock(&webhook->mutex);
}

/* ---- the source ---- */

/* Another tenant's, and what is no webhook, read like one that does not exist. */
static int check_source(const struct db_rows *rows, const struct webhook_request *request,
                        struct error *err)
{
    if (db_rows_count(rows) == 0 || strcmp(db_text(rows, 0, 0), request->name) != 0 ||
        strcmp(db_text(rows, 0, 1), "webhook") != 0)
        return error_set_code(err, ERROR_NOT_FOUND, "no source that takes messages is called so");
    if (strcmp(db_text(rows, 0, 2), "active") != 0)
        return error_set_code(err, ERROR_STALE, "the source is paused");
    return 0;
}

static int know_format(struct keeper *keeper, struct db *db, const struct webhook_request *request,
                       const char *name, int64_t version, struct error *err)
{
    struct source_format *format = keeper->format;

    if (format && uuid_equal(&keeper->source, &request->source) &&
        strcmp(source_format_name(format), name) == 0 && source_format_version(format) == version)
        return 0;
    source_format_drop(format);
    keeper->format = NULL;
    if (strcmp(name, "muster") == 0)
        return 0;
    keeper->source = request->source;
    keeper->format =
        alert_source_format(db, &request->tenant, &request->source, name, version, err);
    return keeper->format ? 0 : -1;
}

/* How its messages are read, as the database has it now. */
static int ask_source(struct keeper *keeper, struct db *db, const struct webhook_request *request,
                      struct error *err)
{
    struct db_rows *rows = NULL;
    int rc = -1;

    if (db_begin_tenant(db, &request->tenant, err) < 0)
        return -1;
    rows = db_query(db, SQL_WEBHOOK_SOURCE, err, "uu", &request->tenant, &request->source);
    if (rows && check_source(rows, request, err) == 0)
        rc = know_format(keeper, db, request, db_text(rows, 0, 3),
                         db_is_null(rows, 0, 4) ? 0 : db_int(rows, 0, 4), err);
    db_rows_destroy(rows);
    db_rollback(db);
    return rc;
}

/* ---- the message ---- */

/* Of these headers a message is made as well: equal bodies may be different events. */
static bool is_part(const struct mapping_header *header)
{
    return strncasecmp(header->name, "ce-", 3) == 0 || strncasecmp(header->name, "ce_", 3) == 0 ||
           strncasecmp(header->name, "x-muster-", 9) == 0;
}

/* SHA-256 of the body; and of those headers behind it, each part with its length. */
static int digest_of(const struct webhook_request *request, uint8_t out[ALERT_RECEIPT_DIGEST],
                     struct error *err)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool ok = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(hash, request->bytes, request->length) == 1;

    for (size_t i = 0; ok && i < request->header_count; i++) {
        const struct mapping_header *header = &request->headers[i];
        char lengths[64];
        int length;

        if (!is_part(header))
            continue;
        length =
            snprintf(lengths, sizeof(lengths), "\n%zu:%zu:", strlen(header->name), header->length);
        ok = EVP_DigestUpdate(hash, lengths, (size_t)length) == 1 &&
             EVP_DigestUpdate(hash, header->name, strlen(header->name)) == 1 &&
             EVP_DigestUpdate(hash, header->value, header->length) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(hash, out, NULL) == 1;
    EVP_MD_CTX_free(hash);
    return ok ? 0 : error_set(err, "SHA-256 is not available");
}

static int keep_items(struct keeper *keeper, struct db *db, const struct webhook_request *request,
                      struct alert_items *items, struct alert_receipt *receipt,
                      struct alert_counts *counts, struct error *err)
{
    struct alert_partition partition = {.origin = {.tenant = request->tenant,
                                                   .source = request->source,
                                                   .source_name = request->name,
                                                   .cluster = "webhook",
                                                   .topic = request->name,
                                                   .receipt = receipt}};
    struct alert_item **order = calloc(items->count, sizeof(*order));
    int rc;

    if (!order)
        return error_no_memory(err);
    for (size_t i = 0; i < items->count; i++)
        order[i] = &items->items[i];
    rc = alert_batch_keep(keeper->batch, db, &partition, order, items->count, request->now_us,
                          counts, err);
    free(order);
    return rc < 0 ? -1 : 0;
}

static int keep(struct keeper *keeper, struct db *db, const struct webhook_request *request,
                struct webhook_kept *ret, struct alert_counts *counts, struct error *err)
{
    const struct kafka_record record = {.offset = request->now_us,
                                        .timestamp_ms = request->now_us / 1000,
                                        .value = request->bytes,
                                        .length = request->length};
    const struct alert_reading reading = {.format = keeper->format,
                                          .run = keeper->run,
                                          .headers = request->headers,
                                          .header_count = request->header_count};
    struct alert_receipt receipt = {.received_us = request->now_us};
    struct alert_items items = {0};
    int rc = digest_of(request, receipt.digest, err);

    if (rc == 0)
        rc = alert_items_prepare(&items, &record, &reading, err);
    if (rc == 0) {
        receipt.alerts = (int64_t)items.count;
        rc = keep_items(keeper, db, request, &items, &receipt, counts, err);
        *ret = (struct webhook_kept){receipt.received_us, receipt.alerts};
    }
    alert_items_clear(&items);
    return rc;
}

int webhook_take(struct webhook *webhook, const struct webhook_request *request,
                 struct webhook_kept *ret, struct error *err)
{
    struct keeper *keeper = hire(webhook, err);
    struct alert_counts counts = {0};
    struct db *db;
    int rc = -1;

    if (!keeper)
        return -1;
    db = db_pool_take(webhook->pool, TAKE_MS, err);
    if (db && ask_source(keeper, db, request, err) == 0)
        rc = keep(keeper, db, request, ret, &counts, err);
    db_pool_give(webhook->pool, db);
    dismiss(webhook, keeper, &counts);
    return rc;
}
