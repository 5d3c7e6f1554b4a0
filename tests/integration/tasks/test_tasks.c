/* test_tasks.c - edges of the code and of the database, and how tasks are made and expire. */
#include "tests/support/task_fixture.h"

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

CHECK_MAIN_WITH("tasks", set_up, tear_down, database_has_the_edges_of_the_code,
                database_refuses_other_edges, code_refuses_other_edges, bad_requests_make_nothing,
                same_id_is_made_once, scheduled_task_falls_due, nobody_took_it_in_time)
