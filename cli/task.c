/* task.c - tasks: made, listed, their log, their end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "cli/task_follow.h"
#include "common/clock.h"
#include "common/ids.h"
#include "common/text.h"

#define WAIT_S 20

/* A task takes the boot NIC's MAC; a name, serial or asset tag is looked up. */
static int find_mac(struct cli *cli, const char *target, char out[MAC_TEXT_SIZE])
{
    struct mac mac;
    json_t *machine = NULL;
    const char *text;
    char *path;
    int rc;

    if (mac_parse(target, &mac) == 0) {
        mac_format(&mac, out);
        return EXIT_OK;
    }
    path = cli_path(cli, "/v1/machines", target, "");
    rc = client_get(cli->client, path, &machine, &cli->err);
    free(path);
    if (rc != EXIT_OK)
        return rc;
    text = json_string_value(json_array_get(json_object_get(machine, "macs"), 0));
    snprintf(out, MAC_TEXT_SIZE, "%s", text ? text : "");
    json_decref(machine);
    return text ? EXIT_OK : cli_misused(cli, "machine %s has no MAC on record", target);
}

static int put_params(struct cli *cli, json_t *body)
{
    json_t *params = json_object();

    for (size_t i = 0; i < cli->option_count; i++) {
        const char *value = cli->options[i].value, *equals = strchr(value, '=');
        char name[64];

        if (strcmp(cli->options[i].name, "param") != 0)
            continue;
        if (!equals || equals == value || (size_t)(equals - value) >= sizeof(name)) {
            json_decref(params);
            return cli_misused(cli, "--param takes NAME=VALUE, not '%.60s'", value);
        }
        snprintf(name, sizeof(name), "%.*s", (int)(equals - value), value);
        json_object_set_new(params, name, json_string(equals + 1));
    }
    if (json_object_size(params) > 0)
        json_object_set(body, "params", params);
    json_decref(params);
    return EXIT_OK;
}

static int make_body(struct cli *cli, json_t *body)
{
    static const char *const SAME[] = {"after", "reason", "ticket"};

    if (cli_put(cli, body, "at", "schedule_time") < 0)
        return EXIT_USAGE;
    for (size_t i = 0; i < sizeof(SAME) / sizeof(SAME[0]); i++)
        if (cli_put(cli, body, SAME[i], SAME[i]) < 0)
            return EXIT_USAGE;
    return put_params(cli, body);
}

int boot(struct cli *cli)
{
    const char *image = cli_need(cli, "image");
    char mac[MAC_TEXT_SIZE];
    json_t *body, *answer = NULL;
    int rc;

    if (!image)
        return EXIT_USAGE;
    if ((rc = find_mac(cli, cli->words[0], mac)) != EXIT_OK)
        return rc;
    body = json_pack("{s:s, s:s}", "target_mac", mac, "image_id", image);
    rc = make_body(cli, body);
    if (rc == EXIT_OK)
        rc = client_post(cli->client, "/v1/tasks", body, &answer, &cli->err);
    json_decref(body);
    if (rc == EXIT_OK && cli_flag(cli, "wait"))
        rc = task_follow(cli, json_string_value(json_object_get(answer, "id")), 0);
    else if (rc == EXIT_OK)
        output_object(cli->format, answer);
    json_decref(answer);
    return rc;
}

int task_list(struct cli *cli)
{
    static const char *const FILTERS[] = {"state", "machine"};
    struct text query = {0};
    int rc;

    for (size_t i = 0; i < sizeof(FILTERS) / sizeof(FILTERS[0]); i++)
        cli_put_query(cli, FILTERS[i], &query);
    rc =
        cli_list(cli, "/v1/tasks", text_string(&query),
                 "ID=id MACHINE=machine STATE=state VERDICT=verdict RESTORE=restore IMAGE=image_id "
                 "BY=requested_by CREATED=created_at WAITING_ON=waiting_on");
    text_clear(&query);
    return rc;
}

int task_watch(struct cli *cli)
{
    const char *timeout = cli_option(cli, "timeout");

    return task_follow(cli, cli->words[0], timeout ? atol(timeout) : 0);
}

/* The log so far; with -f until the task has ended and no more comes. */
int task_logs(struct cli *cli)
{
    bool follow = cli_flag(cli, "follow");
    struct client_piece piece = {0};
    long long offset;
    char suffix[64], *path;
    int rc;

    do {
        offset = piece.next;
        snprintf(suffix, sizeof(suffix), "/log?offset=%lld", offset);
        path = cli_path(cli, "/v1/tasks", cli->words[0], suffix);
        rc = client_fetch(cli->client, path, follow ? WAIT_S : 0, &piece, &cli->err);
        free(path);
        if (rc != EXIT_OK)
            return rc;
        if (piece.bytes && piece.length)
            output_text(piece.bytes);
        fflush(stdout);
        free(piece.bytes);
    } while (piece.next > offset || (follow && !piece.final));
    return EXIT_OK;
}

int task_cancel(struct cli *cli)
{
    json_t *body = json_object();

    cli_put(cli, body, "reason", "reason");
    return cli_act(cli, "/v1/tasks", "/cancel", body);
}

/* How a task ended of which nobody can tell; the agent is told. */
int task_settle(struct cli *cli)
{
    const char *outcome = cli_need(cli, "as"), *reason = outcome ? cli_need(cli, "reason") : NULL;

    return reason ? cli_act(cli, "/v1/tasks", "/settle",
                            json_pack("{s:s, s:s}", "as", outcome, "reason", reason))
                  : EXIT_USAGE;
}
