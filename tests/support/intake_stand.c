/* intake_stand.c - storey: controller. The intake alone, as a process that scenarios may kill:
 *   intake_stand BOOTSTRAP GROUP DATABASE_FOLDER [COMMITS [INSTANCE]]
 * It kills itself right after COMMITS transactions that wrote something (debug builds; 0: never).
 * INSTANCE is Kafka's group.instance.id. SIGTERM ends it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/conf.h"
#include "common/error.h"
#include "controller/db/db_crash.h"
#include "controller/db/db_pool.h"
#include "controller/intake/intake.h"

static int consume(const struct intake_settings *settings, struct db_pool *pool, struct error *err)
{
    struct intake *intake;
    sigset_t signals;
    int caught;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* before there are threads */
    intake = intake_create(settings, pool, err);
    if (!intake)
        return -1;
    if (intake_start(intake, err) < 0) {
        intake_destroy(intake);
        return -1;
    }
    sigwait(&signals, &caught);
    intake_destroy(intake);
    return 0;
}

int main(int argc, char **argv)
{
    char host[256], passfile[256];
    struct conf_pair login[] = {{(char *)"host", host},
                                {(char *)"dbname", (char *)"muster"},
                                {(char *)"user", (char *)"muster_engine"},
                                {(char *)"passfile", passfile}};
    struct conf_pair properties[] = {{(char *)"bootstrap.servers", argc > 1 ? argv[1] : NULL},
                                     {(char *)"group.id", argc > 2 ? argv[2] : NULL},
                                     {(char *)"session.timeout.ms", (char *)"6000"},
                                     {(char *)"group.instance.id", argc > 5 ? argv[5] : NULL}};
    const struct conf_map database = {login, 4}, kafka = {properties, argc > 5 ? 4 : 3};
    const struct intake_settings settings = {.kafka = &kafka};
    struct error err = {0};
    struct db_pool *pool;

    if (argc < 4) {
        fprintf(stderr,
                "usage: intake_stand BOOTSTRAP GROUP DATABASE_FOLDER [COMMITS [INSTANCE]]\n");
        return 2;
    }
    snprintf(host, sizeof(host), "%s/socket", argv[3]);
    snprintf(passfile, sizeof(passfile), "%s/pass/muster_engine", argv[3]);
#ifdef MUSTER_FAULTS
    if (argc > 4)
        db_crash_after_commit((unsigned)atoi(argv[4]));
#endif
    pool = db_pool_create(&database, 4, &err);
    if (!pool || consume(&settings, pool, &err) < 0) {
        fprintf(stderr, "intake_stand: %s\n", error_text(&err));
        db_pool_destroy(pool);
        return 1;
    }
    db_pool_destroy(pool);
    return 0;
}
