/* test_task_facts.c - what the agents' facts, logs and reports do to rows, whenever they come. */
#include <openssl/sha.h>

#include "tests/support/task_fixture.h"

#include "controller/tasks/task_report.h"

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

CHECK_MAIN_WITH("task_facts", set_up, tear_down, foreign_facts_find_nothing,
                straight_run_ends_with_the_machine_free, facts_count_after_the_lease_was_lost,
                result_alone_ends_a_queued_task, fact_of_one_task_sends_its_rival_back,
                declined_and_released_tasks_come_again, words_that_are_cut_stay_utf8,
                overdue_task_with_a_grant_waits_for_its_agent, answer_that_never_comes_is_unknown,
                silence_beyond_the_deadline_is_unknown, lost_journal_is_unknown,
                failed_restore_holds_the_machine, result_waits_for_its_report,
                report_with_other_bytes_is_refused_and_the_result_goes_on,
                impossible_chunks_are_refused, log_chunks_are_kept_once)
