/* test_machine_rules.c - rules decide by what is said of a machine: a change is obeyed by the next
 * batch of every controller, and a decision names the version that it saw. Needs a private
 * PostgreSQL: see run. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test_database.h"
#include "tests/support/test_fleet.h"

#include "tests/support/test_alerts.h"

#include "controller/fleet/machine_document.h"
#include "controller/intake/alert_batch.h"
#include "controller/intake/alert_item.h"
#include "tests/support/check_main.h"

#define CONTROLLERS 2

static struct db *owner, *engine, *api;
static struct alert_batch *controllers[CONTROLLERS]; /* each remembers machines by itself */
static struct test_alerts alerts;
static struct alert_partition partition;
static struct error err;

static void arm(const char *match)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: by-asset, version: 7, owner: noc}\n"
             "spec:\n  scope: {type: a}\n  match: \"%s\"\n  action: {boot: {image: %s}}\n",
             match, alerts.image);
    test_rule(owner, &alerts.fleet.tenant, "by-asset", text, NULL);
}

static void set_up(void)
{
    memset(&err, 0, sizeof(err));
    owner = test_connect("muster_owner");
    test_alerts_make(owner, &alerts);
    engine = test_connect("muster_engine");
    api = test_connect("muster_api");
    for (int i = 0; i < CONTROLLERS; i++)
        controllers[i] = alert_batch_create(&err);
    partition = (struct alert_partition){
        .origin = {alerts.fleet.tenant, alerts.source, "s", "cluster", alerts.topic, 3},
        .cursor = {.cluster = "cluster", .topic = alerts.topic, .partition = 3},
    };
    ck_assert_int_eq(kafka_cursor_open(engine, &partition.cursor, 0, 0, &err), 0);
}

static void tear_down(void)
{
    for (int i = 0; i < CONTROLLERS; i++)
        alert_batch_destroy(controllers[i]);
    db_disconnect(api);
    db_disconnect(engine);
    db_disconnect(owner);
}

/* What becomes of an alert for the first machine at that controller. */
static const char *decide(int controller)
{
    static char disposition[64];
    static int numbers;
    char id[32];
    const char *text;
    struct kafka_record record;
    struct alert_item item = {0}, *order = &item;
    struct alert_counts counts = {0};
    struct db_rows *rows;
    int64_t now_us = clock_realtime_us();

    snprintf(id, sizeof(id), "%d", ++numbers);
    text = test_message(id, "a", "firing", alerts.mac[0]);
    record = (struct kafka_record){.offset = partition.cursor.next,
                                   .timestamp_ms = now_us / 1000,
                                   .value = text,
                                   .length = strlen(text)};
    ck_assert_int_eq(alert_item_prepare(&item, &record, &err), 0);
    ck_assert_msg(alert_batch_keep(controllers[controller], engine, &partition, &order, 1, now_us,
                                   &counts, &err) == 1,
                  "%s", error_text(&err));
    alert_item_clear(&item);
    rows = db_query(owner, "select disposition from alert where tenant_id = $1 and \"offset\" = $2",
                    &err, "ui", &alerts.fleet.tenant, record.offset);
    ck_assert_msg(rows && db_rows_count(rows) == 1, "%s", error_text(&err));
    snprintf(disposition, sizeof(disposition), "%s", db_text(rows, 0, 0));
    db_rows_destroy(rows);
    return disposition;
}

/* 'sql' has the machine as $1, and a text as $2. */
static void change(struct db *db, const char *sql, const char *text)
{
    ck_assert_msg(db_execute(db, sql, &err, "us", &alerts.fleet.machine[0], text) == 1, "%s",
                  error_text(&err));
}

static void label(const char *labels)
{
    change(api, "update machine set labels = $2::jsonb where id = $1", labels);
}

START_TEST(every_controller_obeys_a_label_from_the_next_batch_on)
{
    arm("!('no-auto-boot' in asset.labels)");
    for (int round = 0; round < 3; round++) {
        label("{}");
        for (int i = 0; i < CONTROLLERS; i++)
            ck_assert_str_eq(decide(i), "acted");
        label("{\"no-auto-boot\": true}");
        for (int i = 0; i < CONTROLLERS; i++)
            ck_assert_str_eq(decide(i), "no_rule");
    }
}
END_TEST

START_TEST(every_member_reaches_the_rules)
{
    arm("asset.lifecycle == 'production' && asset.cluster == 'k1' && asset.service == 'web' && "
        "asset.model == 'R750' && asset.maintenance_calendar == 'cal' && asset.rack == 'r1' && "
        "asset.serial != '' && asset.site_tz == 'Europe/Oslo' && asset.labels.weight == 5 && "
        "asset.labels.on && asset.firmware['bios'] == '2.19' && asset.controllers.exists(c, c.id "
        "!= 'c1' && c.health == 'ok') && asset.class == 'array' && asset.site != '' && asset.name "
        "!= '' && asset.id != '' && asset.asset_tag != ''");
    change(
        api,
        "update machine set serial = 's' || id, asset_tag = 't' || id, rack = 'r1', class = "
        "'array', labels = '{\"weight\": 5, \"on\": true}', attributes = $2::jsonb where id = $1",
        "{\"lifecycle\": \"production\", \"cluster\": \"k1\", \"service\": \"web\", \"model\": "
        "\"R750\", \"maintenance_calendar\": \"cal\", \"firmware\": {\"bios\": \"2.19\"}, "
        "\"controllers\": [{\"id\": \"c0\", \"health\": \"ok\"}, {\"id\": \"c1\"}]}");
    ck_assert_str_ne(decide(0), "acted"); /* the site's zone is another */
    change(api,
           "update site set time_zone = $2 where id = (select site_id from machine where id = $1)",
           "Europe/Oslo");
    ck_assert_str_eq(decide(0), "acted");
    ck_assert_str_eq(decide(1), "acted");
}
END_TEST

START_TEST(what_was_never_said_boots_nothing)
{
    arm("asset.service == 'web'");
    ck_assert_str_eq(decide(0), "rule_error");
    change(api, "update machine set attributes = $2::jsonb where id = $1",
           "{\"service\": \"web\"}");
    ck_assert_str_eq(decide(0), "acted");
}
END_TEST

START_TEST(a_decision_can_be_made_again_from_what_it_saw)
{
    struct machine_document document = {0};
    struct db_rows *rows;
    int64_t version;

    arm("asset.labels.team == 'a'");
    label("{\"team\": \"a\"}");
    ck_assert_str_eq(decide(0), "acted");
    label("{\"team\": \"b\"}");
    ck_assert_str_eq(decide(0), "no_rule");
    rows = db_query(owner,
                    "select machine_document_version from alert where tenant_id = $1 and "
                    "disposition = 'acted'",
                    &err, "u", &alerts.fleet.tenant);
    ck_assert(rows && db_rows_count(rows) == 1);
    version = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    ck_assert_int_eq(db_begin_tenant(engine, &alerts.fleet.tenant, &err), 0);
    rows =
        machine_document_at(engine, &alerts.fleet.tenant, alerts.fleet.machine, &version, 1, &err);
    db_rollback(engine);
    ck_assert(rows && db_rows_count(rows) == 1);
    document.text = db_text(rows, 0, 1);
    ck_assert_str_eq(
        json_string_value(json_object_get(
            json_object_get(machine_document_json(&document, &err), "labels"), "team")),
        "a");
    machine_document_clear(&document);
    db_rows_destroy(rows);
}
END_TEST

CHECK_MAIN_WITH("machine_rules", set_up, tear_down,
                every_controller_obeys_a_label_from_the_next_batch_on,
                every_member_reaches_the_rules, what_was_never_said_boots_nothing,
                a_decision_can_be_made_again_from_what_it_saw)
