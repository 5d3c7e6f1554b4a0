/* retention.c - how long each history table is kept. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"

int retention_list(struct cli *cli)
{
    return cli_list(cli, "/v1/retention", "", "NAME=name MONTHS=months OLDEST=oldest");
}

/* --months N, or --forever. */
int retention_set(struct cli *cli)
{
    json_t *body = json_object(), *answer = NULL;
    char *path, *text = NULL;
    int rc = EXIT_USAGE;

    if (cli_flag(cli, "forever") == (cli_option(cli, "months") != NULL)) {
        json_decref(body);
        return cli_misused(cli, "say --months N or --forever");
    }
    path = cli_path(cli, "/v1/retention", cli->words[0], "");
    if (cli_put_number(cli, body, "months", "months") == 0 &&
        (text = json_dumps(body, JSON_COMPACT)))
        rc = client_call(cli->client,
                         &(struct client_request){.method = "PUT",
                                                  .path = path,
                                                  .type = "application/json",
                                                  .body = text,
                                                  .length = strlen(text)},
                         &answer, &cli->err);
    if (rc == EXIT_OK)
        output_object(cli->format, answer);
    free(text);
    free(path);
    json_decref(body);
    json_decref(answer);
    return rc;
}
