/* main.c - musterd: the controller, and the few commands that are run where its files are. The exit
 * code says failure until every room has started.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "common/log.h"
#include "controller/access/bootstrap.h"
#include "controller/access/secret.h"
#include "controller/config.h"
#include "controller/db/db_crash.h"
#include "controller/db/migrate.h"
#include "controller/dispatch/controller_keys.h"
#include "controller/services.h"

struct options {
    const char *path, *out;
    int64_t hours;
    bool check, again;
    unsigned crash_after;
};

static int usage(FILE *out)
{
    fputs("usage: musterd CONFIG                    run\n"
          "       musterd --check-config CONFIG     print what was understood of it\n"
          "       musterd migrate CONFIG            bring the schema up to this program, as its "
          "owner\n"
          "       musterd bootstrap CONFIG --out FILE [--hours N] [--again]\n"
          "                                         the first credential: a token of admin, 24 "
          "hours\n"
          "       musterd make-keys DIR [--curve-of OLD]\n"
          "                                         make this controller's keys; with OLD a new "
          "signing key only\n"
          "       musterd make-secret-key FILE      make the key of sealed fields\n"
          "       musterd --version\n"
#ifdef MUSTER_FAULTS
          "debug builds:  --crash-after-commit N    die right behind the database's Nth commit\n"
#endif
          ,
          out);
    return EXIT_FAILURE;
}

static int fail(const struct error *err)
{
    fprintf(stderr, "musterd: %s\n", error_text(err));
    return EXIT_FAILURE;
}

static int read_number(const char *text, int64_t max, int64_t *ret)
{
    char *end;

    errno = 0;
    *ret = strtoll(text, &end, 10);
    return errno || *end || end == text || *ret < 1 || *ret > max ? -1 : 0;
}

/* 0: go on. Else exit with *ret_code. */
static int read_options(int argc, char **argv, struct options *options, int *ret_code)
{
    static const struct option known[] = {{"check-config", no_argument, NULL, 'c'},
                                          {"out", required_argument, NULL, 'o'},
                                          {"hours", required_argument, NULL, 't'},
                                          {"again", no_argument, NULL, 'a'},
#ifdef MUSTER_FAULTS
                                          {"crash-after-commit", required_argument, NULL, 'k'},
#endif
                                          {"version", no_argument, NULL, 'V'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        if (option == 'c')
            options->check = true;
        else if (option == 'a')
            options->again = true;
        else if (option == 'o')
            options->out = optarg;
        else if (option == 'k')
            options->crash_after = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 't' && read_number(optarg, BOOTSTRAP_HOURS_MAX, &options->hours) == 0)
            continue;
        else if (option == 'V' || option == 'h') {
            option == 'V' ? puts("musterd " MUSTER_VERSION) : usage(stdout);
            *ret_code = EXIT_SUCCESS;
            return -1;
        } else {
            if (option == 't')
                fprintf(stderr, "musterd: --hours takes 1 to %d\n", BOOTSTRAP_HOURS_MAX);
            *ret_code = usage(stderr);
            return -1;
        }
    }
    options->path = argv[optind];
    if (options->path && !argv[optind + 1])
        return 0;
    *ret_code = usage(stderr);
    return -1;
}

static void say_applied(int number, const char *name)
{
    printf("applied %04d_%s\n", number, name);
}

static int migrate(const struct controller_config *config, const struct options *options)
{
    struct error err = {0};
    int count;

    (void)options;
    if (config->owner.count == 0) {
        error_set(&err, "database.owner is missing: migrate works with the owner's login");
        return fail(&err);
    }
    count = migrate_apply(&config->owner, say_applied, &err);
    if (count < 0)
        return fail(&err);
    printf("schema is up to date, %d applied\n", count);
    return EXIT_SUCCESS;
}

static int make_first_token(const struct controller_config *config, const struct options *options)
{
    struct error err = {0};

    if (!options->out)
        return usage(stderr);
    if (bootstrap(&config->api, options->out, options->hours, options->again, &err) < 0)
        return fail(&err);
    printf("token of admin, good for %lld hours, is in %s\n", (long long)options->hours,
           options->out);
    return EXIT_SUCCESS;
}

static int turn_until_ended(struct services *services, const sigset_t *ends)
{
    const struct timespec second = {.tv_sec = 1};
    struct error err = {0};
    int signal_number;

    for (;;) {
        if (services_turn(services, &err) < 0) {
            log_error("main", "cannot work", "err=%s", log_quote(error_text(&err)));
            return EXIT_FAILURE;
        }
        signal_number = sigtimedwait(ends, NULL, &second);
        if (signal_number > 0) {
            log_info("main", "stopping", "signal=%s", strsignal(signal_number));
            return EXIT_SUCCESS;
        }
    }
}

static int run(const struct controller_config *config, const struct options *options)
{
    struct services *services;
    struct error err = {0};
    enum log_level level;
    sigset_t ends;
    int code;

    log_level_parse(config->log_level, &level);
    log_set_level(level);
    /* Blocked before any thread is made: they inherit it, and the signals are ours to wait for. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &ends, NULL);
#ifdef MUSTER_FAULTS
    db_crash_after_commit(options->crash_after);
#else
    (void)options;
#endif
    services = services_start(config, &err);
    if (!services) {
        log_error("main", "not started", "err=%s", log_quote(error_text(&err)));
        return EXIT_FAILURE;
    }
    log_info("main", "started", "version=%s name=%s", MUSTER_VERSION, log_quote(config->name));
    code = turn_until_ended(services, &ends);
    services_stop(services);
    log_info("main", "stopped", "version=%s", MUSTER_VERSION);
    return code;
}

static int print_config(const struct controller_config *config, const struct options *options)
{
    (void)options;
    return controller_config_print(stdout, config) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int make_secret_key(int argc, char **argv)
{
    struct error err = {0};

    if (argc != 2)
        return usage(stderr);
    return secret_key_make(argv[1], &err) < 0 ? fail(&err) : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options = {.hours = 24};
    struct controller_config config;
    struct error err = {0};
    int (*act)(const struct controller_config *, const struct options *) = run;
    const char *command = argc > 1 ? argv[1] : "";
    int code = EXIT_FAILURE;

    if (strcmp(command, "make-keys") == 0)
        return controller_keys_main(argc - 1, argv + 1);
    if (strcmp(command, "make-secret-key") == 0)
        return make_secret_key(argc - 1, argv + 1);
    if (strcmp(command, "migrate") == 0)
        act = migrate;
    else if (strcmp(command, "bootstrap") == 0)
        act = make_first_token;
    if (act != run) {
        argc--;
        argv++;
    }
    if (read_options(argc, argv, &options, &code) < 0)
        return code;
    if (options.check)
        act = print_config;
    if (controller_config_load(options.path, &config, &err) < 0)
        return fail(&err);
    code = act(&config, &options);
    controller_config_free(&config);
    return code;
}
