/* login.c - which server and which token file; and how that server is. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "cli/profile.h"

/* The client was made from the options, so a call that works proves them. */
int login(struct cli *cli)
{
    struct profile profile;
    json_t *answer = NULL;
    int rc = client_get(cli->client, "/v1/status", &answer, &cli->err);

    json_decref(answer);
    if (rc != EXIT_OK)
        return rc;
    if (profile_load(cli->profile_name, cli->server, cli->token_file, cli->ca_file, &profile,
                     &cli->err) < 0)
        return EXIT_USAGE;
    rc = profile_save(cli->profile_name, &profile, &cli->err) < 0 ? EXIT_SERVER : EXIT_OK;
    if (rc == EXIT_OK)
        printf("logged in to %s\n", profile.server);
    profile_clear(&profile);
    return rc;
}

int status_show(struct cli *cli)
{
    json_t *answer = NULL;
    int rc = client_get(cli->client, "/v1/status", &answer, &cli->err);

    if (rc == EXIT_OK)
        output_object(cli->format, answer);
    json_decref(answer);
    return rc;
}
