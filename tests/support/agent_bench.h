/* agent_bench.h - a runner on a bench: a real journal and real workers around it, a scripted BMC,
 * image cache, link and machine, and a clock that only moves when nothing else can happen. One
 * bench a test program.
 */
#pragma once

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/boot/boot_offers.h"
#include "agent/images/image_cache.h"
#include "agent/report/phone_home.h"
#include "agent/report/phone_home_token.h"
#include "agent/run/boot_run.h"
#include "common/handover.h"
#include "common/log.h"
#include "common/text.h"
#include "tests/support/agent_orders.h"

/* ---- the scripted BMC: faults are set by the test, calls are counted ---- */

static struct {
    pthread_mutex_t lock;
    enum power_state power;
    enum boot_device device;
    bool dead;                                    /* every command fails */
    bool ignores_on, ignores_off, ignores_device; /* says OK, does nothing */
    bool reset_cures;                             /* of ignoring on */
    unsigned fail_sets;                           /* this many set commands fail, without effect */
    unsigned off_takes, off_left; /* calls until an `off` has its effect; of one under way */
    unsigned ons, offs, devices, resets;
    char calls[4096];
} bmc = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline int bmc_call(const char *name, const char *value, bool is_set, struct error *err)
{
    char line[64];
    int rc = 0;

    snprintf(line, sizeof(line), "%s%s%s ", name, value ? ":" : "", value ? value : "");
    if (is_set && strlen(bmc.calls) + strlen(line) < sizeof(bmc.calls))
        strcat(bmc.calls, line);
    if (bmc.off_left > 0 && --bmc.off_left == 0)
        bmc.power = POWER_OFF;
    if (bmc.dead)
        rc = error_set_code(err, ERROR_TIMEOUT, "the scripted BMC is dead");
    else if (is_set && bmc.fail_sets > 0) {
        bmc.fail_sets--;
        rc = error_set(err, "the scripted BMC refuses");
    }
    return rc;
}

static inline int bmc_get_power(const struct bmc_access *access, enum power_state *ret,
                                struct error *err)
{
    int rc;

    (void)access;
    pthread_mutex_lock(&bmc.lock);
    rc = bmc_call("get_power", NULL, false, err);
    *ret = bmc.power;
    pthread_mutex_unlock(&bmc.lock);
    return rc;
}

static inline int bmc_set_power(const struct bmc_access *access, enum power_state state,
                                struct error *err)
{
    int rc;

    ck_assert_str_eq(access->password, "s3cret");
    pthread_mutex_lock(&bmc.lock);
    if (state == POWER_ON)
        bmc.ons++;
    else
        bmc.offs++;
    rc = bmc_call("power", power_state_name(state), true, err);
    if (rc == 0 && state == POWER_OFF && bmc.off_takes > 0 && bmc.power == POWER_ON)
        bmc.off_left = bmc.off_left > 0 ? bmc.off_left : bmc.off_takes;
    else if (rc == 0 && !(state == POWER_ON ? bmc.ignores_on : bmc.ignores_off))
        bmc.power = state;
    pthread_mutex_unlock(&bmc.lock);
    return rc;
}

static inline int bmc_get_device(const struct bmc_access *access, enum boot_device *ret,
                                 struct error *err)
{
    int rc;

    (void)access;
    pthread_mutex_lock(&bmc.lock);
    rc = bmc_call("get_device", NULL, false, err);
    *ret = bmc.device;
    pthread_mutex_unlock(&bmc.lock);
    return rc;
}

static inline int bmc_set_device(const struct bmc_access *access, enum boot_device device,
                                 bool uefi, struct error *err)
{
    int rc;

    (void)access;
    (void)uefi;
    pthread_mutex_lock(&bmc.lock);
    bmc.devices++;
    rc = bmc_call("device", boot_device_name(device), true, err);
    if (rc == 0 && !bmc.ignores_device)
        bmc.device = device;
    pthread_mutex_unlock(&bmc.lock);
    return rc;
}

static inline int bmc_reset(const struct bmc_access *access, struct error *err)
{
    int rc;

    (void)access;
    pthread_mutex_lock(&bmc.lock);
    bmc.resets++;
    rc = bmc_call("reset", NULL, true, err);
    if (rc == 0 && bmc.reset_cures)
        bmc.ignores_on = false;
    pthread_mutex_unlock(&bmc.lock);
    return rc;
}

/* remembers_only is the test's to set. */
static struct power_driver bmc_driver = {.name = "scripted",
                                         .get_power = bmc_get_power,
                                         .set_power = bmc_set_power,
                                         .get_boot_device = bmc_get_device,
                                         .set_boot_device = bmc_set_device,
                                         .reset_bmc = bmc_reset};

static inline const struct power_driver *bench_driver(const char *name)
{
    return strcmp(name, "scripted") == 0 ? &bmc_driver : NULL;
}

static inline void bmc_set(enum power_state power, enum boot_device device)
{
    pthread_mutex_lock(&bmc.lock);
    bmc.power = power;
    bmc.device = device;
    pthread_mutex_unlock(&bmc.lock);
}

/* ---- the bench ---- */

static struct {
    char folder[32], path[64];
    struct orders orders;
    struct runner_settings settings;
    struct runner_rooms rooms;
    struct task_runner *runner;
    _Atomic int64_t now_ms; /* the BMC workers read it, too */
    bool connected;
    int64_t behind_us;             /* the host's own clock, until a controller is heard */
    enum error_code files;         /* how wanting a file ends; ERROR_NONE: it is there */
    struct image_arrival *held[4]; /* arrivals that the test lets come later */
    unsigned held_count;
    bool holds_files;
    unsigned token_attempt, session_attempt; /* that the machine's secrets are of */
    unsigned answered, status;               /* of the last answer */
    char *answer;
} bench;

static inline int64_t bench_now(void)
{
    return bench.now_ms;
}

static inline void bench_link_state(void *link, struct link_state *ret)
{
    (void)link;
    memset(ret, 0, sizeof(*ret));
    ret->connected = bench.connected;
    strcpy(ret->fetch_url, "https://bench/");
    memcpy(ret->nonce, bench.orders.nonce, 32);
    ret->controller_time_us =
        ORDERS_NOW_US + bench.now_ms * 1000 - (bench.connected ? 0 : bench.behind_us);
    ret->manifest = key_manifest_reference(bench.orders.manifest);
}

static inline int bench_want(void *cache, const struct uuid *task, const uint8_t sha256[32],
                             uint64_t size, const char *url, const char *token, struct error *err)
{
    struct image_arrival *arrival = calloc(1, sizeof(*arrival));

    (void)cache;
    (void)size;
    (void)url;
    (void)token;
    (void)err;
    arrival->task = *task;
    memcpy(arrival->sha256, sha256, 32);
    if (bench.files == ERROR_NONE)
        arrival->path = strdup("/var/cache/a-file");
    else
        error_set_code(&arrival->error, bench.files, "the scripted cache has it not");
    if (bench.holds_files) {
        ck_assert_uint_lt(bench.held_count, sizeof(bench.held) / sizeof(bench.held[0]));
        bench.held[bench.held_count++] = arrival;
        return 0;
    }
    ck_assert_int_eq(handover_try_send(bench.rooms.arrivals, arrival), 0);
    return 0;
}

static inline void bench_release(void *cache, const struct uuid *task)
{
    (void)cache;
    (void)task;
}

static inline void bench_answer(struct phone_home_request *request, unsigned status,
                                const char *json)
{
    bench.answered++;
    bench.status = status;
    free(bench.answer);
    bench.answer = strdup(json);
    free(request->body);
    free(request);
}

static inline void bench_start(void)
{
    struct error err = {0};
    struct runner_rooms *rooms = &bench.rooms;

    rooms->journal = task_journal_open(bench.path, &err);
    ck_assert_msg(rooms->journal != NULL, "%s", error_text(&err));
    rooms->offers = boot_offers_create(NULL);
    rooms->journalled = handover_create(4096, NULL, NULL);
    rooms->powered = handover_create(64, NULL, NULL);
    rooms->orders = handover_create(64, NULL, NULL);
    rooms->sightings = handover_create(64, free, NULL);
    rooms->requests = handover_create(64, NULL, NULL);
    rooms->arrivals = handover_create(64, NULL, NULL);
    rooms->power = power_worker_create(2, bench.orders.seal_secret, rooms->powered, NULL);
    power_worker_set_unbounded(rooms->power, bench_now);
    rooms->link_state = bench_link_state;
    rooms->want = bench_want;
    rooms->release = bench_release;
    rooms->answer = bench_answer;
    rooms->find_driver = bench_driver;
    rooms->now_ms = bench_now;
    bench.runner = task_runner_create(&bench.settings, rooms, &err);
    ck_assert_msg(bench.runner != NULL, "%s", error_text(&err));
}

/* As a crash leaves it: nothing is told, nothing is finished. */
static inline void bench_stop(void)
{
    struct runner_rooms *rooms = &bench.rooms;
    struct power_job *job;
    struct image_arrival *arrival;

    power_worker_destroy(rooms->power);
    task_journal_close(rooms->journal);
    while ((job = handover_try_receive(rooms->powered)))
        power_job_destroy(job);
    while ((arrival = handover_try_receive(rooms->arrivals)))
        image_arrival_free(arrival);
    task_runner_destroy(bench.runner);
    boot_offers_destroy(rooms->offers);
    handover_destroy(rooms->journalled);
    handover_destroy(rooms->powered);
    handover_destroy(rooms->orders);
    handover_destroy(rooms->sightings);
    handover_destroy(rooms->requests);
    handover_destroy(rooms->arrivals);
    memset(rooms, 0, sizeof(*rooms));
    bench.runner = NULL;
}

static inline void bench_begin(void)
{
    memset(&bench, 0, sizeof(bench));
    strcpy(bench.folder, "/tmp/muster-bench-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(bench.folder));
    snprintf(bench.path, sizeof(bench.path), "%s/journal", bench.folder);
    orders_begin(&bench.orders);
    bmc.power = POWER_OFF;
    bmc.device = BOOT_DEVICE_NONE;
    bmc.dead = bmc.ignores_on = bmc.ignores_off = bmc.ignores_device = false;
    bmc.reset_cures = bmc_driver.remembers_only = false;
    bmc.off_takes = bmc.off_left = 0;
    bmc.fail_sets = bmc.ons = bmc.offs = bmc.devices = bmc.resets = 0;
    bmc.calls[0] = '\0';
    log_set_level(LOG_ERROR);
    bench.now_ms = 1000;
    bench.connected = true;
    bench.token_attempt = bench.session_attempt = 1;
    bench.settings.site_id = bench.orders.site;
    bench.settings.agent_id = bench.orders.agent_id;
    bench.settings.sign_key = bench.orders.agent;
    bench.settings.agent_url = "http://10.77.0.2:8480";
    memset(bench.settings.phone_home_key, 7, 32);
    bench_start();
}

static inline void bench_end(void)
{
    static const char *const names[] = {"", "-wal", "-shm", ".lock", ".ballast"};
    char name[80];

    bench_stop();
    orders_end(&bench.orders);
    free(bench.answer);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", bench.path, names[i]);
        unlink(name);
    }
    rmdir(bench.folder);
}

/* The BMC is busy with somebody else's question until it is let go. */
static inline void occupy_bmc(void)
{
    struct power_target target = {.driver = &bmc_driver,
                                  .address = bench.orders.bmc.address,
                                  .username = (char *)"",
                                  .port = (uint16_t)bench.orders.bmc.port};

    pthread_mutex_lock(&bmc.lock);
    power_worker_give(bench.rooms.power, power_job_create(POWER_GET, &target));
}

static inline void let_bmc_go(void)
{
    pthread_mutex_unlock(&bmc.lock);
}

/* ---- what was journalled, as one line of words ---- */

static inline void bench_word(struct text *line, const Muster__Record *record)
{
    switch (record->kind_case) {
    case MUSTER__RECORD__KIND_ACCEPTED:
        text_format(line, "accepted@%d ", (int)record->epoch);
        break;
    case MUSTER__RECORD__KIND_DECLINED:
        text_format(line, "declined:%s ", record->declined->code);
        break;
    case MUSTER__RECORD__KIND_RELEASED:
        text_format(line, "released ");
        break;
    case MUSTER__RECORD__KIND_STARTED:
        text_format(line, "started ");
        break;
    case MUSTER__RECORD__KIND_STEP:
        text_format(line, "%s:%s ", record->step->name, record->step->state);
        break;
    case MUSTER__RECORD__KIND_UNCERTAIN:
        text_format(line, "uncertain:%s ", record->uncertain->step);
        break;
    case MUSTER__RECORD__KIND_RESULT:
        text_format(line, "result ");
        break;
    case MUSTER__RECORD__KIND_REFUSED:
        text_format(line, "refused:%s ", record->refused->code);
        break;
    case MUSTER__RECORD__KIND_CANCEL_ANSWER:
        text_format(line, "cancel:%s ", record->cancel_answer->answer);
        break;
    case MUSTER__RECORD__KIND_NOT_HELD:
        text_format(line, "not_held ");
        break;
    case MUSTER__RECORD__KIND_TAKEN:
        text_format(line, "taken ");
        break;
    default:
        text_format(line, "?%d ", (int)record->kind_case);
    }
}

/* The caller frees. */
static inline char *bench_facts(void)
{
    struct journal_records records;
    struct text line = {0};

    ck_assert_int_eq(
        task_journal_read(bench.rooms.journal, JOURNAL_FACTS, 1, 10000, 1 << 24, &records, NULL),
        0);
    text_format(&line, " ");
    for (size_t i = 0; i < records.count; i++) {
        Muster__Record *record = message_unpack(&muster__record__descriptor, records.items[i].bytes,
                                                records.items[i].length, NULL);

        ck_assert_ptr_nonnull(record);
        bench_word(&line, record);
        message_free(record);
    }
    journal_records_free(&records);
    return text_take(&line);
}

static inline bool bench_has(const char *word)
{
    char *facts = bench_facts(), padded[100];
    bool has;

    snprintf(padded, sizeof(padded), " %s ", word);
    has = strstr(facts, padded) != NULL;
    free(facts);
    return has;
}

/* These words in this order, others may stand between. */
static inline void bench_expect_order(const char *words)
{
    char *facts = bench_facts(), *copy = strdup(words), *save = NULL, padded[100];
    const char *at = facts;

    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        snprintf(padded, sizeof(padded), " %s ", word);
        at = strstr(at, padded);
        ck_assert_msg(at != NULL, "'%s' is not (in its place) in:%s", word, facts);
        at++;
    }
    free(copy);
    free(facts);
}

static inline unsigned bench_count(const char *word)
{
    char *facts = bench_facts(), padded[100];
    unsigned count = 0;

    snprintf(padded, sizeof(padded), " %s ", word);
    for (const char *at = facts; (at = strstr(at, padded)); at++)
        count++;
    free(facts);
    return count;
}

/* ---- time ---- */

static inline bool bench_busy(void)
{
    for (const struct boot_run *run = bench.runner->runs; run; run = run->next)
        if (run->pending > 0 || run->bmc.at == BMC_COMMAND || run->bmc.at == BMC_READING)
            return true;
    return false;
}

/* Until this word is journalled so often; time moves to the next timer whenever nothing is under
 * way. */
static inline void bench_until_count(const char *word, unsigned count)
{
    for (int turns = 0;; turns++) {
        int64_t next = task_runner_turn(bench.runner);
        char *facts;

        if (bench_count(word) >= count)
            return;
        facts = bench_facts();
        ck_assert_msg(turns < 20000, "'%s' never came:%s", word, facts);
        if (bench_busy()) {
            task_runner_wait(bench.runner, 1000);
        } else {
            ck_assert_msg(next >= 0 || turns < 1000, "nothing more happens before '%s':%s", word,
                          facts);
            bench.now_ms += next > 0 ? next : 0;
            if (next < 0)
                task_runner_wait(bench.runner, 1);
        }
        free(facts);
    }
}

static inline void bench_until(const char *word)
{
    bench_until_count(word, 1);
}

/* Until nothing is under way and no run is left. */
static inline void bench_until_ended(void)
{
    for (int turns = 0; task_runner_count(bench.runner) > 0; turns++) {
        int64_t next = task_runner_turn(bench.runner);

        ck_assert_int_lt(turns, 20000);
        if (bench_busy())
            task_runner_wait(bench.runner, 1000);
        else
            bench.now_ms += next > 0 ? next : 0;
    }
}

/* Until the runs stand still, without moving time. */
static inline void bench_settle(void)
{
    task_runner_turn(bench.runner);
    while (bench_busy()) {
        task_runner_wait(bench.runner, 1000);
        task_runner_turn(bench.runner);
    }
}

/* Second by second, whatever happens. */
static inline void bench_pass_ms(int64_t ms)
{
    for (int64_t until_ms = bench.now_ms + ms; bench.now_ms < until_ms;) {
        bench_settle();
        bench.now_ms += 1000;
    }
    bench_settle();
}

/* ---- what others say ---- */

static inline void bench_send(const struct sign_key *key, enum envelope_domain domain,
                              const ProtobufCMessage *message)
{
    struct link_order *order = calloc(1, sizeof(*order));

    order->length = orders_seal(key, domain, message, &order->envelope);
    ck_assert_int_eq(handover_try_send(bench.rooms.orders, order), 0);
}

/* A fresh task for the machine, as changed since by the test. */
static inline void bench_order(void)
{
    bench.orders.bmc.driver = (char *)"scripted";
    bench_send(bench.orders.controller, DOMAIN_TASK, &bench.orders.boot.base);
}

/* To this agent, in this session, for good: of any order but a boot. */
#define BENCH_ADDRESS(order)                                                                       \
    do {                                                                                           \
        (order).site_id = message_from_uuid(&bench.orders.site);                                   \
        (order).agent_id = message_from_uuid(&bench.orders.agent_id);                              \
        (order).session_nonce = (ProtobufCBinaryData){32, bench.orders.nonce};                     \
        (order).expires_at_us = INT64_MAX;                                                         \
    } while (0)

static inline void bench_cancel(void)
{
    Muster__CancelTask cancel = MUSTER__CANCEL_TASK__INIT;

    cancel.task_id = message_from_uuid(&bench.orders.task);
    BENCH_ADDRESS(cancel);
    cancel.epoch = bench.orders.boot.epoch;
    cancel.reason = (char *)"changed my mind";
    bench_send(bench.orders.controller, DOMAIN_CANCEL, &cancel.base);
}

/* A person's words: the task failed; the machine is put back by hand. */
static inline void bench_say_settled(void)
{
    Muster__SettleTask settle = MUSTER__SETTLE_TASK__INIT;

    settle.task_id = message_from_uuid(&bench.orders.task);
    BENCH_ADDRESS(settle);
    settle.epoch = bench.orders.boot.epoch;
    settle.outcome = (char *)"failed";
    settle.reason = (char *)"seen on its console";
    bench_send(bench.orders.controller, DOMAIN_SETTLE, &settle.base);
}

static inline void bench_say_released(uint64_t epoch)
{
    Muster__ReleaseMachine release = MUSTER__RELEASE_MACHINE__INIT;

    release.machine_id = message_from_uuid(&bench.orders.machine);
    BENCH_ADDRESS(release);
    release.epoch = epoch;
    release.reason = (char *)"put back by hand";
    bench_send(bench.orders.controller, DOMAIN_RELEASE, &release.base);
}

static inline void bench_sight(enum boot_sighting_kind kind)
{
    struct boot_sighting *sighting = calloc(1, sizeof(*sighting));

    sighting->kind = kind;
    sighting->task_id = bench.orders.task;
    sighting->attempt = 1;
    sighting->mac = bench.orders.mac;
    ck_assert_int_eq(handover_try_send(bench.rooms.sightings, sighting), 0);
    bench_settle();
}

/* Sends, and waits for the answer. */
static inline unsigned bench_request(struct phone_home_request *request)
{
    unsigned before = bench.answered;

    ck_assert_int_eq(handover_try_send(bench.rooms.requests, request), 0);
    for (int turns = 0; bench.answered == before; turns++) {
        task_runner_turn(bench.runner);
        ck_assert_int_lt(turns, 1000);
        if (bench.answered == before)
            task_runner_wait(bench.runner, 1000);
    }
    return bench.status;
}

static inline unsigned bench_hello(uint8_t nonce)
{
    struct phone_home_request *request = calloc(1, sizeof(*request));

    request->kind = PHONE_HOME_HELLO;
    request->task_id = bench.orders.task;
    memset(request->nonce, nonce, 32);
    request->machine_uuid = bench.orders.machine_uuid;
    request->mac = bench.orders.mac;
    strcpy(request->kernel, "6.1.0");
    strcpy(request->firmware, "bios");
    ck_assert_int_eq(phone_home_token(bench.settings.phone_home_key, &bench.orders.task,
                                      bench.token_attempt, request->secret, NULL),
                     0);
    return bench_request(request);
}

/* kind: log (offset), progress (check and state), report. */
static inline struct phone_home_request *bench_say(enum phone_home_kind kind, uint8_t nonce,
                                                   const char *body)
{
    struct phone_home_request *request = calloc(1, sizeof(*request));

    request->kind = kind;
    request->body = strdup(body);
    request->body_length = strlen(body);
    ck_assert_int_eq(
        phone_home_session(bench.settings.phone_home_key, &bench.orders.task, bench.session_attempt,
                           (uint8_t[32]){nonce, nonce, nonce, nonce, nonce, nonce, nonce, nonce,
                                         nonce, nonce, nonce, nonce, nonce, nonce, nonce, nonce,
                                         nonce, nonce, nonce, nonce, nonce, nonce, nonce, nonce,
                                         nonce, nonce, nonce, nonce, nonce, nonce, nonce, nonce},
                           request->secret, NULL),
        0);
    return request;
}

static inline unsigned bench_report(uint8_t nonce, const char *verdict)
{
    char body[100];

    snprintf(body, sizeof(body), "{\"verdict\":\"%s\"}", verdict);
    return bench_request(bench_say(PHONE_HOME_REPORT, nonce, body));
}

/* The RESULT that is journalled last, its signature checked; the caller frees with message_free().
 */
static inline Muster__Result *bench_result(void)
{
    struct journal_records records;
    Muster__Result *result = NULL;

    ck_assert_int_eq(
        task_journal_read(bench.rooms.journal, JOURNAL_FACTS, 1, 10000, 1 << 24, &records, NULL),
        0);
    for (size_t i = records.count; i-- > 0 && !result;) {
        Muster__Record *record = message_unpack(&muster__record__descriptor, records.items[i].bytes,
                                                records.items[i].length, NULL);
        struct envelope_view view;

        if (record->kind_case == MUSTER__RECORD__KIND_RESULT) {
            ck_assert_int_eq(envelope_verify(record->result->envelope.data,
                                             record->result->envelope.len, DOMAIN_RESULT,
                                             sign_key_public(bench.orders.agent), &view, NULL,
                                             NULL),
                             0);
            result = message_unpack(&muster__result__descriptor, view.payload, view.payload_length,
                                    NULL);
        }
        message_free(record);
    }
    journal_records_free(&records);
    ck_assert_ptr_nonnull(result);
    return result;
}

static inline void bench_expect_result(const char *outcome, const char *verdict,
                                       const char *restore, const char *stopped_at,
                                       const char *cause)
{
    Muster__Result *result = bench_result();

    ck_assert_str_eq(result->outcome, outcome);
    ck_assert_str_eq(result->verdict, verdict);
    ck_assert_str_eq(result->restore, restore);
    ck_assert_str_eq(result->stopped_at, stopped_at);
    ck_assert_msg(strstr(result->cause, cause) != NULL, "cause: %s", result->cause);
    message_free(result);
}
