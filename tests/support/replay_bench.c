/* replay_bench.c - storey: controller. Recorded alerts of tenant t0 once more, for the bench of
 * that name: replay_bench FOLDER, which is a private PostgreSQL's. Replays the last hour with the
 * armed rules, then reads the same rows and looks at each byte; the best of some rounds of both.
 * Prints alerts, and microseconds an alert: of the replay and of the reading, by the clock, and of
 * the processor in this process and in the server's. Fails unless every decision is made again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/error.h"
#include "common/ids.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/replay/replay.h"

#define ROUNDS 3
#define HOUR_US INT64_C(3600000000)

/* The same rows, ten types at a time; of all types that there are. */
static const char OPEN[] =
    "select replay_open($1, $2, $3, (select array_agg(distinct type) from alert), false)";
static const char FETCH[] = "fetch 500 from recorded_alerts";

struct cost {
    double clock_us, cpu_us, server_us;
};

static char server[64]; /* the file that says how long the server's process ran */

static void fail(const char *why, const struct error *err)
{
    fprintf(stderr, "replay_bench: %s: %s\n", why, error_text(err));
    exit(EXIT_FAILURE);
}

static double now_us(clockid_t which)
{
    struct timespec now;

    clock_gettime(which, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double server_us(void)
{
    FILE *file = fopen(server, "r");
    double ran_ns = 0;

    if (!file || fscanf(file, "%lf", &ran_ns) != 1)
        fail(server, NULL);
    fclose(file);
    return ran_ns / 1e3;
}

static struct cost cost_begin(void)
{
    return (struct cost){now_us(CLOCK_MONOTONIC), now_us(CLOCK_PROCESS_CPUTIME_ID), server_us()};
}

static void keep_least(double *least, double value)
{
    if (*least == 0 || value < *least)
        *least = value;
}

static void cost_end(const struct cost *begin, struct cost *least, int64_t count)
{
    struct cost end = cost_begin();

    keep_least(&least->clock_us, (end.clock_us - begin->clock_us) / (double)count);
    keep_least(&least->cpu_us, (end.cpu_us - begin->cpu_us) / (double)count);
    keep_least(&least->server_us, (end.server_us - begin->server_us) / (double)count);
}

static struct db *open_db(const char *folder, struct error *err)
{
    char host[256], passfile[256];
    struct conf_pair login[] = {{(char *)"host", host},
                                {(char *)"dbname", (char *)"muster"},
                                {(char *)"user", (char *)"muster_api"},
                                {(char *)"passfile", passfile}};
    const struct conf_map database = {login, 4};

    snprintf(host, sizeof(host), "%s/socket", folder);
    snprintf(passfile, sizeof(passfile), "%s/pass/muster_api", folder);
    return db_connect(&database, err);
}

static int64_t member(const json_t *summary, const char *name)
{
    return json_integer_value(json_object_get(summary, name));
}

static int64_t replay(struct db *db, const struct replay_request *request, struct cost *least)
{
    struct cost begin = cost_begin();
    json_t *summary = NULL;
    struct error err = {0};
    int64_t alerts;

    if (db_begin_tenant(db, &request->tenant, &err) < 0 ||
        replay_run(db, request, &summary, &err) < 0 || db_commit(db, &err) < 0)
        fail("replay", &err);
    alerts = member(summary, "alerts");
    cost_end(&begin, least, alerts);
    if (member(summary, "changed") || member(summary, "new") || member(summary, "gone") ||
        member(summary, "same") == 0 || alerts == 0) {
        json_dumpf(summary, stderr, JSON_INDENT(1));
        fail("the decisions are not made again", NULL);
    }
    json_decref(summary);
    return alerts;
}

static uint64_t look_at(const struct db_rows *rows)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < db_rows_count(rows); i++)
        for (int column = 0; column < 11; column++) {
            size_t length;
            const uint8_t *bytes = db_blob(rows, i, column, &length);

            for (size_t at = 0; at < length; at++)
                sum = sum * 31 + bytes[at];
        }
    return sum;
}

static void read_rows(struct db *db, const struct replay_request *request, int64_t alerts,
                      struct cost *least)
{
    struct cost begin = cost_begin();
    struct error err = {0};
    int64_t count = 0;
    uint64_t sum = 0;
    size_t fetched;

    if (db_begin_tenant(db, &request->tenant, &err) < 0 ||
        db_execute(db, OPEN, &err, "utt", &request->tenant, request->since_us, request->until_us) <
            0)
        fail("reading", &err);
    do {
        struct db_rows *rows = db_query(db, FETCH, &err, "");

        if (!rows)
            fail("reading", &err);
        fetched = db_rows_count(rows);
        count += (int64_t)fetched;
        sum += look_at(rows);
        db_rows_destroy(rows);
    } while (fetched > 0);
    if (db_commit(db, &err) < 0 || count != alerts || sum == 0)
        fail("reading", &err);
    cost_end(&begin, least, alerts);
}

int main(int argc, char **argv)
{
    struct replay_request request = {.until_us = clock_realtime_us(), .made_by = "bench"};
    struct cost replaying = {0}, reading = {0};
    struct db_rows *tenant = NULL; /* and the server's process */
    struct error err = {0};
    struct db *db;
    int64_t alerts = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: replay_bench FOLDER\n");
        return EXIT_FAILURE;
    }
    if (!(db = open_db(argv[1], &err)) ||
        !(tenant =
              db_query(db, "select id, pg_backend_pid() from tenant where name = 't0'", &err, "")))
        fail("PostgreSQL", &err);
    request.since_us = request.until_us - HOUR_US;
    request.tenant = db_uuid(tenant, 0, 0);
    snprintf(server, sizeof(server), "/proc/%" PRId64 "/schedstat", db_int(tenant, 0, 1));
    for (int round = 0; round < ROUNDS; round++) {
        alerts = replay(db, &request, &replaying);
        read_rows(db, &request, alerts, &reading);
    }
    printf("{\"alerts\": %" PRId64 ", \"us\": %.2f, \"cpu_us\": %.2f, \"server_us\": %.2f, "
           "\"read_us\": %.2f, \"read_cpu_us\": %.2f, \"read_server_us\": %.2f}\n",
           alerts, replaying.clock_us, replaying.cpu_us, replaying.server_us, reading.clock_us,
           reading.cpu_us, reading.server_us);
    db_rows_destroy(tenant);
    db_disconnect(db);
    return EXIT_SUCCESS;
}
