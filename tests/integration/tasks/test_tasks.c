/* test_tasks.c - tasks over a real database, as muster_engine: what the edge table, the queue and
 * the agents' facts do to rows. Needs a private PostgreSQL: see run. */
#include <check.h>
#include <openssl/sha.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/test_database.h"
#include "tests/support/test_fleet.h"

#include "controller/decide/rule_store.h"
#include "controller/tasks/task.h"
#include "controller/tasks/task_facts.h"
#include "controller/tasks/task_queue.h"
#include "controller/tasks/task_report.h"
#include "controller/tasks/task_settle.h"
#include "controller/tasks/task_state.h"

#define MINUTE_US (60 * INT64_C(1000000))
#define BYTES ((const uint8_t *)"thirty-two bytes of a digest ...")

static struct db *owner, *engine, *api;
static struct test_fleet fleet;
static struct uuid controller;
static struct error err;

static void set_up(void)
{
    struct conf_map as_owner = test_database("muster_owner"),
                    as_engine = test_database("muster_engine"),
                    as_api = test_database("muster_api");

    owner = db_connect(&as_owner, &err);
    ck_assert_msg(owner != NULL, "%s", error_text(&err));
    test_fleet_make(owner, &fleet);
    engine = db_connect(&as_engine, &err);
    api = db_connect(&as_api, &err);
    controller = uuid_make();
}

static void tear_down(void)
{
    db_disconnect(owner);
    db_disconnect(engine);
    db_disconnect(api);
}

#define OK(call) ck_assert_msg((call) >= 0, "%s", error_text(&err))

/* ---- makers and readers ---- */

static struct task_request request_for(int machine)
{
    int64_t now = clock_realtime_us();

    return (struct task_request){.id = uuid_make(),
                                 .tenant = fleet.tenant,
                                 .class = TASK_OPERATOR,
                                 .holding = fleet.holding[machine],
                                 .machine = fleet.machine[machine],
                                 .site = fleet.site,
                                 .grant = fleet.grant,
                                 .image_version = fleet.image,
                                 .schedule_us = now,
                                 .expires_us = now + TASK_START_WINDOW_US,
                                 .deadline_s = 600,
                                 .requested_by = "tester"};
}

static int create(const struct task_request *request)
{
    int made;

    OK(db_begin_tenant(engine, &request->tenant, &err));
    made = task_create(engine, request, &err);
    if (made >= 0)
        OK(db_commit(engine, &err));
    db_rollback(engine);
    return made;
}

static struct uuid make_task(int machine)
{
    struct task_request request = request_for(machine);

    ck_assert_msg(create(&request) == 1, "%s", error_text(&err));
    return request.id;
}

static const char *column(const struct uuid *task, const char *expression)
{
    static char value[200];
    char sql[300];
    struct db_rows *rows;

    snprintf(sql, sizeof(sql), "select (%s)::text from task where id = $1", expression);
    rows = db_query(owner, sql, &err, "u", task);
    ck_assert_msg(rows != NULL, "%s", error_text(&err));
    snprintf(value, sizeof(value), "%s", db_is_null(rows, 0, 0) ? "-" : db_text(rows, 0, 0));
    db_rows_destroy(rows);
    return value;
}

#define STATE_IS(task, wanted) ck_assert_str_eq(column(&(task), "state"), wanted)

static int64_t count_of(const char *sql, const struct uuid *id)
{
    struct db_rows *rows = db_query(owner, sql, &err, "u", id);
    int64_t count;

    ck_assert_msg(rows != NULL, "%s: %s", error_text(&err), sql);
    count = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    return count;
}

static int64_t queue_rows(const struct uuid *task)
{
    return count_of("select count(*) from task_queue where task_id = $1", task);
}

static bool has_event(const struct uuid *task, const char *name)
{
    struct db_rows *rows = db_query(
        owner, "select 1 from task_event where task_id = $1 and name = $2", &err, "us", task, name);
    bool has = rows && db_rows_count(rows) > 0;

    db_rows_destroy(rows);
    return has;
}

static const char *held_because(int machine)
{
    static char why[300];
    struct db_rows *rows = db_query(owner, "select held_because from machine where id = $1", &err,
                                    "u", &fleet.machine[machine]);

    snprintf(why, sizeof(why), "%s", db_is_null(rows, 0, 0) ? "-" : db_text(rows, 0, 0));
    db_rows_destroy(rows);
    return why;
}

static void as_owner(const char *sql, const struct uuid *id)
{
    ck_assert_msg(db_execute(owner, sql, &err, "u", id) >= 0, "%s: %s", error_text(&err), sql);
}

/* The last start moment passes: the test owns the rows' clock. */
static void overdue(const struct uuid *task)
{
    as_owner("update task set expires_at = now() - interval '1 second' where id = $1", task);
    as_owner("update task_queue set expires_at = now() - interval '1 second' where task_id = $1",
             task);
}

static void lapse(const struct uuid *task)
{
    as_owner("update task_queue set lease_until = now() - interval '1 second' where task_id = $1",
             task);
    OK(task_queue_tick(engine, &err));
}

static int lease(struct task_lease *ret, size_t count)
{
    int leased = task_queue_lease(engine, &controller, &fleet.site, &fleet.agent, count, ret, &err);

    OK(leased);
    return leased;
}

static struct task_lease lease_it(const struct uuid *task)
{
    struct task_lease leases[TEST_MACHINES];
    int leased = lease(leases, TEST_MACHINES);

    for (int i = 0; i < leased; i++)
        if (uuid_equal(&leases[i].task, task))
            return leases[i];
    ck_abort_msg("the task was not leased");
    return leases[0];
}

static struct task_fact fact_of(const struct task_lease *lease)
{
    return (struct task_fact){.task = lease->task,
                              .site = fleet.site,
                              .agent = fleet.agent,
                              .epoch = lease->epoch,
                              .at_us = clock_realtime_us(),
                              .sequence = 7};
}

/* As dispatch does: find, then the fact, then commit. */
#define FACT(fact, call)                                                                           \
    do {                                                                                           \
        OK(db_begin(engine, &err));                                                                \
        ck_assert_int_eq(task_facts_find(engine, &(fact), &err), 1);                               \
        OK(call);                                                                                  \
        OK(db_commit(engine, &err));                                                               \
    } while (0)

static void accepted(struct task_fact *fact)
{
    FACT(*fact, task_facts_accepted(engine, fact, &err));
}

static void started(struct task_fact *fact)
{
    FACT(*fact, task_facts_started(engine, fact, 1, &err));
}

static struct task_fact run_task(int machine)
{
    struct uuid task = make_task(machine);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);

    accepted(&fact);
    started(&fact);
    STATE_IS(fact.task, "running");
    return fact;
}

static struct task_result passed(void)
{
    int64_t now = clock_realtime_us();

    return (struct task_result){.outcome = "succeeded",
                                .verdict = "passed",
                                .restore = "done",
                                .stopped_at = "",
                                .cause = "",
                                .remedy = "",
                                .log_size = 10,
                                .started_at_us = now - 5000000,
                                .ended_at_us = now};
}

/* ---- edges ---- */

START_TEST(database_has_the_edges_of_the_code)
{
    struct db_rows *rows =
        db_query(owner, "select from_state, to_state, event, sentence from task_edge", &err, "");
    size_t count;

    ck_assert_ptr_nonnull(rows);
    task_edges(&count);
    ck_assert_uint_eq(db_rows_count(rows), count);
    for (size_t i = 0; i < count; i++) {
        const struct task_edge *edge =
            task_edge_find(db_text(rows, i, 0), db_text(rows, i, 1), db_text(rows, i, 2));

        ck_assert_msg(edge != NULL, "%s -> %s", db_text(rows, i, 0), db_text(rows, i, 1));
        ck_assert_str_eq(edge->sentence, db_text(rows, i, 3));
    }
    db_rows_destroy(rows);
}
END_TEST

START_TEST(database_refuses_other_edges)
{
    struct uuid task = make_task(0);

    ck_assert_int_eq(
        db_execute(owner, "update task set state = 'succeeded' where id = $1", &err, "u", &task),
        1);
    ck_assert_int_eq(
        db_execute(owner, "update task set state = 'queued' where id = $1", &err, "u", &task), -1);
    ck_assert_str_eq(err.sqlstate, "MU001");
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_int_eq(
        db_execute(owner, "update task set state = 'nonsense' where id = $1", &err, "u", &task),
        -1);
    ck_assert_int_eq(
        db_execute(owner,
                   "insert into task (tenant_id, id, state, holding_id, machine_id, site_id, "
                   "grant_id, image_version_id, schedule_time, expires_at, deadline_s, "
                   "requested_by) select tenant_id, gen_random_uuid(), 'running', holding_id, "
                   "machine_id, site_id, grant_id, image_version_id, schedule_time, expires_at, "
                   "deadline_s, requested_by from task where id = $1",
                   &err, "u", &task),
        -1);
    ck_assert_str_eq(err.sqlstate, "MU001");
}
END_TEST

START_TEST(code_refuses_other_edges)
{
    struct uuid task = make_task(0);
    struct task_change change = {
        .to = "running", .event = "due", .who = "tester", .at_us = INT64_MIN};
    struct task_now now;

    OK(db_begin_tenant(engine, &fleet.tenant, &err));
    ck_assert_int_eq(task_state_lock(engine, &fleet.tenant, &task, &now, &err), 1);
    ck_assert_int_eq(task_state_change(engine, &now, &change, &err), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(err.text, "queued"));
    db_rollback(engine);
    STATE_IS(task, "queued");
}
END_TEST

/* ---- making ---- */

START_TEST(bad_requests_make_nothing)
{
    struct task_request request = request_for(0);

    request.requested_by = "";
    ck_assert_int_eq(create(&request), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    request = request_for(0);
    request.expires_us = request.schedule_us;
    ck_assert_int_eq(create(&request), -1);
    request = request_for(0);
    request.holding = fleet.holding[1]; /* of another machine */
    ck_assert_int_eq(create(&request), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    request = request_for(0);
    request.tenant = fleet.other_tenant; /* whose neither holding nor grant is */
    ck_assert_int_eq(create(&request), -1);
    ck_assert_int_eq(queue_rows(&request.id), 0);
}
END_TEST

START_TEST(same_id_is_made_once)
{
    struct task_request request = request_for(0);

    ck_assert_int_eq(create(&request), 1);
    ck_assert_int_eq(create(&request), 0);
    ck_assert_int_eq(queue_rows(&request.id), 1);
    ck_assert_int_eq(count_of("select count(*) from task_event where task_id = $1", &request.id),
                     1);
    ck_assert_int_eq(
        count_of("select count(*) from audit where object = 'task ' || $1::text", &request.id), 1);
}
END_TEST

START_TEST(scheduled_task_falls_due)
{
    struct task_request request = request_for(0);
    struct task_lease leases[1];

    request.schedule_us += 60 * MINUTE_US;
    request.expires_us += 60 * MINUTE_US;
    ck_assert_int_eq(create(&request), 1);
    STATE_IS(request.id, "scheduled");
    ck_assert_int_eq(lease(leases, 1), 0);
    OK(task_queue_tick(engine, &err));
    STATE_IS(request.id, "scheduled");
    as_owner("update task_queue set due_at = now() where task_id = $1", &request.id);
    ck_assert_int_ge(task_queue_tick(engine, &err), 1);
    STATE_IS(request.id, "queued");
    ck_assert(has_event(&request.id, "scheduled -> queued"));
}
END_TEST

START_TEST(nobody_took_it_in_time)
{
    struct uuid task = make_task(0);
    struct task_lease leases[1];

    overdue(&task);
    ck_assert_int_eq(lease(leases, 1), 0);
    ck_assert_int_ge(task_queue_tick(engine, &err), 1);
    STATE_IS(task, "expired");
    ck_assert_int_eq(queue_rows(&task), 0);
    ck_assert_str_ne(column(&task, "ended_at"), "-");
}
END_TEST

/* ---- leases ---- */

START_TEST(lease_raises_the_epoch_and_keeps_the_grant)
{
    struct uuid task = make_task(0);
    struct task_lease first = lease_it(&task), second;

    STATE_IS(task, "leased");
    ck_assert_uint_eq(first.epoch, 1);
    lapse(&task);
    STATE_IS(task, "queued");
    as_owner("update task_queue set due_at = now() where task_id = $1", &task);
    second = lease_it(&task);
    ck_assert_uint_eq(second.epoch, 2);
    ck_assert_int_eq(count_of("select count(*) from task_grant where task_id = $1", &task), 2);
    ck_assert_str_eq(column(&task, "epoch"), "2");
}
END_TEST

START_TEST(epoch_starts_above_the_floor_of_its_site)
{
    struct uuid task = make_task(0);
    struct task_lease lease;

    as_owner("update site set epoch_floor = 41 where id = $1", &fleet.site);
    lease = lease_it(&task);
    ck_assert_uint_eq(lease.epoch, 42);
}
END_TEST

START_TEST(one_task_a_machine)
{
    struct uuid first = make_task(0), second = make_task(0), other = make_task(1);
    struct task_lease leases[TEST_MACHINES];

    ck_assert_int_eq(lease(leases, TEST_MACHINES), 2);
    STATE_IS(first, "leased");
    STATE_IS(other, "leased");
    STATE_IS(second, "queued");
    ck_assert_int_eq(lease(leases, TEST_MACHINES), 0);
    ck_assert_int_eq(db_execute(owner, "update task_queue set state = 'leased' where task_id = $1",
                                &err, "u", &second),
                     -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
}
END_TEST

START_TEST(class_goes_before_age)
{
    struct task_request batch = request_for(0), person = request_for(1);
    struct task_lease leases[1];

    batch.class = TASK_BATCH;
    batch.schedule_us -= MINUTE_US;
    ck_assert_int_eq(create(&batch), 1);
    ck_assert_int_eq(create(&person), 1);
    ck_assert_int_eq(lease(leases, 1), 1);
    ck_assert(uuid_equal(&leases[0].task, &person.id));
}
END_TEST

START_TEST(nobody_starves)
{
    struct task_request batch = request_for(0), person = request_for(1);
    struct task_lease leases[1];

    batch.class = TASK_BATCH;
    batch.schedule_us -= 10 * MINUTE_US; /* further back than its class has to wait */
    ck_assert_int_eq(create(&batch), 1);
    ck_assert_int_eq(create(&person), 1);
    ck_assert_int_eq(lease(leases, 1), 1);
    ck_assert(uuid_equal(&leases[0].task, &batch.id));
}
END_TEST

START_TEST(tries_are_further_and_further_apart)
{
    static const int pauses[] = {2, 4, 8, 16, 32, 60, 60};
    struct uuid task = make_task(0);

    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        struct task_lease lease = lease_it(&task);
        struct task_fact fact = fact_of(&lease);

        FACT(fact, task_facts_declined(engine, &fact, "busy", "the machine has a task", &err));
        ck_assert_int_eq(count_of("select round(extract(epoch from due_at - state_since))::bigint "
                                  "from task_queue join task on id = task_id where id = $1",
                                  &task),
                         pauses[i]);
        as_owner("update task_queue set due_at = now() where task_id = $1", &task);
    }
}
END_TEST

/* ---- rules ---- */

static struct uuid make_rule(void)
{
    struct rule_push push = {.tenant = fleet.tenant,
                             .name = "reboot-on-ecc",
                             .version = 1,
                             .source = "rule: text",
                             .length = 10,
                             .pushed_by = "tester",
                             .arm = true};
    struct db_rows *rows;
    int64_t current;
    struct uuid rule;

    OK(db_begin_tenant(api, &fleet.tenant, &err));
    ck_assert_msg(rule_store_push(api, &push, &current, &err) == RULE_PUSHED, "%s",
                  error_text(&err));
    OK(db_commit(api, &err));
    rows = db_query(owner, "select id from rule where tenant_id = $1", &err, "u", &fleet.tenant);
    rule = db_uuid(rows, 0, 0);
    db_rows_destroy(rows);
    return rule;
}

static struct uuid make_rules_task(int machine, const struct uuid *rule)
{
    struct task_request request = request_for(machine);

    request.class = TASK_RULE;
    request.rule = *rule;
    request.rule_version = 1;
    ck_assert_msg(create(&request) == 1, "%s", error_text(&err));
    return request.id;
}

static enum rule_switched throw_switch(const char *rule, bool on)
{
    struct rule_switch wanted = {
        .tenant = fleet.tenant, .name = rule, .on = on, .who = "tester", .reason = "for a test"};
    enum rule_switched done;

    OK(db_begin_tenant(api, &fleet.tenant, &err));
    done = rule_store_switch(api, &wanted, &err);
    ck_assert_msg(done != RULE_SWITCH_FAILED, "%s", error_text(&err));
    OK(db_commit(api, &err));
    return done;
}

START_TEST(disarmed_rules_tasks_wait)
{
    struct uuid rule = make_rule(), task = make_rules_task(0, &rule);
    struct task_lease leases[1];

    ck_assert_int_eq(throw_switch("no-such-rule", false), RULE_NOT_THERE);
    ck_assert_int_eq(throw_switch("reboot-on-ecc", false), RULE_SWITCHED);
    ck_assert_int_eq(throw_switch("reboot-on-ecc", false), RULE_SWITCHED_BEFORE);
    ck_assert_int_eq(lease(leases, 1), 0);
    STATE_IS(task, "queued");
    ck_assert_int_eq(throw_switch("reboot-on-ecc", true), RULE_SWITCHED);
    ck_assert_int_eq(lease(leases, 1), 1);
    STATE_IS(task, "leased");
    ck_assert_int_eq(count_of("select count(*) from rule_switch where rule_id = $1", &rule), 3);
    ck_assert_int_eq(
        count_of("select count(distinct revision) from rule_switch where rule_id = $1", &rule), 3);
}
END_TEST

START_TEST(stopped_automation_waits_and_people_do_not)
{
    struct uuid rule = make_rule(), task = make_rules_task(0, &rule), by_person = make_task(1);
    struct task_lease leases[2];

    ck_assert_int_eq(throw_switch(NULL, true), RULE_SWITCHED_BEFORE);
    ck_assert_int_eq(throw_switch(NULL, false), RULE_SWITCHED);
    ck_assert_int_eq(lease(leases, 2), 1);
    STATE_IS(by_person, "leased");
    STATE_IS(task, "queued");
    ck_assert_int_eq(throw_switch(NULL, true), RULE_SWITCHED);
    ck_assert_int_eq(lease(leases, 2), 1);
    STATE_IS(task, "leased");
}
END_TEST

/* Leasing that reads the candidates before the switch and claims behind it finds nothing: the
 * switch holds the lock that leasing waits for. */
static void *lease_meanwhile(void *context)
{
    struct conf_map as_engine = test_database("muster_engine");
    struct error why = {0};
    struct db *db = db_connect(&as_engine, &why);
    struct task_lease leases[1];

    *(int *)context = task_queue_lease(db, &controller, &fleet.site, &fleet.agent, 1, leases, &why);
    db_disconnect(db);
    return NULL;
}

START_TEST(a_switch_waits_for_the_lease_under_way_and_then_holds)
{
    struct uuid rule = make_rule(), task = make_rules_task(0, &rule);
    struct rule_switch wanted = {
        .tenant = fleet.tenant, .name = "reboot-on-ecc", .who = "tester", .reason = "for a test"};
    pthread_t thread;
    int leased = -2;

    OK(db_begin_tenant(api, &fleet.tenant, &err));
    ck_assert_int_eq(rule_store_switch(api, &wanted, &err), RULE_SWITCHED);
    ck_assert_int_eq(pthread_create(&thread, NULL, lease_meanwhile, &leased), 0);
    /* The database has no event for a lock that is waited for: look again every 10 ms. */
    while (test_number(owner, "select count(*) from pg_locks where locktype = 'advisory' and not "
                              "granted") == 0)
        poll(NULL, 0, 10);
    OK(db_commit(api, &err));
    pthread_join(thread, NULL);
    ck_assert_int_eq(leased, 0);
    STATE_IS(task, "queued");
}
END_TEST

/* ---- orders that no repetition helps ---- */

START_TEST(what_an_agent_can_never_do_fails_at_once)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);

    FACT(fact, task_facts_declined(engine, &fact, "unsupported", "no driver 'xyz'", &err));
    STATE_IS(task, "failed");
    ck_assert_str_eq(column(&task, "cause"), "declined: unsupported: no driver 'xyz'");
    ck_assert_ptr_nonnull(strstr(column(&task, "remedy"), "set-bmc"));
    ck_assert(has_event(&task, "leased -> failed"));
    ck_assert_int_eq(queue_rows(&task), 0);
    FACT(fact, task_facts_declined(engine, &fact, "unsupported", "no driver 'xyz'", &err));
    STATE_IS(task, "failed");
}
END_TEST

START_TEST(refused_order_fails_or_comes_again)
{
    struct uuid hopeless = make_task(0), late = make_task(1);
    struct task_lease first = lease_it(&hopeless), leases[2];
    struct task_fact fact = fact_of(&first);

    FACT(fact, task_facts_refused(engine, &fact, "malformed", "field 12", &err));
    STATE_IS(hopeless, "failed");
    ck_assert_str_eq(column(&hopeless, "cause"), "malformed: field 12");
    STATE_IS(late, "leased");
    ck_assert_int_eq(lease(leases, 2), 0);
    fact.task = late;
    fact.epoch = 1;
    FACT(fact, task_facts_refused(engine, &fact, "expired", "2 s ago", &err));
    STATE_IS(late, "leased"); /* until its lease lapses */
    accepted(&fact);
    FACT(fact, task_facts_refused(engine, &fact, "unsupported", "said of a repetition", &err));
    STATE_IS(late, "accepted");
}
END_TEST

START_TEST(refusal_of_unreadable_bytes_finds_its_task)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = {.site = fleet.other_site, .agent = fleet.agent};

    ck_assert_int_eq(task_queue_sent(engine, &controller, &lease, BYTES, &err), 1);
    OK(db_begin(engine, &err));
    ck_assert_int_eq(task_facts_find_order(engine, &fact, BYTES, &err), 0);
    fact.site = fleet.site;
    ck_assert_int_eq(task_facts_find_order(engine, &fact, BYTES, &err), 1);
    ck_assert(uuid_equal(&fact.task, &task));
    ck_assert_uint_eq(fact.epoch, lease.epoch);
    OK(task_facts_refused(engine, &fact, "malformed", "payload", &err));
    OK(db_commit(engine, &err));
    STATE_IS(task, "failed");
}
END_TEST

START_TEST(held_machines_and_other_sites_are_not_leased)
{
    struct uuid task = make_task(0);
    struct task_lease leases[1];

    as_owner("update machine set held_because = 'a person said so' where id = $1",
             &fleet.machine[0]);
    ck_assert_int_eq(lease(leases, 1), 0);
    as_owner("update machine set held_because = null where id = $1", &fleet.machine[0]);
    ck_assert_int_eq(task_queue_lease(engine, &controller, &fleet.other_site, &fleet.other_agent, 1,
                                      leases, &err),
                     0);
    ck_assert_int_eq(lease(leases, 1), 1);
    STATE_IS(task, "leased");
}
END_TEST

START_TEST(sent_and_requeue_need_the_live_lease)
{
    struct uuid task = make_task(0), stranger = uuid_make();
    struct task_lease lease = lease_it(&task), old = lease;

    ck_assert_int_eq(task_queue_sent(engine, &stranger, &lease, BYTES, &err), 0);
    old.epoch--;
    ck_assert_int_eq(task_queue_sent(engine, &controller, &old, BYTES, &err), 0);
    ck_assert_int_eq(task_queue_sent(engine, &controller, &lease, BYTES, &err), 1);
    ck_assert_int_eq(task_queue_requeue(engine, &stranger, &lease, "no", &err), 0);
    as_owner("update task_queue set lease_until = now() - interval '1 second' where task_id = $1",
             &task);
    ck_assert_int_eq(task_queue_sent(engine, &controller, &lease, BYTES, &err), 0);
    ck_assert_int_eq(task_queue_requeue(engine, &controller, &lease, "no", &err), 0);
    STATE_IS(task, "leased");
}
END_TEST

START_TEST(unsent_lease_leaves_no_grant_behind)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);

    ck_assert_int_eq(task_queue_requeue(engine, &controller, &lease, "the link is down", &err), 1);
    STATE_IS(task, "queued");
    overdue(&task);
    OK(task_queue_tick(engine, &err));
    STATE_IS(task, "expired");
}
END_TEST

/* ---- facts ---- */

START_TEST(foreign_facts_find_nothing)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);

    OK(db_begin(engine, &err));
    fact.site = fleet.other_site;
    ck_assert_int_eq(task_facts_find(engine, &fact, &err), 0);
    fact = fact_of(&lease);
    fact.epoch++;
    ck_assert_int_eq(task_facts_find(engine, &fact, &err), 0);
    fact = fact_of(&lease);
    fact.task = uuid_make();
    ck_assert_int_eq(task_facts_find(engine, &fact, &err), 0);
    db_rollback(engine);
}
END_TEST

START_TEST(straight_run_ends_with_the_machine_free)
{
    struct task_fact fact = run_task(0);
    struct task_result result = passed();
    struct task_step step = {.attempt = 1,
                             .name = "bmc_off",
                             .state = "done",
                             .detail = "reads back off",
                             .evidence = "bmc",
                             .duration_ms = 1200};

    ck_assert_str_eq(column(&fact.task, "restore"), "pending");
    ck_assert_ptr_nonnull(strstr(held_because(0), "pending"));
    FACT(fact, task_facts_step(engine, &fact, &step, &err));
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    STATE_IS(fact.task, "succeeded");
    ck_assert_str_eq(column(&fact.task, "verdict"), "passed");
    ck_assert_str_eq(column(&fact.task, "restore"), "done");
    ck_assert_str_eq(held_because(0), "-");
    ck_assert_int_eq(queue_rows(&fact.task), 0);
    FACT(fact, task_facts_result(engine, &fact, &result, &err)); /* said again */
    ck_assert_int_eq(count_of("select count(*) from task_event where task_id = $1 and kind = "
                              "'state'",
                              &fact.task),
                     5);
    ck_assert(has_event(&fact.task, "bmc_off"));
    ck_assert_int_eq(count_of("select count(*) from audit where who like 'agent %' and object = "
                              "'task ' || $1::text",
                              &fact.task),
                     3);
}
END_TEST

START_TEST(facts_count_after_the_lease_was_lost)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);
    struct task_result result = passed();

    lapse(&task);
    STATE_IS(task, "queued");
    started(&fact);
    STATE_IS(task, "running");
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    STATE_IS(task, "succeeded");
}
END_TEST

START_TEST(result_alone_ends_a_queued_task)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);
    struct task_result result = passed();

    lapse(&task);
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    STATE_IS(task, "succeeded");
    ck_assert_str_eq(held_because(0), "-");
}
END_TEST

START_TEST(fact_of_one_task_sends_its_rival_back)
{
    struct uuid first = make_task(0), second = make_task(0);
    struct task_lease lease_first = lease_it(&first), lease_second;
    struct task_fact fact = fact_of(&lease_first);

    lapse(&first);
    as_owner("update task_queue set due_at = now() + interval '1 hour' where task_id = $1", &first);
    lease_second = lease_it(&second);
    ck_assert_uint_gt(lease_second.epoch, lease_first.epoch);
    accepted(&fact);
    STATE_IS(first, "accepted");
    STATE_IS(second, "queued");
}
END_TEST

START_TEST(declined_and_released_tasks_come_again)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);

    FACT(fact, task_facts_declined(engine, &fact, "busy", "the machine has a task", &err));
    STATE_IS(task, "queued");
    as_owner("update task_queue set due_at = now() where task_id = $1", &task);
    lease = lease_it(&task);
    fact = fact_of(&lease);
    accepted(&fact);
    FACT(fact, task_facts_released(engine, &fact, "no image yet", &err));
    STATE_IS(task, "queued");
    overdue(&task); /* no agent holds it: time may end it */
    OK(task_queue_tick(engine, &err));
    STATE_IS(task, "expired");
}
END_TEST

START_TEST(words_that_are_cut_stay_utf8)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);
    char words[1001];

    for (int i = 0; i < 500; i++)
        memcpy(words + 2 * i, "\xc3\xa4", 3);
    FACT(fact, task_facts_declined(engine, &fact, "x", words, &err));
    STATE_IS(task, "queued");
    fact = run_task(1);
    FACT(fact, task_facts_uncertain(engine, &fact, "", words, &err));
    STATE_IS(fact.task, "unknown");
}
END_TEST

START_TEST(overdue_task_with_a_grant_waits_for_its_agent)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);

    overdue(&task);
    lapse(&task);
    OK(task_queue_tick(engine, &err));
    STATE_IS(task, "queued");
    ck_assert_str_ne(column(&task, "cancel_requested_at"), "-");
    ck_assert_int_eq(task_queue_tick(engine, &err), 0); /* asked once */
    FACT(fact, task_facts_not_held(engine, &fact, &err));
    STATE_IS(task, "expired");
}
END_TEST

START_TEST(answer_that_never_comes_is_unknown)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);
    struct task_result result = passed();

    overdue(&task);
    lapse(&task);
    OK(task_queue_tick(engine, &err));
    as_owner("update task_queue set deadline_at = now() - interval '11 minutes' where task_id = $1",
             &task);
    OK(task_queue_tick(engine, &err));
    STATE_IS(task, "unknown");
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    STATE_IS(task, "succeeded");
}
END_TEST

START_TEST(silence_beyond_the_deadline_is_unknown)
{
    struct task_fact fact = run_task(0);

    as_owner("update task_queue set deadline_at = now() - interval '9 minutes' where task_id = $1",
             &fact.task);
    OK(task_queue_tick(engine, &err));
    STATE_IS(fact.task, "running");
    as_owner("update task_queue set deadline_at = now() - interval '11 minutes' where task_id = $1",
             &fact.task);
    OK(task_queue_tick(engine, &err));
    STATE_IS(fact.task, "unknown");
    started(&fact);
    STATE_IS(fact.task, "running");
}
END_TEST

START_TEST(lost_journal_is_unknown)
{
    struct task_fact fact = run_task(0);
    struct task_lease leases[1];
    struct uuid next;

    FACT(fact, task_facts_not_held(engine, &fact, &err));
    STATE_IS(fact.task, "unknown");
    next = make_task(0);
    ck_assert_int_eq(lease(leases, 1), 0); /* nobody knows what the machine does */
    STATE_IS(next, "queued");
}
END_TEST

START_TEST(failed_restore_holds_the_machine)
{
    struct task_fact fact = run_task(0);
    struct task_result result = passed();
    struct task_lease leases[1];

    result.outcome = "failed";
    result.verdict = "";
    result.restore = "failed";
    result.cause = "restore failed: power off: the BMC answers OK and reads back otherwise";
    result.stopped_at = "restore_power";
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    STATE_IS(fact.task, "failed");
    ck_assert_str_eq(column(&fact.task, "verdict"), "-");
    ck_assert_ptr_nonnull(strstr(held_because(0), "restore failed"));
    make_task(0);
    ck_assert_int_eq(lease(leases, 1), 0);
}
END_TEST

static int release(const struct uuid *tenant)
{
    int rc;

    OK(db_begin_tenant(engine, tenant, &err));
    rc = task_settle_release(engine, tenant, &fleet.machine[0], "admin", "looked at it", &err);
    if (rc < 0)
        db_rollback(engine);
    else
        OK(db_commit(engine, &err));
    return rc;
}

START_TEST(release_needs_something_that_holds_and_nothing_under_way)
{
    struct task_fact fact;

    ck_assert_int_eq(release(&fleet.tenant), 0);
    fact = run_task(0);
    ck_assert_int_eq(release(&fleet.tenant), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(error_text(&err), "running"));
    STATE_IS(fact.task, "running");
    ck_assert_ptr_nonnull(strstr(held_because(0), "restore is pending"));
}
END_TEST

START_TEST(released_machine_boots_again)
{
    struct task_fact fact = run_task(0);
    struct task_result result = passed();
    struct task_lease leases[1];

    result.outcome = result.restore = "failed";
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    make_task(0);
    ck_assert_int_eq(lease(leases, 1), 0);
    ck_assert_int_eq(release(&fleet.tenant), 1);
    ck_assert_str_eq(held_because(0), "-");
    ck_assert_int_eq(lease(leases, 1), 1);
}
END_TEST

START_TEST(release_settles_what_is_unknown)
{
    struct task_fact fact = run_task(0);
    struct task_lease leases[1];

    FACT(fact, task_facts_uncertain(engine, &fact, "bmc_on", "off and seen", &err));
    STATE_IS(fact.task, "unknown");
    make_task(0);
    ck_assert_int_eq(lease(leases, 1), 0);
    ck_assert_int_eq(release(&fleet.tenant), 1);
    STATE_IS(fact.task, "failed");
    ck_assert_str_eq(column(&fact.task, "restore"), "failed");
    ck_assert_str_eq(column(&fact.task, "cause"), "settled by a person: looked at it");
    ck_assert(has_event(&fact.task, "unknown -> failed"));
    ck_assert_int_eq(lease(leases, 1), 1);
}
END_TEST

/* ---- settled by a person ---- */

static int settle(const struct uuid *task, const char *as)
{
    int rc;

    OK(db_begin_tenant(api, &fleet.tenant, &err));
    rc = task_settle(api, &fleet.tenant, task, as, "admin", "the console shows it", &err);
    if (rc < 0)
        db_rollback(api);
    else
        OK(db_commit(api, &err));
    return rc;
}

static struct task_fact unknown_task(int machine)
{
    struct task_fact fact = run_task(machine);

    FACT(fact, task_facts_uncertain(engine, &fact, "bmc_on", "no answer", &err));
    return fact;
}

START_TEST(only_unknown_tasks_are_settled_as_an_end)
{
    struct uuid queued = make_task(0), nobody = uuid_make();
    struct task_fact fact = unknown_task(1);

    ck_assert_int_eq(settle(&nobody, "failed"), -1);
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    ck_assert_int_eq(settle(&queued, "failed"), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_int_eq(settle(&fact.task, "expired"), -1);
    ck_assert_int_eq(settle(&fact.task, "running"), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    STATE_IS(fact.task, "unknown");
}
END_TEST

START_TEST(settled_task_leaves_the_machine_to_its_release)
{
    struct task_fact fact = unknown_task(0);
    struct task_lease leases[1];

    ck_assert_int_eq(settle(&fact.task, "succeeded"), 0);
    STATE_IS(fact.task, "succeeded");
    ck_assert_str_eq(column(&fact.task, "settled_by"), "admin");
    ck_assert_str_eq(column(&fact.task, "restore"), "failed");
    ck_assert_ptr_nonnull(strstr(held_because(0), "nobody saw it put back"));
    ck_assert_int_eq(settle(&fact.task, "failed"), -1);
    ck_assert_ptr_nonnull(strstr(error_text(&err), "has ended: succeeded"));
    ck_assert_int_eq(count_of("select count(*) from agent_order where task_id = $1 and kind = "
                              "'settle' and outcome = 'succeeded' and ended is null",
                              &fact.task),
                     1);
    make_task(0);
    ck_assert_int_eq(lease(leases, 1), 0);
    ck_assert_int_eq(release(&fleet.tenant), 1);
    ck_assert_int_eq(lease(leases, 1), 1);
}
END_TEST

START_TEST(late_result_is_kept_once_and_its_restore_counts)
{
    struct task_fact fact = unknown_task(0);
    struct task_result result = passed();

    ck_assert_int_eq(settle(&fact.task, "failed"), 0);
    ck_assert_int_eq(release(&fleet.tenant), 1);
    result.restore = "failed";
    result.cause = "power off: refused";
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    FACT(fact, task_facts_result(engine, &fact, &result, &err)); /* said again */
    STATE_IS(fact.task, "failed");
    ck_assert_str_eq(column(&fact.task, "late_result->>'outcome'"), "succeeded");
    ck_assert_str_eq(column(&fact.task, "restore"), "failed");
    ck_assert_ptr_nonnull(strstr(held_because(0), "restore failed: power off: refused"));
    ck_assert_int_eq(count_of("select count(*) from task_event where task_id = $1 and name = 'late "
                              "result'",
                              &fact.task),
                     1);
    ck_assert_int_eq(count_of("select count(*) from audit where action = 'task.late_result' and "
                              "object = 'task ' || $1::text",
                              &fact.task),
                     1);
}
END_TEST

START_TEST(late_result_that_put_it_back_frees_the_machine)
{
    struct task_fact fact = unknown_task(0);
    struct task_result result = passed();

    ck_assert_int_eq(settle(&fact.task, "failed"), 0);
    ck_assert_str_ne(held_because(0), "-");
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    ck_assert_str_eq(held_because(0), "-");
    ck_assert_str_eq(column(&fact.task, "restore"), "done");
}
END_TEST

START_TEST(newer_release_supersedes_the_older)
{
    unknown_task(0);
    ck_assert_int_eq(release(&fleet.tenant), 1);
    as_owner("update machine set held_because = 'again' where id = $1", &fleet.machine[0]);
    ck_assert_int_eq(release(&fleet.tenant), 1);
    ck_assert_int_eq(count_of("select count(*) from agent_order where machine_id = $1 and kind = "
                              "'release' and ended = 'superseded'",
                              &fleet.machine[0]),
                     1);
    ck_assert_int_eq(count_of("select count(*) from agent_order where machine_id = $1 and kind = "
                              "'release' and ended is null",
                              &fleet.machine[0]),
                     1);
}
END_TEST

START_TEST(hold_by_a_person_outlives_the_task)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);
    struct task_result result = passed();

    as_owner("update machine set held_because = 'being moved' where id = $1", &fleet.machine[0]);
    started(&fact);
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    ck_assert_str_eq(held_because(0), "being moved");
}
END_TEST

START_TEST(result_with_foreign_words_is_noted_not_believed)
{
    struct task_fact fact = run_task(0);
    struct task_result result = passed();

    result.verdict = "excellent";
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    STATE_IS(fact.task, "running");
    ck_assert(has_event(&fact.task, "result refused"));
}
END_TEST

/* ---- cancel ---- */

static int cancel(const struct uuid *task, const char **ret_state)
{
    int rc;

    OK(db_begin_tenant(engine, &fleet.tenant, &err));
    rc = task_cancel(engine, &fleet.tenant, task, "tester", "not needed", ret_state, &err);
    if (rc == 0)
        OK(db_commit(engine, &err));
    db_rollback(engine);
    return rc;
}

START_TEST(unsent_task_is_cancelled_at_once)
{
    struct uuid task = make_task(0), nobody = uuid_make();
    const char *state = "";

    ck_assert_int_eq(cancel(&nobody, &state), -1);
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    ck_assert_int_eq(cancel(&task, &state), 0);
    ck_assert_str_eq(state, "cancelled");
    STATE_IS(task, "cancelled");
    ck_assert_int_eq(cancel(&task, &state), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
}
END_TEST

START_TEST(agent_says_it_never_began)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task), leases[1];
    struct task_fact fact = fact_of(&lease);
    const char *state = "";

    lapse(&task); /* queued, and perhaps at the agent */
    as_owner("update task_queue set due_at = now() where task_id = $1", &task);
    ck_assert_int_eq(cancel(&task, &state), 0);
    ck_assert_str_eq(state, "queued");
    ck_assert_int_eq(
        task_queue_lease(engine, &controller, &fleet.site, &fleet.agent, 1, leases, &err),
        0); /* its agent is being asked */
    FACT(fact, task_facts_not_held(engine, &fact, &err));
    STATE_IS(task, "cancelled");
}
END_TEST

START_TEST(cancel_of_a_run_ends_with_its_result)
{
    struct task_fact fact = run_task(0);
    struct task_result result = passed();
    const char *state = "";

    ck_assert_int_eq(cancel(&fact.task, &state), 0);
    ck_assert_str_eq(state, "running");
    FACT(fact, task_facts_cancel_answer(engine, &fact, "cancelled", "being put back", &err));
    STATE_IS(fact.task, "running");
    result.outcome = "cancelled";
    result.verdict = "";
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    STATE_IS(fact.task, "cancelled");
    ck_assert(has_event(&fact.task, "cancel: cancelled"));
}
END_TEST

START_TEST(cancel_that_comes_too_late_changes_nothing)
{
    struct task_fact fact = run_task(0);
    struct task_result result = passed();
    const char *state = "";

    ck_assert_int_eq(cancel(&fact.task, &state), 0);
    FACT(fact, task_facts_cancel_answer(engine, &fact, "too_late", "it is ending", &err));
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    STATE_IS(fact.task, "succeeded");
    ck_assert(has_event(&fact.task, "cancel: too_late"));
}
END_TEST

/* ---- reports and logs ---- */

static const char REPORT[] = "{\"verdict\": \"passed\", \"checks\": []}";

static int chunk(struct task_fact *fact, size_t from, size_t length, const uint8_t digest[32])
{
    int rc;

    OK(db_begin(engine, &err));
    ck_assert_int_eq(task_facts_find(engine, fact, &err), 1);
    rc = task_facts_report_chunk(engine, fact, from, sizeof(REPORT) - 1, digest, REPORT + from,
                                 length, &err);
    OK(rc);
    OK(db_commit(engine, &err));
    return rc;
}

START_TEST(result_waits_for_its_report)
{
    struct task_fact fact = run_task(0);
    struct task_result result = passed();
    uint8_t digest[32];

    SHA256((const unsigned char *)REPORT, sizeof(REPORT) - 1, digest);
    result.report_sha256 = digest;
    chunk(&fact, 20, sizeof(REPORT) - 1 - 20, digest);
    OK(db_begin(engine, &err));
    ck_assert_int_eq(task_facts_find(engine, &fact, &err), 1);
    ck_assert_int_eq(task_facts_result(engine, &fact, &result, &err), -1);
    ck_assert_int_eq(err.code, ERROR_STALE);
    OK(db_commit(engine, &err)); /* the transaction is still good */
    STATE_IS(fact.task, "running");
    chunk(&fact, 0, 20, digest);
    chunk(&fact, 0, 20, digest); /* said again */
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    STATE_IS(fact.task, "succeeded");
    ck_assert_int_eq(count_of("select count(*) from task_report where task_id = $1 and "
                              "sha256(body::bytea) = sha256",
                              &fact.task),
                     1);
    ck_assert_int_eq(
        count_of("select count(*) from task_report_chunk where task_id = $1", &fact.task), 0);
}
END_TEST

START_TEST(report_with_other_bytes_is_refused_and_the_result_goes_on)
{
    struct task_fact fact = run_task(0);
    struct task_result result = passed();
    uint8_t digest[32] = {1};

    result.report_sha256 = digest;
    chunk(&fact, 0, sizeof(REPORT) - 1, digest);
    ck_assert(has_event(&fact.task, "report refused"));
    FACT(fact, task_facts_result(engine, &fact, &result, &err));
    STATE_IS(fact.task, "succeeded");
    ck_assert_str_eq(column(&fact.task, "report_sha256"), "-");
}
END_TEST

START_TEST(impossible_chunks_are_refused)
{
    struct task_fact fact = run_task(0), other = run_task(1);
    uint8_t digest[32] = {1};

    FACT(fact, task_facts_report_chunk(engine, &fact, 5, 4, digest, "x", 1, &err));
    ck_assert(has_event(&fact.task, "report refused"));
    FACT(other, task_facts_report_chunk(engine, &other, 0, UINT64_MAX, digest, "x", 1, &err));
    ck_assert(has_event(&other.task, "report refused"));
}
END_TEST

START_TEST(log_chunks_are_kept_once)
{
    struct task_fact fact = run_task(0);

    FACT(fact, task_facts_log(engine, &fact, "image", 0, "hello ", 6, &err));
    FACT(fact, task_facts_log(engine, &fact, "image", 0, "hello ", 6, &err));
    FACT(fact, task_facts_log(engine, &fact, "image", 6, "\0\xff", 2, &err));
    FACT(fact, task_facts_log(engine, &fact, "agent", 0, "armed", 5, &err));
    FACT(fact, task_facts_log(engine, &fact, "image", UINT64_C(16) << 20, "x", 1, &err));
    ck_assert_int_eq(count_of("select count(*) from task_log where task_id = $1", &fact.task), 3);
    ck_assert_int_eq(count_of("select sum(length(data))::bigint from task_log where task_id = $1 "
                              "and source = 'image'",
                              &fact.task),
                     8);
}
END_TEST

CHECK_MAIN_WITH(
    "tasks", set_up, tear_down, database_has_the_edges_of_the_code, database_refuses_other_edges,
    code_refuses_other_edges, bad_requests_make_nothing, same_id_is_made_once,
    scheduled_task_falls_due, nobody_took_it_in_time, lease_raises_the_epoch_and_keeps_the_grant,
    epoch_starts_above_the_floor_of_its_site, one_task_a_machine, class_goes_before_age,
    held_machines_and_other_sites_are_not_leased, nobody_starves,
    tries_are_further_and_further_apart, disarmed_rules_tasks_wait,
    stopped_automation_waits_and_people_do_not,
    a_switch_waits_for_the_lease_under_way_and_then_holds, what_an_agent_can_never_do_fails_at_once,
    refused_order_fails_or_comes_again, refusal_of_unreadable_bytes_finds_its_task,
    sent_and_requeue_need_the_live_lease, unsent_lease_leaves_no_grant_behind,
    foreign_facts_find_nothing, straight_run_ends_with_the_machine_free,
    facts_count_after_the_lease_was_lost, result_alone_ends_a_queued_task,
    fact_of_one_task_sends_its_rival_back, declined_and_released_tasks_come_again,
    words_that_are_cut_stay_utf8, overdue_task_with_a_grant_waits_for_its_agent,
    answer_that_never_comes_is_unknown, silence_beyond_the_deadline_is_unknown,
    lost_journal_is_unknown, failed_restore_holds_the_machine,
    release_needs_something_that_holds_and_nothing_under_way, released_machine_boots_again,
    release_settles_what_is_unknown, only_unknown_tasks_are_settled_as_an_end,
    settled_task_leaves_the_machine_to_its_release, late_result_is_kept_once_and_its_restore_counts,
    late_result_that_put_it_back_frees_the_machine, newer_release_supersedes_the_older,
    hold_by_a_person_outlives_the_task, result_with_foreign_words_is_noted_not_believed,
    unsent_task_is_cancelled_at_once, agent_says_it_never_began,
    cancel_of_a_run_ends_with_its_result, cancel_that_comes_too_late_changes_nothing,
    result_waits_for_its_report, report_with_other_bytes_is_refused_and_the_result_goes_on,
    impossible_chunks_are_refused, log_chunks_are_kept_once)
