/* source.c - topics and webhooks that belong to a tenant: how far they were read, and where a
 * halted partition goes on. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/file.h"
#include "common/text.h"
#include "common/yaml.h"

#define PARTITIONS                                                                                 \
    "PARTITION=partition NEXT=next LAG=lag LOG_START=log_start LOG_END=log_end SEEN=log_seen_at "  \
    "CLUSTER=cluster HALTED_BECAUSE=halted_because"

/* A format's name, or the text of a mapping's file. */
static int put_format(struct cli *cli, json_t *body)
{
    const char *file = cli_option(cli, "mapping");
    char *text;
    int rc;

    if (cli_put(cli, body, "format", "format") < 0)
        return -1;
    if (!file)
        return 0;
    text = file_read(file, YAML_BYTES_MAX, NULL, &cli->err);
    if (!text)
        return -1;
    rc = json_object_set_new(body, "mapping", json_string(text));
    free(text);
    return rc < 0 ? error_set_code(&cli->err, ERROR_INVALID, "%s is no UTF-8", file) : 0;
}

int source_add(struct cli *cli)
{
    bool webhook = cli_flag(cli, "webhook");
    json_t *body;

    if (webhook && cli_option(cli, "topic"))
        return cli_misused(cli, "--topic and --webhook exclude each other");
    if (!webhook && !cli_need(cli, "topic"))
        return EXIT_USAGE;
    body = json_pack("{s:s}", "name", cli->words[0]);
    if (webhook)
        json_object_set_new(body, "kind", json_string("webhook"));
    if (cli_put(cli, body, "topic", "topic") < 0 || put_format(cli, body) < 0) {
        json_decref(body);
        return EXIT_USAGE;
    }
    return cli_add(cli, "/v1/sources", body);
}

int source_token(struct cli *cli)
{
    char *path = cli_path(cli, "/v1/sources", cli->words[0], "/tokens");
    int rc = cli_add_token(cli, path, json_object());

    free(path);
    return rc;
}

int source_revoke_token(struct cli *cli)
{
    const char *id = cli_need(cli, "id");
    struct text suffix = {0};
    int rc;

    if (!id)
        return EXIT_USAGE;
    text_format(&suffix, "/tokens/%s/revoke", id);
    rc = cli_act(cli, "/v1/sources", text_string(&suffix), NULL);
    text_clear(&suffix);
    return rc;
}

int source_set_format(struct cli *cli)
{
    json_t *body = json_object();

    if (!cli_option(cli, "format") && !cli_option(cli, "mapping")) {
        json_decref(body);
        return cli_misused(cli, "give --format or --mapping");
    }
    if (put_format(cli, body) < 0) {
        json_decref(body);
        return EXIT_USAGE;
    }
    return cli_replace(cli, "/v1/sources", "/format", body);
}

int source_list(struct cli *cli)
{
    return cli_list(cli, "/v1/sources", "",
                    "NAME=name KIND=kind TOPIC=topic FORMAT=format STATE=state SINCE=created_at");
}

/* JSON is the API's body; eyes and pipes get a row a partition. */
static void show(struct cli *cli, const json_t *source)
{
    const json_t *partitions = json_object_get(source, "partitions");
    json_t *none;

    if (cli->format == OUTPUT_JSON || cli->format == OUTPUT_JSONL) {
        output_object(cli->format, source);
        return;
    }
    none = json_array();
    output_items(cli->format, json_is_array(partitions) ? partitions : none, PARTITIONS);
    json_decref(none);
}

int source_show(struct cli *cli)
{
    char *path = cli_path(cli, "/v1/sources", cli->words[0], "");
    json_t *answer = NULL;
    int rc = client_get(cli->client, path, &answer, &cli->err);

    if (rc == EXIT_OK)
        show(cli, answer);
    json_decref(answer);
    free(path);
    return rc;
}

/* An offset, or a word that the server knows. */
static int put_from(struct cli *cli, json_t *body)
{
    const char *from = cli_option(cli, "from");

    if (!from || strcmp(from, "earliest") == 0 || strcmp(from, "latest") == 0)
        return cli_put(cli, body, "from", "from");
    return cli_put_number(cli, body, "from", "from");
}

int source_resume(struct cli *cli)
{
    json_t *body, *answer = NULL;
    char *path;
    int rc;

    if (!cli_need(cli, "partition"))
        return EXIT_USAGE;
    body = json_object();
    if (cli_put_number(cli, body, "partition", "partition") < 0 || put_from(cli, body) < 0) {
        json_decref(body);
        return EXIT_USAGE;
    }
    path = cli_path(cli, "/v1/sources", cli->words[0], "/resume");
    rc = client_post(cli->client, path, body, &answer, &cli->err);
    if (rc == EXIT_OK)
        show(cli, answer);
    json_decref(answer);
    json_decref(body);
    free(path);
    return rc;
}
