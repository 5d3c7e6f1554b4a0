/* wire_stand.h - the whole of dispatch with a real PostgreSQL on one side and the agent's link and
 * journal on the other, for C programs that play the runner (they accept, start and end what they
 * are ordered) and the operator. Include it after the standard headers; make() and unmake() run
 * around each test.
 */
#pragma once

#include <inttypes.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/journal/journal_write.h"
#include "agent/link/controller_link.h"
#include "agent/run/task_verify.h"
#include "common/clock.h"
#include "common/handover.h"
#include "common/text.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/db/migrate.h"
#include "controller/dispatch/dispatch.h"
#include "controller/tasks/task.h"
#include "proto/frame.h"
#include "proto/key_files.h"
#include "proto/sealed_secret.h"
#include "tests/support/check_main.h"
#include "tests/support/test_database.h"

#define PATIENCE_MS 15000

static struct db *owner;
static struct dispatch *dispatch;
static struct handover *orders_in;
static struct task_journal *journal;
static struct controller_link *agent_link;
static struct agent_keys keys;
static struct controller_keys controller;
static uint8_t root_public[32];
static char folder[64];
static struct uuid tenant, site, other_site, agent, machine, bmc, image_version, holding,
    image_grant;
static uint64_t generation; /* names and MACs differ from test to test */

/* ---- the operator ---- */

static inline void sql(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void sql(const char *format, ...)
{
    char text[8192];
    struct error err = {0};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ck_assert_msg(db_script(owner, text, &err) == 0, "%s: %s", text, err.text);
}

static inline int64_t number(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline int64_t number(const char *format, ...)
{
    char text[2048];
    struct error err = {0};
    struct db_rows *rows;
    int64_t value;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    rows = db_query(owner, text, &err, "");
    ck_assert_msg(rows != NULL, "%s: %s", text, err.text);
    value = db_rows_count(rows) ? db_int(rows, 0, 0) : -1;
    db_rows_destroy(rows);
    return value;
}

/* The database has no event for what another connection committed: look again every 20 ms. */
#define wait_number(expected, ...)                                                                 \
    do {                                                                                           \
        int64_t wait_end = clock_monotonic_ms() + PATIENCE_MS;                                     \
        while (number(__VA_ARGS__) != (expected) && clock_monotonic_ms() < wait_end)               \
            poll(NULL, 0, 20);                                                                     \
        ck_assert_int_eq(number(__VA_ARGS__), expected);                                           \
    } while (0)

static inline const char *show(const struct uuid *uuid)
{
    static char texts[16][UUID_TEXT_SIZE];
    static unsigned next;
    char *text = texts[next++ % 16];

    uuid_format(uuid, text);
    return text;
}

static inline const char *hex(const uint8_t bytes[32])
{
    static char texts[8][65];
    static unsigned next;
    char *text = texts[next++ % 8];

    text_hex(bytes, 32, text);
    return text;
}

static inline void make_ids(void)
{
    struct uuid *const all[] = {&tenant, &site,          &other_site, &agent,      &machine,
                                &bmc,    &image_version, &holding,    &image_grant};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        *all[i] = uuid_make();
    generation++;
}

/* An own tenant, site, agent, machine and image for every test; the newest manifest names this
 * run's key. */
static inline void make_fleet(void)
{
    struct uuid image = uuid_make();
    uint8_t digest[32], kernel[32] = {1}, initrd[32] = {2};
    unsigned long long n =
        (unsigned long long)(clock_realtime_us() % 1000000000) * 100 + generation;

    memcpy(digest, image_version.bytes, 16);
    memcpy(digest + 16, image_version.bytes, 16);
    sql("insert into tenant (id, name) values ('%s', 't%llu')", show(&tenant), n);
    sql("insert into site (id, name) values ('%s', 's%llu'), ('%s', 'o%llu')", show(&site), n,
        show(&other_site), n);
    sql("insert into agent (id, site_id, name, curve_key, sign_key, seal_key) values ('%s', '%s', "
        "'a%llu', '\\x%s', '\\x%s', '\\x%s')",
        show(&agent), show(&site), n, hex(keys.public.curve), hex(keys.public.sign),
        hex(keys.public.seal));
    sql("insert into machine (id, site_id, name, serial, memory_mib) values ('%s', '%s', 'm%llu', "
        "'SN%llu', 192)",
        show(&machine), show(&site), n, n);
    sql("insert into machine_nic (mac, machine_id, position) values ('%012llx', '%s', 0)",
        n & 0xfeffffffffffULL, show(&machine));
    sql("insert into bmc_account (id, machine_id, driver, address, port, username, cipher_suite, "
        "password) "
        "values ('%s', '%s', 'ipmi', '10.0.0.9', 623, 'ADMIN', 3, 'sealed:hunter2')",
        show(&bmc), show(&machine));
    sql("insert into image (id, name) values ('%s', 'i%llu')", show(&image), n);
    sql("insert into image_version (id, image_id, version, digest, document) values ('%s', '%s', "
        "'1.0', '\\x%s', "
        "'{\"arguments\":\"console=ttyS0\",\"checks\":[\"dmi\",\"memory\"],\"firmware\":[\"bios\"]}"
        "')",
        show(&image_version), show(&image), hex(digest));
    sql("insert into image_file (image_version_id, role, name, sha256, size) values ('%s', "
        "'kernel', 'vmlinuz', '\\x%s', 10), "
        "('%s', 'initrd', 'initrd.img', '\\x%s', 20)",
        show(&image_version), hex(kernel), show(&image_version), hex(initrd));
    sql("insert into machine_holding (tenant_id, id, machine_id) values ('%s', '%s', '%s')",
        show(&tenant), show(&holding), show(&machine));
    sql("insert into image_grant (tenant_id, id, image_version_id) values ('%s', '%s', '%s')",
        show(&tenant), show(&image_grant), show(&image_version));
}

static inline void give_manifest(void)
{
    struct key_manifest_entry entry = {.domains = ~0u, .not_after_us = INT64_MAX};
    uint8_t secret[32], *envelope;
    int64_t now = clock_realtime_us();
    struct sign_key *root;
    char *text;
    size_t length;

    sign_key_make(secret, root_public, NULL);
    root = sign_key_create(secret, NULL);
    memcpy(entry.public_key, controller.public.sign, 32);
    ck_assert_int_eq(key_manifest_make(root, (uint64_t)now, now, now + INT64_C(3600000000), &entry,
                                       1, &envelope, &length, NULL),
                     0);
    text = malloc(2 * length + 1);
    text_hex(envelope, length, text);
    sql("insert into key_manifest (version, envelope) values (%" PRId64 ", '\\x%s')", now, text);
    free(text);
    free(envelope);
    sign_key_destroy(root);
}

static inline struct uuid make_task(void)
{
    struct conf_map parameters = test_database("muster_api");
    int64_t now = clock_realtime_us();
    struct task_request request = {.id = uuid_make(),
                                   .tenant = tenant,
                                   .holding = holding,
                                   .machine = machine,
                                   .site = site,
                                   .grant = image_grant,
                                   .image_version = image_version,
                                   .params_json = "{\"seconds\":\"2\"}",
                                   .after = "as_found",
                                   .schedule_us = now,
                                   .expires_us = now + TASK_START_WINDOW_US,
                                   .deadline_s = 600,
                                   .requested_by = "anna"};
    struct error err = {0};
    struct db *db = db_connect(&parameters, &err);

    ck_assert_msg(db != NULL, "%s", err.text);
    ck_assert_msg(db_begin_tenant(db, &tenant, &err) == 0 && task_create(db, &request, &err) == 1 &&
                      db_commit(db, &err) == 0,
                  "%s", err.text);
    db_disconnect(db);
    return request.id;
}

/* ---- both ends ---- */

static atomic_bool no_password; /* the key of the sealed passwords is not the right one */

static inline int open_password(void *context, const struct uuid *bmc_id, const void *bytes,
                                size_t length, uint8_t *ret_plain, size_t *ret_length,
                                struct error *err)
{
    if (no_password)
        return error_set(err, "the password does not open");
    (void)context;
    if (!uuid_equal(bmc_id, &bmc) || length < 7 || memcmp(bytes, "sealed:", 7) != 0)
        return error_set(err, "not this account's password");
    memcpy(ret_plain, (const char *)bytes + 7, length - 7);
    *ret_length = length - 7;
    return 0;
}

static inline struct dispatch *make_dispatch(const char *name)
{
    static struct conf_map parameters;
    struct dispatch_settings settings = {.bind = "tcp://127.0.0.1:*",
                                         .database = &parameters,
                                         .controller_id = uuid_make(),
                                         .controller_name = name,
                                         .fetch_url = "https://127.0.0.1/v1/agent/files/",
                                         .open_password = open_password};
    struct dispatch *made;
    struct error err = {0};

    parameters = test_database("muster_engine");
    memcpy(settings.curve_secret, controller.curve_secret, 32);
    memcpy(settings.sign_secret, controller.sign_secret, 32);
    fetch_key_make(settings.fetch_key, NULL);
    made = dispatch_create(&settings, &err);
    ck_assert_msg(made != NULL && dispatch_start(made, &err) == 0, "%s", err.text);
    return made;
}

static inline void open_journal(void)
{
    char path[128];
    struct error err = {0};

    snprintf(path, sizeof(path), "%s/journal.db", folder);
    journal = task_journal_open(path, &err);
    ck_assert_msg(journal != NULL, "%s", err.text);
}

static inline struct controller_link *
make_link(const char *const *endpoints, const struct uuid *says_site, struct task_journal *of)
{
    struct controller_link_settings settings = {
        .endpoints = endpoints, .agent_id = agent, .site_id = *says_site};
    struct controller_link *made;
    struct error err = {0};

    memcpy(settings.server_curve_public, controller.public.curve, 32);
    memcpy(settings.curve_secret, keys.curve_secret, 32);
    memcpy(settings.curve_public, keys.public.curve, 32);
    memcpy(settings.root_public, root_public, 32);
    made = controller_link_create(&settings, of, orders_in, &err);
    ck_assert_msg(made != NULL && controller_link_start(made, &err) == 0, "%s", err.text);
    return made;
}

static inline void start_link_as(const struct uuid *says_site)
{
    const char *endpoints[] = {dispatch_endpoint(dispatch), NULL};

    agent_link = make_link(endpoints, says_site, journal);
}

static inline void drop_order(void *order)
{
    link_order_free(order);
}

static inline void make_keys(const char *name, bool for_agent)
{
    static const char *const FILES[] = {"curve.key",       "sign.key",
                                        "seal.key",        "phone-home.key",
                                        "agent-keys.json", "controller-keys.json"};
    char path[128], file[192];
    struct error err = {0};

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (for_agent)
        ck_assert_msg(agent_keys_make(path, &err) == 0 && agent_keys_load(path, &keys, &err) == 0,
                      "%s", err.text);
    else
        ck_assert_msg(controller_keys_make(path, &err) == 0 &&
                          controller_keys_load(path, &controller, &err) == 0,
                      "%s", err.text);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        snprintf(file, sizeof(file), "%s/%s", path, FILES[i]);
        unlink(file);
    }
    rmdir(path);
}

static inline void make(void)
{
    struct conf_map parameters = test_database("muster_owner");
    struct error err = {0};

    strcpy(folder, "/tmp/wiredbXXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    make_keys("agent", true);
    make_keys("controller", false);
    ck_assert_msg(migrate_apply(&parameters, NULL, &err) >= 0, "%s", err.text);
    owner = db_connect(&parameters, &err);
    ck_assert_msg(owner != NULL, "%s", err.text);
    orders_in = handover_create(64, drop_order, NULL);
    make_ids();
    make_fleet();
    give_manifest();
    open_journal();
    dispatch = make_dispatch("test");
}

static inline void remove_journal(void)
{
    static const char *const FILES[] = {"journal.db", "journal.db-wal", "journal.db-shm",
                                        "journal.db.lock"};
    char path[128];

    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, FILES[i]);
        unlink(path);
    }
}

static inline void unmake(void)
{
    controller_link_destroy(agent_link);
    agent_link = NULL;
    dispatch_destroy(dispatch);
    task_journal_close(journal);
    handover_destroy(orders_in);
    remove_journal();
    rmdir(folder);
    db_disconnect(owner);
}

/* ---- the runner, played ---- */

static struct task_order order;
static uint8_t order_sha256[32]; /* of the bytes that came */
static bool forges_digest;       /* say_result() signs for facts that never were */

static inline void await_order(void)
{
    struct link_order *came = handover_receive(orders_in, PATIENCE_MS);
    struct verify_place place = {.site_id = site, .agent_id = agent, .journal = journal};
    struct verify_refusal refusal;
    struct link_state state;
    struct error err = {0};
    int rc;

    ck_assert_msg(came != NULL, "no order came");
    controller_link_state(agent_link, &state);
    place.manifest = state.manifest;
    place.nonce = state.nonce;
    place.now_us = state.controller_time_us;
    rc = task_verify(&place, came->envelope, came->length, &order, &refusal, &err);
    ck_assert_msg(rc == 1, "%s", rc == 0 ? refusal.text.text : err.text);
    EVP_Q_digest(NULL, "SHA256", NULL, came->envelope, came->length, order_sha256, NULL);
    key_manifest_release(state.manifest);
    link_order_free(came);
}

static inline void journal_record(Muster__Record *record, enum journal_stream stream,
                                  const struct uuid *task, uint64_t epoch)
{
    struct journal_batch *batch = journal_batch_create();
    struct error err = {0};

    record->at_us = clock_realtime_us();
    record->task_id = message_from_uuid(task);
    record->epoch = epoch;
    journal_batch_record(batch, stream, record);
    ck_assert_msg(task_journal_write_now(journal, batch, &err) == 0, "%s", err.text);
}

static inline void say_accepted(const struct uuid *task, uint64_t epoch)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Accepted accepted = MUSTER__ACCEPTED__INIT;

    record.kind_case = MUSTER__RECORD__KIND_ACCEPTED;
    record.accepted = &accepted;
    journal_record(&record, JOURNAL_FACTS, task, epoch);
}

static inline void say_started(const struct uuid *task, uint64_t epoch)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Started started = MUSTER__STARTED__INIT;

    started.attempt = 1;
    record.kind_case = MUSTER__RECORD__KIND_STARTED;
    record.started = &started;
    journal_record(&record, JOURNAL_FACTS, task, epoch);
}

static inline void say_step(const struct uuid *task, uint64_t epoch, const char *detail)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Step step = MUSTER__STEP__INIT;

    step.attempt = 1;
    step.name = (char *)"bmc_on";
    step.state = (char *)"done";
    step.detail = (char *)detail;
    step.evidence = (char *)"bmc";
    step.duration_ms = 12;
    record.kind_case = MUSTER__RECORD__KIND_STEP;
    record.step = &step;
    journal_record(&record, JOURNAL_FACTS, task, epoch);
}

static const char REPORT[] = "{\"verdict\":\"passed\"}";

static inline void say_result(const struct uuid *task, uint64_t epoch,
                              const uint8_t sign_secret[32], const struct uuid *says_site,
                              bool with_report)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Result result = MUSTER__RESULT__INIT;
    Muster__Signed sealed = MUSTER__SIGNED__INIT;
    struct sign_key *key = sign_key_create(sign_secret, NULL);
    uint8_t *payload, *envelope, digest[32], facts[32];
    size_t length;
    struct error err = {0};

    EVP_Q_digest(NULL, "SHA256", NULL, REPORT, strlen(REPORT), digest, NULL);
    result.task_id = message_from_uuid(task);
    result.site_id = message_from_uuid(says_site);
    result.agent_id = message_from_uuid(&agent);
    result.epoch = epoch;
    result.outcome = (char *)"succeeded";
    result.verdict = (char *)"passed";
    result.restore = (char *)"done";
    if (with_report)
        result.report_sha256 = (ProtobufCBinaryData){32, digest};
    ck_assert_msg(task_journal_facts_digest(journal, task, facts, &err) == 0, "%s", err.text);
    facts[0] ^= forges_digest;
    result.facts_digest = (ProtobufCBinaryData){32, facts};
    result.report_size = strlen(REPORT);
    result.started_at_us = result.ended_at_us = clock_realtime_us();
    ck_assert_int_eq(message_pack(&result.base, &payload, &length, NULL), 0);
    ck_assert_int_eq(envelope_sign(key, DOMAIN_RESULT, payload, length, &envelope, &length, NULL),
                     0);
    sealed.envelope = (ProtobufCBinaryData){length, envelope};
    record.kind_case = MUSTER__RECORD__KIND_RESULT;
    record.result = &sealed;
    journal_record(&record, JOURNAL_FACTS, task, epoch);
    free(payload);
    free(envelope);
    sign_key_destroy(key);
}

static inline void say_uncertain(const struct uuid *task, uint64_t epoch)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Uncertain uncertain = MUSTER__UNCERTAIN__INIT;

    uncertain.step = (char *)"bmc_on";
    uncertain.text = (char *)"the BMC does not answer";
    record.kind_case = MUSTER__RECORD__KIND_UNCERTAIN;
    record.uncertain = &uncertain;
    journal_record(&record, JOURNAL_FACTS, task, epoch);
}

/* To the order that came last. */
static inline void say_taken(void)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Taken taken = MUSTER__TAKEN__INIT;

    taken.envelope_sha256 = (ProtobufCBinaryData){32, order_sha256};
    record.kind_case = MUSTER__RECORD__KIND_TAKEN;
    record.taken = &taken;
    journal_record(&record, JOURNAL_FACTS, &order.task_id, order.epoch);
}

static inline void say_report(const struct uuid *task, uint64_t epoch)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__ReportChunk chunk = MUSTER__REPORT_CHUNK__INIT;
    uint8_t digest[32];

    EVP_Q_digest(NULL, "SHA256", NULL, REPORT, strlen(REPORT), digest, NULL);
    chunk.size = strlen(REPORT);
    chunk.data = (ProtobufCBinaryData){strlen(REPORT), (uint8_t *)REPORT};
    chunk.sha256 = (ProtobufCBinaryData){32, digest};
    record.kind_case = MUSTER__RECORD__KIND_REPORT;
    record.report = &chunk;
    journal_record(&record, JOURNAL_BULK, task, epoch);
}

static inline void say_log(const struct uuid *task, uint64_t epoch)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__LogChunk log = MUSTER__LOG_CHUNK__INIT;

    log.data = (ProtobufCBinaryData){6, (uint8_t *)"hello\n"};
    log.source = (char *)"image";
    record.kind_case = MUSTER__RECORD__KIND_LOG;
    record.log = &log;
    journal_record(&record, JOURNAL_BULK, task, epoch);
}

#define state_is(task, state)                                                                      \
    "select count(*) from task where id = '%s' and state = '%s'", show(task), state
#define facts_committed                                                                            \
    "select facts_committed from agent_stream where agent_id = '%s'", show(&agent)
#define audited(action, like)                                                                      \
    "select count(*) from audit a join audit_body b using (id) where a.action = '%s' and "         \
    "a.outcome = 'refused' "                                                                       \
    "and b.body like '%%%s%%' and a.who like 'agent %%' and a.at > now() - interval '20 seconds'", \
        action, like

static inline void await_session(void)
{
    start_link_as(&site);
    wait_number(1,
                "select count(*) from agent_session where agent_id = '%s' and expires_at > now()",
                show(&agent));
}
