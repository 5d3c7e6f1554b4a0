/* task_edges.c - docs/task-states.md as a table; the database holds the same (task_edge), and a
 * test compares the three. */
#include <string.h>

#include "controller/tasks/task_state.h"

#define RESULTS(from, sentence)                                                                    \
    {from, "succeeded", "result", sentence}, {from, "failed", "result", sentence},                 \
        {from, "cancelled", "result", sentence},                                                   \
    {                                                                                              \
        from, "expired", "result", sentence                                                        \
    }

static const struct task_edge EDGES[] = {
    {"scheduled", "queued", "due", "its time has come"},
    {"scheduled", "cancelled", "cancel", "cancelled before its time"},
    {"scheduled", "expired", "expire", "its last start moment passed"},
    {"pending_approval", "queued", "approved", "approved"},
    {"pending_approval", "scheduled", "approved", "approved, due later"},
    {"pending_approval", "cancelled", "cancel", "cancelled or refused"},
    {"pending_approval", "expired", "expire", "nobody approved in time"},
    {"limited", "queued", "limit_free", "the limit has room again"},
    {"limited", "cancelled", "cancel", "cancelled while held back"},
    {"limited", "expired", "expire", "the limit stayed full until its last start moment"},
    {"queued", "limited", "limit_full", "a limit of its rule is full"},
    {"queued", "leased", "lease", "a controller took it to send"},
    {"queued", "accepted", "accepted", "the agent had it already"},
    {"queued", "running", "started", "the agent had started it already"},
    {"queued", "cancelled", "cancel", "cancelled before it was sent"},
    {"queued", "expired", "expire", "no agent took it before its last start moment"},
    {"queued", "unknown", "uncertain", "the agent cannot tell whether it acted"},
    {"queued", "failed", "refused", "the agent can never carry it out"},
    RESULTS("queued", "the agent had finished it already"),
    {"leased", "queued", "requeue", "declined, or no answer within the lease"},
    {"leased", "accepted", "accepted", "journalled at the agent"},
    {"leased", "running", "started", "journalled and started"},
    {"leased", "cancelled", "cancel", "the agent never held it"},
    {"leased", "cancelled", "not_met", "what its rule asked for does not hold any more"},
    {"leased", "expired", "expire", "the agent does not hold it and its last start moment passed"},
    {"leased", "unknown", "uncertain", "the agent cannot tell whether it acted"},
    {"leased", "failed", "refused", "the agent can never carry it out"},
    RESULTS("leased", "finished"),
    {"accepted", "queued", "requeue", "released by the agent, did not start in time"},
    {"accepted", "running", "started", "the first intent was journalled"},
    {"accepted", "cancelled", "cancel", "the agent dropped it before it started"},
    {"accepted", "unknown", "uncertain",
     "the agent's journal is lost, or silence beyond the deadline"},
    RESULTS("accepted", "finished"),
    {"running", "unknown", "uncertain",
     "the agent cannot tell, its journal is lost, or silence beyond the deadline"},
    RESULTS("running", "finished"),
    RESULTS("unknown", "the agent's result came after all"),
    {"unknown", "succeeded", "settle", "settled by the journal, the BMC or a person"},
    {"unknown", "failed", "settle", "settled by the journal, the BMC or a person"},
    {"unknown", "cancelled", "settle", "settled by the journal, the BMC or a person"},
    {"unknown", "expired", "settle", "settled by the journal, the BMC or a person"},
    {"unknown", "running", "started", "the agent had started it after all"},
};

const struct task_edge *task_edges(size_t *ret_count)
{
    *ret_count = sizeof(EDGES) / sizeof(EDGES[0]);
    return EDGES;
}

const struct task_edge *task_edge_find(const char *from, const char *to, const char *event)
{
    for (size_t i = 0; i < sizeof(EDGES) / sizeof(EDGES[0]); i++)
        if (strcmp(EDGES[i].from, from) == 0 && strcmp(EDGES[i].to, to) == 0 &&
            (!event || strcmp(EDGES[i].event, event) == 0))
            return &EDGES[i];
    return NULL;
}

bool task_state_is_final(const char *state)
{
    static const char *const finals[] = {"succeeded", "failed", "cancelled", "expired"};

    for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++)
        if (strcmp(finals[i], state) == 0)
            return true;
    return false;
}
