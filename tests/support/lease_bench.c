/* lease_bench - storey: controller. How many tasks a second are leased: two workers, each a site at
 * a time as dispatch does, over BENCH_MACHINES machines at BENCH_SITES sites, a task each. Between
 * the rounds these end and new ones are made, outside the time that is measured. Prints:
 *   peer RATE | before RATE, cpu_us EACH | with RATE | after RATE, rounds COUNT
 * peer: the bare claim (queue row and machine, SKIP LOCKED, epoch) without grant, event, audit and
 * rule book. with: an old snapshot is open all the while, for BENCH_SNAPSHOT_S seconds in which
 * every machine is leased each 30 s; the rate is that of the rounds at its end. Run by
 * tests/bench/lease_claims.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/db/migrate.h"
#include "controller/tasks/task_queue.h"

#define WORKERS 2
#define BATCH 64
#define ROUNDS 3 /* a phase's rate is the median's */

static const char PEER[] =
    "with picked as (select q.tenant_id, q.task_id, q.machine_id from task_queue q join machine m "
    "on m.id = q.machine_id where q.site_id = $1 and q.state = 'queued' and q.due_at <= now() "
    "order by q.turn_at, q.task_id limit $2 for update of q skip locked for no key update of m "
    "skip locked), raised as (update machine m set epoch = m.epoch + 1 from picked p where m.id = "
    "p.machine_id returning p.task_id, m.epoch) update task_queue q set state = 'leased', epoch = "
    "r.epoch, lease_until = now() + interval '30 s' from picked p join raised r using (task_id) "
    "where q.tenant_id = p.tenant_id and q.task_id = p.task_id";

/* As ours are (common/ids.h): where a row goes in its indexes is part of what a lease costs. */
#define TIME_ORDERED_ID                                                                            \
    "(lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7' || "    \
    "substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid"

static struct db *owner;
static struct uuid *sites, agent, controller, tenant;
static size_t site_count, machines;
static bool is_peer;

struct worker {
    pthread_t thread;
    struct db *db;
    int64_t backend; /* process id */
    size_t number, leased;
};

static double cpu_us; /* of PostgreSQL and of us, each lease of the last round */

static void give_up(const char *what, const struct error *err)
{
    fprintf(stderr, "lease_bench: %s: %s\n", what, error_text(err));
    exit(1);
}

/* A login of the cluster in MUSTER_TEST_DATABASE; Check's own helper works inside its tests only.
 */
static struct db *connect_as(const char *login)
{
    const char *folder = getenv("MUSTER_TEST_DATABASE");
    char host[200], passfile[200];
    struct conf_pair pairs[] = {{(char *)"host", host},
                                {(char *)"dbname", (char *)"muster"},
                                {(char *)"user", (char *)login},
                                {(char *)"passfile", passfile}};
    const struct conf_map parameters = {.pairs = pairs, .count = 4};
    struct error err = {0};
    struct db *db;

    snprintf(host, sizeof(host), "%s/socket", folder ? folder : "");
    snprintf(passfile, sizeof(passfile), "%s/pass/%s", folder ? folder : "", login);
    if (strcmp(login, "muster_owner") == 0 && migrate_apply(&parameters, NULL, &err) < 0)
        give_up("the schema", &err);
    if (!(db = db_connect(&parameters, &err)))
        give_up("a connection", &err);
    return db;
}

static int64_t backend_of(struct db *db)
{
    struct error err = {0};
    struct db_rows *rows = db_query(db, "select pg_backend_pid()", &err, "");
    int64_t backend;

    if (!rows)
        give_up("a backend", &err);
    backend = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    return backend;
}

static void sql(const char *text)
{
    struct error err = {0};

    if (db_script(owner, text, &err) < 0)
        give_up("setting up", &err);
}

static size_t setting(const char *name, size_t otherwise)
{
    const char *value = getenv(name);

    return value ? strtoul(value, NULL, 10) : otherwise;
}

/* A fresh one for each machine; those before have ended. */
static void make_tasks(void)
{
    sql("begin;"
        "delete from task_queue;"
        "update task set state = 'failed', ended_at = now() where state = 'leased';"
        "with made as (insert into task (tenant_id, id, state, holding_id, machine_id, site_id, "
        "grant_id, image_version_id, schedule_time, expires_at, deadline_s, requested_by) select "
        "h.tenant_id, " TIME_ORDERED_ID ", 'queued', h.id, m.id, m.site_id, g.id, "
        "g.image_version_id, now() - interval '1 s', now() + interval '1 day', 600, 'bench' from "
        "machine_holding h join machine m on m.id = h.machine_id, image_grant g returning *) "
        "insert into task_queue (tenant_id, task_id, site_id, machine_id, class, state, due_at, "
        "turn_at, expires_at) select tenant_id, id, site_id, machine_id, class, state, "
        "schedule_time, schedule_time, expires_at from made;"
        "commit");
}

static void make_fleet(void)
{
    char text[2000];
    struct error err = {0};
    struct db_rows *rows;

    snprintf(text, sizeof(text),
             "select setseed(0.5);"
             "insert into tenant (id, name) values (gen_random_uuid(), 'bench');"
             "insert into site (id, name) select gen_random_uuid(), 'site-' || n from "
             "generate_series(1, %zu) n;"
             "insert into agent (id, site_id, name, curve_key, sign_key, seal_key) select "
             "gen_random_uuid(), s.id, 'a-' || s.name, sha256(s.name::bytea), sha256(s.name::bytea "
             "|| 's'), sha256(s.name::bytea || 'e') from site s;"
             "insert into image (id, name) values (gen_random_uuid(), 'diag');"
             "insert into image_version (id, image_id, version, digest, document) select "
             "gen_random_uuid(), id, 'v1', sha256('d'), '{}' from image;"
             "insert into machine (id, site_id, name) select gen_random_uuid(), s.id, 'm-' || n "
             "from generate_series(1, %zu) n join site s on s.name = 'site-' || (1 + n %% %zu);",
             site_count, machines, site_count);
    sql(text);
    sql("insert into machine_holding (tenant_id, id, machine_id) select t.id, gen_random_uuid(), "
        "m.id from machine m, tenant t where t.name = 'bench';"
        "insert into image_grant (tenant_id, id, image_version_id) select t.id, gen_random_uuid(), "
        "v.id from tenant t, image_version v where t.name = 'bench';");
    make_tasks();
    sql("vacuum analyze");
    rows = db_query(owner,
                    "select s.id, a.id, t.id from site s join agent a on a.site_id = s.id, "
                    "tenant t where t.name = 'bench'",
                    &err, "");
    if (!rows)
        give_up("sites", &err);
    sites = calloc(site_count, sizeof(*sites));
    for (size_t i = 0; i < site_count; i++)
        sites[i] = db_uuid(rows, i, 0);
    agent = db_uuid(rows, 0, 1);
    tenant = db_uuid(rows, 0, 2);
    db_rows_destroy(rows);
}

static int claim_bare(struct db *db, const struct uuid *site, struct error *err)
{
    int claimed = -1;

    if (db_begin_tenant(db, &tenant, err) == 0) {
        claimed = db_execute(db, PEER, err, "ui", site, (int64_t)BATCH);
        if (claimed >= 0 && db_commit(db, err) < 0)
            claimed = -1;
    }
    db_rollback(db);
    return claimed;
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct task_lease leases[BATCH];
    struct error err = {0};
    bool any = true;

    while (any) {
        any = false;
        for (size_t i = worker->number; i < site_count; i += WORKERS) {
            int got = is_peer ? claim_bare(worker->db, &sites[i], &err)
                              : task_queue_lease(worker->db, &controller,
                                                 &(struct task_site){sites[i], agent}, 1, BATCH,
                                                 leases, &err);

            if (got < 0)
                give_up("leasing", &err);
            worker->leased += (size_t)got;
            any |= got > 0;
        }
    }
    return NULL;
}

/* Of a process so far, in microseconds. */
static double cpu_of(int64_t process)
{
    char path[64], line[1024];
    unsigned long user = 0, system = 0;
    const char *behind;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)process);
    if ((file = fopen(path, "r")) && fgets(line, sizeof(line), file) &&
        (behind = strrchr(line, ')')))
        sscanf(behind, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    if (file)
        fclose(file);
    return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static double cpu_of_all(const struct worker workers[WORKERS])
{
    double sum = cpu_of(getpid());

    for (size_t i = 0; i < WORKERS; i++)
        sum += cpu_of(workers[i].backend);
    return sum;
}

/* Leases a second until nothing is left; then there are new tasks. */
static double round_of(struct worker workers[WORKERS])
{
    int64_t began = clock_monotonic_ms();
    double seconds, cpu = cpu_of_all(workers);
    size_t leased = 0;

    for (size_t i = 0; i < WORKERS; i++) {
        workers[i].leased = 0;
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        leased += workers[i].leased;
    }
    seconds = (double)(clock_monotonic_ms() - began) / 1000;
    cpu_us = (cpu_of_all(workers) - cpu) / (double)machines;
    if (leased != machines) {
        fprintf(stderr, "lease_bench: %zu of %zu tasks were leased\n", leased, machines);
        exit(1);
    }
    make_tasks();
    return (double)leased / seconds;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return left < right ? -1 : left > right;
}

static double median_of(struct worker workers[WORKERS])
{
    double rates[ROUNDS];

    for (int i = 0; i < ROUNDS; i++)
        rates[i] = round_of(workers);
    qsort(rates, ROUNDS, sizeof(rates[0]), by_value);
    return rates[ROUNDS / 2];
}

/* The rate at the end of so many seconds with a snapshot open; *ret_rounds: how often all machines
 * were leased meanwhile. */
static double with_old_snapshot(struct worker workers[WORKERS], size_t seconds, size_t *ret_rounds)
{
    struct error err = {0};
    struct db *old = connect_as("muster_owner");
    int64_t until = clock_monotonic_ms() + (int64_t)seconds * 1000;
    double rate;

    if (db_script(old, "begin isolation level repeatable read; select count(*) from task", &err) <
        0)
        give_up("the old snapshot", &err);
    for (*ret_rounds = 0; clock_monotonic_ms() < until; ++*ret_rounds) {
        int64_t next = clock_monotonic_ms() + 30000, rest;

        round_of(workers);
        rest = (next < until ? next : until) - clock_monotonic_ms();
        if (rest > 0)
            poll(NULL, 0, (int)rest);
    }
    rate = median_of(workers);
    db_disconnect(old);
    return rate;
}

int main(void)
{
    struct worker workers[WORKERS] = {0};
    size_t seconds = setting("BENCH_SNAPSHOT_S", 300), rounds = 0;

    site_count = setting("BENCH_SITES", 50);
    machines = setting("BENCH_MACHINES", 20000);
    controller = uuid_make();
    owner = connect_as("muster_owner");
    sql("set statement_timeout = 0");
    make_fleet();
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i].number = i;
        workers[i].db = connect_as("muster_engine");
        workers[i].backend = backend_of(workers[i].db);
    }
    round_of(workers); /* plans, caches, pages */
    is_peer = true;
    printf("peer %.0f\n", median_of(workers));
    is_peer = false;
    printf("before %.0f\n", median_of(workers));
    printf("cpu_us %.0f\n", cpu_us);
    fflush(stdout);
    printf("with %.0f\n", with_old_snapshot(workers, seconds, &rounds));
    fflush(stdout);
    sql("vacuum task_queue, task, machine");
    printf("after %.0f\nrounds %zu\n", median_of(workers), rounds);
    for (size_t i = 0; i < WORKERS; i++)
        db_disconnect(workers[i].db);
    db_disconnect(owner);
    free(sites);
    return 0;
}
