/* automation.c - the switches over all rules of a tenant, a site and the fleet, and the storm
 * brake of each; each is thrown with a reason. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/text.h"

int automation_show(struct cli *cli)
{
    return cli_show(cli, "/v1/automation");
}

/* /v1/automation/VERB of a tenant, unless a site or the fleet is named; the caller frees. NULL:
 * said. */
static char *path_of(struct cli *cli, const char *verb)
{
    const char *site = cli_option(cli, "site");
    bool fleet = cli_flag(cli, "fleet");
    struct text suffix = {0};
    char *path;

    if (site && fleet) {
        cli_misused(cli, "either --site or --fleet");
        return NULL;
    }
    if (!site) {
        text_format(&suffix, "/v1/automation%s/%s", fleet ? "/fleet" : "", verb);
        return text_take(&suffix);
    }
    text_format(&suffix, "/%s", verb);
    path = cli_path(cli, "/v1/automation/sites", site, text_string(&suffix));
    text_clear(&suffix);
    return path;
}

/* Takes 'body'. */
static int post_body(struct cli *cli, const char *verb, json_t *body)
{
    char *path = path_of(cli, verb);
    int rc = EXIT_USAGE;

    if (path)
        rc = cli_add(cli, path, body);
    else
        json_decref(body);
    free(path);
    return rc;
}

static int post(struct cli *cli, const char *verb)
{
    const char *reason = cli_need(cli, "reason");

    return reason ? post_body(cli, verb, json_pack("{s:s}", "reason", reason)) : EXIT_USAGE;
}

int automation_stop(struct cli *cli)
{
    return post(cli, "stop");
}

int automation_start(struct cli *cli)
{
    return post(cli, "start");
}

/* Seconds, or with a unit: 10m. -1: it is none. */
static long long seconds_of(const char *text)
{
    char *unit;
    long long number = strtoll(text, &unit, 10);
    long long each = strcmp(unit, "m") == 0 ? 60 : strcmp(unit, "h") == 0 ? 3600 : 1;

    if (*text < '0' || *text > '9' || (each == 1 && *unit && strcmp(unit, "s") != 0) ||
        number > 86400)
        return -1;
    return number * each;
}

int automation_brake(struct cli *cli)
{
    const char *reason = cli_need(cli, "reason"), *per = cli_option(cli, "per");
    long long per_s = per ? seconds_of(per) : 600;
    bool off = cli_flag(cli, "off");
    json_t *body;

    if (!reason)
        return EXIT_USAGE;
    if (off == (cli_option(cli, "max") != NULL))
        return cli_misused(cli, "either --max N or --off");
    if (per_s < 0)
        return cli_misused(cli, "--per takes 600s, 10m or 1h");
    body = json_pack("{s:s}", "reason", reason);
    if (off)
        json_object_set_new(body, "off", json_true());
    else
        json_object_set_new(body, "per_s", json_integer(per_s));
    if (cli_put_number(cli, body, "max", "max") < 0) {
        json_decref(body);
        return EXIT_USAGE;
    }
    return post_body(cli, "brake", body);
}

int automation_release(struct cli *cli)
{
    return post(cli, "release");
}
