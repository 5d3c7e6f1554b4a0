/* test_rule_tasks.c - what a rule's decision binds its task to, over a real database: groups of its
 * limits and how many of them, its last start moment, the version of its image that is pinned, its
 * profile and checks, who is to be told of it; what is refused by name; and what is asked again
 * before the task goes out. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test_database.h"
#include "tests/support/test_fleet.h"

#include "tests/support/test_alerts.h"

#include "controller/dispatch/task_recheck.h"
#include "controller/intake/alert_batch.h"
#include "controller/intake/alert_item.h"
#include "controller/intake/rule_due.h"
#include "controller/tasks/task_drop.h"
#include "controller/tasks/task_queue.h"
#include "tests/support/check_main.h"

#define DOCUMENT                                                                                   \
    "{\"arguments\":\"quiet\",\"deadline_s\":900,\"checks\":[\"dmi\",\"cpu\",\"smart-all\"],"      \
    "\"profiles\":{\"short\":{\"deadline_s\":60,\"checks\":[\"cpu\"],"                             \
    "\"params\":{\"dimm\":{\"pattern\":\"[A-Z]+\"}}}}}"

static struct db *owner, *engine;
static struct alert_batch *batch;
static struct test_alerts alerts;
static struct alert_partition partition;
static struct alert_counts counts;
static struct error err;
static int64_t now_us;
static int events;

static void set_up(void)
{
    struct conf_map as_owner = test_database("muster_owner"),
                    as_engine = test_database("muster_engine");

    memset(&err, 0, sizeof(err));
    owner = db_connect(&as_owner, &err);
    ck_assert_msg(owner != NULL, "%s", error_text(&err));
    test_alerts_make(owner, &alerts);
    engine = db_connect(&as_engine, &err);
    ck_assert_msg(engine != NULL, "%s", error_text(&err));
    batch = alert_batch_create(&err);
    partition = (struct alert_partition){
        .origin = {alerts.fleet.tenant, alerts.source, "s", "cluster", alerts.topic, 4},
        .cursor = {.cluster = "cluster", .topic = alerts.topic, .partition = 4},
    };
    ck_assert_int_eq(kafka_cursor_open(engine, &partition.cursor, 0, 0, &err), 0);
    now_us = clock_realtime_us();
}

static void tear_down(void)
{
    alert_batch_destroy(batch);
    db_disconnect(engine);
    db_disconnect(owner);
}

static void sql(const char *format, const struct uuid *id)
{
    ck_assert_msg(db_execute(owner, format, &err, "u", id) >= 0, "%s: %s", error_text(&err),
                  format);
}

/* Of the tenant's image, granted to it; added a moment after those before. */
static void add_version(const char *version, const char *document)
{
    struct uuid id = uuid_make(), grant = uuid_make();

    ck_assert_msg(
        db_execute(
            owner,
            "insert into image_version (id, image_id, version, digest, document, created_at) "
            "select $1, image_id, $3, sha256($1::text::bytea), $4, clock_timestamp() from "
            "image_version where id = $2",
            &err, "uuss", &id, &alerts.fleet.image, version, document) == 1,
        "%s", error_text(&err));
    test_insert(owner,
                "insert into image_grant (tenant_id, id, image_version_id) select $1, $2, $3 where "
                "$4::text is null",
                &alerts.fleet.tenant, &grant, &id, NULL);
}

/* 'spec': lines with two blanks before each; 'boot': more of the boot's map. */
static void arm_for(const char *scope, const char *spec, const char *boot)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: binds, version: 7, owner: noc}\n"
             "spec:\n  scope: {%s}\n%s  action:\n    boot: {image: %s%s}\n",
             scope, spec, alerts.image, boot);
    test_rule(owner, &alerts.fleet.tenant, "binds", text, NULL);
}

static void arm(const char *spec, const char *boot)
{
    arm_for("type: hw.bind", spec, boot);
}

/* Of this machine, a minute old; 'source' NULL: it has none. The sentence at the alert. */
static const char *report_by(const char *source, const char *type, const char *status, int machine)
{
    static char reason[700];
    static struct alert_item item;
    struct alert_item *order[] = {&item};
    char message[512];
    struct kafka_record record = {
        .offset = partition.cursor.next, .timestamp_ms = now_us / 1000 - 60000, .value = message};
    struct db_rows *rows;

    snprintf(message, sizeof(message),
             "{\"event\":{\"id\":\"e%d\",%s%s%s\"type\":\"%s\",\"status\":\"%s\","
             "\"severity\":\"warning\",\"time\":\"2026-11-22T22:40:01Z\"},"
             "\"machine\":{\"mac\":\"%s\"}}",
             events++, source ? "\"source\":\"" : "", source ? source : "", source ? "\"," : "",
             type, status, alerts.mac[machine]);
    record.length = strlen(record.value);
    ck_assert_int_eq(alert_item_prepare(&item, &record, &err), 0);
    ck_assert_msg(alert_batch_keep(batch, engine, &partition, order, 1, now_us, &counts, &err) == 1,
                  "%s", error_text(&err));
    alert_item_clear(&item);
    rows = db_query(owner,
                    "select disposition || ': ' || reason from alert where tenant_id = $1 order by "
                    "id desc limit 1",
                    &err, "u", &alerts.fleet.tenant);
    snprintf(reason, sizeof(reason), "%s", db_text(rows, 0, 0));
    db_rows_destroy(rows);
    return reason;
}

static const char *report(const char *type, const char *status, int machine)
{
    return report_by(NULL, type, status, machine);
}

static const char *alarm(int machine)
{
    return report("hw.bind", "firing", machine);
}

/* Of the task that was made last. */
static const char *task(const char *expression)
{
    static char value[300];
    char text[700];
    struct db_rows *rows;

    snprintf(text, sizeof(text),
             "select (%s)::text from task t join image_version v on v.id = t.image_version_id "
             "where t.tenant_id = $1 order by t.created_at desc, t.id desc limit 1",
             expression);
    rows = db_query(owner, text, &err, "u", &alerts.fleet.tenant);
    ck_assert_msg(rows != NULL && db_rows_count(rows) == 1, "%s", error_text(&err));
    snprintf(value, sizeof(value), "%s", db_is_null(rows, 0, 0) ? "-" : db_text(rows, 0, 0));
    db_rows_destroy(rows);
    return value;
}

#define LIMITS                                                                                     \
    "select string_agg(l.rule || ' ' || l.entry || ' ' || l.grp || ' ' || l.max, ', ' order by "   \
    "l.entry) from task_limit l where l.task_id = t.id"

#define ACTS(machine)                                                                              \
    do {                                                                                           \
        const char *said = alarm(machine);                                                         \
        ck_assert_msg(strncmp(said, "acted: ", 7) == 0, "%s", said);                               \
    } while (0)

START_TEST(a_task_is_bound_to_the_groups_of_its_limits)
{
    sql("update machine set rack = 'r17' where id = $1", &alerts.fleet.machine[0]);
    arm("  limits: [{by: asset.rack, max: 1}, {by: \"event.type + '/' + asset.class\", max: 5},\n"
        "    {by: asset.cluster, max: 7}]\n",
        "");
    ACTS(0);
    ck_assert_str_eq(task(LIMITS), "binds 1 r17 1, binds 2 hw.bind/server 5, binds 3  7");
    ck_assert_str_eq(task("select limits from task_queue q where q.task_id = t.id"), "3");
    ACTS(1);
    ck_assert_str_eq(task(LIMITS), "binds 1  1, binds 2 hw.bind/server 5, binds 3  7");
}
END_TEST

START_TEST(a_share_is_of_the_machines_that_the_tenant_holds)
{
    for (int i = 0; i < 3; i++)
        sql("update machine set rack = 'r17', class = 'storage' where id = $1",
            &alerts.fleet.machine[i]);
    arm("  let: {row: \"asset.rack.replace('r', 'row')\"}\n"
        "  limits: [{by: asset.rack, max_percent: 70}, {by: asset.class, max_percent: 1, min: 2},\n"
        "    {by: vars.row, max_percent: 100}, {by: asset.cluster, max_percent: 20}]\n",
        "");
    ACTS(0); /* 70 % of 3 are 2; 1 % is none, but 2 at least; 3; of the 4 without a cluster none */
    ck_assert_str_eq(task(LIMITS), "binds 1 r17 2, binds 2 storage 2, binds 3 row17 3, binds 4  0");
    sql("update machine_holding set until = now() where machine_id = $1", &alerts.fleet.machine[1]);
    alert_batch_destroy(batch); /* who counted before knows it for a minute */
    batch = alert_batch_create(&err);
    ACTS(2);
    ck_assert_str_eq(task(LIMITS), "binds 1 r17 1, binds 2 storage 2, binds 3 row17 2, binds 4  0");
}
END_TEST

START_TEST(latest_is_counted_from_the_alert)
{
    arm("  schedule: {latest: 2h}\n", "");
    ACTS(0);
    ck_assert_str_eq(task("extract(epoch from t.expires_at - t.schedule_time)::bigint"), "7200");
    ck_assert_str_eq(task("select extract(epoch from t.expires_at - a.record_timestamp)::bigint "
                          "from alert a where a.id = t.alert_id"),
                     "7200");
}
END_TEST

START_TEST(the_newest_of_a_family_is_pinned)
{
    add_version("1.4.0", "{}");
    add_version("1.4.2", "{}");
    add_version("1.40.0", "{}");
    add_version("1.5", "{}");
    arm("", ", version: ~1.4");
    ACTS(0);
    ck_assert_str_eq(task("v.version"), "1.4.2");
    add_version("1.4.1", "{}"); /* added last: versions are words */
    ck_assert_str_eq(task("v.version"), "1.4.2");
    ACTS(1);
    ck_assert_str_eq(task("v.version"), "1.4.1");
    sql("update image_grant set until = now() where tenant_id = $1", &alerts.fleet.tenant);
    ck_assert_ptr_nonnull(strstr(alarm(2), "~1.4 is not granted to this tenant"));
}
END_TEST

START_TEST(profile_and_checks_go_with_the_task)
{
    add_version("2.0", DOCUMENT);
    arm("", ", profile: short, params: {dimm: \"'B'\"}");
    ACTS(0);
    ck_assert_str_eq(task("t.profile || ' ' || t.deadline_s || ' ' || (t.checks is null)"),
                     "short 60 true");
}
END_TEST

START_TEST(checks_run_as_the_rule_says)
{
    add_version("2.0", DOCUMENT);
    arm("", ", run: [smart-all, dmi]");
    ACTS(0);
    ck_assert_str_eq(task("t.checks"), "[\"smart-all\", \"dmi\"]");
    ck_assert_str_eq(task("t.deadline_s"), "900");
    ck_assert_str_eq(task("t.reports"), "-");
}
END_TEST

START_TEST(who_is_to_be_told_is_kept_with_the_task)
{
    add_version("2.0", DOCUMENT);
    arm("", "}\n    report: [{to: siem, event: a.b, include: [results, event]}, "
            "{to: soc, event: 'a \"b\"'}] #");
    ACTS(0);
    ck_assert_str_eq(
        task("t.reports"),
        "[{\"to\": \"siem\", \"event\": \"a.b\", \"include\": [\"results\", "
        "\"event\"]}, {\"to\": \"soc\", \"event\": \"a \\\"b\\\"\", \"include\": []}]");
}
END_TEST

START_TEST(an_unknown_check_is_refused_by_its_name)
{
    add_version("2.0", DOCUMENT);
    arm("", ", run: [dmi, raid]");
    ck_assert_ptr_nonnull(strstr(alarm(0), "rule_error: "));
    ck_assert_ptr_nonnull(
        strstr(alarm(0), "the image has no check \"raid\"; it has dmi, cpu, smart-all"));
}
END_TEST

START_TEST(an_unknown_profile_is_refused_by_its_name)
{
    add_version("2.0", DOCUMENT);
    arm("", ", profile: long");
    ck_assert_ptr_nonnull(strstr(alarm(0), "the image has no profile \"long\"; it has short"));
}
END_TEST

START_TEST(a_parameter_of_another_profile_is_refused)
{
    add_version("2.0", DOCUMENT);
    arm("", ", params: {dimm: \"'B'\"}");
    ck_assert_ptr_nonnull(strstr(alarm(0), "parameter dimm is not in the image's profile"));
}
END_TEST

/* ---- asked again ---- */

static struct task_lease lease_it(void)
{
    static const struct uuid controller = {{7}};
    const struct task_site at = {alerts.fleet.site, alerts.fleet.agent};
    struct task_lease lease;

    ck_assert_msg(task_queue_lease(engine, &controller, &at, 1, 1, &lease, &err) == 1, "%s",
                  error_text(&err));
    return lease;
}

static struct task_answer ask_again(const struct task_lease *lease)
{
    struct task_recheck *recheck = task_recheck_create(&err);
    struct task_answer answer = {.task = lease->task};

    ck_assert_ptr_nonnull(recheck);
    /* Twice: the rule is read once. */
    for (int i = 0; i < 2; i++)
        ck_assert_msg(
            task_recheck_ask(recheck, engine, &alerts.fleet.tenant, now_us, &answer, 1, &err) == 0,
            "%s", error_text(&err));
    task_recheck_destroy(recheck);
    return answer;
}

static int drop(const struct task_lease *lease, const struct task_answer *answer)
{
    static const struct uuid controller = {{7}};

    return task_drop(engine, &controller, lease, answer->why, answer->ticket, &err);
}

static int64_t number(const char *of)
{
    struct db_rows *rows = db_query(owner, of, &err, "u", &alerts.fleet.tenant);
    int64_t value;

    ck_assert_msg(rows != NULL, "%s", error_text(&err));
    value = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    return value;
}

#define TICKETS(of)                                                                                \
    number("select count(*) from ticket t join task k on k.decision_id = t.decision_id where "     \
           "t.tenant_id = $1 and t.queue = 'noc' and t.priority = 2 and t.title like 'Look at "    \
           "m-%' and t.machine_id = k.machine_id and t.rule_version = 7 and t.alert_id = "         \
           "k.alert_id and t.reason like " of)

#define REQUIRE                                                                                    \
    "  require: [{expr: \"asset.labels.drained == 'yes'\", because: it must be drained}]\n"        \
    "  limits: [{by: asset.rack, max: 1}]\n"                                                       \
    "  else: {ticket: {queue: noc, priority: 1 + 1, title: \"'Look at ' + asset.name\"}}\n"

static void label(int machine, const char *drained)
{
    ck_assert_msg(db_execute(owner,
                             "update machine set labels = jsonb_build_object('drained', $2) where "
                             "id = $1",
                             &err, "us", &alerts.fleet.machine[machine], drained) == 1,
                  "%s", error_text(&err));
}

START_TEST(what_is_not_required_any_more_ends_without_a_boot)
{
    struct task_answer answer;
    struct task_lease lease;

    label(0, "yes");
    arm(REQUIRE, "");
    ACTS(0);
    ck_assert_str_eq(task("t.asks"), "true");
    lease = lease_it();
    answer = ask_again(&lease);
    ck_assert(answer.holds);
    label(0, "no");
    answer = ask_again(&lease);
    ck_assert(!answer.holds && answer.ticket);
    ck_assert_str_eq(answer.why, "rule binds: what it requires does not hold any more: it must be "
                                 "drained");
    ck_assert_int_eq(drop(&lease, &answer), 1);
    ck_assert_int_eq(drop(&lease, &answer), 0); /* it is not leased any more */
    ck_assert_str_eq(task("t.state || ': ' || t.cause"),
                     "cancelled: rule binds: what it requires does not hold any more: it must be "
                     "drained");
    ck_assert_str_eq(task("select count(*) from task_queue q where q.task_id = t.id"), "0");
    ck_assert_str_eq(task("select ended from task_grant g where g.task_id = t.id"), "not_sent");
    ck_assert_str_eq(task("select place from task_limit l where l.task_id = t.id"), "ended");
    ck_assert_int_eq(TICKETS("'%it must be drained'"), 1);
    ck_assert_int_eq(number("select count(*) from ticket where tenant_id = $1"), 1);
}
END_TEST

START_TEST(what_an_agent_may_hold_is_asked_for_first)
{
    struct task_answer answer;
    struct task_lease lease;

    label(0, "yes");
    arm(REQUIRE, "");
    ACTS(0);
    lease = lease_it();
    sql("update task_queue set lease_until = now() - interval '1 s' where tenant_id = $1",
        &alerts.fleet.tenant);
    ck_assert_int_ge(task_queue_tick(engine, &err), 0);
    sql("update task_queue set due_at = now() where tenant_id = $1", &alerts.fleet.tenant);
    lease = lease_it();
    label(0, "no");
    answer = ask_again(&lease);
    ck_assert_int_eq(drop(&lease, &answer), 1);
    ck_assert_str_eq(task("t.state"), "queued");
    ck_assert_str_eq(task("select cancelling from task_queue q where q.task_id = t.id"), "true");
    ck_assert_str_eq(task("t.cancel_reason = '' || (select reason from ticket where tenant_id = "
                          "t.tenant_id)"),
                     "true");
}
END_TEST

START_TEST(a_machine_that_was_given_away_is_not_booted)
{
    struct task_answer answer;
    struct task_lease lease;

    label(0, "yes");
    arm(REQUIRE, "");
    ACTS(0);
    lease = lease_it();
    sql("update machine_holding set until = now() where machine_id = $1", &alerts.fleet.machine[0]);
    answer = ask_again(&lease);
    ck_assert(!answer.holds);
    ck_assert_str_eq(answer.why, "the machine is not the tenant's any more");
}
END_TEST

START_TEST(what_does_not_start_in_time_opens_its_ticket)
{
    label(0, "yes");
    arm(REQUIRE, "");
    ACTS(0);
    sql("update task set expires_at = now() - interval '1 s' where tenant_id = $1",
        &alerts.fleet.tenant);
    sql("update task_queue set expires_at = now() - interval '1 s' where tenant_id = $1",
        &alerts.fleet.tenant);
    ck_assert_int_ge(task_queue_tick(engine, &err), 0);
    ck_assert_str_eq(task("t.state"), "expired");
    ck_assert_int_eq(TICKETS("'no agent took it%'"), 1);
}
END_TEST

/* Arming the rule again does not let it go: nobody is told to. */
START_TEST(a_task_of_a_disarmed_rule_waits_for_nothing)
{
    arm("", "");
    ACTS(0);
    sql("update rule set stage = 'draft', active_version = null, armed_since = null, stage_by = "
        "'ann', stage_reason = 'too eager' where tenant_id = $1 and name = 'binds'",
        &alerts.fleet.tenant);
    sql("update rule_book set killed_because = 'x' where tenant_id = $1", &alerts.fleet.tenant);
    ck_assert_str_eq(task("select waiting_on from task_waiting w where w.task_id = t.id"),
                     "nothing but its end: rule binds is not armed any more, draft by ann: too "
                     "eager");
    sql("update rule set stage = 'active', active_version = 7, armed_since = clock_timestamp() "
        "where tenant_id = $1 and name = 'binds'",
        &alerts.fleet.tenant);
    ck_assert_str_eq(task("select waiting_on from task_waiting w where w.task_id = t.id"),
                     "nothing but its end: it was made before rule binds was armed again");
}
END_TEST

START_TEST(the_window_is_as_it_was)
{
    struct task_answer answer;
    struct task_lease lease;

    arm("  window: {kind: sliding, key: asset.id, within: 1h, when: window.count >= 2}\n"
        "  require: [{expr: \"window.count == 2 && window.sum == 2.0 && window.first <= "
        "window.last\", because: two}]\n"
        "  else: {ticket: {queue: noc, priority: 2}}\n",
        "");
    alarm(0);
    ACTS(0);
    lease = lease_it();
    answer = ask_again(&lease);
    ck_assert_msg(answer.holds, "%s", answer.why);
    sql("update task set window_was = jsonb_set(window_was, '{count}', '3') where tenant_id = $1",
        &alerts.fleet.tenant);
    answer = ask_again(&lease);
    ck_assert(!answer.holds);
}
END_TEST

/* Written by another release, say: it is nobody else's trouble. */
START_TEST(what_cannot_be_read_any_more_boots_nothing_and_stops_nobody)
{
    struct task_answer answer;
    struct task_lease lease;

    arm("  window: {kind: sliding, key: asset.id, within: 1h, when: window.count >= 1}\n"
        "  else: {ticket: {queue: noc, priority: 2}}\n",
        "");
    ACTS(0);
    lease = lease_it();
    sql("update task set window_was = '{\"sum\": 1}' where tenant_id = $1", &alerts.fleet.tenant);
    answer = ask_again(&lease);
    ck_assert(!answer.holds && answer.ticket);
    ck_assert_ptr_nonnull(strstr(answer.why, "a task's window cannot be read"));
}
END_TEST

/* ---- faults that had to last ---- */

static void come_due(int64_t moment_us)
{
    struct rule_due *due = rule_due_create(&err);
    int64_t next_us;

    ck_assert_ptr_nonnull(due);
    ck_assert_msg(rule_due_run(due, engine, moment_us, &next_us, &err) == 0, "%s",
                  error_text(&err));
    rule_due_destroy(due);
}

static struct task_lease held_for(const char *source)
{
    const char *said = report_by(source, "hw.bind", "firing", 0);

    ck_assert_msg(strncmp(said, "held", 4) == 0, "%s", said);
    come_due(now_us + 6 * 60 * INT64_C(1000000));
    sql("update task set schedule_time = now() where tenant_id = $1", &alerts.fleet.tenant);
    sql("update task_queue set due_at = now(), turn_at = now(), state = 'queued' where tenant_id "
        "= $1",
        &alerts.fleet.tenant);
    sql("update task set state = 'queued' where tenant_id = $1", &alerts.fleet.tenant);
    return lease_it();
}

START_TEST(a_fault_that_is_over_boots_nothing)
{
    struct task_answer answer;
    struct task_lease lease;

    arm("  hold: 5m\n", "");
    lease = held_for(NULL);
    answer = ask_again(&lease);
    ck_assert_msg(answer.holds, "%s", answer.why);
    report("hw.bind", "resolved", 1); /* another machine's */
    report("hw.other", "resolved", 0);
    answer = ask_again(&lease);
    ck_assert_msg(answer.holds, "%s", answer.why);
    report("hw.bind", "resolved", 0);
    answer = ask_again(&lease);
    ck_assert(!answer.holds && !answer.ticket);
    ck_assert_ptr_nonnull(strstr(answer.why, "the fault is over"));
    alarm(0);
    answer = ask_again(&lease);
    ck_assert_msg(answer.holds, "%s", answer.why); /* it fires again */
    report("hw.bind", "resolved", 0);
    answer = ask_again(&lease);
    ck_assert_int_eq(drop(&lease, &answer), 1);
    ck_assert_str_eq(task("t.state"), "cancelled");
    ck_assert_int_eq(number("select count(*) from ticket where tenant_id = $1"), 0);
}
END_TEST

/* Of the same machine and type: it ends no hold of the rule, and no task of it either. */
START_TEST(what_another_source_says_is_another_fault)
{
    struct task_answer answer;
    struct task_lease lease;

    arm_for("type: hw.bind, source: smartd", "  hold: 5m\n", "");
    lease = held_for("smartd");
    report_by("netdata", "hw.bind", "resolved", 0);
    answer = ask_again(&lease);
    ck_assert_msg(answer.holds, "%s", answer.why);
    report_by("smartd", "hw.bind", "resolved", 0);
    answer = ask_again(&lease);
    ck_assert(!answer.holds);
    report_by("netdata", "hw.bind", "firing", 0);
    answer = ask_again(&lease);
    ck_assert(!answer.holds);
}
END_TEST

CHECK_MAIN_WITH("rule_tasks", set_up, tear_down, a_task_is_bound_to_the_groups_of_its_limits,
                a_share_is_of_the_machines_that_the_tenant_holds, latest_is_counted_from_the_alert,
                the_newest_of_a_family_is_pinned, profile_and_checks_go_with_the_task,
                checks_run_as_the_rule_says, who_is_to_be_told_is_kept_with_the_task,
                an_unknown_check_is_refused_by_its_name, an_unknown_profile_is_refused_by_its_name,
                a_parameter_of_another_profile_is_refused,
                what_is_not_required_any_more_ends_without_a_boot,
                what_an_agent_may_hold_is_asked_for_first,
                a_machine_that_was_given_away_is_not_booted,
                what_does_not_start_in_time_opens_its_ticket,
                a_task_of_a_disarmed_rule_waits_for_nothing, the_window_is_as_it_was,
                what_cannot_be_read_any_more_boots_nothing_and_stops_nobody,
                a_fault_that_is_over_boots_nothing, what_another_source_says_is_another_fault)
