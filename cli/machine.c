/* machine.c - machines: their identity, their BMC, who holds them. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/machine_facts.h"
#include "cli/nouns.h"
#include "common/file.h"
#include "common/text.h"

#define PASSWORD_MAX 1024

/* "a,b" -> ["a","b"] */
static json_t *split(const char *list)
{
    json_t *items = json_array();

    for (size_t length; *list; list += length + (list[length] != '\0')) {
        length = strcspn(list, ",");
        json_array_append_new(items, json_stringn(list, length));
    }
    return items;
}

static int put_password(struct cli *cli, json_t *bmc)
{
    const char *path = cli_option(cli, "bmc-password-file");
    size_t length;
    char *password;

    if (!path)
        return 0;
    if (!(password = file_read_secret(path, PASSWORD_MAX, &length, &cli->err)))
        return error_prefix(&cli->err, "--bmc-password-file");
    length = strcspn(password, "\r\n");
    json_object_set_new(bmc, "password", json_stringn(password, length));
    OPENSSL_cleanse(password, length);
    free(password);
    return 0;
}

static int put_bmc_members(struct cli *cli, json_t *bmc)
{
    return cli_put(cli, bmc, "bmc-address", "address") < 0 ||
                   cli_put_number(cli, bmc, "bmc-port", "port") < 0 ||
                   cli_put(cli, bmc, "bmc-user", "username") < 0 ||
                   cli_put_number(cli, bmc, "cipher-suite", "cipher_suite") < 0
               ? -1
               : put_password(cli, bmc);
}

static int put_bmc(struct cli *cli, json_t *body)
{
    json_t *bmc = json_pack("{s:s}", "driver", cli_option(cli, "bmc-driver"));

    json_object_set_new(body, "bmc", bmc);
    return put_bmc_members(cli, bmc);
}

static int hold(struct cli *cli, const char *name)
{
    char *path = cli_path(cli, "/v1/machines", name, "/hold");
    json_t *answer = NULL;
    int rc = client_post(cli->client, path, NULL, &answer, &cli->err);

    json_decref(answer);
    free(path);
    return rc;
}

int machine_add(struct cli *cli)
{
    const char *macs = cli_need(cli, "mac");
    json_t *body;
    int rc;

    if (!macs || !cli_need(cli, "site") || !cli_need(cli, "bmc-driver"))
        return EXIT_USAGE;
    body = json_pack("{s:s, s:o}", "name", cli->words[0], "macs", split(macs));
    if (cli_put(cli, body, "site", "site") < 0 || cli_put(cli, body, "uuid", "uuid") < 0 ||
        machine_facts_put(cli, body) < 0 || put_bmc(cli, body) < 0)
        goto misused;
    rc = cli_add(cli, "/v1/machines", body);
    return rc == EXIT_OK && cli->tenant ? hold(cli, cli->words[0]) : rc;
misused:
    json_decref(body);
    return EXIT_USAGE;
}

int machine_set(struct cli *cli)
{
    json_t *body = json_object();

    if (machine_facts_put(cli, body) == 0) {
        if (json_object_size(body) > 0)
            return cli_change(cli, "/v1/machines", body);
        cli_misused(cli, "nothing is to be set: see muster machine --help");
    }
    json_decref(body);
    return EXIT_USAGE;
}

int machine_list(struct cli *cli)
{
    return cli_list(
        cli, "/v1/machines", "",
        "NAME=name SITE=site MAC=macs SERIAL=serial CLASS=class RACK=rack HELD=held_because");
}

int machine_show(struct cli *cli)
{
    return cli_show_one(cli, "/v1/machines");
}

/* What rules see of it, or saw. */
int machine_document(struct cli *cli)
{
    const char *version = cli_option(cli, "version");
    char *escaped = client_escape(cli->client, version ? version : "");
    struct text suffix = {0};
    char *path;
    int rc;

    text_format(&suffix, "/document%s%s", version ? "?version=" : "", escaped ? escaped : "");
    path = cli_path(cli, "/v1/machines", cli->words[0], text_string(&suffix));
    rc = cli_show(cli, path);
    free(path);
    free(escaped);
    text_clear(&suffix);
    return rc;
}

int machine_hold(struct cli *cli)
{
    return cli->tenant ? hold(cli, cli->words[0])
                       : cli_misused(cli, "--tenant is missing: who is to hold the machine");
}

int machine_release(struct cli *cli)
{
    const char *reason = cli_need(cli, "reason");

    return reason ? cli_act(cli, "/v1/machines", "/release", json_pack("{s:s}", "reason", reason))
                  : EXIT_USAGE;
}

/* The whole account: an absent password is none. */
int machine_set_bmc(struct cli *cli)
{
    const char *driver = cli_need(cli, "bmc-driver");
    json_t *body;

    if (!driver)
        return EXIT_USAGE;
    body = json_pack("{s:s}", "driver", driver);
    if (put_bmc_members(cli, body) == 0)
        return cli_replace(cli, "/v1/machines", "/bmc", body);
    json_decref(body);
    return EXIT_USAGE;
}
