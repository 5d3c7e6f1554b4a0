/* agent.c - a site's agent: made known by its keys, or welcomed with a join token and approved by
 * its fingerprint. A join token goes into its file and nowhere else.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/text.h"
#include "proto/join_token.h"
#include "proto/key_files.h"

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

int agent_show(struct cli *cli)
{
    return cli_show_one(cli, "/v1/agents");
}

int agent_revoke(struct cli *cli)
{
    return cli_act(cli, "/v1/agents", "/revoke", NULL);
}

/* ---- join tokens ---- */

static char *copy_member(const json_t *answer, const char *member)
{
    return strdup(output_member(answer, member));
}

/* What the server made, and what it must not choose: whom the agent believes. */
static int fill(struct cli *cli, const json_t *answer, struct join_token *token)
{
    const char *url = cli_option(cli, "url"), *ca = client_ca_file(cli->client);

    token->url = strdup(url ? url : client_server(cli->client));
    token->site = copy_member(answer, "site");
    token->name = copy_member(answer, "name");
    token->secret = copy_member(answer, "secret");
    if (!(token->ca = file_read(ca, JOIN_CA_MAX, NULL, &cli->err)))
        return EXIT_USAGE;
    if (!token->url || !token->site || !token->name || !token->secret ||
        text_unhex(output_member(answer, "challenge"), token->challenge, 32) < 0 ||
        clock_parse(output_member(answer, "expires_at"), &token->expires_us) < 0) {
        error_set(&cli->err, "the server's answer holds no join token");
        return EXIT_SERVER;
    }
    return EXIT_OK;
}

static int keep_token(struct cli *cli, const char *path, json_t *answer,
                      const uint8_t root_public[32])
{
    struct join_token token = {0};
    char *text = NULL;
    int rc;

    join_root_hash(root_public, token.root_sha256);
    rc = fill(cli, answer, &token);
    if (rc == EXIT_OK && !(text = join_token_print(&token, &cli->err)))
        rc = EXIT_SERVER;
    if (rc == EXIT_OK && file_write(path, text, strlen(text), 0600, &cli->err) < 0)
        rc = EXIT_USAGE;
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
    join_token_clear(&token);
    json_object_del(answer, "secret");
    if (rc == EXIT_OK)
        output_object(cli->format, answer);
    return rc;
}

static int offer(struct cli *cli, const char *out, const uint8_t root_public[32])
{
    json_t *body = json_pack("{s:s}", "site", cli->words[0]), *answer = NULL;
    int rc;

    if (cli_put(cli, body, "name", "name") < 0 ||
        cli_put(cli, body, "fingerprint", "fingerprint") < 0 ||
        cli_put_number(cli, body, "minutes", "minutes") < 0) {
        json_decref(body);
        return EXIT_USAGE;
    }
    rc = client_post(cli->client, "/v1/enrolments", body, &answer, &cli->err);
    json_decref(body);
    if (rc == EXIT_OK)
        rc = keep_token(cli, out, answer, root_public);
    json_decref(answer);
    return rc;
}

int agent_welcome(struct cli *cli)
{
    const char *root = cli_need(cli, "root-key"), *out = root ? cli_need(cli, "out") : NULL;
    uint8_t root_public[KEY_BYTES];
    struct stat info;

    if (!out)
        return EXIT_USAGE;
    if (lstat(out, &info) == 0)
        return cli_misused(cli, "%s is there already: choose another --out", out);
    if (public_key_file_read(root, root_public, &cli->err) < 0)
        return EXIT_USAGE;
    if (!client_ca_file(cli->client))
        return cli_misused(cli, "--ca is missing: the agent has to know who signed the server's "
                                "certificate");
    return offer(cli, out, root_public);
}

int agent_waiting(struct cli *cli)
{
    return cli_list(cli, "/v1/enrolments", "",
                    "NAME=name SITE=site STATE=state FINGERPRINT_BEGINS=fingerprint_begins "
                    "PRESENTED=presented_at EXPIRES=expires_at MADE_BY=made_by "
                    "DECIDED_BY=decided_by");
}

int agent_approve(struct cli *cli)
{
    const char *fingerprint = cli_need(cli, "fingerprint");

    return fingerprint ? cli_act(cli, "/v1/enrolments", "/approve",
                                 json_pack("{s:s}", "fingerprint", fingerprint))
                       : EXIT_USAGE;
}

int agent_refuse(struct cli *cli)
{
    return cli_act(cli, "/v1/enrolments", "/refuse", NULL);
}
