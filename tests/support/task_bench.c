/* task_bench - storey: agent controller. Tasks from their making to their committed result: the
 * whole of dispatch over PostgreSQL, and BENCH_SITES sites, each with the agent's own link (CURVE)
 * and journal (fsync); a runner that does what a run with the noop driver says: ACCEPTED, STARTED,
 * three steps, a signed RESULT. BENCH_TASKS tasks over 20 machines a site. Prints
 *   rate TASKS_A_SECOND | cpu_ms OF_BOTH_PROGRAMS_EACH
 * of this one process that holds both ends; PostgreSQL's is not in it. A tenth as many tasks go
 * before it, unmeasured, and the tables are analysed while these are under way, as autovacuum does
 * a minute later: for tables that it knows nothing of PostgreSQL plans as for a handful of rows.
 * Run by tests/bench/tasks_end_to_end.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/log.h"
#include "tests/support/wire_stand.h"

#define MACHINES_A_SITE 20
#define TASKS_A_COMMIT 50

struct bench_site {
    struct uuid site, agent;
    struct agent_keys keys;
    struct task_journal *journal;
    struct handover *orders;
    struct controller_link *link;
    struct sign_key *key;
    pthread_t thread;
    struct {
        struct uuid id, holding;
    } machines[MACHINES_A_SITE];
};

static size_t setting(const char *name, size_t otherwise)
{
    const char *value = getenv(name);

    return value ? strtoul(value, NULL, 10) : otherwise;
}

static void make_keys_of(struct bench_site *at, size_t number)
{
    char path[128];
    struct error err = {0};

    snprintf(path, sizeof(path), "%s/keys-%zu", folder, number);
    ck_assert_msg(agent_keys_make(path, &err) == 0 && agent_keys_load(path, &at->keys, &err) == 0,
                  "%s", err.text);
    at->key = sign_key_create(at->keys.sign_secret, NULL);
}

static void make_rows(struct bench_site *at, size_t number)
{
    at->site = uuid_make();
    at->agent = uuid_make();
    sql("insert into site (id, name) values ('%s', 'b%zu')", show(&at->site), number);
    sql("insert into agent (id, site_id, name, curve_key, sign_key, seal_key) values ('%s', '%s', "
        "'ba%zu', '\\x%s', '\\x%s', '\\x%s')",
        show(&at->agent), show(&at->site), number, hex(at->keys.public.curve),
        hex(at->keys.public.sign), hex(at->keys.public.seal));
    for (size_t i = 0; i < MACHINES_A_SITE; i++) {
        struct uuid id = uuid_make(), holds = uuid_make(), account = uuid_make();

        at->machines[i].id = id;
        at->machines[i].holding = holds;
        sql("insert into machine (id, site_id, name) values ('%s', '%s', 'bm%zu-%zu');"
            "insert into machine_nic (mac, machine_id, position) values ('02%010zx', '%s', 0);"
            "insert into bmc_account (id, machine_id, driver, address) values ('%s', '%s', 'noop', "
            "'noop');"
            "insert into machine_holding (tenant_id, id, machine_id) values ('%s', '%s', '%s')",
            show(&id), show(&at->site), number, i, number * MACHINES_A_SITE + i, show(&id),
            show(&account), show(&id), show(&tenant), show(&holds), show(&id));
    }
}

static void open_link(struct bench_site *at, size_t number)
{
    const char *endpoints[] = {dispatch_endpoint(dispatch), NULL};
    struct controller_link_settings settings = {
        .endpoints = endpoints, .agent_id = at->agent, .site_id = at->site};
    char path[128];
    struct error err = {0};

    snprintf(path, sizeof(path), "%s/journal-%zu", folder, number);
    ck_assert_msg((at->journal = task_journal_open(path, &err)) != NULL, "%s", err.text);
    at->orders = handover_create(256, drop_order, NULL);
    memcpy(settings.server_curve_public, controller.public.curve, 32);
    memcpy(settings.curve_secret, at->keys.curve_secret, 32);
    memcpy(settings.curve_public, at->keys.public.curve, 32);
    memcpy(settings.root_public, root_public, 32);
    at->link = controller_link_create(&settings, at->journal, at->orders, &err);
    ck_assert_msg(at->link && controller_link_start(at->link, &err) == 0, "%s", err.text);
}

/* ---- a run ---- */

static Muster__Record record_of(const struct task_order *of)
{
    Muster__Record record = MUSTER__RECORD__INIT;

    record.at_us = clock_realtime_us();
    record.task_id = message_from_uuid(&of->task_id);
    record.epoch = of->epoch;
    return record;
}

static void put_step(struct journal_batch *batch, const struct task_order *of, const char *name)
{
    Muster__Record record = record_of(of);
    Muster__Step step = MUSTER__STEP__INIT;

    step.attempt = 1;
    step.name = (char *)name;
    step.state = (char *)"done";
    step.evidence = (char *)"bmc";
    record.kind_case = MUSTER__RECORD__KIND_STEP;
    record.step = &step;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
}

static void write_batch(struct bench_site *at, struct journal_batch *batch)
{
    struct error err = {0};

    if (task_journal_write_now(at->journal, batch, &err) < 0) {
        fprintf(stderr, "task_bench: %s\n", error_text(&err));
        exit(1);
    }
}

static void accept_and_start(struct bench_site *at, const struct task_order *of)
{
    struct journal_batch *batch = journal_batch_create();
    Muster__Record record = record_of(of);
    Muster__Accepted accepted = MUSTER__ACCEPTED__INIT;
    Muster__Started started = MUSTER__STARTED__INIT;

    record.kind_case = MUSTER__RECORD__KIND_ACCEPTED;
    record.accepted = &accepted;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
    write_batch(at, batch);
    batch = journal_batch_create();
    started.attempt = 1;
    record.kind_case = MUSTER__RECORD__KIND_STARTED;
    record.started = &started;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
    put_step(batch, of, "bmc_off");
    put_step(batch, of, "bmc_on");
    put_step(batch, of, "restore_power");
    write_batch(at, batch);
}

static void end(struct bench_site *at, const struct task_order *of)
{
    struct journal_batch *batch = journal_batch_create();
    Muster__Record record = record_of(of);
    Muster__Result result = MUSTER__RESULT__INIT;
    Muster__Signed sealed = MUSTER__SIGNED__INIT;
    uint8_t *payload = NULL, *envelope = NULL, facts[32];
    size_t length = 0;
    struct error err = {0};

    if (task_journal_facts_digest(at->journal, &of->task_id, facts, &err) < 0)
        exit(1);
    result.task_id = record.task_id;
    result.site_id = message_from_uuid(&at->site);
    result.agent_id = message_from_uuid(&at->agent);
    result.epoch = of->epoch;
    result.outcome = (char *)"succeeded";
    result.verdict = (char *)"passed";
    result.restore = (char *)"done";
    result.facts_digest = (ProtobufCBinaryData){sizeof(facts), facts};
    result.started_at_us = result.ended_at_us = record.at_us;
    if (message_pack(&result.base, &payload, &length, &err) < 0 ||
        envelope_sign(at->key, DOMAIN_RESULT, payload, length, &envelope, &length, &err) < 0)
        exit(1);
    sealed.envelope = (ProtobufCBinaryData){length, envelope};
    record.kind_case = MUSTER__RECORD__KIND_RESULT;
    record.result = &sealed;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
    write_batch(at, batch);
    free(payload);
    free(envelope);
}

static void take(struct bench_site *at, struct link_order *came)
{
    struct verify_place place = {
        .site_id = at->site, .agent_id = at->agent, .journal = at->journal};
    struct verify_refusal refusal;
    struct task_order of;
    struct link_state state;
    struct error err = {0};

    controller_link_state(at->link, &state);
    place.manifest = state.manifest;
    place.nonce = state.nonce;
    place.now_us = state.controller_time_us;
    if (task_verify(&place, came->envelope, came->length, &of, &refusal, &err) == 1) {
        accept_and_start(at, &of);
        end(at, &of);
        task_order_clear(&of);
    } else {
        fprintf(stderr, "task_bench: refused: %s\n", error_text(&refusal.text));
    }
    key_manifest_release(state.manifest);
    link_order_free(came);
}

static void *run(void *context)
{
    struct bench_site *at = context;
    struct link_order *came;

    while (!handover_finished(at->orders))
        if ((came = handover_receive(at->orders, 1000)))
            take(at, came);
    return NULL;
}

/* ---- the bench ---- */

static void create_tasks(const struct bench_site *all, size_t site_count, size_t count)
{
    struct conf_map parameters = test_database("muster_api");
    struct error err = {0};
    struct db *db = db_connect(&parameters, &err);

    for (size_t i = 0; i < count; i++) {
        const struct bench_site *at = &all[i % site_count];
        size_t number = i / site_count % MACHINES_A_SITE;
        int64_t now = clock_realtime_us() - 1000000; /* due before the transaction began */
        struct task_request request = {.id = uuid_make(),
                                       .tenant = tenant,
                                       .holding = at->machines[number].holding,
                                       .machine = at->machines[number].id,
                                       .site = at->site,
                                       .grant = image_grant,
                                       .image_version = image_version,
                                       .schedule_us = now,
                                       .expires_us = now + TASK_START_WINDOW_US,
                                       .deadline_s = 600,
                                       .requested_by = "bench"};

        if (i % TASKS_A_COMMIT == 0)
            ck_assert_msg(db_begin_tenant(db, &tenant, &err) == 0, "%s", err.text);
        ck_assert_msg(task_create(db, &request, &err) == 1, "%s", err.text);
        if (i % TASKS_A_COMMIT == TASKS_A_COMMIT - 1 || i == count - 1)
            ck_assert_msg(db_commit(db, &err) == 0, "%s", err.text);
    }
    db_disconnect(db);
}

static double cpu_s(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void run_tasks(const struct bench_site *all, size_t site_count, size_t count, bool analyse)
{
    int64_t began = clock_monotonic_ms();

    create_tasks(all, site_count, count);
    if (analyse)
        sql("analyze");
    while (number("select count(*) from task_queue") > 0 &&
           clock_monotonic_ms() - began < 10 * 60 * 1000)
        poll(NULL, 0, 50);
}

START_TEST(tasks_end_to_end)
{
    size_t site_count = setting("BENCH_SITES", 50), count = setting("BENCH_TASKS", 5000);
    struct bench_site *all = calloc(site_count, sizeof(*all));
    int64_t began;
    double cpu, seconds;

    log_set_level(LOG_ERROR);
    for (size_t i = 0; i < site_count; i++) {
        make_keys_of(&all[i], i);
        make_rows(&all[i], i);
    }
    poll(NULL, 0, 1500); /* the keys are admitted by a poll of half a second */
    for (size_t i = 0; i < site_count; i++) {
        open_link(&all[i], i);
        ck_assert_int_eq(pthread_create(&all[i].thread, NULL, run, &all[i]), 0);
    }
    wait_number((int64_t)site_count, "select count(*) from agent_session where expires_at > now()");
    run_tasks(all, site_count, count / 10, true);
    began = clock_monotonic_ms();
    cpu = cpu_s();
    run_tasks(all, site_count, count, false);
    seconds = (double)(clock_monotonic_ms() - began) / 1000;
    cpu = cpu_s() - cpu;
    ck_assert_int_eq(number("select count(*) from task where state = 'succeeded' and facts_agree"),
                     (int64_t)(count + count / 10));
    printf("rate %.0f\ncpu_ms %.2f\n", (double)count / seconds, cpu * 1000 / (double)count);
    for (size_t i = 0; i < site_count; i++) {
        handover_close(all[i].orders);
        pthread_join(all[i].thread, NULL);
        controller_link_destroy(all[i].link);
        task_journal_close(all[i].journal);
        handover_destroy(all[i].orders);
        sign_key_destroy(all[i].key);
    }
    free(all);
}
END_TEST

CHECK_MAIN_WITH("task_bench", make, unmake, tasks_end_to_end)
