/* test_database.c - every type there and back, errors by SQLSTATE, transactions, the pool, and the
 * migrations from nothing. Needs a private PostgreSQL: see run. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/file.h"
#include "controller/db/db.h"
#include "controller/db/db_inside.h"
#include "controller/db/db_pool.h"
#include "controller/db/db_rows.h"
#include "controller/db/migrate.h"
#include "tests/support/check_main.h"
#include "tests/support/test_database.h"

static struct db *db;

static void open_as_owner(void)
{
    struct conf_map owner = test_database("muster_owner");
    struct error err = {0};

    db = db_connect(&owner, &err);
    ck_assert_msg(db != NULL, "%s", error_text(&err));
}

static void close_it(void)
{
    db_disconnect(db);
}

START_TEST(unreachable_server_is_unavailable)
{
    struct conf_pair pair = {(char *)"host", (char *)"/nonexistent"};
    struct conf_map nowhere = {&pair, 1};
    struct error err = {0};

    ck_assert_ptr_null(db_connect(&nowhere, &err));
    ck_assert_int_eq(err.code, ERROR_UNAVAILABLE);
}
END_TEST

static int seconds_of(const PQconninfoOption *options, const char *key)
{
    while (strcmp(options->keyword, key) != 0)
        options++;
    return options->val ? atoi(options->val) : -1;
}

/* Probes begin before the user timeout, and one is due at its end: that is when the kernel looks.
 */
START_TEST(a_silent_host_is_given_up_in_15_seconds)
{
    PQconninfoOption *options = PQconninfo(db->connection);

    ck_assert_int_eq(seconds_of(options, "tcp_user_timeout"), 15000);
    ck_assert_int_eq(
        seconds_of(options, "keepalives_idle") + seconds_of(options, "keepalives_interval"), 15);
    ck_assert_int_eq(seconds_of(options, "connect_timeout"), 5);
    PQconninfoFree(options);
}
END_TEST

/* 'path' in the place of the pass file that 'login' has. */
static struct db *connect_by(const char *login, const char *path, struct error *err)
{
    struct conf_map parameters = test_database(login);
    struct conf_pair pairs[4];
    struct conf_map with = {pairs, 4};

    memcpy(pairs, parameters.pairs, sizeof(pairs));
    pairs[3] = (struct conf_pair){(char *)"password", (char *)path};
    return db_connect(&with, err);
}

/* What may not stand in the configuration stands in a file that it names. */
START_TEST(a_password_is_read_from_its_file)
{
    struct conf_map parameters = test_database("muster_api");
    char *whole = file_read(parameters.pairs[3].value, 4096, NULL, NULL), path[200];
    const char *password = whole ? strrchr(whole, ':') + 1 : "";
    struct error err = {0};
    struct db *one;

    snprintf(path, sizeof(path), "%s/password", getenv("MUSTER_TEST_DATABASE"));
    ck_assert_int_eq(file_write(path, password, strlen(password), 0600, &err), 0);
    one = connect_by("muster_api", path, &err);
    ck_assert_msg(one != NULL, "%s", error_text(&err));
    db_disconnect(one);
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_ptr_null(connect_by("muster_api", path, &err));
    ck_assert_msg(strstr(error_text(&err), path) && strstr(error_text(&err), "chmod 600"), "%s",
                  error_text(&err));
    ck_assert_int_eq(err.code, ERROR_UNAVAILABLE);
    error_clear(&err);
    ck_assert_int_eq(file_write(path, "another", 7, 0600, &err), 0);
    ck_assert_ptr_null(connect_by("muster_api", path, &err));
    ck_assert_ptr_null(strstr(error_text(&err), "another"));
    free(whole);
}
END_TEST

/* What stands still is ended by the server: a statement, a wait for a lock, a transaction. */
START_TEST(every_login_has_its_limits)
{
    static const char *const logins[] = {"muster_owner", "muster_maintenance", "muster_engine",
                                         "muster_api"};

    for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
        struct conf_map parameters = test_database(logins[i]);
        struct error err = {0};
        struct db *one = db_connect(&parameters, &err);
        struct db_rows *rows;

        ck_assert_msg(one != NULL, "%s", error_text(&err));
        rows = db_query(one,
                        "select string_agg(setting || coalesce(unit, ''), ' ' order by name) from "
                        "pg_settings where name in ('statement_timeout', 'lock_timeout', "
                        "'idle_in_transaction_session_timeout')",
                        &err, "");
        ck_assert_ptr_nonnull(rows);
        ck_assert_str_eq(db_text(rows, 0, 0), "10000ms 10000ms 30000ms");
        db_rows_destroy(rows);
        db_disconnect(one);
    }
}
END_TEST

START_TEST(wrong_letter_is_refused)
{
    struct error err = {0};

    ck_assert_ptr_null(db_query(db, "select 1", &err, "q", 1));
    ck_assert_ptr_nonnull(strstr(err.text, "'q'"));
}
END_TEST

START_TEST(errors_carry_sqlstate_and_code)
{
    static const struct {
        const char *sql, *state;
        enum error_code code;
    } cases[] = {
        {"select 'x'::text::integer", "22P02", ERROR_INVALID},
        {"insert into pg_temp.once values (1)", "23505", ERROR_CONFLICT},
        {"select * from pg_authid", "42501", ERROR_FORBIDDEN},
        {"select nonsense", "42703", ERROR_FAILED},
    };
    struct error err = {0};

    ck_assert_int_eq(
        db_script(db, "create temp table once (n integer primary key); insert into once values (1)",
                  &err),
        0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(db_execute(db, cases[i].sql, &err, ""), -1);
        ck_assert_str_eq(err.sqlstate, cases[i].state);
        ck_assert_int_eq(err.code, cases[i].code);
    }
}
END_TEST

START_TEST(scalars_come_back_as_they_went)
{
    struct uuid uuid = uuid_make();
    struct mac mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}}, got_mac;
    int64_t now = clock_realtime_us();
    struct uuid got_uuid;
    size_t length;
    struct error err = {0};
    struct db_rows *rows =
        db_query(db, "select $1, $2, $3, $4, $5, $6, $7, $8", &err, "suibytmj", "w\xc3\xb6rt",
                 &uuid, INT64_C(-5), 1, "\0\xff", (size_t)2, now, &mac, "{\"a\": 1}");

    ck_assert_msg(rows != NULL, "%s", error_text(&err));
    ck_assert_uint_eq(db_rows_count(rows), 1);
    ck_assert_str_eq(db_text(rows, 0, 0), "w\xc3\xb6rt");
    got_uuid = db_uuid(rows, 0, 1);
    ck_assert(uuid_equal(&got_uuid, &uuid));
    ck_assert_int_eq(db_int(rows, 0, 2), -5);
    ck_assert(db_bool(rows, 0, 3));
    ck_assert_mem_eq(db_blob(rows, 0, 4, &length), "\0\xff", 2);
    ck_assert_uint_eq(length, 2);
    ck_assert_int_eq(db_time(rows, 0, 5), now);
    got_mac = db_mac(rows, 0, 6);
    ck_assert(mac_equal(&got_mac, &mac));
    ck_assert_str_eq(db_text(rows, 0, 7), "{\"a\": 1}");
    db_rows_destroy(rows);
}
END_TEST

START_TEST(nulls_and_foreign_columns_read_as_nothing)
{
    struct error err = {0};
    size_t length = 9;
    struct uuid none;
    struct db_rows *rows =
        db_query(db, "select $1, $2, $3, $4", &err, "suyt", NULL, NULL, NULL, (size_t)0, INT64_MIN);

    ck_assert_msg(rows != NULL, "%s", error_text(&err));
    for (int column = 0; column < 6; column++)
        ck_assert(db_is_null(rows, 0, column));
    ck_assert(db_is_null(rows, 1, 0));
    ck_assert_ptr_null(db_text(rows, 0, 0));
    none = db_uuid(rows, 0, 1);
    ck_assert(uuid_is_nil(&none));
    ck_assert_ptr_null(db_blob(rows, 0, 2, &length));
    ck_assert_uint_eq(length, 0);
    ck_assert_int_eq(db_time(rows, 0, 3), INT64_MIN);
    db_rows_destroy(rows);
}
END_TEST

START_TEST(arrays_unnest_to_their_rows)
{
    const char *const names[] = {"a", NULL, "c"};
    const struct uuid ids[3] = {uuid_make(), {{0}}, uuid_make()};
    const int64_t numbers[] = {1, -2, INT64_MAX};
    const int64_t times[] = {1, INT64_MIN, 3};
    const struct db_bytes blobs[] = {{"x\0y", 3}, {NULL, 0}, {"", 0}};
    struct error err = {0};
    struct uuid id;
    size_t length;
    struct db_rows *rows =
        db_query(db, "select * from unnest($1, $2, $3, $4, $5)", &err, "SUITY", (size_t)3, names,
                 (size_t)3, ids, (size_t)3, numbers, (size_t)3, times, (size_t)3, blobs);

    ck_assert_msg(rows != NULL, "%s", error_text(&err));
    ck_assert_uint_eq(db_rows_count(rows), 3);
    ck_assert_str_eq(db_text(rows, 2, 0), "c");
    id = db_uuid(rows, 2, 1);
    ck_assert(uuid_equal(&id, &ids[2]));
    ck_assert_int_eq(db_int(rows, 2, 2), INT64_MAX);
    ck_assert_int_eq(db_time(rows, 2, 3), 3);
    ck_assert_mem_eq(db_blob(rows, 0, 4, &length), "x\0y", 3);
    for (int column = 0; column < 5; column++)
        ck_assert_int_eq(db_is_null(rows, 1, column), column != 2);
    ck_assert(!db_is_null(rows, 2, 4));
    db_rows_destroy(rows);
}
END_TEST

START_TEST(empty_arrays_make_no_rows)
{
    struct error err = {0};
    struct db_rows *rows =
        db_query(db, "select * from unnest($1, $2)", &err, "SI", (size_t)0, NULL, (size_t)0, NULL);

    ck_assert_msg(rows != NULL, "%s", error_text(&err));
    ck_assert_uint_eq(db_rows_count(rows), 0);
    db_rows_destroy(rows);
}
END_TEST

START_TEST(tenant_lives_as_long_as_its_transaction)
{
    struct uuid tenant = uuid_make(), got;
    struct error err = {0};
    struct db_rows *rows;

    ck_assert_int_eq(db_set_tenant(db, &tenant, &err), -1);
    ck_assert_int_eq(db_begin_tenant(db, &tenant, &err), 0);
    rows = db_query(db, "select current_setting('muster.tenant')::uuid", &err, "");
    got = db_uuid(rows, 0, 0);
    ck_assert(uuid_equal(&got, &tenant));
    db_rows_destroy(rows);
    ck_assert_int_eq(db_commit(db, &err), 0);
    rows = db_query(db, "select current_setting('muster.tenant', true) = ''", &err, "");
    ck_assert(db_bool(rows, 0, 0));
    db_rows_destroy(rows);
}
END_TEST

START_TEST(commit_of_a_failed_transaction_fails)
{
    struct error err = {0};

    ck_assert_int_eq(db_commit(db, &err), -1);
    ck_assert_int_eq(db_begin(db, &err), 0);
    ck_assert_int_eq(db_begin(db, &err), -1);
    ck_assert_int_eq(db_execute(db, "select 1/0", &err, ""), -1);
    ck_assert_int_eq(db_commit(db, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "rolled"));
    db_rollback(db);
    ck_assert_int_eq(db_begin(db, &err), 0);
    db_rollback(db);
}
END_TEST

START_TEST(more_statements_than_the_cache_holds_still_run)
{
    struct error err = {0};

    for (int i = 0; i < 600; i++) {
        char sql[40];
        struct db_rows *rows;

        snprintf(sql, sizeof(sql), "select %d + $1", i);
        rows = db_query(db, sql, &err, "i", INT64_C(1));
        ck_assert_msg(rows != NULL, "%s", error_text(&err));
        ck_assert_int_eq(db_int(rows, 0, 0), i + 1);
        db_rows_destroy(rows);
    }
}
END_TEST

START_TEST(notification_arrives)
{
    struct error err = {0};
    char *payload;

    ck_assert_int_eq(db_script(db, "listen muster_test", &err), 0);
    ck_assert_ptr_null(db_notification(db, &err));
    ck_assert_int_eq(db_script(db, "notify muster_test, 'hello'", &err), 0);
    payload = db_notification(db, &err);
    ck_assert_str_eq(payload, "hello");
    free(payload);
}
END_TEST

START_TEST(pool_lends_no_more_than_it_has)
{
    struct conf_map owner = test_database("muster_owner");
    struct error err = {0};
    struct db_pool *pool;
    struct db *first, *second;

    ck_assert_ptr_null(db_pool_create(&owner, 0, &err));
    pool = db_pool_create(&owner, 1, &err);
    first = db_pool_take(pool, 1000, &err);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(db_pool_take(pool, 10, &err));
    ck_assert_int_eq(err.code, ERROR_UNAVAILABLE);
    ck_assert_int_eq(db_begin(first, &err), 0);
    db_pool_give(pool, first);
    db_pool_give(pool, NULL);
    second = db_pool_take(pool, 1000, &err);
    ck_assert_ptr_eq(second, first);
    ck_assert_int_eq(db_begin(second, &err), 0); /* the open one was rolled back */
    db_pool_give(pool, second);
    db_pool_destroy(pool);
    db_pool_destroy(NULL);
}
END_TEST

START_TEST(pool_replaces_a_connection_that_broke)
{
    struct conf_map owner = test_database("muster_owner");
    struct error err = {0};
    struct db_pool *pool = db_pool_create(&owner, 1, &err);
    struct db *lent = db_pool_take(pool, 1000, &err);

    ck_assert_int_eq(db_execute(lent, "select pg_terminate_backend(pg_backend_pid())", &err, ""),
                     -1);
    ck_assert_int_eq(err.code, ERROR_UNAVAILABLE);
    ck_assert(!db_alive(lent));
    db_pool_give(pool, lent);
    lent = db_pool_take(pool, 1000, &err);
    ck_assert_msg(lent != NULL, "%s", error_text(&err));
    ck_assert_int_eq(db_execute(lent, "select 1", &err, ""), 1);
    db_pool_give(pool, lent);
    db_pool_destroy(pool);
}
END_TEST

static atomic_int lent_now, lent_most, loans;
static pthread_barrier_t both_lent;

static void *take_and_give(void *context)
{
    struct error err = {0};

    for (int i = 0; i < 50; i++) {
        struct db *mine = db_pool_take(context, 10000, &err);
        int now, most;

        ck_assert_msg(mine != NULL, "%s", error_text(&err));
        now = atomic_fetch_add(&lent_now, 1) + 1;
        most = atomic_load(&lent_most);
        while (now > most && !atomic_compare_exchange_weak(&lent_most, &most, now))
            ;
        /* The first two loans last until both are made. */
        if (atomic_fetch_add(&loans, 1) < 2)
            pthread_barrier_wait(&both_lent);
        ck_assert_int_eq(db_execute(mine, "select 1", &err, ""), 1);
        atomic_fetch_sub(&lent_now, 1);
        db_pool_give(context, mine);
    }
    return NULL;
}

START_TEST(pool_serves_more_threads_than_it_has_connections)
{
    struct conf_map owner = test_database("muster_owner");
    struct db_pool *pool = db_pool_create(&owner, 2, NULL);
    pthread_t threads[6];

    pthread_barrier_init(&both_lent, NULL, 2);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_and_give, pool), 0);
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&both_lent);
    ck_assert_int_eq(atomic_load(&lent_most), 2);
    db_pool_destroy(pool);
}
END_TEST

static int applied_count;

static void count_applied(int number, const char *name)
{
    ck_assert_int_eq(number, ++applied_count);
    ck_assert_str_ne(name, "");
}

static int64_t received(struct db *on)
{
    struct error err = {0};
    struct db_rows *rows = db_receive(on, &err);
    int64_t value;

    ck_assert_msg(rows != NULL, "%s", error_text(&err));
    value = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    return value;
}

START_TEST(what_was_sent_is_answered_whatever_is_asked_in_between)
{
    struct error err = {0};
    struct db_rows *rows;

    for (int round = 0; round < 2; round++) { /* then it is prepared */
        ck_assert_int_eq(db_send(db, "select 7::bigint", &err), 0);
        ck_assert_int_eq(received(db), 7);
    }
    ck_assert_int_eq(db_send(db, "select 8::bigint", &err), 0);
    rows = db_query(db, "select $1::bigint", &err, "i", INT64_C(9));
    ck_assert_msg(rows && db_int(rows, 0, 0) == 9, "%s", error_text(&err));
    db_rows_destroy(rows);
    ck_assert_int_eq(received(db), 8);
    ck_assert_int_eq(db_send(db, "select 10::bigint", &err), 0);
    ck_assert_int_eq(db_send(db, "select 11::bigint", &err), -1);
    ck_assert_int_eq(received(db), 10);
    ck_assert_int_eq(db_send(db, "select 1 / (1 - 1)", &err), 0);
    ck_assert_ptr_null(db_query(db, "select 1", &err, ""));
    ck_assert_str_eq(err.sqlstate, "22012");
    err = (struct error){0};
    ck_assert_ptr_null(db_receive(db, &err));
    ck_assert_str_eq(err.sqlstate, "22012");
    ck_assert_ptr_null(db_receive(db, &err)); /* nothing was sent */
    ck_assert_int_eq(db_send(db, "select 12::bigint", &err), 0);
    ck_assert_int_eq(received(db), 12);
}
END_TEST

START_TEST(migrations_apply_once_and_notice_what_was_altered)
{
    struct conf_map owner = test_database("muster_owner"), engine = test_database("muster_engine");
    struct error err = {0};
    struct db *daemon = db_connect(&engine, &err);
    int made;

    ck_assert_int_eq(migrate_check(daemon, &err), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(err.text, "musterd migrate"));
    made = migrate_apply(&owner, count_applied, &err);
    ck_assert_msg(made >= 1, "%s", error_text(&err));
    ck_assert_int_eq(made, applied_count);
    ck_assert_int_eq(migrate_apply(&owner, count_applied, &err), 0);
    ck_assert_msg(migrate_check(daemon, &err) == 0, "%s", error_text(&err));

    /* A later release's: one that this program still works with, then one that leaves it behind. */
    ck_assert_int_eq(db_script(db,
                               "insert into schema_migration (number, name, sha256, serves_from) "
                               "select 998, 'added', sha256(''), max(number) from schema_migration",
                               &err),
                     0);
    ck_assert_msg(migrate_check(daemon, &err) == 0, "%s", error_text(&err));
    ck_assert_int_eq(migrate_apply(&owner, count_applied, &err), 0);
    ck_assert_int_eq(db_script(db,
                               "insert into schema_migration (number, name, sha256, serves_from) "
                               "values (999, 'dropped', sha256(''), 998)",
                               &err),
                     0);
    ck_assert_int_eq(migrate_check(daemon, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "newer"));
    ck_assert_ptr_nonnull(strstr(err.text, "0999_dropped"));
    ck_assert_int_eq(db_script(db,
                               "delete from schema_migration where number >= 998;"
                               "update schema_migration set sha256 = sha256('') where number = 1",
                               &err),
                     0);
    ck_assert_int_eq(migrate_check(daemon, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "altered"));
    ck_assert_int_eq(migrate_apply(&owner, NULL, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "altered"));
    ck_assert_int_eq(db_script(db, "delete from schema_migration", &err), 0);
    ck_assert_int_eq(migrate_check(daemon, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "empty"));
    db_disconnect(daemon);
}
END_TEST

CHECK_MAIN_WITH("database", open_as_owner, close_it, unreachable_server_is_unavailable,
                a_silent_host_is_given_up_in_15_seconds, a_password_is_read_from_its_file,
                every_login_has_its_limits, wrong_letter_is_refused, errors_carry_sqlstate_and_code,
                scalars_come_back_as_they_went, nulls_and_foreign_columns_read_as_nothing,
                arrays_unnest_to_their_rows, empty_arrays_make_no_rows,
                tenant_lives_as_long_as_its_transaction, commit_of_a_failed_transaction_fails,
                more_statements_than_the_cache_holds_still_run, notification_arrives,
                pool_lends_no_more_than_it_has, pool_replaces_a_connection_that_broke,
                pool_serves_more_threads_than_it_has_connections,
                what_was_sent_is_answered_whatever_is_asked_in_between,
                migrations_apply_once_and_notice_what_was_altered)
