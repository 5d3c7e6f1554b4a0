/* services.c - see services.h. Invariant: every room outlives those that borrow it. */
#include "agent/services.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/boot/boot_offers.h"
#include "agent/boot/boot_plane.h"
#include "agent/config/agent_config.h"
#include "agent/images/image_cache.h"
#include "agent/journal/journal_write.h"
#include "agent/link/controller_link.h"
#include "agent/power/power_worker.h"
#include "agent/privileges/privileges.h"
#include "agent/report/phone_home.h"
#include "agent/run/task_runner.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/handover.h"
#include "common/log.h"
#include "common/text.h"
#include "proto/key_files.h"

/* Batches under way: one for each thing a machine says (its connections are bounded by the HTTP
 * server), a few a run, one an order (the link holds 256). The runner may not meet a full queue
 * while it waits for the journal itself. */
#define BATCHES_MAX 16384
#define ORDERS_MAX 256
/* Sightings beyond are dropped by the boot plane, which never waits. */
#define SIGHTINGS_MAX 1024
#define REQUESTS_MAX 1024
#define POWER_MAX 1024
#define ARRIVALS_MAX 1024
#define MIB ((uint64_t)1024 * 1024)

struct services {
    const struct agent_config *config; /* borrowed */
    struct agent_keys keys;
    struct sign_key *sign_key;
    struct handover *journalled, *powered, *orders, *sightings, *requests, *arrivals;
    struct task_journal *journal;
    struct boot_offers *offers;
    struct boot_plane *plane;
    struct image_cache *cache;
    struct power_worker *power;
    struct controller_link *link;
    struct task_runner *runner;
};

static void drop_batch(void *item)
{
    journal_batch_destroy(item);
}

static void drop_job(void *item)
{
    power_job_destroy(item);
}

static void drop_order(void *item)
{
    link_order_free(item);
}

static void drop_request(void *item)
{
    phone_home_answer(item, 503,
                      "{\"error\":\"unavailable\",\"detail\":\"the agent is stopping\"}");
}

static void drop_arrival(void *item)
{
    image_arrival_free(item);
}

static int make_queues(struct services *s, struct error *err)
{
    return (s->journalled = handover_create(BATCHES_MAX, drop_batch, err)) &&
                   (s->powered = handover_create(POWER_MAX, drop_job, err)) &&
                   (s->orders = handover_create(ORDERS_MAX, drop_order, err)) &&
                   (s->sightings = handover_create(SIGHTINGS_MAX, free, err)) &&
                   (s->requests = handover_create(REQUESTS_MAX, drop_request, err)) &&
                   (s->arrivals = handover_create(ARRIVALS_MAX, drop_arrival, err))
               ? 0
               : -1;
}

/* Keys that `user` owns are for its eyes: they are read once we are it. 1: that is so; 0: they are
 * read. */
static int load_keys(struct services *s, struct error *err)
{
    if (agent_keys_load(s->config->keys, &s->keys, err) == 0)
        return 0;
    return err->code == ERROR_FORBIDDEN && s->config->user && geteuid() == 0 ? 1 : -1;
}

/* What needs root, if we are it: ports, and keys that only root may read. */
static int start_as_root(struct services *s, struct error *err)
{
    const struct agent_config *config = s->config;
    struct boot_plane_settings plane = {
        .interface = config->interface,
        .address = config->address,
        .loader_folder = config->loaders,
        .dhcp_port = (uint16_t)config->dhcp_port,
        .pxe_port = (uint16_t)config->pxe_port,
        .tftp_port = (uint16_t)config->tftp_port,
        .http_port = (uint16_t)config->http_port,
        .chainload_always = config->chainload_always,
    };

    int later = load_keys(s, err);

    if (later < 0 || !(s->offers = boot_offers_create(err)) ||
        !(s->plane = boot_plane_bind(&plane, s->offers, s->sightings, s->requests, err)) ||
        privileges_give_folder(config->state, config->user, err) < 0)
        return -1;
    if (privileges_drop(config->user, err) < 0 ||
        (later && agent_keys_load(config->keys, &s->keys, err) < 0))
        return -1;
    return (s->sign_key = sign_key_create(s->keys.sign_secret, err)) ? 0 : -1;
}

static int open_journal(struct services *s, uint64_t crash_after, struct error *err)
{
    struct text path = {0};

    text_format(&path, "%s/journal", s->config->state);
    s->journal = text_ok(&path) ? task_journal_open(text_string(&path), err) : NULL;
    text_clear(&path);
    if (!s->journal)
        return -1;
    task_journal_set_bulk_budget(s->journal, (uint64_t)s->config->bulk_mib * MIB);
#ifdef MUSTER_FAULTS
    if (crash_after)
        task_journal_crash_after(s->journal, crash_after);
#else
    (void)crash_after;
#endif
    return 0;
}

static int open_cache(struct services *s, struct error *err)
{
    struct image_cache_settings settings = {
        .ca_file = s->config->ca_file,
        .budget_bytes = (uint64_t)s->config->cache_mib * MIB,
    };
    struct text folder = {0};

    text_format(&folder, "%s/images", s->config->state);
    settings.folder = text_string(&folder);
    s->cache = text_ok(&folder) ? image_cache_create(&settings, s->arrivals, err) : NULL;
    text_clear(&folder);
    return s->cache ? 0 : -1;
}

static int make_link(struct services *s, struct error *err)
{
    const struct agent_config *config = s->config;
    const char **endpoints = calloc(config->endpoints.count + 1, sizeof(*endpoints));
    struct controller_link_settings settings = {
        .endpoints = endpoints, .agent_id = config->agent, .site_id = config->site};

    if (!endpoints)
        return error_no_memory(err);
    for (size_t i = 0; i < config->endpoints.count; i++)
        endpoints[i] = config->endpoints.items[i];
    settings.server_curve_publics = (const uint8_t(*)[32])config->curve_publics;
    memcpy(settings.root_public, config->root_public, 32);
    memcpy(settings.curve_secret, s->keys.curve_secret, 32);
    memcpy(settings.curve_public, s->keys.public.curve, 32);
    s->link = controller_link_create(&settings, s->journal, s->orders, err);
    OPENSSL_cleanse(&settings, sizeof(settings));
    free(endpoints);
    return s->link ? 0 : -1;
}

static void link_state(void *link, struct link_state *ret_state)
{
    controller_link_state(link, ret_state);
}

static int want(void *cache, const struct uuid *task, const uint8_t sha256[32], uint64_t size,
                const char *url_base, const char *token, struct error *err)
{
    return image_cache_want(cache, task, sha256, size, url_base, token, err);
}

static void release(void *cache, const struct uuid *task)
{
    image_cache_release(cache, task);
}

static int make_runner(struct services *s, struct error *err)
{
    struct runner_settings settings = {
        .site_id = s->config->site,
        .agent_id = s->config->agent,
        .sign_key = s->sign_key,
        .agent_url = boot_plane_url(s->plane),
        .boot_wait_ms = s->config->boot_wait_ms,
        .first_sight_ms = s->config->first_sight_ms,
        .attempts_max = (unsigned)s->config->boot_attempts,
        .silence_ms = s->config->silence_ms,
        .bmc_timeout_ms = (int)s->config->bmc_timeout_ms,
    };
    struct runner_rooms rooms = {
        .journal = s->journal,
        .offers = s->offers,
        .power = s->power,
        .journalled = s->journalled,
        .powered = s->powered,
        .orders = s->orders,
        .sightings = s->sightings,
        .requests = s->requests,
        .arrivals = s->arrivals,
        .link = s->link,
        .link_state = link_state,
        .cache = s->cache,
        .want = want,
        .release = release,
        .answer = phone_home_answer,
        .find_driver = power_driver_find,
        .now_ms = clock_boottime_ms,
    };

    memcpy(settings.phone_home_key, s->keys.phone_home, 32);
    s->runner = task_runner_create(&settings, &rooms, err);
    OPENSSL_cleanse(&settings, sizeof(settings));
    return s->runner ? 0 : -1;
}

static int start_rooms(struct services *s, uint64_t crash_after, struct error *err)
{
    if (make_queues(s, err) < 0 || start_as_root(s, err) < 0 ||
        open_journal(s, crash_after, err) < 0 || open_cache(s, err) < 0 || make_link(s, err) < 0)
        return -1;
    s->power =
        power_worker_create((unsigned)s->config->bmc_workers, s->keys.seal_secret, s->powered, err);
    if (s->power)
        power_worker_set_spacing(s->power, (int)s->config->bmc_spacing_ms);
    if (!s->power || make_runner(s, err) < 0 || task_runner_start(s->runner, err) < 0 ||
        boot_plane_start(s->plane, err) < 0)
        return -1;
    return controller_link_start(s->link, err);
}

struct services *services_start(const struct agent_config *config, uint64_t crash_after,
                                struct error *err)
{
    struct services *services = calloc(1, sizeof(*services));

    if (!services) {
        error_no_memory(err);
        return NULL;
    }
    services->config = config;
    if (start_rooms(services, crash_after, err) < 0) {
        services_stop(services);
        return NULL;
    }
    return services;
}

void services_stop(struct services *s)
{
    if (!s)
        return;
    if (s->link)
        controller_link_stop(s->link);
    if (s->plane)
        boot_plane_stop(s->plane); /* while the runner still answers what waits */
    task_runner_stop(s->runner);
    power_worker_destroy(s->power); /* a command under way ends by its own time limit */
    image_cache_destroy(s->cache);
    if (s->journal)
        log_info("journal", "closing", "commits=%llu",
                 (unsigned long long)task_journal_commits(s->journal));
    controller_link_destroy(s->link);
    task_journal_close(s->journal);
    task_runner_destroy(s->runner);
    handover_destroy(s->requests);
    boot_plane_destroy(s->plane);
    boot_offers_destroy(s->offers);
    handover_destroy(s->journalled);
    handover_destroy(s->powered);
    handover_destroy(s->orders);
    handover_destroy(s->sightings);
    handover_destroy(s->arrivals);
    sign_key_destroy(s->sign_key);
    OPENSSL_cleanse(&s->keys, sizeof(s->keys));
    free(s);
}
