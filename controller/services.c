/* services.c - see services.h. Invariant: every room outlives those that borrow it. */
#include "controller/services.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "controller/access/secret.h"
#include "controller/api/api_call.h"
#include "controller/api/api_server.h"
#include "controller/config.h"
#include "controller/db/db_pool.h"
#include "controller/db/migrate.h"
#include "controller/dispatch/dispatch.h"
#include "controller/dispatch/published_manifest.h"
#include "controller/health/metrics.h"
#include "controller/health/readiness.h"
#include "controller/intake/intake.h"
#include "controller/intake/webhook.h"
#include "controller/timers.h"
#include "proto/enrol_answer.h"
#include "proto/key_files.h"

/* Intake 3, timers 1, webhooks, one to spare; dispatch has its own. */
#define ENGINE_CONNECTIONS (5 + WEBHOOK_KEEPERS)
#define API_DRAIN_MS 4000

struct services {
    const struct controller_config *config; /* borrowed */
    struct uuid controller;                 /* this run */
    struct secret_key *secret_key;
    struct db_pool *engine, *api_pool;
    struct api_server *api;
    struct dispatch *dispatch;
    struct intake *intake;
    struct webhook *webhook;
    struct timers *timers;
    uint8_t fetch_key[FETCH_KEY_BYTES];
    struct api_enrolment enrolment;
    uint8_t curve_publics[ENROL_ENDPOINTS_MAX][KEY_BYTES]; /* what agents that enrol are told */
    struct published_manifest_file manifest;               /* read last */
    bool manifest_missing;
    bool started; /* what waits for the database */
};

static int open_password(void *context, const struct uuid *bmc_id, const void *bytes, size_t length,
                         uint8_t *ret_plain, size_t *ret_length, struct error *err)
{
    return secret_open(context, SECRET_BMC_PASSWORD, bmc_id, bytes, length, ret_plain, ret_length,
                       err);
}

static int start_api(struct services *s, struct error *err)
{
    struct api_settings settings = {
        .listen = s->config->api_listen,
        .certificate_file = s->config->api_certificate,
        .key_file = s->config->api_key,
        .image_folder = s->config->images,
        .pool = s->api_pool,
        .secret_key = s->secret_key,
        .enrolment = s->config->root_key ? &s->enrolment : NULL,
        .webhook = s->webhook,
        .workers = (size_t)s->config->api_workers,
    };
    int rc;

    memcpy(settings.fetch_key, s->fetch_key, sizeof(settings.fetch_key));
    s->api = api_server_create(&settings, err);
    rc = s->api ? api_server_start(s->api, err) : -1;
    OPENSSL_cleanse(settings.fetch_key, sizeof(settings.fetch_key));
    return rc;
}

/* The configuration checked their number and their digits. */
static void know_curve_keys(struct services *s, const uint8_t own[KEY_BYTES])
{
    const struct conf_strings *keys = &s->config->curve_keys;

    for (size_t i = 0; i < s->config->endpoints.count; i++)
        if (keys->count == 0 || text_unhex(keys->items[i], s->curve_publics[i], KEY_BYTES) < 0)
            memcpy(s->curve_publics[i], own, KEY_BYTES);
    s->enrolment.curve_publics = (const uint8_t(*)[KEY_BYTES])s->curve_publics;
}

static int make_dispatch(struct services *s, struct error *err)
{
    struct dispatch_settings settings = {
        .bind = s->config->bind,
        .database = &s->config->engine,
        .controller_id = s->controller,
        .controller_name = s->config->name,
        .fetch_url = s->config->fetch_url,
        .open_password = open_password,
        .open_context = s->secret_key,
    };
    struct controller_keys keys;

    if (controller_keys_load(s->config->keys, &keys, err) < 0)
        return -1;
    know_curve_keys(s, keys.public.curve);
    memcpy(settings.curve_secret, keys.curve_secret, sizeof(settings.curve_secret));
    memcpy(settings.sign_secret, keys.sign_secret, sizeof(settings.sign_secret));
    memcpy(settings.fetch_key, s->fetch_key, sizeof(settings.fetch_key));
    s->dispatch = dispatch_create(&settings, err);
    OPENSSL_cleanse(&keys, sizeof(keys));
    OPENSSL_cleanse(&settings, sizeof(settings));
    return s->dispatch ? 0 : -1;
}

/* What agents that enrol are told besides our CURVE key. */
static int read_enrolment(struct services *s, struct error *err)
{
    s->enrolment.endpoints = s->config->endpoints.items;
    s->enrolment.endpoint_count = s->config->endpoints.count;
    return s->config->root_key
               ? public_key_file_read(s->config->root_key, s->enrolment.root_public, err)
               : 0;
}

static int make_rooms(struct services *s, struct error *err)
{
    struct intake_settings intake = {.kafka = &s->config->kafka};

    if (fetch_key_make(s->fetch_key, err) < 0 || read_enrolment(s, err) < 0 ||
        !(s->secret_key = secret_key_load(s->config->secret_key, err)) ||
        !(s->engine = db_pool_create(&s->config->engine, ENGINE_CONNECTIONS, err)) ||
        !(s->api_pool = db_pool_create(&s->config->api, (size_t)s->config->api_workers + 1, err)) ||
        !(s->intake = intake_create(&intake, s->engine, err)) ||
        !(s->webhook = webhook_create(s->engine, err)) || make_dispatch(s, err) < 0)
        return -1;
    return start_api(s, err);
}

/* Numbers that rooms keep themselves. */
static void collect(void *context)
{
    struct services *s = context;
    struct intake_status intake;
    struct webhook_counts webhook;
    struct dispatch_counts dispatch;

    intake_read_status(s->intake, &intake);
    webhook_read_counts(s->webhook, &webhook);
    metric_set(METRIC_ALERTS, intake.alerts + webhook.alerts);
    metric_set(METRIC_ALERT_TASKS, intake.tasks + webhook.tasks);
    metric_set(METRIC_ALERTS_REFUSED, intake.refused + webhook.refused);
    metric_set(METRIC_BATCHES, intake.batches + webhook.batches);
    metric_set(METRIC_BATCH_RETRIES, intake.batch_retries + webhook.retries);
    metric_set(METRIC_PARTITIONS, intake.partitions);
    metric_set(METRIC_PARTITIONS_HALTED, intake.partitions_halted);
    dispatch_counts(s->dispatch, &dispatch);
    metric_set(METRIC_SESSIONS, dispatch.sessions);
    metric_set(METRIC_HANDSHAKES_REFUSED, dispatch.handshakes_refused);
    metric_set(METRIC_RECORDS, dispatch.records);
    metric_set(METRIC_RECORDS_DROPPED, dispatch.records_dropped);
    metric_set(METRIC_ORDERS_SENT, dispatch.orders_sent);
    metric_set(METRIC_ORDERS_REFUSED, dispatch.orders_refused);
}

struct services *services_start(const struct controller_config *config, struct error *err)
{
    struct services *s = calloc(1, sizeof(*s));

    if (!s) {
        error_set(err, "out of memory");
        return NULL;
    }
    s->config = config;
    s->controller = uuid_make();
    if (make_rooms(s, err) < 0) {
        services_stop(s);
        return NULL;
    }
    metrics_collector(collect, s);
    return s;
}

/* A new one is put in place while we run; one that cannot be used is told and changes nothing. */
static void follow_manifest(struct services *s, struct db *db)
{
    struct error err = {0};

    if (published_manifest_follow(db, s->config->manifest, &s->manifest, &err) == 0)
        s->manifest_missing = false;
    else if (!s->manifest_missing) {
        s->manifest_missing = true;
        log_error("main", "the key manifest's file cannot be used; the one before stays",
                  "reason=%s", log_quote(error_text(&err)));
    }
}

/* 0: PostgreSQL answers with this program's schema and holds our manifest. 1: not yet. */
static int ask_database(struct services *s, struct error *err)
{
    struct db *db = db_pool_take(s->api_pool, 1000, err);
    int rc = db ? migrate_check(db, err) : -1;

    if (rc == 0 && !s->started)
        rc = published_manifest_follow(db, s->config->manifest, &s->manifest, err);
    else if (rc == 0)
        follow_manifest(s, db);
    db_pool_give(s->api_pool, db);
    readiness_set(READY_DATABASE, rc < 0 ? error_text(err) : NULL);
    if (rc < 0)
        return db && err->code != ERROR_UNAVAILABLE && err->code != ERROR_TIMEOUT ? -1 : 1;
    return 0;
}

static void tell_readiness(struct services *s)
{
    struct intake_status intake;
    struct error err = {0};

    intake_read_status(s->intake, &intake);
    readiness_set(READY_INTAKE, intake.ready           ? NULL
                                : intake.waiting_on[0] ? intake.waiting_on
                                                       : "the consumer to start");
    readiness_set(READY_DISPATCH,
                  dispatch_healthy(s->dispatch, &err) < 0 ? error_text(&err) : NULL);
}

int services_turn(struct services *s, struct error *err)
{
    int rc = ask_database(s, err);

    if (rc < 0)
        return -1;
    if (rc == 0 && !s->started) {
        if (dispatch_start(s->dispatch, err) < 0 || intake_start(s->intake, err) < 0 ||
            !(s->timers = timers_start(&s->controller, s->engine, &s->config->maintenance, err)))
            return -1;
        s->started = true;
    }
    if (s->started)
        tell_readiness(s);
    return 0;
}

void services_stop(struct services *s)
{
    if (!s)
        return;
    metrics_collector(NULL, NULL);
    if (s->started)
        intake_stop(s->intake);
    timers_stop(s->timers);
    if (s->started)
        dispatch_stop(s->dispatch);
    if (s->api)
        api_server_stop(s->api, API_DRAIN_MS);
    api_server_destroy(s->api);
    dispatch_destroy(s->dispatch);
    intake_destroy(s->intake);
    webhook_destroy(s->webhook);
    db_pool_destroy(s->api_pool);
    db_pool_destroy(s->engine);
    secret_key_destroy(s->secret_key);
    OPENSSL_cleanse(s->fetch_key, sizeof(s->fetch_key));
    free(s);
}
