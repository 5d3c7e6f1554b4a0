/* enrolment.c - see enrolment.h. Invariant: nothing that a controller says is written anywhere
 * before its root key was found to be the join token's; the same keys may ask as often as they
 * like.
 */
#include "agent/enrol/enrolment.h"

#include <curl/curl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/enrol/enrol_call.h"
#include "agent/enrol/enrol_config.h"
#include "agent/privileges/privileges.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/enrol_answer.h"
#include "proto/enrol_request.h"
#include "proto/join_token.h"

#define ASK_EVERY_S 2
#define WAIT_DEFAULT_S (24 * 3600) /* the controller forgets an undecided case after as long */

struct options {
    const char *token_file, *user;
    struct enrol_place place;
    long wait_s;
};

static int usage(FILE *out)
{
    fputs("usage: muster-agent enrol --token-file FILE --interface NIC --address IP\n"
          "           [--config /etc/muster/muster-agent.yaml] [--keys "
          "/var/lib/muster-agent/keys]\n"
          "           [--state /var/lib/muster-agent] [--user NAME] [--wait SECONDS]\n"
          "NIC and IP: the leg in the boot LAN. --user: whose the keys and the state become, when "
          "started as root\n",
          out);
    return EXIT_FAILURE;
}

static int take(struct options *options, int option, const char *value)
{
    char *end;

    switch (option) {
    case 't':
        options->token_file = value;
        return 0;
    case 'i':
        options->place.interface = value;
        return 0;
    case 'a':
        options->place.address = value;
        return 0;
    case 'c':
        options->place.config = value;
        return 0;
    case 'k':
        options->place.keys = value;
        return 0;
    case 's':
        options->place.state = value;
        return 0;
    case 'u':
        options->user = value;
        return 0;
    case 'w':
        options->wait_s = strtol(value, &end, 10);
        return *end || end == value || options->wait_s < 0 ? -1 : 0;
    default:
        return -1;
    }
}

static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {{"token-file", required_argument, NULL, 't'},
                                          {"interface", required_argument, NULL, 'i'},
                                          {"address", required_argument, NULL, 'a'},
                                          {"config", required_argument, NULL, 'c'},
                                          {"keys", required_argument, NULL, 'k'},
                                          {"state", required_argument, NULL, 's'},
                                          {"user", required_argument, NULL, 'u'},
                                          {"wait", required_argument, NULL, 'w'},
                                          {NULL, 0, NULL, 0}};
    int option;

    optind = 0; /* glibc: begin anew, with this argv */
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
        if (take(options, option, optarg) < 0)
            return -1;
    return optind == argc && options->token_file && options->place.interface &&
                   options->place.address
               ? 0
               : -1;
}

static int read_token(const char *path, struct join_token *ret, struct error *err)
{
    size_t length = 0;
    char *bytes = file_read_secret(path, JOIN_TOKEN_MAX, &length, err);
    int rc;

    if (!bytes)
        return -1;
    rc = join_token_parse(bytes, length, ret, err);
    OPENSSL_cleanse(bytes, length);
    free(bytes);
    return rc < 0 ? error_prefix(err, "%s", path) : 0;
}

/* Those of an enrolment that was interrupted serve on. */
static int have_keys(const char *folder, struct agent_keys *ret, struct error *err)
{
    /* Those that were half made are made whole. */
    if (agent_keys_make(folder, err) < 0 && err->code != ERROR_CONFLICT)
        return -1;
    error_clear(err);
    return agent_keys_load(folder, ret, err);
}

static void tell_fingerprint(const struct agent_keys *keys, const char *name)
{
    char text[AGENT_FINGERPRINT_SIZE];
    uint8_t digest[32];

    agent_fingerprint(&keys->public, digest);
    agent_fingerprint_format(digest, text);
    printf("fingerprint of this agent's keys: %s\n"
           "who runs the controller lets it in with: muster agent approve %s --fingerprint %s\n",
           text, name, text);
    fflush(stdout);
}

/* Once: 0 and *ret_answer, or -1. */
static int ask(const struct join_token *token, const char *body, struct enrol_answer *ret_answer,
               struct error *err)
{
    struct text answer = {0};
    int rc = enrol_call(token, body, &answer, err);

    if (rc == 0)
        rc = enrol_answer_parse(text_string(&answer), answer.length, token, ret_answer, err);
    text_clear(&answer);
    return rc;
}

/* Until it is decided. A controller that is away for a while after it has spoken is waited for. */
static int await_word(const struct join_token *token, const char *body, long wait_s,
                      struct enrol_answer *ret_answer, struct error *err)
{
    int64_t until_ms = clock_monotonic_ms() + (int64_t)wait_s * 1000;
    bool spoken = false;

    for (;;) {
        error_clear(err);
        if (ask(token, body, ret_answer, err) == 0) {
            if (ret_answer->state == ENROL_APPROVED)
                return 0;
            enrol_answer_clear(ret_answer);
            if (!spoken)
                printf("waiting for that\n"), fflush(stdout);
            spoken = true;
        } else if (!spoken || err->code != ERROR_UNAVAILABLE) {
            return -1;
        }
        if (clock_monotonic_ms() >= until_ms)
            return error_set_code(err, ERROR_TIMEOUT,
                                  "nobody has approved these keys yet: run the same again to go on "
                                  "waiting");
        sleep(ASK_EVERY_S);
    }
}

static int finish(const struct options *options, const struct join_token *token,
                  const struct enrol_answer *answer, struct error *err)
{
    /* The configuration last: while it is not there, the same can be run again. */
    if (privileges_give_folder(options->place.state, options->user, err) < 0 ||
        privileges_give_keys(options->place.keys, options->user, err) < 0 ||
        enrol_config_write(&options->place, token, answer, err) < 0)
        return -1;
    printf("enrolled as %s at site %s; its configuration is %s\n", token->name, token->site,
           options->place.config);
    return 0;
}

static int enrol(const struct options *options, const struct join_token *token, struct error *err)
{
    struct enrol_answer answer = {0};
    struct agent_keys keys = {0};
    char *body = NULL;
    int rc = -1;

    if (have_keys(options->place.keys, &keys, err) == 0 &&
        (body = enrol_request_make(&keys, token, err))) {
        tell_fingerprint(&keys, token->name);
        if (await_word(token, body, options->wait_s, &answer, err) == 0)
            rc = finish(options, token, &answer, err);
        OPENSSL_cleanse(body, strlen(body));
    }
    free(body);
    enrol_answer_clear(&answer);
    OPENSSL_cleanse(&keys, sizeof(keys));
    return rc;
}

int enrolment_main(int argc, char **argv)
{
    struct options options = {.place = {.config = "/etc/muster/muster-agent.yaml",
                                        .keys = "/var/lib/muster-agent/keys",
                                        .state = "/var/lib/muster-agent"},
                              .wait_s = WAIT_DEFAULT_S};
    struct join_token token;
    struct error err = {0};
    int rc = -1;

    if (read_options(argc, argv, &options) < 0)
        return usage(stderr);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (enrol_config_check(&options.place, &err) == 0 &&
        read_token(options.token_file, &token, &err) == 0) {
        rc = enrol(&options, &token, &err);
        join_token_clear(&token);
    }
    curl_global_cleanup();
    if (rc == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "muster-agent: %s\n", error_text(&err));
    return EXIT_FAILURE;
}
