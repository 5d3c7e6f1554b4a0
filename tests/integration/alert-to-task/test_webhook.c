/* Messages by HTTP, over a real database: each is kept once, whoever dies in between and however
 * many bring it. */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/test_database.h"
#include "tests/support/test_fleet.h"

#include "tests/support/test_alerts.h"

#include "common/fault_point.h"
#include "common/file.h"
#include "controller/db/db_pool.h"
#include "controller/intake/webhook.h"
#include "rules/mapping/mapping_run.h"
#include "tests/support/check_main.h"

#define THREADS 8

static struct db *owner;
static struct db_pool *pool;
static struct webhook *webhook;
static struct test_alerts alerts;
static struct uuid source;
static struct error err;

static void set_up(void)
{
    struct conf_map owner_parameters = test_database("muster_owner"),
                    engine_parameters = test_database("muster_engine");

    memset(&err, 0, sizeof(err));
    owner = db_connect(&owner_parameters, &err);
    ck_assert_msg(owner != NULL, "%s", error_text(&err));
    test_alerts_make(owner, &alerts);
    source = uuid_make();
    test_insert(owner,
                "insert into source (tenant_id, id, name, kind, topic) select $1, $2, 'hook', "
                "'webhook', $4 where $3::uuid is null",
                &alerts.fleet.tenant, &source, NULL, NULL);
    pool = db_pool_create(&engine_parameters, WEBHOOK_KEEPERS, &err);
    webhook = webhook_create(pool, &err);
    ck_assert_msg(webhook != NULL, "%s", error_text(&err));
}

static void tear_down(void)
{
    webhook_destroy(webhook);
    db_pool_destroy(pool);
    db_disconnect(owner);
}

/* A number about this test's tenant: "$" in 'sql' stands for its id. */
static int64_t number(const char *sql)
{
    return test_number_of(owner, &alerts.fleet.tenant, sql);
}

static int take_as(const char *name, const char *text, struct webhook_kept *ret, struct error *why)
{
    const struct webhook_request request = {.tenant = alerts.fleet.tenant,
                                            .source = source,
                                            .name = name,
                                            .bytes = text,
                                            .length = strlen(text),
                                            .now_us = clock_realtime_us()};

    return webhook_take(webhook, &request, ret, why);
}

static void ck_taken(const char *text, struct webhook_kept *ret)
{
    ck_assert_msg(take_as("hook", text, ret, &err) == 0, "%s", error_text(&err));
}

START_TEST(a_message_is_kept_once)
{
    const char *text = test_message("a", "hw.fault", "firing", alerts.mac[0]);
    struct webhook_kept first, again, later;
    struct webhook_counts counts;

    ck_taken(text, &first);
    ck_taken(text, &again);
    ck_assert_int_eq(first.alerts, 1);
    ck_assert_int_eq(again.alerts, 1);
    ck_assert_int_eq(again.received_us, first.received_us);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 1);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 1);
    ck_assert_int_eq(number("select count(*) from decision where tenant_id = $ and trigger ~ "
                            "'^webhook/[0-9a-f-]{36}/[0-9]+/[0-9a-f]{64}'"),
                     1);
    /* An hour later it is a message of its own, of an event that was there before. */
    ck_assert_int_ge(number("with u as (update webhook_receipt set received_at = received_at - "
                            "interval '61 minutes' where tenant_id = $ returning 1) "
                            "select count(*) from u"),
                     1);
    ck_taken(text, &later);
    ck_assert_int_gt(later.received_us, first.received_us);
    ck_assert_int_eq(
        number("select count(*) from alert where tenant_id = $ and disposition = 'duplicate'"), 1);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 1);
    webhook_read_counts(webhook, &counts);
    ck_assert_uint_eq(counts.alerts, 2);
    ck_assert_uint_eq(counts.tasks, 1);
}
END_TEST

START_TEST(what_nobody_repeats_any_more_is_forgotten)
{
    struct webhook_kept kept;

    ck_taken("one", &kept);
    ck_taken("two", &kept);
    ck_assert_int_eq(number("select count(*) from webhook_receipt where tenant_id = $"), 2);
    test_sql(owner, "update webhook_receipt set received_at = received_at - interval '2 hours'");
    ck_taken("three", &kept);
    ck_assert_int_eq(number("select count(*) from webhook_receipt where tenant_id = $"), 1);
    ck_assert_int_eq(
        number("select count(*) from alert where tenant_id = $ and disposition = 'undecodable'"),
        3);
}
END_TEST

START_TEST(only_a_webhook_takes_messages)
{
    struct webhook_kept kept;

    ck_assert_int_eq(take_as("other", "x", &kept, &err), -1);
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    test_sql(owner, "update source set state = 'paused' where kind = 'webhook'");
    ck_assert_int_eq(take_as("hook", "x", &kept, &err), -1);
    ck_assert_int_eq(err.code, ERROR_STALE);
    test_sql(owner, "update source set state = 'active' where kind = 'webhook'");
    source = alerts.source;
    ck_assert_int_eq(take_as("s", "x", &kept, &err), -1);
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 0);
}
END_TEST

/* A release build dies nowhere. */
#ifdef MUSTER_FAULTS

/* Takes 'text' in a process of its own that dies at this point. */
static void die_at(const char *point, const char *text)
{
    char folder[] = "/tmp/hookXXXXXX", path[64], order[128];
    int status = 0;
    pid_t pid;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/faults", folder);
    snprintf(order, sizeof(order), "%s crash\n", point);
    ck_assert_int_eq(file_write(path, order, strlen(order), 0600, &err), 0);
    pid = fork();
    if (pid == 0) {
        struct conf_map parameters = test_database("muster_engine");
        struct webhook_kept kept;

        pool = db_pool_create(&parameters, WEBHOOK_KEEPERS, &err);
        webhook = webhook_create(pool, &err);
        fault_point_use(path);
        take_as("hook", text, &kept, &err);
        _exit(1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s: %x", point,
                  (unsigned)status);
    unlink(path);
    strcat(path, ".log");
    unlink(path);
    rmdir(folder);
}

START_TEST(who_dies_before_the_commit_has_kept_nothing)
{
    const char *text = test_message("a", "hw.fault", "firing", alerts.mac[0]);
    struct webhook_kept kept;

    die_at("musterd_batch_before_commit", text);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 0);
    ck_taken(text, &kept);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 1);
}
END_TEST

START_TEST(who_dies_behind_the_commit_has_kept_it)
{
    const char *text = test_message("a", "hw.fault", "firing", alerts.mac[0]);
    struct webhook_kept kept;

    die_at("musterd_batch_committed", text);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 1);
    ck_taken(text, &kept);
    ck_assert_int_eq(kept.alerts, 1);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), 1);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 1);
}
END_TEST

#define WHO_DIES                                                                                   \
    who_dies_before_the_commit_has_kept_nothing, who_dies_behind_the_commit_has_kept_it,
#else
#define WHO_DIES
#endif

/* One that all bring, and one of its own. */
static void *bring(void *context)
{
    const char *const *texts = context;
    struct webhook_kept kept;
    struct error why = {0};

    for (int i = 0; i < 2; i++)
        if (take_as("hook", texts[i], &kept, &why) < 0)
            return (void *)"failed";
    return NULL;
}

START_TEST(many_may_bring_them_at_once)
{
    const char *same = test_message("same", "hw.fault", "firing", alerts.mac[0]);
    const char *texts[THREADS][2];
    pthread_t threads[THREADS];
    struct webhook_counts counts;

    for (int i = 0; i < THREADS; i++) {
        char id[8];

        snprintf(id, sizeof(id), "%d", i);
        texts[i][0] = same;
        texts[i][1] = test_message(id, "hw.other", "firing", alerts.mac[1]);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, bring, texts[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $"), THREADS + 1);
    ck_assert_int_eq(number("select count(*) from alert where tenant_id = $ and disposition = "
                            "'duplicate'"),
                     0);
    ck_assert_int_eq(number("select count(*) from task where tenant_id = $"), 1);
    webhook_read_counts(webhook, &counts);
    ck_assert_uint_eq(counts.alerts, THREADS + 1);
}
END_TEST

CHECK_MAIN_WITH("webhook", set_up, tear_down, a_message_is_kept_once,
                what_nobody_repeats_any_more_is_forgotten, only_a_webhook_takes_messages,
                WHO_DIES many_may_bring_them_at_once)
