/* fleet.c - the platform's own objects: tenants, sites, agents. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/file.h"
#include "common/json.h"

int tenant_add(struct cli *cli)
{
    json_t *body = json_pack("{s:s}", "name", cli->words[0]);

    cli_put(cli, body, "title", "title");
    return cli_add(cli, "/v1/tenants", body);
}

int tenant_list(struct cli *cli)
{
    return cli_list(cli, "/v1/tenants", "", "NAME=name TITLE=title SINCE=created_at");
}

int site_add(struct cli *cli)
{
    json_t *body = json_pack("{s:s}", "name", cli->words[0]);

    cli_put(cli, body, "time-zone", "time_zone");
    if (cli_flag(cli, "chainload-always"))
        json_object_set_new(body, "chainload_always", json_true());
    return cli_add(cli, "/v1/sites", body);
}

int site_list(struct cli *cli)
{
    return cli_list(cli, "/v1/sites", "",
                    "NAME=name ID=id AGENT=agent LIVE=agent_live MACHINES=machines ZONE=time_zone "
                    "QUARANTINED=quarantined_because");
}

int site_release(struct cli *cli)
{
    char *path = cli_path(cli, "/v1/sites", cli->words[0], "/release");
    int rc = cli_add(cli, path, NULL);

    free(path);
    return rc;
}

int agent_add(struct cli *cli)
{
    const char *site = cli_need(cli, "site"), *path = site ? cli_need(cli, "keys") : NULL;
    size_t length = 0;
    char *bytes;
    json_t *keys;

    if (!path)
        return EXIT_USAGE;
    if (!(bytes = file_read(path, 4096, &length, &cli->err)))
        return EXIT_USAGE;
    keys = json_parse(bytes, length, 4096, &cli->err);
    free(bytes);
    if (!keys) {
        error_prefix(&cli->err, "%s", path);
        return EXIT_USAGE;
    }
    return cli_add(cli, "/v1/agents",
                   json_pack("{s:s, s:s, s:o}", "name", cli->words[0], "site", site, "keys", keys));
}

int agent_list(struct cli *cli)
{
    return cli_list(
        cli, "/v1/agents", "",
        "NAME=name ID=id SITE=site STATE=state LIVE=live SEEN=last_seen_at SOFTWARE=software");
}

int agent_revoke(struct cli *cli)
{
    char *path = cli_path(cli, "/v1/agents", cli->words[0], "/revoke");
    int rc = cli_add(cli, path, NULL);

    free(path);
    return rc;
}
