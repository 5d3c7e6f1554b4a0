/* test_timers.c - the timers over a real database: months of history are made ahead and dropped
 * behind, whatever becomes of a task. Needs a private PostgreSQL: see run. */
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/test_database.h"
#include "tests/support/test_fleet.h"

#include "controller/audit/audit_leaf.h"
#include "controller/db/db_pool.h"
#include "controller/health/metrics.h"
#include "controller/timers.h"

#define PATIENCE_MS 20000

static struct db *owner;
static struct test_fleet fleet;
static struct error err;

static void set_up(void)
{
    owner = test_connect("muster_owner");
    test_fleet_make(owner, &fleet);
}

static void tear_down(void)
{
    db_disconnect(owner);
}

/* The database has no event for what another connection committed: look again every 20 ms. */
static void await_number(int64_t wanted, const char *sql)
{
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;

    while (test_number(owner, sql) != wanted && clock_monotonic_ms() < until)
        poll(NULL, 0, 20);
    ck_assert_msg(test_number(owner, sql) == wanted, "%s", sql);
}

static void run_timers(void (*meanwhile)(void))
{
    const struct uuid controller = uuid_make();
    struct conf_map as_engine = test_database("muster_engine"),
                    as_maintenance = test_database("muster_maintenance");
    struct db_pool *pool = db_pool_create(&as_engine, 2, &err);
    struct timers *timers;

    ck_assert_msg(pool != NULL, "%s", error_text(&err));
    timers = timers_start(&controller, pool, &as_maintenance, &err);
    ck_assert_msg(timers != NULL, "%s", error_text(&err));
    meanwhile();
    timers_stop(timers);
    db_pool_destroy(pool);
}

#define NEXT_MONTH                                                                                 \
    "to_char(date_trunc('month', now() at time zone 'UTC') + interval '1 month', 'YYYYMM')"

/* Audit rows of this test: its tenants are the newest. */
#define SINCE                                                                                      \
    "select count(*) from audit a join audit_body b using (id) where a.at >= (select "             \
    "max(created_at) from tenant) and "

static void kept(void)
{
    /* Each by itself. */
    await_number(1, SINCE "a.action = 'partition.drop' and b.body like '%task_log_202401\"%'");
    await_number(1, SINCE "a.action = 'partition.drop' and b.body like '%task_log_202402\"%'");
    await_number(1, "select count(*) from agent_order where reason = 'long ago'");
    await_number(1, "select count(*) from pg_class where relname = 'decision_' || " NEXT_MONTH);
    await_number(1, SINCE "a.action = 'partition.make'");
    for (int i = 0; metric_read(METRIC_DEFAULT_PARTITIONS) == 0 && i < 500; i++)
        poll(NULL, 0, 20);
}

/* Of the rows that the owner's functions wrote: as everybody's, docs/guarantees.md. */
static void leaves_are_right(void)
{
    struct db_rows *rows =
        db_query(owner,
                 "select a.tenant_id, a.id, a.at, a.who, a.action, a.object, a.outcome, b.salt, "
                 "b.body, a.leaf_hash from audit a join audit_body b using (id) where a.action in "
                 "('partition.make', 'partition.drop')",
                 &err, "");

    ck_assert_msg(rows && db_rows_count(rows) >= 3, "%s", error_text(&err));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct audit_leaf leaf = {.tenant = db_uuid(rows, i, 0),
                                  .id = db_uuid(rows, i, 1),
                                  .at_us = db_time(rows, i, 2),
                                  .who = db_text(rows, i, 3),
                                  .action = db_text(rows, i, 4),
                                  .object = db_text(rows, i, 5),
                                  .outcome = db_text(rows, i, 6),
                                  .body = db_text(rows, i, 8)};
        size_t salt_length, length;
        const uint8_t *salt = db_blob(rows, i, 7, &salt_length);
        const uint8_t *stored = db_blob(rows, i, 9, &length);
        uint8_t hash[32];

        ck_assert_uint_eq(salt_length, sizeof(leaf.salt));
        memcpy(leaf.salt, salt, salt_length);
        ck_assert_int_eq(audit_leaf_hash(&leaf, hash), 0);
        ck_assert_uint_eq(length, sizeof(hash));
        ck_assert_mem_eq(stored, hash, sizeof(hash));
        ck_assert_int_eq(leaf.id.bytes[6] >> 4, 7);
        ck_assert_int_eq(leaf.id.bytes[8] >> 6, 2);
    }
    db_rows_destroy(rows);
}

START_TEST(history_is_made_ahead_and_dropped_behind)
{
    test_sql(owner, "select make_partitions('2024-01-01', 2)");
    test_sql(owner, "update history_retention set months = 3 where name = 'task_log'");
    test_sql(owner, "do $$ begin execute 'drop table decision_' || " NEXT_MONTH "; end $$");
    /* A word that ended long ago, and one that is still open. */
    test_sql(owner,
             "insert into agent_order (tenant_id, id, site_id, machine_id, kind, epoch, who, "
             "reason, ended, ended_at) select m.tenant_id, gen_random_uuid(), m.site_id, m.id, "
             "'release', 1, 'admin', 'long ago', case n when 1 then 'taken' end, "
             "case n when 1 then now() - interval '31 days' end from (select h.tenant_id, "
             "x.site_id, x.id from machine x join machine_holding h on h.machine_id = x.id where "
             "h.until is null limit 1) m, generate_series(1, 2) n");
    /* A clock of 1970 picks no partition. */
    ck_assert_int_eq(db_execute(owner,
                                "insert into task_log (tenant_id, id, task_id, source, \"offset\", "
                                "data) values ($1, '00000000-0000-7000-8000-000000000001', $2, "
                                "'image', 0, '')",
                                &err, "uu", &fleet.tenant, &fleet.site),
                     1);
    run_timers(kept);
    leaves_are_right();
    ck_assert_uint_eq(metric_read(METRIC_DEFAULT_PARTITIONS), 1);
    /* Of this month and those that are kept, nothing; of other tables, nothing; of the audit never.
     */
    ck_assert_int_eq(test_number(owner, "select count(*) from pg_class where relname in "
                                        "('alert_202401', 'task_event_202401', 'audit_202401', "
                                        "'audit_body_202401')"),
                     4);
    ck_assert_int_eq(test_number(owner, "select count(*) from pg_class where relname = 'task_log_' "
                                        "|| to_char(now() at time zone 'UTC', 'YYYYMM') or relname "
                                        "= 'task_log_default'"),
                     2);
    ck_assert_int_eq(
        db_script(owner, "update history_retention set months = 1 where name = 'audit'", &err), -1);
    ck_assert_str_eq(err.sqlstate, "23514");
    test_sql(owner, "delete from task_log_default; delete from agent_order where reason = 'long "
                    "ago'; do $$ declare t text; begin foreach t in array array['alert', "
                    "'task_event', 'audit', 'audit_body'] loop execute 'drop table ' || t || "
                    "'_202401, ' || t || '_202402'; end loop; end $$");
}
END_TEST

static int insert_task(const struct uuid *task, const char *state)
{
    return db_execute(
        owner,
        "with made as (insert into task (tenant_id, id, state, holding_id, machine_id, site_id, "
        "grant_id, image_version_id, schedule_time, expires_at, deadline_s, requested_by) values "
        "($1, $2, $8, $3, $4, $5, $6, $7, now(), now() + interval '1 hour', 600, 'tester') "
        "returning *) insert into task_queue (tenant_id, task_id, site_id, machine_id, class, "
        "state, due_at, expires_at) select tenant_id, id, site_id, machine_id, 0, state, now(), "
        "expires_at from made",
        &err, "uuuuuuus", &fleet.tenant, task, &fleet.holding[0], &fleet.machine[0], &fleet.site,
        &fleet.grant, &fleet.image, state);
}

static void made_anyway(void)
{
    await_number(1, "select count(*) from pg_class where relname = 'alert_' || " NEXT_MONTH);
}

START_TEST(a_task_that_cannot_be_moved_costs_no_month)
{
    struct uuid task = uuid_make();

    /* Its queue row falls due, its own row says that it has ended: no edge leads on. */
    ck_assert_int_eq(insert_task(&task, "scheduled"), 1);
    ck_assert_int_eq(
        db_execute(owner, "update task set state = 'expired' where id = $1", &err, "u", &task), 1);
    test_sql(owner, "do $$ begin execute 'drop table alert_' || " NEXT_MONTH "; end $$");
    run_timers(made_anyway);
    ck_assert_int_eq(db_execute(owner,
                                "delete from task_queue where state = 'scheduled' and task_id = $1",
                                &err, "u", &task),
                     1); /* still there; it would trouble other tests */
}
END_TEST

/* Other tests' leavings count as well. */
#define UNKNOWN "select count(*) from task_queue where state = 'unknown'"
#define HELD                                                                                       \
    "select count(*) from machine m where held_because is not null and not exists (select from "   \
    "task_queue q where q.machine_id = m.id and q.state <> 'queued')"
#define QUARANTINED "select count(*) from site where quarantined_because is not null"

static void told(void)
{
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    uint64_t held = (uint64_t)test_number(owner, HELD);

    while (metric_read(METRIC_MACHINES_HELD) != held && clock_monotonic_ms() < until)
        poll(NULL, 0, 20);
    ck_assert_uint_eq(metric_read(METRIC_MACHINES_HELD), held);
    ck_assert_uint_eq(metric_read(METRIC_TASKS_UNKNOWN), (uint64_t)test_number(owner, UNKNOWN));
    ck_assert_uint_eq(metric_read(METRIC_SITES_QUARANTINED),
                      (uint64_t)test_number(owner, QUARANTINED));
}

START_TEST(what_waits_for_a_person_is_told)
{
    int64_t held = test_number(owner, HELD), unknown = test_number(owner, UNKNOWN),
            quarantined = test_number(owner, QUARANTINED);
    struct uuid task = uuid_make();

    ck_assert_int_eq(insert_task(&task, "queued"), 1);
    ck_assert_int_eq(db_execute(owner,
                                "with u as (update task set state = 'unknown' where id = $1) "
                                "update task_queue set state = 'unknown' where task_id = $1",
                                &err, "u", &task),
                     1);
    ck_assert_int_eq(db_execute(owner,
                                "update machine set held_because = case id when $1 then 'its "
                                "restore is pending' else 'its restore failed' end where id = any "
                                "(array[$1, $2])",
                                &err, "uu", &fleet.machine[0], &fleet.machine[1]),
                     2);
    ck_assert_int_eq(db_execute(owner,
                                "update site set quarantined_because = 'another journal' where id "
                                "= $1",
                                &err, "u", &fleet.other_site),
                     1);
    ck_assert_int_eq(test_number(owner, HELD), held + 1); /* the other is its task's */
    ck_assert_int_eq(test_number(owner, UNKNOWN), unknown + 1);
    ck_assert_int_eq(test_number(owner, QUARANTINED), quarantined + 1);
    run_timers(told);
    ck_assert_int_eq(
        db_execute(owner, "delete from task_queue where task_id = $1", &err, "u", &task), 1);
}
END_TEST

#define OLD_EVENTS "select count(*) from alert_identity where seen_at < now() - interval '35 days'"

static void forgotten(void)
{
    await_number(0, OLD_EVENTS);
}

/* More than one statement takes away. */
START_TEST(events_that_nobody_tells_any_more_are_forgotten)
{
    test_sql(owner, "with s as (insert into source (tenant_id, id, name, topic) select tenant_id, "
                    "gen_random_uuid(), 'old', 'old-news' from machine_holding limit 1 returning "
                    "tenant_id, id) insert into alert_identity (tenant_id, source_id, "
                    "event_digest, alert_id, seen_at) select s.tenant_id, s.id, "
                    "gen_random_uuid(), gen_random_uuid(), now() - case n when 50000 then "
                    "interval '34 days' else interval '36 days' end "
                    "from s, generate_series(1, 100000) n");
    ck_assert_int_eq(test_number(owner, OLD_EVENTS), 99999);
    run_timers(forgotten);
    ck_assert_int_eq(test_number(owner, "select count(*) from alert_identity i join source s on "
                                        "s.id = i.source_id where s.name = 'old'"),
                     1);
    test_sql(owner, "delete from alert_identity i using source s where s.id = i.source_id and "
                    "s.name = 'old'; delete from source where name = 'old'");
}
END_TEST

CHECK_MAIN_WITH("timers", set_up, tear_down, history_is_made_ahead_and_dropped_behind,
                events_that_nobody_tells_any_more_are_forgotten,
                a_task_that_cannot_be_moved_costs_no_month, what_waits_for_a_person_is_told)
