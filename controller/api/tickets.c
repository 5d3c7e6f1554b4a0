/* tickets.c - /v1/tickets: what rules leave to people, and that somebody has seen to it. */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/db/db_rows.h"
#include "controller/decide/ticket_view.h"
#include "controller/fleet/machine.h"

#define ID_PREFIX_MIN 8 /* characters of an id that name a ticket */

int tickets_list(struct api_call *call)
{
    struct ticket_filter filter = {.tenant = call->tenant,
                                   .state = api_query(call, "state"),
                                   .queue = api_query(call, "queue")};
    char key[CURSOR_KEY_MAX + 1];
    struct machine_found machine;
    struct uuid before;
    struct error err = {0};
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor_uuid(call, "tickets", key, &after, &before) < 0 ||
        api_query_machine(call, &machine, &filter.machine) < 0)
        return -1;
    if (filter.state && strcmp(filter.state, "open") != 0 && strcmp(filter.state, "closed") != 0)
        return problem_set(&call->problem, 400, "invalid_query", NULL, "state is open or closed");
    filter.before = after ? &before : NULL;
    filter.limit = limit + 1;
    return api_answer_list(call, "tickets", ticket_view_list(call->db, &filter, &err), limit, &err);
}

/* The ticket of the path: its id, or the start of it. */
static int find(struct api_call *call, struct uuid *ret)
{
    const char *name = call->arguments[0];
    struct error err = {0};
    struct db_rows *rows;

    if (strlen(name) < ID_PREFIX_MIN || strlen(name) >= UUID_TEXT_SIZE ||
        strspn(name, "0123456789abcdef-") != strlen(name))
        return api_not_found(call, "ticket", name);
    if (!(rows = ticket_view_find(call->db, &call->tenant, name, &err)))
        return api_failed(call, &err);
    if (db_rows_count(rows) == 0)
        api_not_found(call, "ticket", name);
    else if (db_rows_count(rows) > 1)
        problem_set(&call->problem, 409, "ambiguous", "Give more of the id.",
                    "several tickets begin with '%s'", name);
    else
        *ret = db_uuid(rows, 0, 0);
    db_rows_destroy(rows);
    return call->problem.status ? -1 : 0;
}

static int answer(struct api_call *call, const struct uuid *ticket)
{
    struct error err = {0};

    return api_answer_row(call, ticket_view_show(call->db, &call->tenant, ticket, &err), "ticket",
                          call->arguments[0], &err);
}

int tickets_show(struct api_call *call)
{
    struct uuid ticket;

    return find(call, &ticket) < 0 ? -1 : answer(call, &ticket);
}

int tickets_close(struct api_call *call)
{
    static const char *const known[] = {"reason", NULL};
    char who[API_ACTOR_SIZE], id[UUID_TEXT_SIZE];
    struct error err = {0};
    struct uuid ticket;
    const char *reason;
    int closed;

    if (api_known(call, known) < 0 || api_required(call, "reason", 250, &reason) < 0 ||
        find(call, &ticket) < 0)
        return -1;
    uuid_format(&ticket, id);
    api_object(call, "ticket %s", id);
    snprintf(call->why, sizeof(call->why), "%s", reason);
    api_actor(call, who);
    closed = ticket_view_close(call->db, &call->tenant, &ticket, who, reason, &err);
    if (closed < 0)
        return api_failed(call, &err);
    if (closed == 0)
        return problem_set(&call->problem, 409, "ticket_closed", "See muster ticket show.",
                           "ticket %s was closed before", id);
    return answer(call, &ticket);
}
