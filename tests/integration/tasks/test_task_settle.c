/* test_task_settle.c - what people end: cancels, releases of machines, tasks that are settled. */
#include "tests/support/task_fixture.h"

#include "controller/dispatch/task_sender.h"
#include "controller/tasks/task_settle.h"

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
    FACT(fact, task_facts_result(book, &fact, &result, &err));
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

    FACT(fact, task_facts_uncertain(book, &fact, "bmc_on", "off and seen", &err));
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

    FACT(fact, task_facts_uncertain(book, &fact, "bmc_on", "no answer", &err));
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

START_TEST(settled_task_that_never_said_started_holds_the_machine)
{
    struct uuid task = make_task(0);
    struct task_lease leases[1] = {lease_it(&task)};
    struct task_fact fact = fact_of(&leases[0]);

    FACT(fact, task_facts_accepted(book, &fact, &err));
    FACT(fact, task_facts_uncertain(book, &fact, "bmc_on", "no answer", &err));
    STATE_IS(task, "unknown");
    ck_assert_str_eq(held_because(0), "-");
    ck_assert_int_eq(settle(&task, "failed"), 0);
    ck_assert_ptr_nonnull(strstr(held_because(0), "nobody saw it put back"));
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
    FACT(fact, task_facts_result(book, &fact, &result, &err));
    FACT(fact, task_facts_result(book, &fact, &result, &err)); /* said again */
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
    FACT(fact, task_facts_result(book, &fact, &result, &err));
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
    FACT(fact, task_facts_result(book, &fact, &result, &err));
    ck_assert_str_eq(held_because(0), "being moved");
}
END_TEST

START_TEST(result_with_foreign_words_is_noted_not_believed)
{
    struct task_fact fact = run_task(0);
    struct task_result result = passed();

    result.verdict = "excellent";
    FACT(fact, task_facts_result(book, &fact, &result, &err));
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
    ck_assert_int_eq(task_queue_lease(engine, &controller,
                                      &(struct task_site){fleet.site, fleet.agent}, 1, 1, leases,
                                      &err),
                     0); /* its agent is being asked */
    FACT(fact, task_facts_not_held(book, &fact, &err));
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
    FACT(fact, task_facts_cancel_answer(book, &fact, "cancelled", "being put back", &err));
    STATE_IS(fact.task, "running");
    result.outcome = "cancelled";
    result.verdict = "";
    FACT(fact, task_facts_result(book, &fact, &result, &err));
    STATE_IS(fact.task, "cancelled");
    ck_assert(has_event(&fact.task, "cancel: cancelled"));
}
END_TEST

/* How many are to be said of it; the database may hold other tests' tasks. */
static size_t cancels(const struct uuid *task)
{
    struct task_cancel_wish *wishes;
    size_t count, found = 0;

    OK(task_sender_cancels(engine, &wishes, &count, &err));
    for (size_t i = 0; i < count; i++)
        found += uuid_equal(&wishes[i].task, task);
    free(wishes);
    return found;
}

START_TEST(cancel_that_comes_too_late_changes_nothing)
{
    struct task_fact fact = run_task(0);
    struct task_result result = passed();
    const char *state = "";

    ck_assert_int_eq(cancel(&fact.task, &state), 0);
    ck_assert_uint_eq(cancels(&fact.task), 1);
    FACT(fact, task_facts_cancel_answer(book, &fact, "unknown", "being found out", &err));
    FACT(fact, task_facts_cancel_answer(book, &fact, "unknown", "being found out", &err));
    ck_assert_uint_eq(cancels(&fact.task), 1); /* it will know */
    FACT(fact, task_facts_cancel_answer(book, &fact, "too_late", "it is ending", &err));
    ck_assert_uint_eq(cancels(&fact.task), 0); /* that was the answer of this epoch */
    FACT(fact, task_facts_cancel_answer(book, &fact, "too_late", "it is ending", &err));
    ck_assert_int_eq(count_of("select count(*) from task_event where task_id = $1 and name like "
                              "'cancel: %'",
                              &fact.task),
                     2);
    FACT(fact, task_facts_result(book, &fact, &result, &err));
    STATE_IS(fact.task, "succeeded");
    ck_assert(has_event(&fact.task, "cancel: too_late"));
}
END_TEST

/* Out of reach for so long that the task became unknown: its agent was being asked. It had said
 * something of it. */
START_TEST(agent_that_comes_back_late_is_asked_once)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);
    const char *state = "";

    overdue(&task);
    lapse(&task);
    OK(task_queue_tick(engine, &err));
    as_owner("update task_queue set deadline_at = now() - interval '11 minutes' where task_id = $1",
             &task);
    OK(task_queue_tick(engine, &err));
    STATE_IS(task, "unknown");
    ck_assert_uint_eq(cancels(&task), 1);
    as_owner("update task set facts_journal = $1 where id = $1", &task);
    FACT(fact, task_facts_not_held(book, &fact, &err));
    ck_assert_uint_eq(cancels(&task), 0); /* it has answered */
    FACT(fact, task_facts_not_held(book, &fact, &err));
    ck_assert_int_eq(
        count_of("select count(*) from task_event where task_id = $1 and name = 'not held'", &task),
        1);
    STATE_IS(task, "unknown");
    ck_assert_int_eq(cancel(&task, &state), 0); /* a person wants to know once more */
    ck_assert_uint_eq(cancels(&task), 1);
}
END_TEST

CHECK_MAIN_WITH("task_settle", set_up, tear_down,
                release_needs_something_that_holds_and_nothing_under_way,
                released_machine_boots_again, release_settles_what_is_unknown,
                only_unknown_tasks_are_settled_as_an_end,
                settled_task_leaves_the_machine_to_its_release,
                settled_task_that_never_said_started_holds_the_machine,
                late_result_is_kept_once_and_its_restore_counts,
                late_result_that_put_it_back_frees_the_machine, newer_release_supersedes_the_older,
                hold_by_a_person_outlives_the_task, result_with_foreign_words_is_noted_not_believed,
                unsent_task_is_cancelled_at_once, agent_says_it_never_began,
                cancel_of_a_run_ends_with_its_result, cancel_that_comes_too_late_changes_nothing,
                agent_that_comes_back_late_is_asked_once)
