/* What rules remember between alerts, over a real database: every try begins from it, a fresh
 * program goes on with it, max_keys bounds it, and what waits in it is carried out once when its
 * time has come. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test_database.h"
#include "tests/support/test_fleet.h"

#include "tests/support/test_alerts.h"

#include "controller/intake/alert_batch.h"
#include "controller/intake/alert_item.h"
#include "controller/intake/rule_due.h"
#include "controller/intake/rule_sweep.h"
#include "controller/replay/replay.h"
#include "tests/support/check_main.h"

#define MINUTE_US (60 * INT64_C(1000000))
#define RECORDS_MAX 64

static struct db *owner, *engine;
static struct alert_batch *batch;
static struct test_alerts alerts;
static struct alert_partition partition;
static struct kafka_record records[RECORDS_MAX];
static size_t count;
static int64_t now_us;
static struct alert_counts counts;
static struct error err;

static void set_up(void)
{
    struct conf_map owner_parameters = test_database("muster_owner"),
                    engine_parameters = test_database("muster_engine");

    memset(&err, 0, sizeof(err));
    memset(&counts, 0, sizeof(counts));
    owner = db_connect(&owner_parameters, &err);
    ck_assert_msg(owner != NULL, "%s", error_text(&err));
    test_alerts_make(owner, &alerts);
    engine = db_connect(&engine_parameters, &err);
    ck_assert_msg(engine != NULL, "%s", error_text(&err));
    batch = alert_batch_create(&err);
    partition = (struct alert_partition){
        .origin = {alerts.fleet.tenant, alerts.source, "s", "cluster", alerts.topic, 3},
        .cursor = {.cluster = "cluster", .topic = alerts.topic, .partition = 3},
    };
    ck_assert_int_eq(kafka_cursor_open(engine, &partition.cursor, 0, 0, &err), 0);
    now_us = clock_realtime_us();
    count = 0;
}

static void tear_down(void)
{
    alert_batch_destroy(batch);
    db_disconnect(engine);
    db_disconnect(owner);
}

/* As a program that was killed and came back. */
static void restart(void)
{
    alert_batch_destroy(batch);
    batch = alert_batch_create(&err);
}

/* 'spec': its lines, two blanks before each. */
static void arm(const char *id, const char *scope, const char *spec)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: %s, version: 7, owner: noc}\n"
             "spec:\n  scope: {%s}\n%s  action: {boot: {image: %s}}\n",
             id, scope, spec, alerts.image);
    test_rule(owner, &alerts.fleet.tenant, id, text, NULL);
}

static void add_text(const char *text)
{
    records[count] = (struct kafka_record){.offset = partition.cursor.next + (int64_t)count,
                                           .timestamp_ms = now_us / 1000,
                                           .value = text,
                                           .length = strlen(text)};
    count++;
}

static void add(const char *id, const char *type, const char *status, int machine)
{
    add_text(test_message(id, type, status, alerts.mac[machine]));
}

static void ck_kept(void)
{
    static struct alert_item items[RECORDS_MAX];
    struct alert_item *order[RECORDS_MAX];
    int rc;

    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(alert_item_prepare(&items[i], &records[i], &err), 0);
        order[i] = &items[i];
    }
    rc = alert_batch_keep(batch, engine, &partition, order, count, now_us, &counts, &err);
    for (size_t i = 0; i < count; i++)
        alert_item_clear(&items[i]);
    ck_assert_msg(rc == 1, "%d: %s %s", rc, err.sqlstate, error_text(&err));
    count = 0;
}

/* A number about this test's tenant: "$" in 'sql' stands for its id. */
static int64_t number(const char *sql)
{
    return test_number_of(owner, &alerts.fleet.tenant, sql);
}

static void kill_rules(const char *because)
{
    test_insert(owner,
                "update rule_book set killed_because = $4, revision = revision + 1 where "
                "tenant_id = $1 and $2::uuid is null and $3::uuid is null",
                &alerts.fleet.tenant, NULL, NULL, because);
}

/* The dispositions of the last 'n' records, each behind a space. */
static void ck_last(int64_t n, const char *wanted)
{
    struct db_rows *rows = db_query(
        owner,
        "select disposition, reason from alert where tenant_id = $1 and \"offset\" >= $2 order by "
        "\"offset\"",
        &err, "ui", &alerts.fleet.tenant, partition.cursor.next - n);
    char got[1024] = "";

    ck_assert_ptr_nonnull(rows);
    for (size_t i = 0; i < db_rows_count(rows); i++)
        snprintf(got + strlen(got), sizeof(got) - strlen(got), " %s", db_text(rows, i, 0));
    if (strcmp(got, wanted) != 0 && db_rows_count(rows))
        printf("the last reason: %s\n", db_text(rows, db_rows_count(rows) - 1, 1));
    ck_assert_str_eq(got, wanted);
    db_rows_destroy(rows);
}

START_TEST(a_duplicate_is_known_in_one_batch_in_the_next_and_after_a_restart)
{
    arm("once", "type: a", "  dedup: {key: asset.id, within: 1h}\n");
    add("1", "a", "firing", 0);
    add("2", "a", "firing", 0);
    add("3", "a", "firing", 1);
    ck_kept();
    ck_last(3, " acted deduplicated acted");
    add("4", "a", "firing", 0);
    ck_kept();
    ck_last(1, " deduplicated");
    restart();
    add("5", "a", "firing", 0);
    ck_kept();
    ck_last(1, " deduplicated");
    now_us += 61 * MINUTE_US;
    add("6", "a", "firing", 0);
    ck_kept();
    ck_last(1, " acted");
    ck_assert_int_eq(number("select count(*) from decision where tenant_id = $ and ending = "
                            "'duplicate' and outcome = 'none' and until_at > now() and words = "
                            "'' and evaluated_at is not null and machine_document_version = 1"),
                     3);
    ck_assert_int_eq(number("select count(*) from rule_state where tenant_id = $ and kind = 4"), 2);
}
END_TEST

START_TEST(a_rule_that_cannot_boot_has_not_acted)
{
    arm("once", "type: a", "  dedup: {key: asset.id, within: 1h}\n");
    kill_rules("a storm");
    add("1", "a", "firing", 0);
    ck_kept();
    ck_last(1, " rejected");
    ck_assert_int_eq(number("select count(*) from rule_state where tenant_id = $"), 0);
    kill_rules(NULL);
    add("2", "a", "firing", 0);
    ck_kept();
    ck_last(1, " acted");
}
END_TEST

START_TEST(windows_count_over_batches_and_throttles_hold)
{
    arm("many", "type: a",
        "  window: {kind: sliding, key: asset.id, within: 10m, when: window.count >= 3}\n"
        "  throttle: {key: asset.id, max: 1, per: 1h}\n");
    add("1", "a", "firing", 0);
    add("2", "a", "firing", 0);
    add("3", "a", "firing", 1);
    ck_kept();
    ck_last(3, " counted counted counted");
    restart();
    add("4", "a", "firing", 0);
    ck_kept();
    ck_last(1, " acted");
    for (int i = 0; i < 3; i++)
        add(&"xyz"[i], "a", "firing", 0);
    ck_kept();
    ck_last(3, " counted counted throttled");
    ck_assert_int_eq(number("select keys from rule_state_count where tenant_id = $"), 2);
}
END_TEST

START_TEST(an_alert_of_another_type_suppresses)
{
    arm("unless", "type: a",
        "  suppress:\n    - {type: m, key: asset.id, for: 30m, because: maintenance}\n");
    add("1", "a", "firing", 0);
    add("2", "m", "info", 0);
    add("3", "a", "firing", 0);
    add("4", "a", "firing", 1);
    ck_kept();
    ck_last(4, " acted no_rule suppressed acted");
    now_us += 31 * MINUTE_US;
    add("5", "a", "firing", 0);
    ck_kept();
    ck_last(1, " acted");
}
END_TEST

START_TEST(no_more_keys_than_max_keys_stay)
{
    arm("few", "type: a",
        "  window: {kind: sliding, key: event.id, within: 10m, when: window.count >= 2, max_keys: "
        "5}\n");
    for (int i = 0; i < 12; i++) {
        char id[8];

        snprintf(id, sizeof(id), "k%d", i);
        add(id, "a", "firing", 0);
        if (i % 3 == 2) {
            ck_kept();
            now_us += 1000000;
        }
    }
    ck_assert_int_eq(number("select count(*) from rule_state where tenant_id = $ and kind = 3"), 5);
    ck_assert_int_eq(number("select keys from rule_state_count where tenant_id = $"), 5);
    /* Those of the last batch, and two of the one before. */
    ck_assert_int_eq(number("select extract(epoch from max(touched_at) - min(touched_at))::bigint "
                            "from rule_state where tenant_id = $"),
                     1);
}
END_TEST

START_TEST(what_is_required_and_is_not_so_opens_a_ticket)
{
    char text[512];

    arm("careful", "type: a",
        "  let: {high: \"event.severity == 'critical'\"}\n"
        "  match: event.component.kind == 'dimm'\n"
        "  require: [{expr: vars.high, because: only when it is critical}]\n"
        "  else: {ticket: {queue: q, priority: 2, title: \"'look at ' + asset.name\"}}\n");
    add("1", "a", "firing", 0);
    ck_kept();
    ck_last(1, " rule_error"); /* test_message() has no component */
    snprintf(text, sizeof(text),
             "{\"event\":{\"id\":\"2\",\"type\":\"a\",\"status\":\"firing\",\"severity\":"
             "\"warning\",\"time\":\"2026-11-22T22:40:01Z\",\"component\":{\"kind\":\"dimm\"}},"
             "\"machine\":{\"mac\":\"%s\"}}",
             alerts.mac[0]);
    add_text(text);
    ck_kept();
    ck_last(1, " not_met");
    ck_assert_int_eq(
        number("select count(*) from ticket t join decision d on d.id = t.decision_id join alert a "
               "on a.id = t.alert_id join machine m on m.id = t.machine_id where t.tenant_id = $ "
               "and t.queue = 'q' and t.priority = 2 and t.title = 'look at ' || m.name and "
               "t.state = 'open' and d.ending = 'not_met' and d.outcome = 'ticket' and d.words = "
               "'only when it is critical'"),
        1);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 0);
}
END_TEST

/* ---- by the clock ---- */

/* At this moment, as a controller that has just started. */
static void come_due(int64_t moment_us)
{
    struct rule_due *due = rule_due_create(&err);
    int64_t next_us;

    ck_assert_ptr_nonnull(due);
    ck_assert_msg(rule_due_run(due, engine, moment_us, &next_us, &err) == 0, "%s",
                  error_text(&err));
    rule_due_destroy(due);
}

static int64_t tasks(void)
{
    return number("select count(*) from task where tenant_id = $");
}

static int64_t states(void)
{
    return number("select count(*) from rule_state where tenant_id = $");
}

START_TEST(a_fault_that_lasts_boots_when_the_hold_ends)
{
    arm("held", "type: a", "  hold: 2m\n  match: asset.class == 'server'\n");
    add("1", "a", "firing", 0);
    add("2", "a", "firing", 0);
    add("3", "a", "firing", 1);
    ck_kept();
    ck_last(3, " held held held");
    restart();
    come_due(now_us + 2 * MINUTE_US - 1);
    ck_assert_int_eq(tasks(), 0);
    come_due(now_us + 2 * MINUTE_US + 5000000);
    ck_assert_int_eq(tasks(), 2);
    ck_assert_int_eq(states(), 0);
    ck_assert_int_eq(number("select count(*) from decision d join task t on t.id = d.task_id join "
                            "alert a on a.id = d.alert_id and a.disposition = 'held' where "
                            "d.tenant_id = $ and d.trigger_kind = 'timer' and d.ending = 'acts' "
                            "and d.trigger like 'timer/held/2/%'"),
                     2);
    ck_assert_int_eq(number("select (extract(epoch from max(expires_at)) * 1000000)::bigint from "
                            "task where tenant_id = $"),
                     now_us + 17 * MINUTE_US);
    come_due(now_us + 3 * MINUTE_US);
    ck_assert_int_eq(tasks(), 2);
}
END_TEST

START_TEST(a_resolved_alert_ends_a_hold_however_old_it_is)
{
    arm("held", "type: a", "  hold: 2m\n");
    add("1", "a", "firing", 0);
    add("2", "a", "firing", 1);
    ck_kept();
    add("3", "a", "resolved", 0);
    add("4", "a", "resolved", 1);
    records[1].timestamp_ms -= 20 * 60000;
    ck_kept();
    ck_last(2, " resolved too_old");
    ck_assert_int_eq(states(), 0);
    come_due(now_us + 3 * MINUTE_US);
    ck_assert_int_eq(tasks(), 0);
    ck_assert_int_eq(number("select count(*) from decision where tenant_id = $ and ending = "
                            "'released'"),
                     2);
}
END_TEST

START_TEST(what_stopped_meanwhile_does_not_boot)
{
    arm("held", "type: a", "  hold: 2m\n");
    add("1", "a", "firing", 0);
    ck_kept();
    kill_rules("a storm");
    come_due(now_us + 2 * MINUTE_US);
    ck_assert_int_eq(number("select count(*) from decision where tenant_id = $ and ending = "
                            "'refused' and trigger_kind = 'timer' and words like '%a storm'"),
                     1);
    kill_rules(NULL);
    add("2", "a", "firing", 0);
    ck_kept();
    test_insert(owner,
                "with r as (update rule set stage = 'draft', active_version = null, armed_since = "
                "null where tenant_id = $1 and name = $4) update rule_book set revision = revision "
                "+ 1 where tenant_id = $1 and $2::uuid is null and $3::uuid is null",
                &alerts.fleet.tenant, NULL, NULL, "held");
    come_due(now_us + 2 * MINUTE_US);
    ck_assert_int_eq(tasks(), 0);
    ck_assert_int_eq(states(), 0);
    ck_assert_int_eq(number("select count(*) from decision where tenant_id = $ and trigger_kind = "
                            "'timer'"),
                     1);
}
END_TEST

START_TEST(what_has_been_due_for_long_is_old_news)
{
    arm("held", "type: a", "  hold: 2m\n");
    add("1", "a", "firing", 0);
    ck_kept();
    come_due(now_us + 18 * MINUTE_US);
    ck_assert_int_eq(tasks(), 0);
    ck_assert_int_eq(states(), 0);
    ck_assert_int_eq(number("select count(*) from decision where tenant_id = $ and ending = "
                            "'refused' and words like 'it has been due for 960 s%'"),
                     1);
}
END_TEST

START_TEST(the_machine_is_seen_as_it_is_then)
{
    arm("held", "type: a", "  hold: 2m\n  match: asset.rack != 'gone'\n");
    test_sql(owner, "update machine set rack = 'r1'");
    add("1", "a", "firing", 0);
    ck_kept();
    ck_last(1, " held");
    test_sql(owner, "update machine set rack = 'gone'");
    come_due(now_us + 2 * MINUTE_US);
    ck_assert_int_eq(tasks(), 0);
    ck_assert_int_eq(number("select count(*) from decision where tenant_id = $ and ending = "
                            "'no_match' and trigger_kind = 'timer' and outcome = 'none'"),
                     1);
}
END_TEST

/* Of the decisions made again, from a minute ago to an hour from now. */
static int64_t replayed(const char *what)
{
    struct conf_map parameters = test_database("muster_api");
    const struct replay_request request = {.tenant = alerts.fleet.tenant,
                                           .since_us = now_us - MINUTE_US,
                                           .until_us = now_us + 60 * MINUTE_US,
                                           .made_by = "test"};
    struct db *api = db_connect(&parameters, &err);
    json_t *summary = NULL;
    int64_t value;

    ck_assert_msg(api != NULL, "%s", error_text(&err));
    ck_assert_int_eq(db_begin_tenant(api, &alerts.fleet.tenant, &err), 0);
    ck_assert_msg(replay_run(api, &request, &summary, &err) == 0, "%s", error_text(&err));
    value = json_integer_value(json_object_get(summary, what));
    json_decref(summary);
    db_disconnect(api);
    return value;
}

/* Of the first machine: at the moment at which it was made, which is known so many minutes later.
 */
static void end_task(const char *of_rule, const char *minutes)
{
    struct uuid id = uuid_make();
    char sql[700];

    snprintf(
        sql, sizeof(sql),
        "with e as (update task set state = 'succeeded', ended_at = created_at where tenant_id "
        "= $1 and machine_id = $3 and requested_by = 'rule ' || $4 || ' v7' returning tenant_id, "
        "id, ended_at) "
        "insert into task_event (tenant_id, id, task_id, at, recorded_at, kind, name) select "
        "tenant_id, $2, id, ended_at, now() + interval '%s minutes', 'state', "
        "'queued -> succeeded' from e",
        minutes);
    test_insert(owner, sql, &alerts.fleet.tenant, &id, &alerts.fleet.machine[0], of_rule);
}

START_TEST(what_was_expected_and_does_not_come_opens_a_ticket)
{
    char sql[300];

    arm("expects", "type: a",
        "  absent:\n    - {expect: b, key: asset.id, within: 10m, then: {ticket: {queue: q, "
        "priority: 1}}}\n    - {expect: task.finished, key: task.id, within: 20m, then: {ticket: "
        "{queue: slow, priority: 2, title: \"task.id + ' with ' + task.image + ' is ' + "
        "task.state\"}}}\n");
    add("1", "a", "firing", 0);
    add("2", "a", "firing", 1);
    ck_kept();
    ck_last(2, " acted acted");
    ck_assert_int_eq(states(), 4);
    add("3", "b", "info", 0);
    ck_kept();
    ck_assert_int_eq(states(), 3);
    come_due(now_us + 10 * MINUTE_US);
    ck_assert_int_eq(number("select count(*) from ticket t join decision d on d.id = t.decision_id "
                            "where t.tenant_id = $ and t.queue = 'q' and d.ending = 'missing' and "
                            "d.words = 'b did not come'"),
                     1);
    end_task("expects", "0");
    come_due(now_us + 20 * MINUTE_US);
    ck_assert_int_eq(states(), 0);
    snprintf(sql, sizeof(sql),
             "select count(*) from ticket t join task k on t.title = k.id || ' with %s is queued' "
             "where t.tenant_id = $ and t.queue = 'slow' and k.ended_at is null",
             alerts.image);
    ck_assert_int_eq(number(sql), 1);
    ck_assert_int_eq(number("select count(*) from ticket where tenant_id = $"), 2);
    ck_assert_int_eq(replayed("gone") + replayed("changed") + replayed("new"), 0);
}
END_TEST

static void put_in_rack(const char *rack)
{
    test_insert(owner,
                "update machine set rack = $4 where id = $1 and $2::uuid is null and "
                "$3::uuid is null",
                &alerts.fleet.machine[0], NULL, NULL, rack);
}

#define FINISHES(key)                                                                              \
    "  absent: [{expect: task.finished, key: " key                                                 \
    ", within: 20m, then: {ticket: {queue: q, priority: 1}}}]\n"

/* The key is of the moment at which the rule acted. */
START_TEST(a_task_that_ended_is_not_missed_whatever_its_key_would_be_now)
{
    arm("expects", "type: a", FINISHES("asset.rack"));
    put_in_rack("r1");
    add("1", "a", "firing", 0);
    ck_kept();
    ck_assert_int_eq(states(), 1);
    end_task("expects", "0");
    put_in_rack("r2");
    come_due(now_us + 20 * MINUTE_US);
    ck_assert_int_eq(states(), 0);
    ck_assert_int_eq(number("select count(*) from ticket where tenant_id = $"), 0);
    ck_assert_int_eq(replayed("gone") + replayed("changed") + replayed("new"), 0);
}
END_TEST

/* An agent that was cut off tells of it when the ticket is open. */
START_TEST(a_task_whose_end_was_told_too_late_is_missed_in_a_replay_too)
{
    arm("expects", "type: a", FINISHES("task.id"));
    add("1", "a", "firing", 0);
    ck_kept();
    come_due(now_us + 20 * MINUTE_US);
    end_task("expects", "30");
    ck_assert_int_eq(number("select count(*) from ticket where tenant_id = $"), 1);
    ck_assert_int_eq(replayed("gone") + replayed("changed") + replayed("new"), 0);
}
END_TEST

START_TEST(a_task_that_ended_is_not_another_rules)
{
    arm("ends", "type: a", FINISHES("asset.id"));
    arm("lasts", "type: b", FINISHES("asset.id"));
    add("1", "a", "firing", 0);
    add("2", "b", "firing", 0);
    ck_kept();
    ck_assert_int_eq(states(), 2);
    end_task("ends", "0");
    come_due(now_us + 20 * MINUTE_US);
    ck_assert_int_eq(states(), 0);
    ck_assert_int_eq(number("select count(*) from ticket t join rule r on r.id = t.rule_id where "
                            "t.tenant_id = $ and r.name = 'lasts'"),
                     1);
    ck_assert_int_eq(replayed("gone") + replayed("changed") + replayed("new"), 0);
}
END_TEST

/* The records are read again from an older position, as behind a restored backup: what was held is
 * held again, for as long, from another moment on. */
START_TEST(a_hold_that_begins_again_makes_the_same_task)
{
    int64_t stamp_ms = now_us / 1000;

    arm("lasts", "type: a", "  hold: 2m\n");
    for (int life = 0; life < 2; life++) {
        add("1", "a", "firing", 0);
        add("2", "a", "firing", 1);
        records[0].timestamp_ms = records[1].timestamp_ms = stamp_ms;
        ck_kept();
        ck_assert_int_eq(states(), 2);
        come_due(now_us + 2 * MINUTE_US);
        ck_assert_int_eq(states(), 0);
        ck_assert_int_eq(tasks(), 2);
        test_insert(
            owner,
            "with i as (delete from alert_identity where tenant_id = $1) update "
            "kafka_cursor set next = 0, last_offset = null, last_digest = null where topic = "
            "$4 and $2::uuid is null and $3::uuid is null",
            &alerts.fleet.tenant, NULL, NULL, alerts.topic);
        partition.cursor.next = 0;
        now_us += MINUTE_US;
        restart();
    }
    ck_assert_int_eq(
        number("select count(*) from decision where tenant_id = $ and ending = 'acts'"), 4);
}
END_TEST

/* A server that ends what takes long: as many together would be ended for ever. */
START_TEST(what_takes_too_long_together_is_carried_out_apart)
{
    struct rule_due *due = rule_due_create(&err);
    char id[16];
    int64_t next_us;
    int rc = -1;

    arm("held", "type: a", "  hold: 2m\n  dedup: {key: event.id, within: 1h}\n");
    for (int i = 0; i < RECORDS_MAX; i++) {
        snprintf(id, sizeof(id), "%d", i);
        add(id, "a", "firing", i % 3);
    }
    ck_kept();
    ck_assert_int_eq(states(), RECORDS_MAX);
    test_sql(owner, "create function slowly() returns trigger language plpgsql as $$ begin "
                    "perform pg_sleep(0.02); return new; end $$; create trigger slowly before "
                    "insert on decision for each row execute function slowly()");
    test_sql(engine, "set statement_timeout = '400ms'");
    for (int i = 0; i < 12 && rc < 0; i++)
        rc = rule_due_run(due, engine, now_us + 2 * MINUTE_US, &next_us, &err);
    test_sql(owner, "drop trigger slowly on decision; drop function slowly()");
    rule_due_destroy(due);
    ck_assert_msg(rc == 0, "%s", error_text(&err));
    ck_assert_int_eq(number("select count(*) from rule_state where tenant_id = $ and due_at is not "
                            "null"),
                     0);
    ck_assert_int_eq(tasks(), 50); /* then the storm brake engages */
}
END_TEST

/* What each of several controllers is given. */
struct come_due {
    struct conf_map parameters;
    int64_t moment_us;
};

/* NULL, or what it was given. */
static void *come_due_beside(void *context)
{
    const struct come_due *given = context;
    struct error why = {0};
    struct db *db = db_connect(&given->parameters, &why);
    struct rule_due *due = rule_due_create(&why);
    int64_t next_us;
    int rc = db && due ? rule_due_run(due, db, given->moment_us, &next_us, &why) : -1;

    rule_due_destroy(due);
    db_disconnect(db);
    if (rc < 0)
        fprintf(stderr, "%s\n", error_text(&why));
    return rc == 0 ? NULL : context;
}

START_TEST(several_controllers_carry_out_each_state_once)
{
    struct come_due given = {test_database("muster_engine"), now_us + 2 * MINUTE_US};
    pthread_t threads[3];
    void *failed;

    arm("held", "type: a", "  hold: 2m\n  dedup: {key: event.id, within: 1h}\n");
    for (int i = 0; i < 40; i++) {
        char id[8];

        snprintf(id, sizeof(id), "e%d", i);
        add(id, "a", "firing", i % 2);
    }
    ck_kept();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_due_beside, &given), 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    ck_assert_int_eq(tasks(), 40);
    ck_assert_int_eq(number("select count(*) from decision where tenant_id = $ and trigger_kind = "
                            "'timer' and ending = 'acts'"),
                     40);
    ck_assert_int_eq(number("select count(*) from rule_state where tenant_id = $ and kind = 4"),
                     40);
}
END_TEST

static void sweep(int64_t minutes)
{
    struct rule_sweep round = {0};
    int rc;

    do
        rc = rule_sweep_on(&round, engine, now_us + minutes * MINUTE_US, &err);
    while (rc > 0);
    ck_assert_msg(rc == 0, "%s", error_text(&err));
}

START_TEST(what_is_over_is_swept)
{
    arm("once", "type: a",
        "  dedup: {key: asset.id, within: 1h}\n"
        "  window: {kind: sliding, key: asset.id, within: 1m, when: window.count >= 1}\n");
    add("1", "a", "firing", 0);
    ck_kept();
    ck_assert_int_eq(states(), 2);
    sweep(30);
    ck_assert_int_eq(states(), 1);
    ck_assert_int_eq(number("select keys from rule_state_count where tenant_id = $"), 0);
    sweep(90);
    ck_assert_int_eq(states(), 0);
}
END_TEST

/* Pages of the sweep begin, end and stop within one rule's keys, and go on with the next rule's. */
START_TEST(however_many_are_over_are_swept)
{
    arm("once", "type: a",
        "  window: {kind: sliding, key: asset.id, within: 1m, when: window.count >= 1}\n");
    add("1", "a", "firing", 0);
    ck_kept();
    ck_assert_int_eq(states(), 1);
    ck_assert_int_eq(
        db_execute(owner,
                   "with s as (insert into rule_state (tenant_id, rule, kind, key, value, over_at, "
                   "touched_at) select s.tenant_id, r, 3, int4send(n), s.value, s.over_at + case "
                   "when n % 10 = 0 then interval '1 day' else interval '0' end, now() from "
                   "rule_state s, generate_series(1, 12500) n, unnest(array['a', 'b']) r where "
                   "s.tenant_id = $1) insert into rule_state_count (tenant_id, rule, keys) select "
                   "$1, r, 12500 from unnest(array['a', 'b']) r",
                   &err, "u", &alerts.fleet.tenant),
        2);
    sweep(30);
    ck_assert_int_eq(states(), 2500);
    ck_assert_int_eq(number("select count(*) from rule_state_count where tenant_id = $ and rule in "
                            "('a', 'b') and keys = 1250"),
                     2);
    sweep(25 * 60);
    ck_assert_int_eq(states(), 0);
}
END_TEST

START_TEST(a_hundred_others_are_kept_and_seen_again)
{
    char id[16];

    arm("first", "type: a", "  priority: 1\n");
    for (int i = 0; i < 102; i++) {
        snprintf(id, sizeof(id), "other-%d", i);
        arm(id, "type: a", "");
    }
    add("1", "a", "firing", 0);
    ck_kept();
    ck_last(1, " acted");
    ck_assert_int_eq(
        number("select count(*) from decision where tenant_id = $ and ending = 'outranked'"), 100);
    ck_assert_int_eq(replayed("same"), 101);
    ck_assert_int_eq(replayed("new") + replayed("gone") + replayed("changed"), 0);
}
END_TEST

CHECK_MAIN_WITH("rule_states", set_up, tear_down,
                a_duplicate_is_known_in_one_batch_in_the_next_and_after_a_restart,
                a_rule_that_cannot_boot_has_not_acted,
                windows_count_over_batches_and_throttles_hold, an_alert_of_another_type_suppresses,
                no_more_keys_than_max_keys_stay, what_is_required_and_is_not_so_opens_a_ticket,
                a_fault_that_lasts_boots_when_the_hold_ends,
                a_resolved_alert_ends_a_hold_however_old_it_is,
                what_stopped_meanwhile_does_not_boot, what_has_been_due_for_long_is_old_news,
                the_machine_is_seen_as_it_is_then,
                what_was_expected_and_does_not_come_opens_a_ticket,
                a_task_that_ended_is_not_missed_whatever_its_key_would_be_now,
                a_task_whose_end_was_told_too_late_is_missed_in_a_replay_too,
                a_task_that_ended_is_not_another_rules,
                a_hold_that_begins_again_makes_the_same_task,
                what_takes_too_long_together_is_carried_out_apart,
                several_controllers_carry_out_each_state_once, what_is_over_is_swept,
                however_many_are_over_are_swept, a_hundred_others_are_kept_and_seen_again)
