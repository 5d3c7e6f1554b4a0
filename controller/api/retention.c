/* retention.c - /v1/retention: how long each history table is kept. */
#include <stdio.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/resources.h"
#include "controller/history/history_retention.h"

#define MONTHS_MAX 1200

int retention_list(struct api_call *call)
{
    struct error err = {0};

    return api_answer_list(call, "retention", history_retention_list(call->db, NULL, &err),
                           MONTHS_MAX, &err);
}

int retention_set(struct api_call *call)
{
    static const char *const known[] = {"months", NULL};
    const char *name = call->arguments[0];
    struct error err = {0};
    int64_t months = 0;
    int set;

    if (api_known(call, known) < 0 || api_int(call, "months", 1, MONTHS_MAX, &months) < 0)
        return -1;
    api_object(call, "history %s", name);
    if (months)
        snprintf(call->why, sizeof(call->why), "kept for %lld months", (long long)months);
    else
        snprintf(call->why, sizeof(call->why), "kept for ever");
    set = history_retention_set(call->db, name, months, &err);
    if (set < 0)
        return err.code == ERROR_CONFLICT
                   ? problem_set(&call->problem, 409, "audit_is_kept", NULL,
                                 "%s is kept for ever: it may go only behind an exported "
                                 "checkpoint, and there are no exports yet",
                                 name)
                   : api_failed(call, &err);
    if (set == 0)
        return api_not_found(call, "history", name);
    return api_answer_row(call, history_retention_list(call->db, name, &err), "history", name,
                          &err);
}
