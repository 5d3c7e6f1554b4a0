/* tenancy.c - what a tenant has besides machines, sources and rules: tokens, alerts, audit rows. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/file.h"
#include "common/text.h"

/* The token is shown once, by the server; it goes into the file and nowhere else. */
static int keep_token(struct cli *cli, const char *path, json_t *answer)
{
    const char *token = json_string_value(json_object_get(answer, "token"));
    struct text line = {0};
    int rc;

    if (!token) {
        error_set(&cli->err, "the server's answer holds no token");
        return EXIT_SERVER;
    }
    text_format(&line, "%s\n", token);
    rc = file_write(path, text_string(&line), line.length, 0600, &cli->err);
    if (line.bytes)
        OPENSSL_cleanse(line.bytes, line.length);
    text_clear(&line);
    json_object_del(answer, "token");
    if (rc < 0)
        return EXIT_USAGE;
    output_object(cli->format, answer);
    return EXIT_OK;
}

int cli_add_token(struct cli *cli, const char *path, json_t *body)
{
    const char *out = cli_need(cli, "out");
    json_t *answer = NULL;
    struct stat info;
    int rc = EXIT_USAGE;

    if (out && lstat(out, &info) == 0)
        cli_misused(cli, "%s is there already: choose another --out", out);
    else if (out && cli_put(cli, body, "label", "label") == 0)
        rc = client_post(cli->client, path, body, &answer, &cli->err);
    if (rc == EXIT_OK)
        rc = keep_token(cli, out, answer);
    json_decref(body);
    json_decref(answer);
    return rc;
}

int token_create(struct cli *cli)
{
    json_t *body = json_pack("{s:s}", "principal", cli->words[0]);

    if (cli_put(cli, body, "role", "role") < 0 || cli_put_number(cli, body, "days", "days") < 0) {
        json_decref(body);
        return EXIT_USAGE;
    }
    return cli_add_token(cli, "/v1/tokens", body);
}

int token_list(struct cli *cli)
{
    return cli_list(
        cli, "/v1/tokens", "",
        "ID=id PRINCIPAL=principal ROLE=role STATE=state EXPIRES=expires_at LABEL=label");
}

int token_show(struct cli *cli)
{
    return cli_show_one(cli, "/v1/tokens");
}

int token_revoke(struct cli *cli)
{
    return cli_act(cli, "/v1/tokens", "/revoke", NULL);
}

int alert_list(struct cli *cli)
{
    return cli_list(cli, "/v1/alerts", "",
                    "ID=id AT=decided_at DISPOSITION=disposition TYPE=type SEVERITY=severity "
                    "MACHINE=machine TASK=task_id REASON=reason");
}

int alert_show(struct cli *cli)
{
    return cli_show_one(cli, "/v1/alerts");
}

int audit_list(struct cli *cli)
{
    return cli_list(cli, "/v1/audit", "",
                    "ID=id AT=at WHO=who ACTION=action OBJECT=object OUTCOME=outcome WHY=body.why");
}

int audit_show(struct cli *cli)
{
    return cli_show_one(cli, "/v1/audit");
}
