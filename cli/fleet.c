/* fleet.c - the platform's own objects: tenants, sites. */

#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"

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

int tenant_show(struct cli *cli)
{
    return cli_show_one(cli, "/v1/tenants");
}

int site_add(struct cli *cli)
{
    json_t *body = json_pack("{s:s}", "name", cli->words[0]);

    cli_put(cli, body, "time-zone", "time_zone");
    if (cli_flag(cli, "chainload-always"))
        json_object_set_new(body, "chainload_always", json_true());
    return cli_add(cli, "/v1/sites", body);
}

int site_set(struct cli *cli)
{
    const char *always = cli_option(cli, "chainload-always");
    json_t *body;

    if (always && strcmp(always, "yes") != 0 && strcmp(always, "no") != 0)
        return cli_misused(cli, "--chainload-always takes yes or no");
    if (!always && !cli_option(cli, "time-zone"))
        return cli_misused(cli, "nothing is to be set: --time-zone Z, --chainload-always yes|no");
    body = json_object();
    cli_put(cli, body, "time-zone", "time_zone");
    if (always)
        json_object_set_new(body, "chainload_always", json_boolean(strcmp(always, "yes") == 0));
    return cli_change(cli, "/v1/sites", body);
}

int site_list(struct cli *cli)
{
    return cli_list(cli, "/v1/sites", "",
                    "NAME=name ID=id AGENT=agent LIVE=agent_live MACHINES=machines ZONE=time_zone "
                    "QUARANTINED=quarantined_because");
}

int site_show(struct cli *cli)
{
    return cli_show_one(cli, "/v1/sites");
}

int site_release(struct cli *cli)
{
    return cli_act(cli, "/v1/sites", "/release", NULL);
}
