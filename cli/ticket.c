/* ticket.c - tickets: what rules leave to people. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/text.h"

/* Open ones, unless another state is asked for. */
int ticket_list(struct cli *cli)
{
    static const char *const FILTERS[] = {"queue", "machine"};
    const char *state = cli_option(cli, "state");
    struct text query = {0};
    int rc;

    if (state && strcmp(state, "open") != 0 && strcmp(state, "closed") != 0 &&
        strcmp(state, "all") != 0)
        return cli_misused(cli, "--state is open, closed or all");
    if (!state || strcmp(state, "all") != 0)
        text_format(&query, "&state=%s", state ? state : "open");
    for (size_t i = 0; i < sizeof(FILTERS) / sizeof(FILTERS[0]); i++)
        cli_put_query(cli, FILTERS[i], &query);
    rc = cli_list(cli, "/v1/tickets", text_string(&query),
                  "ID=id STATE=state QUEUE=queue PRIORITY=priority MACHINE=machine TITLE=title "
                  "OPENED=opened_at REASON=reason");
    text_clear(&query);
    return rc;
}

int ticket_show(struct cli *cli)
{
    return cli_show_one(cli, "/v1/tickets");
}

int ticket_close(struct cli *cli)
{
    const char *reason = cli_need(cli, "reason");

    return reason ? cli_act(cli, "/v1/tickets", "/close", json_pack("{s:s}", "reason", reason))
                  : EXIT_USAGE;
}
