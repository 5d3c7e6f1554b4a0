/* wire_database - storey: agent controller. The whole of dispatch with a real PostgreSQL on one
 * side and the agent's link and journal on the other; this program plays the runner (it accepts,
 * starts and ends what it is ordered) and the operator. Run by tests/integration/wire-database,
 * which starts the database.
 */
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

static void sql(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void sql(const char *format, ...)
{
    char text[8192];
    struct error err = {0};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ck_assert_msg(db_script(owner, text, &err) == 0, "%s: %s", text, err.text);
}

static int64_t number(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int64_t number(const char *format, ...)
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

static const char *show(const struct uuid *uuid)
{
    static char texts[16][UUID_TEXT_SIZE];
    static unsigned next;
    char *text = texts[next++ % 16];

    uuid_format(uuid, text);
    return text;
}

static const char *hex(const uint8_t bytes[32])
{
    static char texts[8][65];
    static unsigned next;
    char *text = texts[next++ % 8];

    text_hex(bytes, 32, text);
    return text;
}

static void make_ids(void)
{
    struct uuid *const all[] = {&tenant, &site,          &other_site, &agent,      &machine,
                                &bmc,    &image_version, &holding,    &image_grant};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        *all[i] = uuid_make();
    generation++;
}

/* An own tenant, site, agent, machine and image for every test; the newest manifest names this
 * run's key. */
static void make_fleet(void)
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

static void give_manifest(void)
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

static struct uuid make_task(void)
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

static int open_password(void *context, const struct uuid *bmc_id, const void *bytes, size_t length,
                         uint8_t *ret_plain, size_t *ret_length, struct error *err)
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

static void start_dispatch(void)
{
    static struct conf_map parameters;
    struct dispatch_settings settings = {.bind = "tcp://127.0.0.1:*",
                                         .database = &parameters,
                                         .controller_id = uuid_make(),
                                         .controller_name = "test",
                                         .fetch_url = "https://127.0.0.1/v1/agent/files/",
                                         .open_password = open_password};
    struct error err = {0};

    parameters = test_database("muster_engine");
    memcpy(settings.curve_secret, controller.curve_secret, 32);
    memcpy(settings.sign_secret, controller.sign_secret, 32);
    fetch_key_make(settings.fetch_key, NULL);
    dispatch = dispatch_create(&settings, &err);
    ck_assert_msg(dispatch != NULL && dispatch_start(dispatch, &err) == 0, "%s", err.text);
}

static void open_journal(void)
{
    char path[128];
    struct error err = {0};

    snprintf(path, sizeof(path), "%s/journal.db", folder);
    journal = task_journal_open(path, &err);
    ck_assert_msg(journal != NULL, "%s", err.text);
}

static void start_link_as(const struct uuid *says_site)
{
    const char *endpoints[] = {dispatch_endpoint(dispatch), NULL};
    struct controller_link_settings settings = {
        .endpoints = endpoints, .agent_id = agent, .site_id = *says_site};
    struct error err = {0};

    memcpy(settings.server_curve_public, controller.public.curve, 32);
    memcpy(settings.curve_secret, keys.curve_secret, 32);
    memcpy(settings.curve_public, keys.public.curve, 32);
    memcpy(settings.root_public, root_public, 32);
    agent_link = controller_link_create(&settings, journal, orders_in, &err);
    ck_assert_msg(agent_link != NULL && controller_link_start(agent_link, &err) == 0, "%s",
                  err.text);
}

static void drop_order(void *order)
{
    link_order_free(order);
}

static void make_keys(const char *name, bool for_agent)
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

static void make(void)
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
    start_dispatch();
}

static void remove_journal(void)
{
    static const char *const FILES[] = {"journal.db", "journal.db-wal", "journal.db-shm",
                                        "journal.db.lock"};
    char path[128];

    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, FILES[i]);
        unlink(path);
    }
}

static void unmake(void)
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

static void await_order(void)
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
    key_manifest_release(state.manifest);
    link_order_free(came);
}

static void journal_record(Muster__Record *record, enum journal_stream stream,
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

static void say_accepted(const struct uuid *task, uint64_t epoch)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Accepted accepted = MUSTER__ACCEPTED__INIT;

    record.kind_case = MUSTER__RECORD__KIND_ACCEPTED;
    record.accepted = &accepted;
    journal_record(&record, JOURNAL_FACTS, task, epoch);
}

static void say_started(const struct uuid *task, uint64_t epoch)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Started started = MUSTER__STARTED__INIT;

    started.attempt = 1;
    record.kind_case = MUSTER__RECORD__KIND_STARTED;
    record.started = &started;
    journal_record(&record, JOURNAL_FACTS, task, epoch);
}

static void say_step(const struct uuid *task, uint64_t epoch, const char *detail)
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

static void say_result(const struct uuid *task, uint64_t epoch, const uint8_t sign_secret[32],
                       const struct uuid *says_site, bool with_report)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Result result = MUSTER__RESULT__INIT;
    Muster__Signed sealed = MUSTER__SIGNED__INIT;
    struct sign_key *key = sign_key_create(sign_secret, NULL);
    uint8_t *payload, *envelope, digest[32];
    size_t length;

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

static void say_report(const struct uuid *task, uint64_t epoch)
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

static void say_log(const struct uuid *task, uint64_t epoch)
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

static void await_session(void)
{
    start_link_as(&site);
    wait_number(1,
                "select count(*) from agent_session where agent_id = '%s' and expires_at > now()",
                show(&agent));
}

/* ---- what must hold ---- */

START_TEST(a_task_goes_out_signed_and_comes_back_as_succeeded)
{
    struct uuid task = make_task(), said;
    struct sealed_place place = {tenant, machine, bmc};
    uint8_t plain[SEALED_SECRET_PLAIN_MAX];
    size_t length;
    uint64_t epoch;

    await_session();
    await_order();
    ck_assert_int_eq(order.domain, DOMAIN_TASK);
    ck_assert_int_eq(message_uuid(&order.boot->task_id, "", &said, NULL), 0);
    ck_assert(uuid_equal(&said, &task));
    ck_assert_str_eq(order.boot->image->arguments, "console=ttyS0");
    ck_assert_uint_eq(order.boot->image->n_check, 2);
    ck_assert_str_eq(order.boot->image->file[0]->role, "kernel");
    ck_assert_str_eq(order.boot->param[0]->value, "2");
    ck_assert_str_eq(order.boot->bmc->address, "10.0.0.9");
    ck_assert_int_eq(sealed_secret_open(keys.seal_secret, &place,
                                        order.boot->bmc->sealed_password.data,
                                        order.boot->bmc->sealed_password.len, plain, &length, NULL),
                     0);
    ck_assert_uint_eq(length, 7);
    ck_assert_mem_eq(plain, "hunter2", 7);
    epoch = order.epoch;
    ck_assert_uint_ge(epoch, 1);
    task_order_clear(&order);

    say_accepted(&task, epoch);
    wait_number(1, state_is(&task, "accepted"));
    say_started(&task, epoch);
    say_step(&task, epoch, "power is on");
    wait_number(1, state_is(&task, "running"));
    say_log(&task, epoch);
    wait_number(1, "select count(*) from task_log where task_id = '%s'", show(&task));
    wait_number(3, facts_committed);

    /* The RESULT waits for the report that it names, unacknowledged. */
    say_result(&task, epoch, keys.sign_secret, &site, true);
    poll(NULL, 0, 500); /* nothing may happen: there is no event to await */
    ck_assert_int_eq(number(state_is(&task, "running")), 1);
    ck_assert_int_eq(number(facts_committed), 3);
    say_report(&task, epoch);
    wait_number(1, state_is(&task, "succeeded"));
    wait_number(4, facts_committed);
    ck_assert_int_eq(number("select count(*) from task_report where task_id = '%s' and body = '%s'",
                            show(&task), REPORT),
                     1);
    ck_assert_int_eq(number("select count(*) from task_event where task_id = '%s' and name = "
                            "'bmc_on' and detail = 'power is on'",
                            show(&task)),
                     1);
    ck_assert_int_eq(number("select count(*) from task_queue where task_id = '%s'", show(&task)),
                     0);
}
END_TEST

START_TEST(the_hint_sends_a_task_at_once)
{
    int64_t began;
    struct uuid task;

    await_session();
    began = clock_monotonic_ms();
    task = make_task();
    await_order();
    ck_assert_int_lt(clock_monotonic_ms() - began, 700); /* not the poll of a second */
    ck_assert(uuid_equal(&order.task_id, &task));
    task_order_clear(&order);
}
END_TEST

START_TEST(records_of_another_sites_task_are_dropped_and_audited)
{
    struct uuid task = make_task(), machine_there = uuid_make(), theirs = uuid_make(),
                holding_there = uuid_make();
    struct dispatch_counts counts;

    await_session();
    await_order();
    /* A task that was granted to the other site. */
    sql("insert into machine (id, site_id, name) values ('%s', '%s', 'x%s')", show(&machine_there),
        show(&other_site), show(&machine_there) + 24);
    sql("insert into machine_holding (tenant_id, id, machine_id) values ('%s', '%s', '%s')",
        show(&tenant), show(&holding_there), show(&machine_there));
    sql("insert into task (tenant_id, id, state, holding_id, machine_id, site_id, grant_id, "
        "image_version_id, schedule_time, "
        "expires_at, deadline_s, requested_by, epoch) select tenant_id, '%s', 'queued', "
        "'%s', '%s', '%s', grant_id, "
        "image_version_id, now(), now(), 60, 'x', 1 from task where id = '%s'",
        show(&theirs), show(&holding_there), show(&machine_there), show(&other_site), show(&task));
    sql("insert into task_grant (tenant_id, task_id, epoch, site_id, agent_id, machine_id, "
        "controller_id) values "
        "('%s', '%s', 1, '%s', '%s', '%s', '%s')",
        show(&tenant), show(&theirs), show(&other_site), show(&agent), show(&machine_there),
        show(&agent));
    say_accepted(&theirs, 1);
    say_result(&theirs, 1, keys.sign_secret, &site, false);
    say_accepted(&task, order.epoch);
    task_order_clear(&order);
    wait_number(3, facts_committed); /* its own still counts */
    ck_assert_int_eq(number(state_is(&theirs, "queued")), 1);
    ck_assert_int_eq(number(state_is(&task, "accepted")), 1);
    ck_assert_int_ge(number(audited("record.drop", "no task of this site")), 2);
    dispatch_counts(dispatch, &counts);
    ck_assert_uint_eq(counts.records_dropped, 2);
    ck_assert_uint_eq(counts.records, 3);
}
END_TEST

START_TEST(a_result_that_its_agent_did_not_sign_is_dropped)
{
    struct uuid task = make_task();
    uint8_t stranger[32], ignored[32];

    await_session();
    await_order();
    sign_key_make(stranger, ignored, NULL);
    say_started(&task, order.epoch);
    say_result(&task, order.epoch, stranger, &site, false);
    say_result(&task, order.epoch, keys.sign_secret, &other_site, false);
    wait_number(3, facts_committed);
    ck_assert_int_eq(number(state_is(&task, "running")), 1);
    ck_assert_int_ge(number(audited("record.drop", "another key")), 1);
    ck_assert_int_ge(number(audited("record.drop", "another site")), 1);
    task_order_clear(&order);
}
END_TEST

/* One that the tables refuse must not hold up those behind it. */
START_TEST(records_that_cannot_be_taken_are_passed_over)
{
    struct uuid task = make_task();
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Step step = MUSTER__STEP__INIT;
    struct dispatch_counts counts;
    struct journal_batch *batch = journal_batch_create();
    struct error err = {0};

    await_session();
    await_order();
    record.at_us = clock_realtime_us();
    record.task_id = message_from_uuid(&task);
    record.epoch = order.epoch;
    record.kind_case = MUSTER__RECORD__KIND_STEP;
    record.step = &step;
    step.name = (char *)"bmc_on";
    step.state = (char *)"done";
    for (int i = 0; i < 5; i++) {               /* in one batch, so in one transaction at first */
        step.attempt = i == 2 ? UINT32_MAX : 1; /* no integer of PostgreSQL's */
        journal_batch_record(batch, JOURNAL_FACTS, &record);
    }
    ck_assert_msg(task_journal_write_now(journal, batch, &err) == 0, "%s", err.text);
    wait_number(5, facts_committed);
    ck_assert_int_eq(
        number("select count(*) from task_event where task_id = '%s' and name = 'bmc_on'",
               show(&task)),
        4);
    dispatch_counts(dispatch, &counts);
    ck_assert_uint_eq(counts.records_dropped, 1);
    ck_assert_int_ge(number(audited("record.drop", "record 3")), 1);
    task_order_clear(&order);
}
END_TEST

/* What is no fault of the record's: it must not be lost for it. */
START_TEST(a_right_that_is_missing_costs_no_record)
{
    struct uuid task = make_task();
    struct dispatch_counts counts;

    await_session();
    await_order();
    sql("revoke insert on task_event from muster_engine");
    say_accepted(&task, order.epoch);
    /* Its session ended over it, and came back. */
    wait_number(1, "select (fence > 1)::int::bigint from agent_session where agent_id = '%s'",
                show(&agent));
    ck_assert_int_eq(number(facts_committed), 0);
    sql("grant insert on task_event to muster_engine");
    wait_number(1, state_is(&task, "accepted"));
    ck_assert_int_eq(number(facts_committed), 1);
    dispatch_counts(dispatch, &counts);
    ck_assert_uint_eq(counts.records_dropped, 0);
    task_order_clear(&order);
}
END_TEST

static void postgres(const char *what)
{
    char command[512];

    ck_assert_ptr_nonnull(getenv("MUSTER_TEST_POSTGRES"));
    snprintf(command, sizeof(command), "%s %s %s >/dev/null 2>&1", getenv("MUSTER_TEST_POSTGRES"),
             what, getenv("MUSTER_TEST_DATABASE"));
    ck_assert_int_eq(system(command), 0);
}

START_TEST(a_database_restart_loses_nothing_and_repeats_nothing)
{
    struct conf_map parameters = test_database("muster_owner");
    struct uuid task = make_task();
    struct error err = {0};

    await_session();
    await_order();
    say_accepted(&task, order.epoch);
    wait_number(1, facts_committed);
    db_disconnect(owner);
    owner = NULL;
    postgres("stop");
    for (int i = 0; i < 20; i++)
        say_step(&task, order.epoch, "while the database was away");
    postgres("start");
    owner = db_connect(&parameters, &err);
    ck_assert_msg(owner != NULL, "%s", err.text);
    wait_number(21, facts_committed);
    ck_assert_int_eq(
        number("select count(*) from task_event where task_id = '%s' and detail like 'while%%'",
               show(&task)),
        20);
    ck_assert_int_eq(dispatch_healthy(dispatch, NULL), 0);
    task_order_clear(&order);
}
END_TEST

START_TEST(a_refused_order_is_audited_with_its_task)
{
    struct uuid task = make_task();
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Refused refused = MUSTER__REFUSED__INIT;

    await_session();
    await_order();
    refused.code = (char *)"old_epoch";
    refused.text = (char *)"epoch 3 is below 7";
    record.kind_case = MUSTER__RECORD__KIND_REFUSED;
    record.refused = &refused;
    journal_record(&record, JOURNAL_FACTS, &task, order.epoch);
    task_order_clear(&order);
    wait_number(
        1,
        "select count(*) from audit a join audit_body b using (id) where a.tenant_id = '%s' and "
        "a.action = 'order.refused' and a.object = 'task %s' and b.body like '%%old_epoch: epoch "
        "3%%'",
        show(&tenant), show(&task));
    ck_assert_int_eq(
        number("select count(*) from task_event where task_id = '%s' and kind = 'note' "
               "and name = 'order refused' and detail like 'old_epoch: epoch 3%%'",
               show(&task)),
        1);
}
END_TEST

START_TEST(an_order_that_cannot_be_made_goes_back_with_its_reason)
{
    struct uuid task;

    await_session();
    no_password = true;
    task = make_task();
    wait_number(
        1,
        "select (count(*) > 0)::int::bigint from task_event where task_id = '%s' and name = "
        "'leased -> queued' and detail = 'the password does not open'",
        show(&task));
    no_password = false;
    await_order();
    ck_assert(uuid_equal(&order.task_id, &task));
    ck_assert_int_eq(
        number("select count(*) from task_grant where task_id = '%s' and ended is null",
               show(&task)),
        1);
    task_order_clear(&order);
}
END_TEST

START_TEST(a_cancel_reaches_the_agent_once)
{
    struct uuid task = make_task();

    await_session();
    await_order();
    say_accepted(&task, order.epoch);
    task_order_clear(&order);
    wait_number(1, state_is(&task, "accepted"));
    sql("update task set cancel_requested_at = now(), cancel_reason = 'not needed' where id = "
        "'%s'; notify muster_task",
        show(&task));
    await_order();
    ck_assert_int_eq(order.domain, DOMAIN_CANCEL);
    ck_assert(uuid_equal(&order.task_id, &task));
    ck_assert_str_eq(order.cancel->reason, "not needed");
    task_order_clear(&order);
    ck_assert_ptr_null(handover_receive(orders_in, 1500));
}
END_TEST

START_TEST(a_revoked_agent_has_no_effect_within_a_second)
{
    struct uuid task = make_task();
    int64_t revoked;

    await_session();
    await_order();
    say_accepted(&task, order.epoch);
    wait_number(1, facts_committed);
    sql("update agent set state = 'revoked', revoked_at = now() where id = '%s'", show(&agent));
    revoked = clock_monotonic_ms();
    poll(NULL, 0, 1000); /* the second that it may take */
    say_started(&task, order.epoch);
    task_order_clear(&order);
    poll(NULL, 0, 1500); /* nothing may happen: there is no event to await */
    ck_assert_int_eq(number(facts_committed), 1);
    ck_assert_int_eq(number(state_is(&task, "accepted")), 1);
    ck_assert_int_gt(clock_monotonic_ms() - revoked, 2000);
    wait_number(0,
                "select count(*) from agent_session where agent_id = '%s' and expires_at > now()",
                show(&agent));
}
END_TEST

START_TEST(another_site_in_hello_is_refused)
{
    start_link_as(&other_site);
    wait_number(1,
                "select count(*) from audit a join audit_body b using (id) where a.action = "
                "'agent.hello' and "
                "a.object = 'agent %s' and b.body like '%%wrong_site%%'",
                show(&agent));
    ck_assert_int_eq(
        number("select count(*) from agent_session where agent_id = '%s'", show(&agent)), 0);
}
END_TEST

START_TEST(a_lost_journal_quarantines_the_site_until_its_release)
{
    struct uuid task = make_task();

    await_session();
    await_order();
    say_accepted(&task, order.epoch);
    task_order_clear(&order);
    wait_number(1, facts_committed);
    controller_link_destroy(agent_link);
    agent_link = NULL;
    task_journal_close(journal);
    remove_journal();
    open_journal();
    start_link_as(&site);
    wait_number(1,
                "select count(*) from site where id = '%s' and quarantined_because like '%%another "
                "journal%%'",
                show(&site));
    ck_assert_int_eq(
        number("select count(*) from audit where action = 'site.quarantine' and object = 'site %s'",
               show(&site)),
        1);
    /* A person accepts the loss: the new journal is handed over from its first record. */
    controller_link_destroy(agent_link);
    say_started(&task, 1);
    sql("update site set quarantined_because = null, begin_anew = true where id = '%s'",
        show(&site));
    start_link_as(&site);
    wait_number(1,
                "select count(*) from agent_stream s join task_event e on e.agent_id = s.agent_id "
                "where s.agent_id = '%s' and s.facts_committed = 1 and e.name like '%%-> running'",
                show(&agent));
    ck_assert_int_eq(
        number("select count(*) from site where id = '%s' and not begin_anew", show(&site)), 1);
}
END_TEST

START_TEST(epochs_raise_the_floor_or_quarantine)
{
    struct journal_batch *batch = journal_batch_create();

    journal_batch_epoch(batch, &machine, 41);
    ck_assert_int_eq(task_journal_write_now(journal, batch, NULL), 0);
    await_session();
    wait_number(41, "select epoch_floor from site where id = '%s'", show(&site));
    make_task();
    await_order();
    ck_assert_uint_eq(order.epoch, 42); /* above all that the agent has seen */
    task_order_clear(&order);
    controller_link_destroy(agent_link);
    batch = journal_batch_create();
    journal_batch_epoch(batch, &machine, UINT64_C(1) << 40);
    ck_assert_int_eq(task_journal_write_now(journal, batch, NULL), 0);
    start_link_as(&site);
    wait_number(
        1,
        "select count(*) from site where id = '%s' and quarantined_because like '%%far beyond%%'",
        show(&site));
}
END_TEST

START_TEST(another_owner_ends_the_session)
{
    await_session();
    /* As if a second controller had taken it; the first finds out when it renews, at a third of 30
     * s. */
    sql("update agent_session set fence = fence + 1, controller_id = '%s' where agent_id = '%s'",
        show(&tenant), show(&agent));
    make_task();
    ck_assert_ptr_null(handover_receive(orders_in, 1500)); /* only a session's owner sends */
    wait_number(
        1, "select count(*) from agent_session where agent_id = '%s' and controller_id <> '%s'",
        show(&agent), show(&tenant)); /* the agent came back to us */
    await_order();
    task_order_clear(&order);
}
END_TEST

CHECK_MAIN_WITH(
    "wire_database", make, unmake, a_task_goes_out_signed_and_comes_back_as_succeeded,
    the_hint_sends_a_task_at_once, records_of_another_sites_task_are_dropped_and_audited,
    a_result_that_its_agent_did_not_sign_is_dropped, a_refused_order_is_audited_with_its_task,
    records_that_cannot_be_taken_are_passed_over, a_right_that_is_missing_costs_no_record,
    a_database_restart_loses_nothing_and_repeats_nothing,
    an_order_that_cannot_be_made_goes_back_with_its_reason, a_cancel_reaches_the_agent_once,
    a_revoked_agent_has_no_effect_within_a_second, another_site_in_hello_is_refused,
    a_lost_journal_quarantines_the_site_until_its_release, epochs_raise_the_floor_or_quarantine,
    another_owner_ends_the_session)
