/* api_stand - storey: controller. The API alone over a private PostgreSQL (MUSTER_TEST_DATABASE),
 * without Kafka or agents: migrates, makes a first token, serves until SIGTERM. For
 * tests/integration/api.
 *
 *   api_stand FOLDER    FOLDER has tls.pem and tls.key; gets secret.key, admin.token, images/,
 * port, fetch.tokens
 *
 * 'fetch.tokens' holds a fetch token for each agent id that comes on stdin, a line each.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/error.h"
#include "common/file.h"
#include "common/log.h"
#include "controller/access/bootstrap.h"
#include "controller/access/secret.h"
#include "controller/api/api_server.h"
#include "controller/db/db_pool.h"
#include "controller/db/migrate.h"
#include "controller/dispatch/fetch_token.h"
#include "controller/health/readiness.h"
#include "controller/intake/webhook.h"

#define MINUTE_US INT64_C(60000000)
#define SETTLED_MS 8000

static char paths[6][256];

/* libpq parameters of one login, in the caller's 'pairs'. */
static struct conf_map login(const char *name, struct conf_pair pairs[4], char texts[2][256])
{
    const char *folder = getenv("MUSTER_TEST_DATABASE");

    snprintf(texts[0], sizeof(texts[0]), "%s/socket", folder ? folder : ".");
    snprintf(texts[1], sizeof(texts[1]), "%s/pass/%s", folder ? folder : ".", name);
    pairs[0] = (struct conf_pair){(char *)"host", texts[0]};
    pairs[1] = (struct conf_pair){(char *)"dbname", (char *)"muster"};
    pairs[2] = (struct conf_pair){(char *)"user", (char *)name};
    pairs[3] = (struct conf_pair){(char *)"passfile", texts[1]};
    return (struct conf_map){.pairs = pairs, .count = 4};
}

static const char *path_of(int at, const char *folder, const char *name)
{
    snprintf(paths[at], sizeof(paths[at]), "%s/%s", folder, name);
    return paths[at];
}

static int prepare(const char *folder, struct error *err)
{
    struct conf_pair owner_pairs[4], api_pairs[4];
    char owner_texts[2][256], api_texts[2][256];
    struct conf_map owner = login("muster_owner", owner_pairs, owner_texts);
    struct conf_map api = login("muster_api", api_pairs, api_texts);

    if (migrate_apply(&owner, NULL, err) < 0 ||
        secret_key_make(path_of(0, folder, "secret.key"), err) < 0 ||
        bootstrap(&api, path_of(1, folder, "admin.token"), 1, false, err) < 0)
        return -1;
    return 0;
}

/* The port is written when it can be connected to. */
static int tell_port(const char *folder, const struct api_server *server, struct error *err)
{
    char text[16];
    int length = snprintf(text, sizeof(text), "%u\n", api_server_port(server));

    return file_write(path_of(2, folder, "port"), text, (size_t)length, 0600, err);
}

static int serve_tokens(const char *folder, const uint8_t key[FETCH_KEY_BYTES], struct error *err)
{
    char line[64], token[FETCH_TOKEN_SIZE];
    struct uuid agent;

    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (uuid_parse(line, &agent) < 0)
            return error_set(err, "'%s' is no agent's id", line);
        if (fetch_token_make(key, &agent, clock_realtime_us() + MINUTE_US, token, err) < 0 ||
            file_write(path_of(3, folder, "fetch.token"), token, strlen(token), 0600, err) < 0)
            return -1;
    }
    return 0;
}

static int run(const char *folder, struct error *err)
{
    struct conf_pair pairs[4], engine_pairs[4];
    char texts[2][256], engine_texts[2][256];
    struct conf_map api = login("muster_api", pairs, texts);
    struct conf_map engine = login("muster_engine", engine_pairs, engine_texts);
    struct db_pool *engine_pool = db_pool_create(&engine, WEBHOOK_KEEPERS, err);
    struct api_settings settings = {.listen = "127.0.0.1:0", .workers = 2};
    struct api_server *server = NULL;
    sigset_t ends;
    int rc = -1, signal_number;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    settings.certificate_file = path_of(0, folder, "tls.pem");
    settings.key_file = path_of(1, folder, "tls.key");
    settings.image_folder = path_of(4, folder, "images");
    settings.pool = db_pool_create(&api, 3, err);
    settings.secret_key = secret_key_load(path_of(5, folder, "secret.key"), err);
    settings.webhook = engine_pool ? webhook_create(engine_pool, err) : NULL;
    if (settings.webhook && settings.pool && settings.secret_key &&
        fetch_key_make(settings.fetch_key, err) == 0 &&
        (server = api_server_create(&settings, err)) && api_server_start(server, err) == 0 &&
        tell_port(folder, server, err) == 0) {
        readiness_set(READY_DATABASE, NULL);
        if ((rc = serve_tokens(folder, settings.fetch_key, err)) == 0)
            sigwait(&ends, &signal_number);
    }
    if (server)
        api_server_stop(server, SETTLED_MS);
    api_server_destroy(server);
    webhook_destroy(settings.webhook);
    db_pool_destroy(engine_pool);
    secret_key_destroy((struct secret_key *)settings.secret_key);
    db_pool_destroy(settings.pool);
    return rc;
}

int main(int argc, char **argv)
{
    struct error err = {0};

    if (argc != 2) {
        fputs("usage: api_stand FOLDER\n", stderr);
        return 2;
    }
    log_set_level(LOG_DEBUG);
    if (prepare(argv[1], &err) == 0 && run(argv[1], &err) == 0)
        return 0;
    fprintf(stderr, "api_stand: %s\n", error_text(&err));
    return 1;
}
