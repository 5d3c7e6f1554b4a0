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

    struct task_book *book = begin_book();

    fact.site = fleet.other_site;
    ck_assert_int_eq(task_facts_find(book, &fact, &err), 0);
    fact = fact_of(&lease);
    fact.epoch++;
    ck_assert_int_eq(task_facts_find(book, &fact, &err), 0);
    fact = fact_of(&lease);
    fact.task = uuid_make();
    ck_assert_int_eq(task_facts_find(book, &fact, &err), 0);
    commit_book(book);
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
    FACT(fact, task_facts_step(book, &fact, &step, &err));
    FACT(fact, task_facts_result(book, &fact, &result, &err));
    STATE_IS(fact.task, "succeeded");
    ck_assert_str_eq(column(&fact.task, "verdict"), "passed");
    ck_assert_str_eq(column(&fact.task, "restore"), "done");
    ck_assert_str_eq(held_because(0), "-");
    ck_assert_int_eq(queue_rows(&fact.task), 0);
    FACT(fact, task_facts_result(book, &fact, &result, &err)); /* said again */
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

/* All that an agent says of a run, said to one book. */
static void say_run(struct task_book *book, struct task_fact *fact)
{
    const struct task_step step = {
        .attempt = 1, .name = "bmc_on", .state = "done", .evidence = "bmc"};
    const struct task_result result = passed();

    ck_assert_int_eq(task_facts_find(book, fact, &err), 1);
    OK(task_facts_accepted(book, fact, &err));
    OK(task_facts_started(book, fact, 1, &err));
    OK(task_facts_step(book, fact, &step, &err));
    ck_assert_int_eq(task_facts_result(book, fact, &result, &err), 1);
}

static void check_run(const struct task_fact *fact, int machine)
{
    STATE_IS(fact->task, "succeeded");
    ck_assert_str_eq(column(&fact->task, "verdict || ' ' || restore || ' ' || log_size"),
                     "passed done 10");
    ck_assert_str_eq(column(&fact->task, "started_at is not null and ended_at > started_at"),
                     "true");
    ck_assert_str_eq(held_because(machine), "-");
    ck_assert_int_eq(queue_rows(&fact->task), 0);
    ck_assert_str_eq(column(&fact->task, "(select string_agg(name, ', ' order by e.id) from "
                                         "task_event e where e.task_id = task.id)"),
                     "-> queued, queued -> leased, leased -> accepted, accepted -> running, "
                     "bmc_on, running -> succeeded");
    ck_assert_int_eq(count_of("select count(*) from audit where who = 'agent tester' and object = "
                              "'task ' || $1::text",
                              &fact->task),
                     3);
}

START_TEST(whole_runs_of_several_tasks_are_one_writing)
{
    struct uuid tasks[] = {make_task(0), make_task(1), make_task(2)};
    struct task_lease leases[3];
    struct task_named named[3];
    struct task_fact facts[3];
    struct task_book *book;

    ck_assert_int_eq(lease(leases, 3), 3);
    for (int i = 0; i < 3; i++) {
        facts[i] = fact_of(&leases[i]);
        named[i] = (struct task_named){facts[i].task, facts[i].site, facts[i].epoch};
    }
    book = begin_book();
    OK(task_book_read(book, named, 3, true, &err));
    for (int i = 0; i < 3; i++)
        say_run(book, &facts[i]);
    STATE_IS(tasks[0], "leased"); /* nothing yet */
    commit_book(book);
    for (int i = 0; i < 3; i++)
        for (int machine = 0; machine < 3; machine++)
            if (uuid_equal(&facts[i].task, &tasks[machine]))
                check_run(&facts[i], machine);
}
END_TEST

START_TEST(what_is_done_at_once_comes_behind_what_waited)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);
    struct task_result result = passed();
    struct task_book *book = begin_book();

    ck_assert_int_eq(task_facts_find(book, &fact, &err), 1);
    OK(task_facts_accepted(book, &fact, &err));
    OK(task_facts_started(book, &fact, 1, &err));
    OK(task_facts_uncertain(book, &fact, "bmc_on", "no answer", &err));
    STATE_IS(task, "leased");
    OK(task_facts_started(book, &fact, 1, &err));
    result.restore = "failed";
    result.cause = "the BMC is silent";
    ck_assert_int_eq(task_facts_result(book, &fact, &result, &err), 1);
    commit_book(book);
    STATE_IS(task, "succeeded");
    ck_assert_str_eq(held_because(0), "its restore failed: the BMC is silent");
    ck_assert(has_event(&task, "accepted -> running"));
    ck_assert(has_event(&task, "running -> unknown"));
    ck_assert(has_event(&task, "unknown -> running"));
}
END_TEST

START_TEST(two_tasks_of_one_machine_stand_behind_each_other_in_one_book)
{
    struct uuid first = make_task(0), second = make_task(0);
    struct task_lease lease_first = lease_it(&first), lease_second;
    struct task_fact fact = fact_of(&lease_first), other;
    struct task_result result = passed();
    struct task_book *book;

    lapse(&first);
    as_owner("update task_queue set due_at = now() + interval '1 hour' where task_id = $1", &first);
    lease_second = lease_it(&second);
    other = fact_of(&lease_second);
    book = begin_book();
    ck_assert_int_eq(task_facts_find(book, &other, &err), 1);
    OK(task_facts_accepted(book, &other, &err));
    ck_assert_int_eq(task_facts_find(book, &fact, &err), 1);
    OK(task_facts_accepted(book, &fact, &err)); /* the machine is the other's */
    OK(task_facts_started(book, &other, 1, &err));
    ck_assert_int_eq(task_facts_result(book, &other, &result, &err), 1);
    OK(task_facts_accepted(book, &fact, &err)); /* and free now */
    commit_book(book);
    STATE_IS(second, "succeeded");
    STATE_IS(first, "accepted");
    ck_assert(has_event(&first, "another task has the machine"));
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
    FACT(fact, task_facts_result(book, &fact, &result, &err));
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
    FACT(fact, task_facts_result(book, &fact, &result, &err));
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

    FACT(fact, task_facts_declined(book, &fact, "busy", "the machine has a task", &err));
    STATE_IS(task, "queued");
    as_owner("update task_queue set due_at = now() where task_id = $1", &task);
    lease = lease_it(&task);
    fact = fact_of(&lease);
    accepted(&fact);
    FACT(fact, task_facts_released(book, &fact, "no image yet", &err));
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
    FACT(fact, task_facts_declined(book, &fact, "x", words, &err));
    STATE_IS(task, "queued");
    fact = run_task(1);
    FACT(fact, task_facts_uncertain(book, &fact, "", words, &err));
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
    FACT(fact, task_facts_not_held(book, &fact, &err));
    STATE_IS(task, "expired");
}
END_TEST

/* The agent of what was just leased goes away, behind ACCEPTED or before the order came, until the
 * task is unknown. */
static struct task_fact fall_silent(const struct task_lease *lease, bool is_accepted)
{
    struct task_fact fact = fact_of(lease);

    if (is_accepted)
        accepted(&fact);
    overdue(&fact.task);
    lapse(&fact.task);
    OK(task_queue_tick(engine, &err));
    as_owner("update task_queue set deadline_at = now() - interval '11 minutes' where task_id = $1",
             &fact.task);
    OK(task_queue_tick(engine, &err));
    STATE_IS(fact.task, "unknown");
    return fact;
}

/* Its agent is back. */
static struct task_fact silent_task(int machine, bool is_accepted)
{
    struct uuid task = make_task(machine);
    struct task_lease lease = lease_it(&task);

    return fall_silent(&lease, is_accepted);
}

START_TEST(answer_that_never_comes_is_unknown)
{
    struct task_fact fact = silent_task(0, false);
    struct task_result result = passed();

    FACT(fact, task_facts_result(book, &fact, &result, &err));
    STATE_IS(fact.task, "succeeded");
}
END_TEST

START_TEST(answer_that_never_comes_waits_for_the_machine_s_other_task)
{
    struct uuid task = make_task(0), other;
    struct task_fact running;
    struct task_result result = passed();

    lease_it(&task);
    lapse(&task);
    as_owner("update task_queue set due_at = now() + interval '1 hour' where task_id = $1", &task);
    running = run_task(0);
    other = running.task;
    overdue(&task);
    OK(task_queue_tick(engine, &err)); /* its agent is asked */
    as_owner("update task_queue set deadline_at = now() - interval '11 minutes' where task_id = $1",
             &task);
    OK(task_queue_tick(engine, &err)); /* one task a machine is under way, or unknown */
    STATE_IS(task, "queued");
    STATE_IS(other, "running");
    FACT(running, task_facts_result(book, &running, &result, &err));
    OK(task_queue_tick(engine, &err));
    STATE_IS(task, "unknown");
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

START_TEST(journal_that_never_began_it_settles_what_is_unknown)
{
    struct task_fact released = silent_task(0, true), declined = silent_task(1, false),
                     never_came = silent_task(2, false);
    struct uuid next;

    FACT(released, task_facts_released(book, &released, "its time to start passed", &err));
    FACT(declined, task_facts_declined(book, &declined, "expired", "it came late", &err));
    FACT(never_came, task_facts_not_held(book, &never_came, &err));
    STATE_IS(released.task, "expired");
    STATE_IS(declined.task, "expired");
    STATE_IS(never_came.task, "expired");
    ck_assert(has_event(&released.task, "unknown -> expired"));
    ck_assert_int_eq(queue_rows(&released.task), 0);
    ck_assert_str_eq(column(&released.task, "restore"), "none");
    FACT(released, task_facts_released(book, &released, "its time to start passed", &err));
    STATE_IS(released.task, "expired"); /* said again */
    next = make_task(0);
    lease_it(&next); /* the machine is free */
}
END_TEST

/* A first order was lost on its way; of the next its agent was heard too late. */
START_TEST(journal_that_never_began_it_settles_all_that_was_sent)
{
    for (int machine = 0; machine < 2; machine++) {
        struct uuid task = make_task(machine);
        struct task_lease next;
        struct task_fact fact;

        lease_it(&task);
        lapse(&task);
        OK(task_queue_tick(engine, &err));
        STATE_IS(task, "queued");
        as_owner("update task_queue set due_at = now() where task_id = $1", &task);
        next = lease_it(&task);
        fact = fall_silent(&next, machine == 0);
        if (machine == 0)
            FACT(fact, task_facts_released(book, &fact, "its time to start passed", &err));
        else
            FACT(fact, task_facts_declined(book, &fact, "expired", "it came late", &err));
        STATE_IS(task, "expired");
    }
}
END_TEST

START_TEST(cancel_that_came_in_time_says_how_it_is_settled)
{
    struct task_fact fact = silent_task(0, true);

    as_owner("update task set cancel_requested_at = expires_at - interval '1 second' where id = $1",
             &fact.task);
    FACT(fact, task_facts_released(book, &fact, "its time to start passed", &err));
    STATE_IS(fact.task, "cancelled");
}
END_TEST

/* What it said before, it knows no more. */
START_TEST(journal_that_forgot_settles_nothing)
{
    struct task_fact fact = silent_task(0, true);

    as_owner("update task set facts_journal = $1 where id = $1", &fact.task);
    FACT(fact, task_facts_not_held(book, &fact, &err));
    STATE_IS(fact.task, "unknown");
}
END_TEST

START_TEST(lost_journal_is_unknown)
{
    struct task_fact fact = run_task(0);
    struct task_lease leases[1];
    struct uuid next;

    FACT(fact, task_facts_not_held(book, &fact, &err));
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
    FACT(fact, task_facts_result(book, &fact, &result, &err));
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
    struct task_book *book = begin_book();
    int rc;

    ck_assert_int_eq(task_facts_find(book, fact, &err), 1);
    rc = task_facts_report_chunk(book, fact, from, sizeof(REPORT) - 1, digest, REPORT + from,
                                 length, &err);
    OK(rc);
    commit_book(book);
    return rc;
}

START_TEST(result_waits_for_its_report)
{
    struct task_fact fact = run_task(0);
    struct task_result result = passed();
    struct task_book *early;
    uint8_t digest[32];

    SHA256((const unsigned char *)REPORT, sizeof(REPORT) - 1, digest);
    result.report_sha256 = digest;
    chunk(&fact, 20, sizeof(REPORT) - 1 - 20, digest);
    early = begin_book();
    ck_assert_int_eq(task_facts_find(early, &fact, &err), 1);
    ck_assert_int_eq(task_facts_result(early, &fact, &result, &err), -1);
    ck_assert_int_eq(err.code, ERROR_STALE);
    commit_book(early); /* the transaction is still good */
    STATE_IS(fact.task, "running");
    chunk(&fact, 0, 20, digest);
    chunk(&fact, 0, 20, digest); /* said again */
    FACT(fact, task_facts_result(book, &fact, &result, &err));
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
    FACT(fact, task_facts_result(book, &fact, &result, &err));
    STATE_IS(fact.task, "succeeded");
    ck_assert_str_eq(column(&fact.task, "report_sha256"), "-");
}
END_TEST

START_TEST(impossible_chunks_are_refused)
{
    struct task_fact fact = run_task(0), other = run_task(1);
    uint8_t digest[32] = {1};

    FACT(fact, task_facts_report_chunk(book, &fact, 5, 4, digest, "x", 1, &err));
    ck_assert(has_event(&fact.task, "report refused"));
    FACT(other, task_facts_report_chunk(book, &other, 0, UINT64_MAX, digest, "x", 1, &err));
    ck_assert(has_event(&other.task, "report refused"));
}
END_TEST

START_TEST(log_chunks_are_kept_once)
{
    struct task_fact fact = run_task(0);

    FACT(fact, task_facts_log(book, &fact, "image", 0, "hello ", 6, &err));
    FACT(fact, task_facts_log(book, &fact, "image", 0, "hello ", 6, &err));
    FACT(fact, task_facts_log(book, &fact, "image", 6, "\0\xff", 2, &err));
    FACT(fact, task_facts_log(book, &fact, "agent", 0, "armed", 5, &err));
    FACT(fact, task_facts_log(book, &fact, "image", UINT64_C(16) << 20, "x", 1, &err));
    ck_assert_int_eq(count_of("select count(*) from task_log where task_id = $1", &fact.task), 3);
    ck_assert_int_eq(count_of("select sum(length(data))::bigint from task_log where task_id = $1 "
                              "and source = 'image'",
                              &fact.task),
                     8);
}
END_TEST

CHECK_MAIN_WITH(
    "task_facts", set_up, tear_down, foreign_facts_find_nothing,
    straight_run_ends_with_the_machine_free, whole_runs_of_several_tasks_are_one_writing,
    what_is_done_at_once_comes_behind_what_waited,
    two_tasks_of_one_machine_stand_behind_each_other_in_one_book,
    facts_count_after_the_lease_was_lost, result_alone_ends_a_queued_task,
    fact_of_one_task_sends_its_rival_back, declined_and_released_tasks_come_again,
    words_that_are_cut_stay_utf8, overdue_task_with_a_grant_waits_for_its_agent,
    answer_that_never_comes_is_unknown, answer_that_never_comes_waits_for_the_machine_s_other_task,
    silence_beyond_the_deadline_is_unknown, journal_that_never_began_it_settles_what_is_unknown,
    journal_that_never_began_it_settles_all_that_was_sent,
    cancel_that_came_in_time_says_how_it_is_settled, journal_that_forgot_settles_nothing,
    lost_journal_is_unknown, failed_restore_holds_the_machine, result_waits_for_its_report,
    report_with_other_bytes_is_refused_and_the_result_goes_on, impossible_chunks_are_refused,
    log_chunks_are_kept_once)
