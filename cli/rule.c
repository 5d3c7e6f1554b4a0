/* rule.c - rules: pushed, listed, armed and disarmed; and the switch over all of a tenant's
 * automation. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/file.h"
#include "common/text.h"

#define RULE_BYTES_MAX (256 * 1024)

int rule_push(struct cli *cli)
{
    size_t length;
    char *bytes = file_read(cli->words[0], RULE_BYTES_MAX, &length, &cli->err), *name;
    const char *slash = strrchr(cli->words[0], '/');
    struct text path = {0};
    json_t *answer = NULL;
    int rc;

    if (!bytes)
        return EXIT_USAGE;
    /* The server's errors read "file:line:column: message". */
    name = client_escape(cli->client, slash ? slash + 1 : cli->words[0]);
    text_format(&path, "/v1/rules?name=%s%s", name ? name : "",
                cli_flag(cli, "arm") ? "&arm=true" : "");
    rc = client_call(cli->client,
                     &(struct client_request){.method = "POST",
                                              .path = text_string(&path),
                                              .type = "application/yaml",
                                              .body = bytes,
                                              .length = length},
                     &answer, &cli->err);
    if (rc == EXIT_OK && answer)
        output_object(cli->format, answer);
    json_decref(answer);
    text_clear(&path);
    free(name);
    free(bytes);
    return rc;
}

int rule_list(struct cli *cli)
{
    return cli_list(cli, "/v1/rules", "",
                    "NAME=name STAGE=stage VERSION=version PUSHED_BY=pushed_by PUSHED=pushed_at");
}

int rule_show(struct cli *cli)
{
    char *path = cli_path(cli, "/v1/rules", cli->words[0], "");
    int rc = cli_show(cli, path);

    free(path);
    return rc;
}

/* Every switch says why. */
static int throw_switch(struct cli *cli, const char *path)
{
    const char *reason = cli_need(cli, "reason");

    return reason ? cli_add(cli, path, json_pack("{s:s}", "reason", reason)) : EXIT_USAGE;
}

static int switch_rule(struct cli *cli, const char *verb)
{
    char *path = cli_path(cli, "/v1/rules", cli->words[0], verb);
    int rc = throw_switch(cli, path);

    free(path);
    return rc;
}

int rule_arm(struct cli *cli)
{
    return switch_rule(cli, "/arm");
}

int rule_disarm(struct cli *cli)
{
    return switch_rule(cli, "/disarm");
}

int automation_show(struct cli *cli)
{
    return cli_show(cli, "/v1/automation");
}

int automation_stop(struct cli *cli)
{
    return throw_switch(cli, "/v1/automation/stop");
}

int automation_start(struct cli *cli)
{
    return throw_switch(cli, "/v1/automation/start");
}
