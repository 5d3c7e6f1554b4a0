/* From Kafka to PostgreSQL with the real parts: what arrives, what halts a partition, and what a
 * restart, a kill or another owner leaves. */
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/support/test_database.h"
#include "tests/support/test_fleet.h"

#include "tests/support/test_alerts.h"
#include "tests/support/test_kafka.h"

#include "controller/db/db_pool.h"
#include "controller/intake/intake.h"
#include "controller/intake/source.h"
#include "tests/support/check_main.h"

#define AWAIT_MS 30000

extern char **environ;

static struct db *owner;
static struct db_pool *pool;
static struct test_alerts alerts;
static rd_kafka_t *producer;
static struct intake *intake;
static char group[UUID_TEXT_SIZE];
static struct conf_pair properties[4];
static struct conf_map kafka;

static void start(void)
{
    struct intake_settings settings = {.kafka = &kafka};
    struct error err = {0};

    intake = intake_create(&settings, pool, &err);
    ck_assert_msg(intake && intake_start(intake, &err) == 0, "%s", error_text(&err));
}

static void stop(void)
{
    intake_destroy(intake);
    intake = NULL;
}

static void set_up(void)
{
    struct conf_map owner_parameters = test_database("muster_owner"),
                    engine_parameters = test_database("muster_engine");
    struct error err = {0};
    struct uuid id = uuid_make();

    owner = db_connect(&owner_parameters, &err);
    ck_assert_msg(owner != NULL, "%s", error_text(&err));
    /* The sources of other tests are none of this one's. */
    if (test_number(owner, "select count(*) from pg_class where relname = 'source'") > 0)
        test_sql(owner, "update source set state = 'paused'");
    test_alerts_make(owner, &alerts);
    pool = db_pool_create(&engine_parameters, 3, &err);
    ck_assert_msg(pool != NULL, "%s", error_text(&err));
    producer = test_producer();
    test_topic_make(producer, alerts.topic, 1);
    uuid_format(&id, group);
    properties[0] = (struct conf_pair){(char *)"bootstrap.servers", (char *)test_kafka()};
    properties[1] = (struct conf_pair){(char *)"group.id", group};
    properties[2] = (struct conf_pair){(char *)"session.timeout.ms", (char *)"6000"};
    properties[3] = (struct conf_pair){(char *)"topic.metadata.refresh.interval.ms", (char *)"500"};
    kafka = (struct conf_map){properties, 4};
}

static void tear_down(void)
{
    stop();
    rd_kafka_destroy(producer);
    db_pool_destroy(pool);
    db_disconnect(owner);
}

static int64_t number(const char *sql)
{
    return test_number_of(owner, &alerts.fleet.tenant, sql);
}

/* Asks again until PostgreSQL says so. */
static void await_number(const char *sql, int64_t wanted)
{
    int64_t until = clock_monotonic_ms() + AWAIT_MS, got;

    while ((got = number(sql)) != wanted && clock_monotonic_ms() < until)
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000L}, NULL);
    ck_assert_msg(got == wanted, "%s: %" PRId64 ", not %" PRId64, sql, got, wanted);
}

static void put(const char *text)
{
    test_produce(producer, alerts.topic, 0, text, strlen(text), 0);
}

static void put_alert(const char *id, int machine)
{
    put(test_message(id, "hw.fault", "firing", alerts.mac[machine]));
}

static int64_t alerts_of(const char *disposition)
{
    char sql[256];

    snprintf(sql, sizeof(sql),
             "select count(*) from alert where tenant_id = $ and disposition = '%s'", disposition);
    return number(sql);
}

#define ALERTS "select count(*) from alert where tenant_id = $"
#define TASKS "select count(*) from task where tenant_id = $"
#define HALTED(words)                                                                              \
    "select count(*) from kafka_cursor k join source s on s.topic = k.topic where s.tenant_id = "  \
    "$ "                                                                                           \
    "and k.halted_because like '%" words "%'"

#define EPOCH                                                                                      \
    "select epoch from kafka_cursor k join source s on s.topic = k.topic where s.tenant_id = $"

/* What the API does for a person. */
static void resume(enum source_from from, int64_t offset)
{
    struct conf_map parameters = test_database("muster_api");
    struct source_resume wish = {.name = "s", .from = from, .offset = offset};
    struct error err = {0};
    struct db *api = db_connect(&parameters, &err);
    struct source_halt halt;

    ck_assert_msg(api && db_begin_tenant(api, &alerts.fleet.tenant, &err) == 0, "%s",
                  error_text(&err));
    ck_assert_int_eq(source_resume(api, &alerts.fleet.tenant, &wish, &halt, &err), SOURCE_RESUMED);
    ck_assert_msg(db_commit(api, &err) == 0, "%s", error_text(&err));
    db_disconnect(api);
}

START_TEST(good_and_bad_records_arrive)
{
    static char large[5 * 1024 * 1024];
    int64_t old = clock_realtime_us() / 1000 - 16 * 60 * 1000;
    const char *late = test_message("late", "hw.fault", "firing", alerts.mac[0]);

    memset(large, 'x', sizeof(large));
    start();
    put("{\"event\":");
    test_produce(producer, alerts.topic, 0, large, sizeof(large), 0);
    put_alert("a", 0);
    put_alert("a", 0);
    put(test_message("b", "hw.fault", "firing", "02:00:00:00:00:01"));
    put(test_message("c", "hw.fault", "firing", alerts.foreign_mac));
    test_produce(producer, alerts.topic, 0, late, strlen(late), old);
    put_alert("z", 1);
    await_number(ALERTS, 8);
    ck_assert_int_eq(alerts_of("undecodable"), 1);
    ck_assert_int_eq(alerts_of("too_large"), 1);
    ck_assert_int_eq(alerts_of("duplicate"), 1);
    ck_assert_int_eq(alerts_of("unknown_machine"), 2);
    ck_assert_int_eq(alerts_of("too_old"), 1);
    ck_assert_int_eq(alerts_of("acted"), 2);
    ck_assert_int_eq(number(TASKS), 2);
}
END_TEST

START_TEST(the_status_tells_ready_and_numbers)
{
    struct intake_status status;
    int64_t until = clock_monotonic_ms() + AWAIT_MS;

    start();
    put_alert("a", 0);
    await_number(TASKS, 1);
    do {
        intake_read_status(intake, &status);
    } while ((!status.ready || status.alerts == 0) && clock_monotonic_ms() < until);
    ck_assert_msg(status.ready, "%s", status.waiting_on);
    ck_assert_uint_eq(status.alerts, 1);
    ck_assert_uint_eq(status.tasks, 1);
    ck_assert_uint_eq(status.partitions, 1);
    ck_assert_uint_eq(status.partitions_halted, 0);
}
END_TEST

START_TEST(a_broker_that_is_away_is_waited_for_with_its_name)
{
    struct intake_status status;
    int64_t until = clock_monotonic_ms() + AWAIT_MS;

    properties[0].value = (char *)"127.0.0.1:1";
    start();
    do {
        intake_read_status(intake, &status);
    } while (!strstr(status.waiting_on, "127.0.0.1:1") && clock_monotonic_ms() < until);
    ck_assert_msg(strstr(status.waiting_on, "127.0.0.1:1") != NULL, "%s", status.waiting_on);
    ck_assert(!status.ready);
}
END_TEST

START_TEST(a_restart_goes_on_where_it_was)
{
    start();
    put_alert("a", 0);
    await_number(ALERTS, 1);
    stop();
    put_alert("b", 1);
    start();
    await_number(ALERTS, 2);
    put_alert("c", 2);
    await_number(ALERTS, 3);
    ck_assert_int_eq(alerts_of("acted"), 3);
    ck_assert_int_eq(number("select count(distinct \"offset\") from alert where tenant_id = $"), 3);
    ck_assert_int_eq(
        number("select epoch from kafka_cursor k join source s on s.topic = k.topic where "
               "s.tenant_id = $"),
        2);
}
END_TEST

/* What Kafka says when it is asked as a lag monitor asks. */
static int64_t told_position(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_t *monitor;
    int64_t offset;
    char why[256];

    ck_assert_int_eq(rd_kafka_conf_set(conf, "bootstrap.servers", test_kafka(), why, sizeof(why)),
                     0);
    ck_assert_int_eq(rd_kafka_conf_set(conf, "group.id", group, why, sizeof(why)), 0);
    monitor = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    ck_assert_msg(monitor != NULL, "%s", why);
    rd_kafka_topic_partition_list_add(list, alerts.topic, 0);
    ck_assert_int_eq(rd_kafka_committed(monitor, list, AWAIT_MS), 0);
    offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(monitor);
    return offset;
}

START_TEST(a_lag_monitor_is_told_the_position)
{
    int64_t until = clock_monotonic_ms() + AWAIT_MS, told;

    start();
    put_alert("a", 0);
    put_alert("b", 1);
    await_number(ALERTS, 2);
    while ((told = told_position()) != 2 && clock_monotonic_ms() < until)
        nanosleep(&(struct timespec){.tv_nsec = 200 * 1000000L}, NULL);
    ck_assert_int_eq(told, 2);
}
END_TEST

START_TEST(a_source_that_comes_later_is_consumed)
{
    char topic[80];
    struct uuid id = uuid_make();

    start();
    put_alert("a", 0);
    await_number(ALERTS, 1);
    snprintf(topic, sizeof(topic), "%s-later", alerts.topic);
    test_topic_make(producer, topic, 2);
    test_insert(owner,
                "insert into source (tenant_id, id, name, topic) select $1, $2, 'later', $4 where "
                "$3::uuid is null",
                &alerts.fleet.tenant, &id, NULL, topic);
    for (int32_t i = 0; i < 2; i++) {
        const char *text = test_message(i ? "x" : "y", "hw.fault", "firing", alerts.mac[i]);

        test_produce(producer, topic, i, text, strlen(text), 0);
    }
    await_number(ALERTS, 3);
    ck_assert_int_eq(number(TASKS), 3);
}
END_TEST

static void put_with(const char *id, const char *text)
{
    rd_kafka_resp_err_t rc = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(alerts.topic), RD_KAFKA_V_PARTITION(0),
        RD_KAFKA_V_VALUE((void *)text, strlen(text)), RD_KAFKA_V_HEADER("ce_id", id, strlen(id)),
        RD_KAFKA_V_HEADER("ce_source", "/m", 2), RD_KAFKA_V_HEADER("ce_type", "hw.fault", 8),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);

    ck_assert_msg(rc == 0, "%s", rd_kafka_err2str(rc));
    ck_assert_int_eq(rd_kafka_flush(producer, TEST_KAFKA_MS), 0);
}

/* The format, changed while it runs: what comes afterwards is read so. */
START_TEST(a_source_is_read_as_its_format_says)
{
    char text[256], id[16];
    struct error err = {0};

    snprintf(text, sizeof(text), "{\"machine\": {\"mac\": \"%s\"}}", alerts.mac[0]);
    ck_assert_int_eq(db_execute(owner,
                                "update source set format = 'cloudevents' where tenant_id = $1",
                                &err, "u", &alerts.fleet.tenant),
                     1);
    start();
    put_with("c1", text);
    await_number("select count(*) from alert where tenant_id = $ and disposition = 'acted' and "
                 "event::json ->> 'source' = '/m'",
                 1);
    ck_assert_int_eq(db_execute(owner,
                                "with m as (insert into source_mapping (tenant_id, source_id, "
                                "version, name, document, digest, made_by) values ($1, $2, 3, "
                                "'own', $3, sha256($3::bytea), 'test')) update source set format = "
                                "'own', mapping_version = 3 where tenant_id = $1",
                                &err, "uus", &alerts.fleet.tenant, &alerts.source,
                                "apiVersion: mappings/v1\nkind: Mapping\n"
                                "metadata: {name: own, version: 3}\nspec:\n"
                                "  event: {id: headers.ce_id, type: \"'own'\"}\n"
                                "  machine: {mac: message.machine.mac}\n"
                                "  defaults: {status: firing, severity: info}\n"),
                     1);
    for (int i = 0; i < 100; i++) { /* by then it has looked again */
        snprintf(id, sizeof(id), "d%d", i);
        put_with(id, text);
        if (number("select count(*) from alert where tenant_id = $ and type = 'own'") > 0)
            break;
        poll(NULL, 0, 100);
    }
    await_number("select least(1, count(*)) from alert where tenant_id = $ and type = 'own' and "
                 "disposition = 'no_rule'",
                 1);
}
END_TEST

/* The intake as a process; dies after 'commits' transactions, or with SIGKILL by us when that is
 * NULL. */
static pid_t spawn(const char *commits)
{
    const char *build = getenv("MUSTER_BUILD"), *folder = getenv("MUSTER_TEST_DATABASE");
    char program[512];
    char *argv[] = {program, (char *)test_kafka(), group, (char *)folder, (char *)commits, NULL};
    pid_t pid;

    snprintf(program, sizeof(program), "%s/tests/support/intake_stand", build ? build : "");
    ck_assert_msg(posix_spawn(&pid, program, NULL, NULL, argv, environ) == 0, "%s", program);
    return pid;
}

static int end_of(pid_t pid)
{
    int status = 0;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

START_TEST(killed_after_a_commit_it_makes_no_second_task)
{
    char commits[4];
    int status;

    put_alert("a", 0);
    put_alert("b", 1);
    /* The first ones open partitions; the one that is meant is the first to leave a task. */
    for (int i = 1; number(TASKS) == 0; i++) {
        ck_assert_int_le(i, 5);
        snprintf(commits, sizeof(commits), "%d", i);
        status = end_of(spawn(commits));
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%x", (unsigned)status);
    }
    start();
    put_alert("c", 2);
    await_number(ALERTS, 3);
    ck_assert_int_eq(number(TASKS), 3);
    ck_assert_int_eq(alerts_of("acted"), 3);
}
END_TEST

START_TEST(killed_in_between_nothing_is_lost_and_nothing_is_double)
{
    char id[16];
    pid_t pid;

    test_sql(owner, "update rule_book set brake_max = null, revision = revision + 1");
    for (int round = 0; round < 3; round++) {
        pid = spawn(NULL);
        for (int i = 0; i < 20; i++) {
            snprintf(id, sizeof(id), "%d-%d", round, i);
            put_alert(id, i % TEST_MACHINES);
        }
        if (round == 1)
            await_number("select (count(*) > 20)::int::bigint from alert where tenant_id = $", 1);
        kill(pid, SIGKILL);
        end_of(pid);
    }
    start();
    await_number(ALERTS, 60);
    ck_assert_int_eq(alerts_of("acted"), 60);
    ck_assert_int_eq(number(TASKS), 60);
    ck_assert_int_eq(number("select count(distinct \"offset\") from alert where tenant_id = $"),
                     60);
}
END_TEST

START_TEST(a_topic_made_anew_halts_visibly)
{
    struct intake_status status;
    int64_t until = clock_monotonic_ms() + AWAIT_MS;

    start();
    put_alert("a", 0);
    put_alert("b", 1);
    await_number(ALERTS, 2);
    stop();
    test_topic_delete(producer, alerts.topic);
    test_topic_make(producer, alerts.topic, 1);
    for (int i = 0; i < 4; i++)
        put(test_message("n", "hw.fault", "firing", alerts.mac[2]));
    start();
    await_number(HALTED("another one now"), 1);
    ck_assert_int_eq(number(ALERTS), 2);
    ck_assert_int_eq(number(TASKS), 2);
    do {
        intake_read_status(intake, &status);
    } while (status.partitions_halted == 0 && clock_monotonic_ms() < until);
    ck_assert_msg(strstr(status.halted, "another one now") != NULL, "%s", status.halted);
    /* It stays so over a restart, until a person lets it run. */
    stop();
    start();
    await_number(EPOCH, 3);
    ck_assert_int_eq(number(ALERTS), 2);
    /* The same position again halts again; then from the new log's start. */
    resume(SOURCE_FROM_WHERE_IT_STOOD, 0);
    await_number(EPOCH, 4);
    await_number(HALTED("another one now"), 1);
    ck_assert_int_eq(number(ALERTS), 2);
    resume(SOURCE_FROM_EARLIEST, 0);
    await_number(ALERTS, 6);
    ck_assert_int_eq(number(TASKS), 3);
}
END_TEST

START_TEST(a_position_beyond_the_end_halts)
{
    start();
    for (int i = 0; i < 3; i++)
        put(test_message("n", "hw.other", "firing", alerts.mac[0]));
    await_number(ALERTS, 3);
    stop();
    test_topic_delete(producer, alerts.topic);
    test_topic_make(producer, alerts.topic, 1);
    put_alert("a", 0);
    start();
    await_number(HALTED("beyond the log"), 1);
    ck_assert_int_eq(number(ALERTS), 3);
}
END_TEST

START_TEST(records_deleted_unread_halt)
{
    start();
    put_alert("a", 0);
    await_number(ALERTS, 1);
    stop();
    for (int i = 0; i < 4; i++)
        put(test_message("n", "hw.other", "firing", alerts.mac[0]));
    test_records_delete(producer, alerts.topic, 3);
    start();
    await_number(HALTED("records 1 to 2 were deleted"), 1);
    ck_assert_int_eq(number(ALERTS), 1);
    /* Below the log's start again, then behind one that was kept: what was lost is lost. */
    resume(SOURCE_FROM_OFFSET, 2);
    await_number(HALTED("records 2 to 2 were deleted"), 1);
    resume(SOURCE_FROM_OFFSET, 4);
    await_number(ALERTS, 2);
    ck_assert_int_eq(number("select max(\"offset\") from alert where tenant_id = $"), 4);
}
END_TEST

START_TEST(records_deleted_before_the_first_was_read_halt)
{
    start();
    await_number(EPOCH, 1);
    stop();
    for (int i = 0; i < 4; i++)
        put(test_message("n", "hw.other", "firing", alerts.mac[0]));
    test_records_delete(producer, alerts.topic, 3);
    start();
    await_number(HALTED("records 0 to 2 were deleted"), 1);
    ck_assert_int_eq(number(ALERTS), 0);
}
END_TEST

START_TEST(resumed_at_the_end_it_skips_what_is_there)
{
    start();
    put_alert("a", 0);
    await_number(ALERTS, 1);
    stop();
    for (int i = 0; i < 4; i++)
        put(test_message("n", "hw.other", "firing", alerts.mac[0]));
    test_records_delete(producer, alerts.topic, 3);
    start();
    await_number(HALTED("records 1 to 2 were deleted"), 1);
    resume(SOURCE_FROM_LATEST, 0);
    await_number("select next from kafka_cursor k join source s on s.topic = k.topic where "
                 "s.tenant_id = $",
                 5);
    put_alert("b", 1);
    await_number(ALERTS, 2);
    ck_assert_int_eq(number("select max(\"offset\") from alert where tenant_id = $"), 5);
    await_number("select log_end from kafka_cursor k join source s on s.topic = k.topic where "
                 "s.tenant_id = $",
                 6);
}
END_TEST

START_TEST(what_was_read_may_be_deleted)
{
    start();
    put_alert("a", 0);
    put_alert("b", 1);
    await_number(ALERTS, 2);
    stop();
    test_records_delete(producer, alerts.topic, 2);
    put_alert("c", 2);
    start();
    await_number(ALERTS, 3);
    ck_assert_int_eq(number(HALTED("")), 0);
}
END_TEST

START_TEST(a_new_source_starts_at_the_earliest_record)
{
    for (int i = 0; i < 3; i++)
        put(test_message(i == 0 ? "a" : i == 1 ? "b" : "c", "hw.other", "firing", alerts.mac[0]));
    test_records_delete(producer, alerts.topic, 1);
    start();
    await_number(ALERTS, 2);
    ck_assert_int_eq(number("select min(\"offset\") from alert where tenant_id = $"), 1);
}
END_TEST

START_TEST(who_lost_its_epoch_keeps_nothing_twice)
{
    start();
    put_alert("a", 0);
    await_number(ALERTS, 1);
    test_insert(owner,
                "update kafka_cursor set epoch = epoch + 1 where topic = $4 and $1::uuid is null "
                "and $2::uuid is "
                "null and $3::uuid is null",
                NULL, NULL, NULL, alerts.topic);
    put_alert("b", 1);
    /* Fenced; Kafka leaves the partition with us, so it is opened again with an epoch of its own.
     */
    await_number(ALERTS, 2);
    ck_assert_int_eq(number(TASKS), 2);
    ck_assert_int_eq(
        number("select epoch from kafka_cursor k join source s on s.topic = k.topic where "
               "s.tenant_id = $"),
        3);
}
END_TEST

START_TEST(a_topic_that_is_not_there_holds_up_nobody)
{
    int64_t until = clock_monotonic_ms() + AWAIT_MS;
    struct intake_status status;
    struct uuid id = uuid_make();
    char topic[80];

    snprintf(topic, sizeof(topic), "%s-missing", alerts.topic);
    test_insert(owner,
                "insert into source (tenant_id, id, name, topic) select $1, $2, 'missing', $4 "
                "where $3::uuid is null",
                &alerts.fleet.other_tenant, &id, NULL, topic);
    start();
    put_alert("a", 0);
    await_number(TASKS, 1);
    do {
        intake_read_status(intake, &status);
    } while ((!status.topic[0] || !status.ready) && clock_monotonic_ms() < until);
    ck_assert_msg(strstr(status.topic, "missing") != NULL, "%s", status.topic);
    ck_assert_msg(status.ready, "%s", status.waiting_on);
    test_topic_make(producer, topic, 1);
    do {
        intake_read_status(intake, &status);
    } while (status.topic[0] && clock_monotonic_ms() < until);
    ck_assert_str_eq(status.topic, "");
    ck_assert_uint_eq(status.partitions, 2);
}
END_TEST

START_TEST(properties_that_are_ours_are_refused_by_name)
{
    struct intake_settings settings = {.kafka = &kafka};
    struct error err = {0};

    properties[2] = (struct conf_pair){(char *)"auto.offset.reset", (char *)"latest"};
    ck_assert_int_eq(intake_check(&settings, &err), -1);
    ck_assert_str_eq(
        error_text(&err),
        "kafka property auto.offset.reset is not yours to set: a lost position halts the partition "
        "instead of skipping records; remove it");
}
END_TEST

CHECK_MAIN_WITH("intake", set_up, tear_down, good_and_bad_records_arrive,
                the_status_tells_ready_and_numbers,
                a_broker_that_is_away_is_waited_for_with_its_name, a_restart_goes_on_where_it_was,
                a_lag_monitor_is_told_the_position, a_source_that_comes_later_is_consumed,
                a_source_is_read_as_its_format_says, killed_after_a_commit_it_makes_no_second_task,
                killed_in_between_nothing_is_lost_and_nothing_is_double,
                a_topic_made_anew_halts_visibly, a_position_beyond_the_end_halts,
                records_deleted_unread_halt, records_deleted_before_the_first_was_read_halt,
                resumed_at_the_end_it_skips_what_is_there, what_was_read_may_be_deleted,
                a_new_source_starts_at_the_earliest_record, who_lost_its_epoch_keeps_nothing_twice,
                a_topic_that_is_not_there_holds_up_nobody,
                properties_that_are_ours_are_refused_by_name)
