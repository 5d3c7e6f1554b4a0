/* retention.c - how long each history table is kept. */

#include "cli/command.h"
#include "cli/nouns.h"

int retention_list(struct cli *cli)
{
    return cli_list(cli, "/v1/retention", "", "NAME=name MONTHS=months OLDEST=oldest");
}

/* --months N, or --forever. */
int retention_set(struct cli *cli)
{
    json_t *body;

    if (cli_flag(cli, "forever") == (cli_option(cli, "months") != NULL))
        return cli_misused(cli, "say --months N or --forever");
    body = json_object();
    if (cli_put_number(cli, body, "months", "months") == 0)
        return cli_replace(cli, "/v1/retention", "", body);
    json_decref(body);
    return EXIT_USAGE;
}
