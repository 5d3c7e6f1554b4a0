/* The one transaction, over a real database: what each record becomes, what is kept when the
 * database refuses, collides or fences, and that nothing is done twice. */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test_database.h"
#include "tests/support/test_fleet.h"

#include "tests/support/test_alerts.h"

#include "controller/intake/alert_batch.h"
#include "controller/intake/alert_formats.h"
#include "controller/intake/alert_items.h"
#include "controller/intake/alert_recall.h"
#include "controller/intake/source_format.h"
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

static void add_raw(const void *bytes, size_t length, int64_t age_us)
{
    records[count] = (struct kafka_record){.offset = partition.cursor.next + (int64_t)count,
                                           .timestamp_ms = (now_us - age_us) / 1000,
                                           .value = bytes,
                                           .length = length};
    count++;
}

static void add(const char *text)
{
    add_raw(text, strlen(text), 0);
}

static int keep(void)
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
    if (rc > 0)
        count = 0;
    return rc;
}

static void ck_kept(void)
{
    int rc = keep();

    ck_assert_msg(rc == 1, "%d: %s %s", rc, err.sqlstate, error_text(&err));
}

/* A number about this test's tenant: "$" in 'sql' stands for its id. */
static int64_t number(const char *sql)
{
    return test_number_of(owner, &alerts.fleet.tenant, sql);
}

/* Of the alert at an offset. */
static void ck_alert(int64_t offset, const char *disposition, const char *reason)
{
    struct db_rows *rows = db_query(
        owner, "select disposition, reason from alert where tenant_id = $1 and \"offset\" = $2",
        &err, "ui", &alerts.fleet.tenant, offset);

    ck_assert_msg(rows && db_rows_count(rows) == 1, "offset %" PRId64, offset);
    ck_assert_str_eq(db_text(rows, 0, 0), disposition);
    if (reason)
        ck_assert_str_eq(db_text(rows, 0, 1), reason);
    db_rows_destroy(rows);
}

START_TEST(every_record_gets_one_disposition)
{
    static char large[ALERT_BYTES_MAX + 1];

    memset(large, 'x', sizeof(large));
    add("no alert");
    add_raw(large, sizeof(large), 0);
    add_raw(NULL, 0, 0);
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    add(test_message("b", "hw.fault", "firing", "02:00:00:00:00:01"));
    add(test_message("c", "hw.fault", "firing", alerts.foreign_mac));
    add(test_message("d", "hw.fault", "resolved", alerts.mac[0]));
    add(test_message("e", "hw.other", "firing", alerts.mac[0]));
    add_raw(test_message("f", "hw.fault", "firing", alerts.mac[0]),
            strlen(test_message("f", "hw.fault", "firing", alerts.mac[0])), 16 * MINUTE_US);
    ck_kept();
    ck_alert(0, "undecodable", "1:2: '[' or '{' expected");
    ck_alert(1, "too_large", "1048577 bytes; an alert is at most 1048576");
    ck_alert(2, "undecodable", "the record has no value");
    ck_alert(3, "acted", NULL);
    ck_alert(4, "duplicate", "this source had event a before");
    ck_alert(5, "unknown_machine", "this tenant holds no machine of this MAC");
    ck_alert(6, "unknown_machine", "this tenant holds no machine of this MAC");
    ck_alert(7, "resolved", "the fault is over");
    ck_alert(8, "no_rule", "no rule is for events of type 'hw.other'");
    ck_alert(9, "too_old", "the record is 960 s old; what is older than 15 minutes boots nothing");
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 1);
    ck_assert_int_eq(number("select count(*) from task_queue where tenant_id = $"), 1);
    ck_assert_int_eq(number("select length(raw) from alert where tenant_id = $ and \"offset\" = 1"),
                     4096);
    ck_assert_int_eq(number("select raw_length from alert where tenant_id = $ and \"offset\" = 1"),
                     1048577);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $ and raw is null"), 1);
    ck_assert_int_eq(
        number("select count(*) from audit where tenant_id = $ and action = 'alert.refuse'"), 1);
    ck_assert_int_eq(
        number("select count(*) from audit where tenant_id = $ and action = 'task.create'"), 1);
    ck_assert_int_eq(partition.cursor.next, 10);
    ck_assert_uint_eq(counts.alerts, 10);
    ck_assert_uint_eq(counts.tasks, 1);
    ck_assert_uint_eq(counts.refused, 6);
}
END_TEST

START_TEST(the_task_is_what_the_rule_says)
{
    int64_t age = 5 * MINUTE_US;
    const char *text = test_message("a", "hw.fault", "firing", alerts.mac[1]);

    add_raw(text, strlen(text), age);
    ck_kept();
    ck_assert_int_eq(number("select count(*) from task t join alert a on a.id = t.alert_id join "
                            "decision d on d.id = "
                            "t.decision_id where t.tenant_id = $ and t.state = 'queued' and "
                            "t.requested_by = 'rule boots v7' "
                            "and d.task_id = t.id and d.outcome = 'boot' and a.disposition = "
                            "'acted' and t.after = 'as_found' "
                            "and t.deadline_s = 1800 and t.rule_version = 7"),
                     1);
    ck_assert_int_eq(number("select (extract(epoch from expires_at) * 1000000)::bigint from task "
                            "where tenant_id = $"),
                     (now_us - age) / 1000 * 1000 + 15 * MINUTE_US);
    ck_assert_int_eq(
        number("select count(*) from alert where tenant_id = $ and machine_id is not null and "
               "machine_document_version = 1 and order_no > 0 and raw_length = length(raw) and "
               "sha256(raw) = raw_sha256 and event is null"),
        1);
}
END_TEST

START_TEST(the_future_counts_as_now)
{
    const char *text = test_message("a", "hw.fault", "firing", alerts.mac[0]);

    add_raw(text, strlen(text), -INT64_C(500) * 365 * 24 * 60 * MINUTE_US);
    records[0].timestamp_ms = INT64_C(4102444800000); /* 2100 */
    ck_kept();
    ck_alert(0, "acted", NULL);
    ck_assert_int_eq(number("select (extract(epoch from expires_at) * 1000000)::bigint from task "
                            "where tenant_id = $"),
                     now_us + 15 * MINUTE_US);
    add(test_message("b", "hw.fault", "firing", alerts.mac[0]));
    records[0].timestamp_ms = INT64_MAX;
    add(test_message("c", "hw.fault", "firing", alerts.mac[0]));
    records[1].timestamp_ms = -1;
    add(test_message("d", "hw.fault", "firing", alerts.mac[0]));
    records[2].timestamp_ms = 0;
    ck_kept();
    ck_alert(1, "acted", NULL);
    ck_alert(2, "too_old", NULL);
    ck_alert(3, "too_old", NULL);
}
END_TEST

START_TEST(keys_of_a_machine_must_agree)
{
    char text[512];

    test_sql(owner,
             "update machine set serial = 'S-' || id, asset_tag = 'T-' || id where serial is null");
    for (int i = 0; i < 2; i++) {
        char id[UUID_TEXT_SIZE];

        uuid_format(&alerts.fleet.machine[i], id);
        snprintf(
            text, sizeof(text),
            "{\"event\":{\"id\":\"%d\",\"type\":\"hw.fault\",\"status\":\"firing\",\"severity\":"
            "\"info\","
            "\"time\":\"2026-11-22T22:40:01Z\"},\"machine\":{\"mac\":\"%s\",\"serial\":\"S-%s\","
            "\"asset_tag\":\"T-%s\"}}",
            i, alerts.mac[0], id, id);
        add(strdup(text));
    }
    ck_kept();
    ck_alert(0, "acted", NULL);
    ck_alert(1, "unknown_machine", "this tenant holds no machine of this MAC, serial, asset tag");
    free((void *)records[0].value);
    free((void *)records[1].value);
}
END_TEST

START_TEST(a_machine_given_away_is_unknown)
{
    struct uuid other = uuid_make();

    /* It was known a moment ago, and is not remembered. */
    add(test_message("before", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_alert(0, "acted", NULL);
    test_insert(owner,
                "update machine_holding set until = now() where id = $1 and $2::uuid is null and "
                "$3::uuid is null and $4::text is null",
                &alerts.fleet.holding[0], NULL, NULL, NULL);
    test_insert(owner,
                "insert into machine_holding (tenant_id, id, machine_id) select $1, $2, $3 where "
                "$4::text is null",
                &alerts.fleet.other_tenant, &other, &alerts.fleet.machine[0], NULL);
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_alert(1, "unknown_machine", NULL);
}
END_TEST

/* One statement that changes what a machine is called, and what its alert becomes then. */
static void ck_changed(const char *sql, const char *disposition, const char *reason)
{
    char id[32];
    int64_t offset = partition.cursor.next;

    test_insert(owner, sql, &alerts.fleet.machine[0], &alerts.fleet.machine[1], NULL, "fresh-name");
    snprintf(id, sizeof(id), "%" PRId64, offset);
    add(test_message(id, "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_alert(offset, disposition, reason);
}

START_TEST(what_is_remembered_of_a_machine_is_never_old)
{
    ck_changed("select where $1 <> $2 and $3::uuid is null and $4 <> ''", "acted", NULL);
    ck_changed("update machine set name = $4 where id = $1 and $2::uuid is not null and $3::uuid "
               "is null",
               "acted", NULL);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $ and \"offset\" = 1 and "
                            "reason like '%on fresh-name'"),
                     1);
    ck_changed("update machine set name = 'm-' || id where id = $1 and $2::uuid is not null and "
               "$3::uuid is null and $4 <> ''",
               "acted", NULL);
    ck_changed("update machine set epoch = epoch + 1 where id = $1 and $2::uuid is not null and "
               "$3::uuid is null and $4 <> ''",
               "acted", NULL);
    ck_changed("delete from machine_nic where machine_id = $1 and $2::uuid is not null and "
               "$3::uuid is null and $4 <> ''",
               "unknown_machine", NULL);
}
END_TEST

START_TEST(the_highest_rule_acts_the_others_are_outranked)
{
    test_rule(owner, &alerts.fleet.tenant, "higher",
              test_rule_text("higher", 9, "hw.fault", alerts.image, ", after: stay, deadline: 60s"),
              NULL);
    test_rule(owner, &alerts.fleet.tenant, "also",
              test_rule_text("also", 0, "hw.fault", alerts.image, ""), NULL);
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_assert_int_eq(
        number(
            "select count(*) from task where tenant_id = $ and requested_by = 'rule higher v7' and "
            "after = 'stay' and deadline_s = 60"),
        1);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 1);
    ck_assert_int_eq(
        number("select count(*) from decision where tenant_id = $ and outcome = 'outranked' and "
               "reason = 'outranked by higher' and task_id is null"),
        2);
}
END_TEST

START_TEST(a_disarmed_rule_acts_no_more)
{
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    test_insert(owner,
                "with r as (update rule set stage = 'deprecated', active_version = null, "
                "armed_since = null where id = $1) update rule_book "
                "set revision = "
                "revision + 1 where tenant_id = $2 and $3::uuid is null and $4::text is null",
                &alerts.rule, &alerts.fleet.tenant, NULL, NULL);
    add(test_message("b", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_alert(0, "acted", NULL);
    ck_alert(1, "no_rule", "none of 0 armed rules matches");
}
END_TEST

/* A batch that begins before a rule is disarmed and reads the book behind it decides without it. */
static void *keep_meanwhile(void *context)
{
    *(int *)context = keep();
    return NULL;
}

START_TEST(a_batch_waits_for_the_switch_under_way)
{
    pthread_t thread;
    int rc = -2;

    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_assert_int_eq(db_begin(owner, &err), 0);
    number("select count(pg_advisory_xact_lock(hashtextextended('rule book ' || $, 0)))");
    test_insert(owner,
                "with r as (update rule set stage = 'draft', active_version = null, armed_since = "
                "null where id = $1) update rule_book set "
                "revision = revision + 1 where tenant_id = $2 and $3::uuid is null and $4::text is "
                "null",
                &alerts.rule, &alerts.fleet.tenant, NULL, NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, keep_meanwhile, &rc), 0);
    /* The database has no event for a lock that is waited for: look again every 10 ms. */
    while (test_number(owner, "select count(*) from pg_locks where locktype = 'advisory' and not "
                              "granted") == 0)
        poll(NULL, 0, 10);
    ck_assert_int_eq(db_commit(owner, &err), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(rc, 1);
    ck_alert(0, "no_rule", "none of 0 armed rules matches");
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 0);
}
END_TEST

START_TEST(automation_switched_off_boots_nothing)
{
    test_insert(owner,
                "update rule_book set revision = revision + 1, killed_because = $4 where tenant_id "
                "= $1 and "
                "$2::uuid is null and $3::uuid is null",
                &alerts.fleet.tenant, NULL, NULL, "storm");
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_alert(0, "rejected", "automation is switched off: storm");
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 0);
    ck_assert_int_eq(
        number("select count(*) from decision where tenant_id = $ and outcome = 'refused'"), 1);
}
END_TEST

START_TEST(a_stopped_site_boots_nothing)
{
    struct uuid stop = uuid_make();

    test_insert(owner,
                "insert into automation_stop (id, site_id, because, who) select $1, $2, $4, 'test' "
                "where $3::uuid is null",
                &stop, &alerts.fleet.site, NULL, "power work");
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_alert(0, "rejected", "automation of this site is switched off: power work");
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 0);
    test_insert(owner,
                "update automation_stop set site_id = null where id = $1 and $2::uuid is null and "
                "$3::uuid is null and $4::text is null",
                &stop, NULL, NULL, NULL);
    add(test_message("b", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_alert(1, "rejected", "automation of the whole fleet is switched off: power work");
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 0);
    test_sql(owner, "delete from automation_stop");
}
END_TEST

static void set_brake(int max)
{
    char sql[160];

    snprintf(sql, sizeof(sql),
             "update rule_book set brake_max = %d, braked_at = null, braked_because = null, "
             "brake_counts = '{}', revision = revision + 1",
             max);
    test_sql(owner, sql);
}

#define BRAKED "the storm brake is engaged: more than 2 boots by rules in 600 s"

START_TEST(a_storm_engages_the_brake)
{
    set_brake(2);
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    add(test_message("b", "hw.fault", "firing", alerts.mac[1]));
    add(test_message("c", "hw.fault", "firing", alerts.mac[2]));
    add(test_message("d", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_assert_int_eq(
        number("select count(*) from alert where tenant_id = $ and disposition = 'acted'"), 2);
    ck_alert(2, "braked", BRAKED);
    ck_alert(3, "braked", BRAKED);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 2);
    ck_assert_int_eq(number("select count(*) from rule_book where tenant_id = $ and braked_because "
                            "= 'more than 2 boots by rules in 600 s'"),
                     1);
    ck_assert_int_eq(number("select count(*) from audit where tenant_id = $ and action = "
                            "'automation.brake' and who = 'musterd'"),
                     1);
    ck_assert_int_eq(
        number("select count(*) from rule_switch where tenant_id = $ and act = 'brake'"), 1);
    add(test_message("e", "hw.fault", "firing", alerts.mac[1]));
    ck_kept();
    ck_alert(4, "braked", BRAKED);
    ck_assert_int_eq(number("select count(*) from audit where tenant_id = $ and action = "
                            "'automation.brake'"),
                     1);
}
END_TEST

/* What is older than the brake's time counts no more; what is younger does. */
START_TEST(the_brake_looks_back_so_far)
{
    set_brake(2);
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    add(test_message("b", "hw.fault", "firing", alerts.mac[1]));
    ck_kept();
    test_sql(owner, "update rule_book set brake_slot = brake_slot - 58");
    add(test_message("c", "hw.fault", "firing", alerts.mac[2]));
    ck_kept();
    ck_alert(2, "braked", BRAKED);
    test_sql(owner, "update rule_book set braked_at = null, braked_because = null, "
                    "brake_slot = brake_slot - 2, revision = revision + 1");
    add(test_message("d", "hw.fault", "firing", alerts.mac[2]));
    ck_kept();
    ck_assert_int_eq(
        number("select count(*) from alert where tenant_id = $ and disposition = 'acted'"), 3);
    ck_assert_int_eq(number("select brake_counts[60] from rule_book where tenant_id = $"), 1);
}
END_TEST

START_TEST(no_brake_counts_nothing)
{
    test_sql(owner, "update rule_book set brake_max = null, revision = revision + 1");
    for (int i = 0; i < 3; i++)
        add(test_message(i == 0 ? "a" : i == 1 ? "b" : "c", "hw.fault", "firing", alerts.mac[i]));
    ck_kept();
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 3);
    ck_assert_int_eq(number("select cardinality(brake_counts) from rule_book where tenant_id = $"),
                     0);
}
END_TEST

START_TEST(what_cannot_be_booted_is_an_error_of_the_rule)
{
    test_rule(owner, &alerts.fleet.tenant, "none",
              test_rule_text("none", 0, "hw.none", "no-such-image", ""), NULL);
    test_rule(owner, &alerts.fleet.tenant, "pinned",
              test_rule_text("pinned", 0, "hw.pinned", alerts.image, ", version: \"=9.9\""), NULL);
    test_rule(owner, &alerts.fleet.tenant, "params",
              test_rule_text("params", 0, "hw.params", alerts.image, ", params: {cpu: 1}"), NULL);
    test_rule(owner, &alerts.fleet.tenant, "broken", "apiVersion: rules/v9\n", NULL);
    add(test_message("a", "hw.none", "firing", alerts.mac[0]));
    add(test_message("b", "hw.pinned", "firing", alerts.mac[0]));
    add(test_message("c", "hw.params", "firing", alerts.mac[0]));
    ck_kept();
    ck_alert(0, "rule_error", "rule none: image no-such-image is not granted to this tenant");
    ck_alert(1, "rule_error", NULL);
    ck_alert(2, "rule_error",
             "rule params: parameter cpu is not in the image's profile: remove it, or add it to "
             "the profile");
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 0);
}
END_TEST

START_TEST(a_revoked_grant_boots_nothing)
{
    test_insert(owner,
                "update image_grant set until = now() where id = $1 and $2::uuid is null and "
                "$3::uuid is null and $4::text is null",
                &alerts.fleet.grant, NULL, NULL, NULL);
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_alert(0, "rule_error", NULL);
}
END_TEST

START_TEST(a_zombie_keeps_nothing)
{
    struct kafka_cursor other = partition.cursor;

    ck_assert_int_eq(kafka_cursor_open(engine, &other, 0, 0, &err), 0);
    ck_assert_int_eq(other.epoch, partition.cursor.epoch + 1);
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_assert_int_eq(keep(), 0);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 0);
    ck_assert_int_eq(number("select count(*) from alert_identity where tenant_id = $"), 0);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 0);
    ck_assert_int_eq(kafka_cursor_halt(engine, &partition.cursor, "zombie", &err), 0);
    partition.cursor = other;
    ck_kept();
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 1);
}
END_TEST

/* As when a standby is promoted that did not have the last commits. */
START_TEST(a_position_that_went_back_is_gone_on_from)
{
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_assert_int_eq(partition.cursor.next, 1);
    ck_assert_int_eq(db_execute(owner, "update kafka_cursor set next = 0 where topic = $1", &err,
                                "s", alerts.topic),
                     1);
    count = 0;
    add(test_message("b", "hw.fault", "firing", alerts.mac[1]));
    ck_assert_int_eq(keep(), 0);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 1);
    ck_assert_int_eq(kafka_cursor_open(engine, &partition.cursor, 0, 2, &err), 0);
    ck_assert_int_eq(partition.cursor.next, 0);
}
END_TEST

START_TEST(what_was_kept_is_not_kept_again)
{
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    add(test_message("b", "hw.fault", "firing", alerts.mac[1]));
    ck_kept();
    /* As after a commit whose answer was lost: the same records, and one more. */
    count = 2;
    records[2] = records[1];
    records[2].offset = 2;
    records[2].value = test_message("c", "hw.fault", "firing", alerts.mac[2]);
    count = 3;
    ck_kept();
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 3);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 3);
    ck_assert_int_eq(
        number("select count(*) from alert where tenant_id = $ and disposition = 'acted'"), 3);
}
END_TEST

START_TEST(an_event_that_is_told_again_is_known_on)
{
    static const char fresh[] = "select count(*) from alert_identity where tenant_id = $ and "
                                "seen_at > now() - interval '1 hour'";

    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    add(test_message("b", "hw.fault", "firing", alerts.mac[1]));
    ck_kept();
    test_insert(owner,
                "update alert_identity set seen_at = now() - interval '34 days' where tenant_id = "
                "$1 and $2::uuid is null and $3::uuid is null and $4::text is null",
                &alerts.fleet.tenant, NULL, NULL, NULL);
    ck_assert_int_eq(number(fresh), 0);
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_alert(2, "duplicate", NULL);
    ck_assert_int_eq(number(fresh), 1);
}
END_TEST

START_TEST(deciding_again_makes_the_same_task)
{
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    /* A restored position, and the identities aged out. */
    test_insert(owner,
                "update kafka_cursor set next = 0 where topic = $4 and $1::uuid is null and "
                "$2::uuid is null and "
                "$3::uuid is null",
                NULL, NULL, NULL, alerts.topic);
    partition.cursor.next = 0;
    count = 1;
    ck_kept();
    ck_assert_int_eq(
        number("select count(*) from alert where tenant_id = $ and disposition = 'duplicate'"), 1);
    test_insert(owner,
                "with d as (delete from alert_identity where tenant_id = $1) update kafka_cursor "
                "set next = 0 "
                "where topic = $4 and $2::uuid is null and $3::uuid is null",
                &alerts.fleet.tenant, NULL, NULL, alerts.topic);
    partition.cursor.next = 0;
    /* Beside one that was never decided. */
    count = 1;
    add(test_message("b", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 2);
    ck_assert_int_eq(number("select count(*) from task_queue where tenant_id = $"), 2);
    ck_assert_int_eq(number("select count(*) from task_event where tenant_id = $"), 2);
    ck_assert_int_eq(
        number("select count(*) from audit where tenant_id = $ and action = 'task.create'"), 2);
    ck_assert_int_eq(
        number("select count(*) from alert where tenant_id = $ and reason like '%was made before'"),
        1);
    ck_assert_uint_eq(counts.tasks, 2);
}
END_TEST

/* A trigger on this tenant's alerts that refuses as PostgreSQL itself would. */
static void refuse(const char *type, const char *errcode, const char *words, const char *when)
{
    char text[1024], id[UUID_TEXT_SIZE];

    uuid_format(&alerts.fleet.tenant, id);
    snprintf(text, sizeof(text),
             "create or replace function test_refuse() returns trigger language plpgsql security "
             "definer as $f$ "
             "begin if new.tenant_id = '%s' and new.type = '%s' and %s then raise exception '%s' "
             "using errcode = "
             "'%s'; end if; return new; end $f$; "
             "create or replace trigger test_refuse before insert on alert for each row execute "
             "function "
             "test_refuse()",
             id, type, when, words, errcode);
    test_sql(owner, text);
}

START_TEST(the_one_refused_record_is_found_and_kept)
{
    refuse("poison", "23514", "violates check constraint", "true");
    for (int i = 0; i < 20; i++) {
        char id[16];

        snprintf(id, sizeof(id), "%d", i);
        add(test_message(id, i == 13 ? "poison" : "hw.fault", "firing", alerts.mac[i % 4]));
    }
    ck_kept();
    ck_alert(13, "rejected", NULL);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $ and sqlstate = '23514' "
                            "and type is null "
                            "and raw is not null"),
                     1);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 20);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 19);
    ck_assert_int_eq(partition.cursor.next, 20);
    ck_assert_uint_eq(partition.refused_in_row, 0);
}
END_TEST

/* Alertmanager's message with these alerts. */
static const char *group(const char *alerts_text)
{
    static char ring[16][2048];
    static unsigned at;
    char *text = ring[at++ % 16];

    snprintf(text, sizeof(ring[0]), "{\"receiver\": \"m\", \"alerts\": [%s]}", alerts_text);
    return text;
}

static const char *alert_of(const char *fingerprint, const char *label)
{
    static char ring[16][512];
    static unsigned at;
    char *text = ring[at++ % 16];

    snprintf(text, sizeof(ring[0]),
             "{\"status\": \"firing\", \"fingerprint\": \"%s\", \"startsAt\": "
             "\"2026-11-22T22:40:01Z\", \"labels\": {\"alertname\": \"hw.fault\"%s}}",
             fingerprint, label);
    return text;
}

static const char *mac_label(int machine)
{
    static char ring[16][64];
    static unsigned at;
    char *text = ring[at++ % 16];

    snprintf(text, sizeof(ring[0]), ", \"mac\": \"%s\"", alerts.mac[machine]);
    return text;
}

/* As keep(), of records that Alertmanager sent. */
static int keep_mapped(void)
{
    struct source_format *format = source_format_create("alertmanager", 0, NULL, &err);
    struct mapping_run *run = mapping_run_create(&err);
    const struct alert_reading reading = {.format = format, .run = run};
    struct alert_items items[RECORDS_MAX];
    struct alert_item *order[RECORDS_MAX];
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(alert_items_prepare(&items[i], &records[i], &reading, &err), 0);
        for (size_t k = 0; k < items[i].count; k++)
            order[n++] = &items[i].items[k];
    }
    rc = alert_batch_keep(batch, engine, &partition, order, n, now_us, &counts, &err);
    for (size_t i = 0; i < count; i++)
        alert_items_clear(&items[i]);
    mapping_run_destroy(run);
    source_format_drop(format);
    count = 0;
    return rc;
}

START_TEST(one_record_is_several_alerts)
{
    char text[1024];

    snprintf(text, sizeof(text), "%s, %s, %s", alert_of("f1", mac_label(0)), alert_of("f2", ""),
             alert_of("f3", mac_label(1)));
    add(group(text));
    add("no message");
    add(group(""));
    add(group(text));
    ck_assert_msg(keep_mapped() == 1, "%s", error_text(&err));
    ck_assert_int_eq(partition.cursor.next, 4);
    ck_alert(1, "undecodable", "1:2: '[' or '{' expected");
    ck_alert(2, "dropped", "the mapping of its source leaves it out");
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $ and \"offset\" = 0 and "
                            "disposition = 'acted' and item in (0, 2) and event::json ->> "
                            "'type' = 'hw.fault' and event::json -> 'raw' ->> 'fingerprint' = "
                            "'f' || (item + 1)"),
                     2);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $ and \"offset\" = 0 and "
                            "disposition = 'undecodable' and item = 1 and event is null and raw is "
                            "null and reason = 'machine: names no machine: give mac, serial, "
                            "asset_tag or name'"),
                     1);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $ and (raw is null) = "
                            "(item > 0) and raw_length > 0"),
                     8);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $ and \"offset\" = 3 and "
                            "disposition = 'duplicate'"),
                     2);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 2);
    /* What the only alert of a record is decided by is as it always was. */
    ck_assert_int_eq(number("select count(*) from decision where tenant_id = $ and trigger like "
                            "'cluster/%/3/0'"),
                     1);
    ck_assert_int_eq(number("select count(*) from decision where tenant_id = $ and trigger like "
                            "'cluster/%/3/0#2'"),
                     1);
}
END_TEST

/* event.raw is its own part of the message, now and when it is asked for again. */
START_TEST(a_rule_sees_the_raw_alert)
{
    struct recalled_alert recalled = {0};
    struct db_rows *rows, *kept = NULL;
    char rule[512], text[1024];
    struct uuid id;

    snprintf(rule, sizeof(rule),
             "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: raws, version: 7, owner: noc}\n"
             "spec:\n  scope: {type: hw.raw}\n  match: event.raw.fingerprint == 'r2'\n"
             "  action: {boot: {image: %s}}\n",
             alerts.image);
    test_rule(owner, &alerts.fleet.tenant, "raws", rule, NULL);
    snprintf(text, sizeof(text), "%s, \"event_type\": \"hw.raw\"", mac_label(0));
    snprintf(rule, sizeof(rule), "%s", alert_of("r1", text));
    add(group(rule));
    snprintf(rule, sizeof(rule), "%s", alert_of("r2", text));
    add(group(rule));
    ck_assert_msg(keep_mapped() == 1, "%s", error_text(&err));
    ck_alert(0, "no_rule", NULL);
    ck_alert(1, "acted", NULL);
    rows = db_query(owner, "select id from alert where tenant_id = $1 and \"offset\" = 1", &err,
                    "u", &alerts.fleet.tenant);
    id = db_uuid(rows, 0, 0);
    db_rows_destroy(rows);
    ck_assert_int_eq(db_begin_tenant(engine, &alerts.fleet.tenant, &err), 0);
    ck_assert_int_eq(alert_recall(engine, &alerts.fleet.tenant, &id, 1, &recalled, &kept, &err), 0);
    ck_assert(recalled.found);
    ck_assert_str_eq(json_string_value(json_object_get(recalled.raw, "fingerprint")), "r2");
    ck_assert_str_eq(json_string_value(json_object_get(recalled.event, "type")), "hw.raw");
    alert_recall_clear(&recalled, 1);
    db_rows_destroy(kept);
    db_rollback(engine);
}
END_TEST

START_TEST(a_record_is_refused_as_one)
{
    char text[1024];

    refuse("hw.fault", "23505", "a word", "new.event_id like 'bad/%'");
    snprintf(text, sizeof(text), "%s, %s, %s", alert_of("f1", mac_label(0)),
             alert_of("bad", mac_label(0)), alert_of("f3", mac_label(0)));
    add(group(alert_of("before", mac_label(1))));
    add(group(text));
    add(group(alert_of("behind", mac_label(1))));
    ck_assert_msg(keep_mapped() == 1, "%s", error_text(&err));
    ck_assert_int_eq(partition.cursor.next, 3);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $ and \"offset\" = 1 and "
                            "disposition = 'rejected' and sqlstate = '23505' and event is null"),
                     3);
    ck_assert_int_eq(
        number("select count(*) from alert where tenant_id = $ and \"offset\" <> 1 and "
               "disposition = 'acted'"),
        2);
}
END_TEST

START_TEST(five_refused_in_a_row_halt)
{
    refuse("poison", "22021", "invalid byte sequence", "true");
    for (int i = 0; i < 8; i++) {
        char id[16];

        snprintf(id, sizeof(id), "%d", i);
        add(test_message(id, i < 2 ? "hw.fault" : "poison", "firing", alerts.mac[0]));
    }
    ck_assert_int_eq(keep(), -1);
    ck_assert_msg(err.code != ERROR_UNAVAILABLE && err.code != ERROR_TIMEOUT, "%d", err.code);
    ck_assert_msg(strstr(error_text(&err), "refused 5 records one after the other") != NULL, "%s",
                  error_text(&err));
    ck_assert_int_eq(
        number("select count(*) from alert where tenant_id = $ and disposition = 'rejected'"), 4);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 6);
    ck_assert_int_eq(kafka_cursor_halt(engine, &partition.cursor, error_text(&err), &err), 1);
    ck_assert_int_eq(kafka_cursor_is_halted(engine, &partition.cursor, &err), 1);
    ck_assert_int_eq(kafka_cursor_open(engine, &partition.cursor, 0, 0, &err), 0);
    ck_assert_int_eq(partition.cursor.next, 6);
    ck_assert_msg(strstr(partition.cursor.halted_because, "22021") != NULL, "%s",
                  partition.cursor.halted_because);
}
END_TEST

START_TEST(a_missing_partition_halts_at_once)
{
    refuse("poison", "23514", "no partition of relation \"alert\" found for row", "true");
    add(test_message("a", "poison", "firing", alerts.mac[0]));
    ck_assert_int_eq(keep(), -1);
    ck_assert_str_eq(err.sqlstate, "23514");
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 0);
    ck_assert_uint_eq(partition.refused_in_row, 0);
}
END_TEST

START_TEST(a_collision_is_tried_again)
{
    test_sql(owner, "drop sequence if exists test_tries; create sequence test_tries");
    refuse("hw.fault", "40001", "could not serialize access", "nextval('test_tries') < 3");
    test_sql(owner, "grant usage on sequence test_tries to muster_engine");
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    ck_kept();
    ck_assert_uint_eq(counts.retries, 2);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 1);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 1);
}
END_TEST

START_TEST(a_lost_connection_keeps_nothing_and_says_so)
{
    add(test_message("a", "hw.fault", "firing", alerts.mac[0]));
    refuse("hw.fault", "57P01", "terminating connection", "true");
    ck_assert_int_eq(keep(), -1);
    ck_assert_int_eq(err.code, ERROR_UNAVAILABLE);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 0);
    refuse("nothing", "57P01", "terminating connection", "true");
    ck_kept();
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 1);
}
END_TEST

CHECK_MAIN_WITH("alert_batch", set_up, tear_down, every_record_gets_one_disposition,
                the_task_is_what_the_rule_says, the_future_counts_as_now,
                keys_of_a_machine_must_agree, a_machine_given_away_is_unknown,
                what_is_remembered_of_a_machine_is_never_old,
                the_highest_rule_acts_the_others_are_outranked, a_disarmed_rule_acts_no_more,
                a_batch_waits_for_the_switch_under_way, automation_switched_off_boots_nothing,
                a_stopped_site_boots_nothing, a_storm_engages_the_brake,
                the_brake_looks_back_so_far, no_brake_counts_nothing,
                what_cannot_be_booted_is_an_error_of_the_rule, a_revoked_grant_boots_nothing,
                a_zombie_keeps_nothing, a_position_that_went_back_is_gone_on_from,
                what_was_kept_is_not_kept_again, an_event_that_is_told_again_is_known_on,
                deciding_again_makes_the_same_task, the_one_refused_record_is_found_and_kept,
                one_record_is_several_alerts, a_rule_sees_the_raw_alert, a_record_is_refused_as_one,
                five_refused_in_a_row_halt, a_missing_partition_halts_at_once,
                a_collision_is_tried_again, a_lost_connection_keeps_nothing_and_says_so)
