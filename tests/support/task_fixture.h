/* task_fixture.h - what a test of tasks over a real database needs: the four logins' connections, a
 * fleet, tasks in a state, and readers of their rows. For CHECK_MAIN_WITH(name, set_up, tear_down,
 * ...) in the scenario 'tasks', which brings a private PostgreSQL.
 */
#pragma once

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/test_database.h"
#include "tests/support/test_fleet.h"

#include "controller/tasks/task.h"
#include "controller/tasks/task_book.h"
#include "controller/tasks/task_facts.h"
#include "controller/tasks/task_queue.h"
#include "controller/tasks/task_state.h"

#define MINUTE_US (60 * INT64_C(1000000))
#define BYTES ((const uint8_t *)"thirty-two bytes of a digest ...")

static struct db *owner, *engine, *api;
static struct test_fleet fleet;
static struct uuid controller;
static struct error err;

static inline void set_up(void)
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

static inline void tear_down(void)
{
    db_disconnect(owner);
    db_disconnect(engine);
    db_disconnect(api);
}

#define OK(call) ck_assert_msg((call) >= 0, "%s", error_text(&err))

/* ---- makers and readers ---- */

static inline struct task_request request_for(int machine)
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

static inline int create(const struct task_request *request)
{
    int made;

    OK(db_begin_tenant(engine, &request->tenant, &err));
    made = task_create(engine, request, &err);
    if (made >= 0)
        OK(db_commit(engine, &err));
    db_rollback(engine);
    return made;
}

static inline struct uuid make_task(int machine)
{
    struct task_request request = request_for(machine);

    ck_assert_msg(create(&request) == 1, "%s", error_text(&err));
    return request.id;
}

static inline const char *column(const struct uuid *task, const char *expression)
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

static inline int64_t count_of(const char *sql, const struct uuid *id)
{
    struct db_rows *rows = db_query(owner, sql, &err, "u", id);
    int64_t count;

    ck_assert_msg(rows != NULL, "%s: %s", error_text(&err), sql);
    count = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    return count;
}

static inline int64_t queue_rows(const struct uuid *task)
{
    return count_of("select count(*) from task_queue where task_id = $1", task);
}

static inline bool has_event(const struct uuid *task, const char *name)
{
    struct db_rows *rows = db_query(
        owner, "select 1 from task_event where task_id = $1 and name = $2", &err, "us", task, name);
    bool has = rows && db_rows_count(rows) > 0;

    db_rows_destroy(rows);
    return has;
}

static inline const char *held_because(int machine)
{
    static char why[300];
    struct db_rows *rows = db_query(owner, "select held_because from machine where id = $1", &err,
                                    "u", &fleet.machine[machine]);

    snprintf(why, sizeof(why), "%s", db_is_null(rows, 0, 0) ? "-" : db_text(rows, 0, 0));
    db_rows_destroy(rows);
    return why;
}

static inline void as_owner(const char *sql, const struct uuid *id)
{
    ck_assert_msg(db_execute(owner, sql, &err, "u", id) >= 0, "%s: %s", error_text(&err), sql);
}

/* The last start moment passes: the test owns the rows' clock. */
static inline void overdue(const struct uuid *task)
{
    as_owner("update task set expires_at = now() - interval '1 second' where id = $1", task);
    as_owner("update task_queue set expires_at = now() - interval '1 second' where task_id = $1",
             task);
}

static inline void lapse(const struct uuid *task)
{
    as_owner("update task_queue set lease_until = now() - interval '1 second' where task_id = $1",
             task);
    OK(task_queue_tick(engine, &err));
}

static inline int lease(struct task_lease *ret, size_t count)
{
    const struct task_site at = {fleet.site, fleet.agent};
    int leased = task_queue_lease(engine, &controller, &at, 1, count, ret, &err);

    OK(leased);
    return leased;
}

/* 1: still held. */
static inline int sent_by(const struct uuid *whose, const struct task_lease *of)
{
    struct task_sending sending = {.lease = *of};
    int held;

    memcpy(sending.order_sha256, BYTES, sizeof(sending.order_sha256));
    held = task_queue_sent(engine, whose, &sending, 1, &err);
    OK(held);
    ck_assert_int_eq(held, sending.held);
    return held;
}

static inline struct task_lease lease_it(const struct uuid *task)
{
    struct task_lease leases[TEST_MACHINES];
    int leased = lease(leases, TEST_MACHINES);

    for (int i = 0; i < leased; i++)
        if (uuid_equal(&leases[i].task, task))
            return leases[i];
    ck_abort_msg("the task was not leased");
    return leases[0];
}

static inline struct task_fact fact_of(const struct task_lease *lease)
{
    return (struct task_fact){.task = lease->task,
                              .site = fleet.site,
                              .agent = fleet.agent,
                              .epoch = lease->epoch,
                              .at_us = clock_realtime_us(),
                              .sequence = 7,
                              .agent_name = "tester"};
}

/* As dispatch does: find, then the fact, then commit. */
static inline struct task_book *begin_book(void)
{
    struct task_book *book;

    OK(db_begin(engine, &err));
    book = task_book_create(engine, &err);
    ck_assert_ptr_nonnull(book);
    return book;
}

static inline void commit_book(struct task_book *book)
{
    OK(task_book_write(book, &err));
    OK(db_commit(engine, &err));
    task_book_destroy(book);
}

#define FACT(fact, call)                                                                           \
    do {                                                                                           \
        struct task_book *book = begin_book();                                                     \
        ck_assert_int_eq(task_facts_find(book, &(fact), &err), 1);                                 \
        OK(call);                                                                                  \
        commit_book(book);                                                                         \
    } while (0)

static inline void accepted(struct task_fact *fact)
{
    FACT(*fact, task_facts_accepted(book, fact, &err));
}

static inline void started(struct task_fact *fact)
{
    FACT(*fact, task_facts_started(book, fact, 1, &err));
}

static inline struct task_fact run_task(int machine)
{
    struct uuid task = make_task(machine);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);

    accepted(&fact);
    started(&fact);
    STATE_IS(fact.task, "running");
    return fact;
}

static inline struct task_result passed(void)
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
