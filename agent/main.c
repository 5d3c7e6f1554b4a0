/* main.c - muster-agent: the site's hands. The exit code says failure until every room has started.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/agent_config.h"
#include "agent/enrol/enrolment.h"
#include "agent/link/agent_keys.h"
#include "agent/services.h"
#include "common/error.h"
#include "common/log.h"

struct options {
    const char *path;
    bool check;
    uint64_t crash_after;
};

static int usage(FILE *out)
{
    fputs("usage: muster-agent CONFIG                  run\n"
          "       muster-agent --check-config CONFIG   print what was understood of it\n"
          "       muster-agent make-keys DIR           make this agent's keys\n"
          "       muster-agent enrol --token-file FILE --interface NIC --address IP ...\n"
          "                                            make keys, present them, write CONFIG\n"
          "       muster-agent --version\n"
#ifdef MUSTER_FAULTS
          "debug builds:  --crash-after-record N       die right behind the journal's Nth commit\n"
#endif
          ,
          out);
    return EXIT_FAILURE;
}

/* 0: go on. Else exit with *ret_code. */
static int read_options(int argc, char **argv, struct options *options, int *ret_code)
{
    static const struct option known[] = {{"check-config", no_argument, NULL, 'c'},
#ifdef MUSTER_FAULTS
                                          {"crash-after-record", required_argument, NULL, 'k'},
#endif
                                          {"version", no_argument, NULL, 'V'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        if (option == 'c') {
            options->check = true;
        } else if (option == 'k') {
            options->crash_after = strtoull(optarg, NULL, 10);
        } else if (option == 'V') {
            puts("muster-agent " MUSTER_VERSION);
            *ret_code = EXIT_SUCCESS;
            return -1;
        } else {
            usage(option == 'h' ? stdout : stderr);
            *ret_code = option == 'h' ? EXIT_SUCCESS : EXIT_FAILURE;
            return -1;
        }
    }
    options->path = argv[optind];
    if (!options->path || argv[optind + 1]) {
        *ret_code = usage(stderr);
        return -1;
    }
    return 0;
}

/* Blocked before any thread is made: they inherit it, and the signals are ours to wait for. */
static int block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    return sigprocmask(SIG_BLOCK, set, NULL);
}

static int run(const struct agent_config *config, uint64_t crash_after)
{
    struct services *services;
    struct error err = {0};
    sigset_t ends;
    int signal_number = 0;

    if (block_signals(&ends) < 0) {
        log_error("main", "signals", "err=%s", log_quote(strerror(errno)));
        return EXIT_FAILURE;
    }
    services = services_start(config, crash_after, &err);
    if (!services) {
        log_error("main", "not started", "err=%s", log_quote(error_text(&err)));
        return EXIT_FAILURE;
    }
    log_info("main", "started", "version=%s site=%s agent=%s", MUSTER_VERSION, config->site_id,
             config->agent_id);
    while (sigwait(&ends, &signal_number) != 0)
        ;
    log_info("main", "stopping", "signal=%s", strsignal(signal_number));
    services_stop(services);
    log_info("main", "stopped", "version=%s", MUSTER_VERSION);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct agent_config config;
    struct error err = {0};
    enum log_level level;
    int code = EXIT_FAILURE;

    if (argc > 1 && strcmp(argv[1], "make-keys") == 0)
        return agent_keys_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "enrol") == 0)
        return enrolment_main(argc - 1, argv + 1);
    if (read_options(argc, argv, &options, &code) < 0)
        return code;
    if (agent_config_load(options.path, &config, &err) < 0) {
        fprintf(stderr, "muster-agent: %s\n", error_text(&err));
        return EXIT_FAILURE;
    }
    if (options.check) {
        code = agent_config_print(stdout, &config) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    } else {
        log_level_parse(config.log_level, &level);
        log_set_level(level);
        code = run(&config, options.crash_after);
    }
    agent_config_free(&config);
    return code;
}
