/* wire_database - storey: agent controller. Dispatch with a real database and a real agent's link:
 * what goes out, what comes back and what is believed of it. Run by
 * tests/integration/wire-database, which starts the database.
 */
#include "controller/fleet/site.h"
#include "controller/tasks/task_settle.h"
#include "tests/support/wire_stand.h"

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
    ck_assert_int_eq(
        number("select count(*) from task where id = '%s' and facts_agree", show(&task)), 1);
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
        "'%s'; update task_queue set cancelling = true where task_id = '%s'; notify muster_task",
        show(&task), show(&task));
    await_order();
    ck_assert_int_eq(order.domain, DOMAIN_CANCEL);
    ck_assert(uuid_equal(&order.task_id, &task));
    ck_assert_str_eq(order.cancel->reason, "not needed");
    task_order_clear(&order);
    ck_assert_ptr_null(handover_receive(orders_in, 1500));
}
END_TEST

START_TEST(a_result_that_signs_for_other_facts_is_marked)
{
    struct uuid task = make_task();
    uint64_t epoch;

    await_session();
    await_order();
    epoch = order.epoch;
    task_order_clear(&order);
    say_accepted(&task, epoch);
    say_started(&task, epoch);
    forges_digest = true;
    say_result(&task, epoch, keys.sign_secret, &site, false);
    forges_digest = false;
    wait_number(1, state_is(&task, "succeeded"));
    ck_assert_int_eq(
        number("select count(*) from task where id = '%s' and facts_agree is false and "
               "facts_journal is not null",
               show(&task)),
        1);
    ck_assert_int_eq(
        number("select count(*) from task_event where task_id = '%s' and name = 'facts "
               "differ'",
               show(&task)),
        1);
    ck_assert_int_eq(number("select count(*) from audit where action = 'task.facts_differ' and "
                            "object = 'task %s' and outcome = 'failed'",
                            show(&task)),
                     1);
}
END_TEST

#define open_words                                                                                 \
    "select count(*) from agent_order where site_id = '%s' and ended is null", show(&site)

/* As the API does. */
static void release_machine(void)
{
    struct conf_map parameters = test_database("muster_api");
    struct error err = {0};
    struct db *db = db_connect(&parameters, &err);

    ck_assert_msg(db && db_begin_tenant(db, &tenant, &err) == 0 &&
                      task_settle_release(db, &tenant, &machine, "admin", "went there", &err) ==
                          1 &&
                      db_commit(db, &err) == 0,
                  "%s", err.text);
    db_disconnect(db);
}

START_TEST(what_a_person_settled_is_told_until_it_is_taken)
{
    struct uuid task = make_task();
    uint64_t epoch;

    await_session();
    await_order();
    epoch = order.epoch;
    task_order_clear(&order);
    say_accepted(&task, epoch);
    say_started(&task, epoch);
    say_uncertain(&task, epoch);
    wait_number(1, state_is(&task, "unknown"));
    controller_link_destroy(agent_link); /* the site is out of reach */
    agent_link = NULL;
    wait_number(0,
                "select count(*) from agent_session where agent_id = '%s' and expires_at > now()",
                show(&agent));
    release_machine();
    ck_assert_int_eq(number(state_is(&task, "failed")), 1);
    ck_assert_int_eq(number(open_words), 2);

    await_session();
    await_order();
    ck_assert_ptr_nonnull(order.settle);
    ck_assert_str_eq(order.settle->outcome, "failed");
    ck_assert(uuid_equal(&order.task_id, &task));
    say_taken();
    task_order_clear(&order);
    await_order();
    ck_assert_ptr_nonnull(order.release);
    ck_assert_str_eq(order.release->reason, "went there");
    ck_assert(uuid_equal(&order.machine_id, &machine));
    ck_assert_uint_ge(order.epoch, epoch);
    wait_number(1, open_words);
    ck_assert_ptr_null(handover_receive(orders_in, 1500)); /* said, and not answered for 10 s yet */
    sql("update agent_order set sent_at = sent_at - interval '11 seconds' where ended is null");
    task_order_clear(&order);
    await_order(); /* again, freshly signed */
    ck_assert_ptr_nonnull(order.release);
    say_taken();
    task_order_clear(&order);
    wait_number(0, open_words);
    ck_assert_int_eq(number("select count(*) from audit where action in ('order.settle', "
                            "'order.release') and tenant_id = '%s' and outcome = 'ok' and who like "
                            "'agent %%'",
                            show(&tenant)),
                     2);

    /* What the agent found out meanwhile is kept, and is signed for. */
    say_result(&task, epoch, keys.sign_secret, &site, false);
    wait_number(1,
                "select count(*) from task where id = '%s' and state = 'failed' and "
                "late_result->>'outcome' = 'succeeded' and restore = 'done' and facts_agree",
                show(&task));
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

/* As the API does. */
static void set_chainload_always(bool always)
{
    struct conf_map parameters = test_database("muster_api");
    struct error err = {0};
    struct db *db = db_connect(&parameters, &err);
    struct db_rows *rows = db_query(owner, "select name from site where id = $1", &err, "u", &site);
    struct site_request request = {
        .name = rows ? db_text(rows, 0, 0) : NULL, .time_zone = "UTC", .chainload_always = always};

    ck_assert_msg(db && rows && db_begin(db, &err) == 0 && site_set(db, &request, &err) == 0 &&
                      db_commit(db, &err) == 0,
                  "%s", err.text);
    db_rows_destroy(rows);
    db_disconnect(db);
}

/* The agent takes either: an order of a former session may be run in a later one. */
START_TEST(a_sites_chainload_option_goes_out_with_the_session_and_each_order)
{
    static const bool said[] = {false, true, false}; /* the first is a new site's */
    struct link_state state;
    struct uuid task;

    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        if (i > 0)
            set_chainload_always(said[i]);
        await_session();
        task = make_task();
        await_order();
        ck_assert(uuid_equal(&order.task_id, &task));
        ck_assert_int_eq(order.boot->chainload_always, said[i]);
        controller_link_state(agent_link, &state);
        key_manifest_release(state.manifest);
        ck_assert_int_eq(state.chainload_always, said[i]);
        say_accepted(&task, order.epoch);
        say_started(&task, order.epoch);
        say_result(&task, order.epoch, keys.sign_secret, &site, false);
        task_order_clear(&order);
        wait_number(1, state_is(&task, "succeeded"));
        controller_link_destroy(agent_link);
        agent_link = NULL;
        wait_number(
            0, "select count(*) from agent_session where agent_id = '%s' and expires_at > now()",
            show(&agent));
    }
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
    a_result_that_signs_for_other_facts_is_marked, what_a_person_settled_is_told_until_it_is_taken,
    a_sites_chainload_option_goes_out_with_the_session_and_each_order,
    a_revoked_agent_has_no_effect_within_a_second, another_site_in_hello_is_refused,
    a_lost_journal_quarantines_the_site_until_its_release, epochs_raise_the_floor_or_quarantine,
    another_owner_ends_the_session)
