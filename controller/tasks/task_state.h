/* task_state.h - the states of a task, every allowed edge with the sentence a person reads
 * (docs/task-states.md), and the one function that changes a state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;

struct task_edge {
    const char *from, *to, *event, *sentence;
};
const struct task_edge *task_edges(size_t *ret_count);
/* NULL: there is no such edge. 'event' NULL: any. */
const struct task_edge *task_edge_find(const char *from, const char *to, const char *event);
bool task_state_is_final(const char *state);

/* A task whose row, and whose queue row while it has one, the transaction has locked. */
struct task_now {
    struct uuid tenant, task, machine, site;
    char state[24];
    int64_t epoch;               /* of the last grant, 0: none */
    int64_t expires_us, now_us;  /* by the database's clock */
    int64_t cancel_requested_us; /* INT64_MIN: nobody asked */
    bool granted;                /* an agent may hold it: a grant that has not ended */
    bool settled;                /* a person said how it ended */
    bool rival;                  /* another task of its machine counts as under way */
    struct uuid facts_journal;   /* whose records facts_chain is over, nil: none yet */
    uint8_t facts_chain[32];     /* task_chain.h */
};
/* 1: locked; 0: no such task of this tenant. Queue row first, then task, then machine: who locks
 * several keeps that order. */
int task_state_lock(struct db *db, const struct uuid *tenant, const struct uuid *task,
                    struct task_now *ret, struct error *err);
/* The same of many tasks of one tenant, each named once: in the order of their ids, whoever names
 * them. Returns how many stand in 'ret' (room for 'count'), or -1. */
int task_state_lock_many(struct db *db, const struct uuid *tenant, const struct uuid *tasks,
                         size_t count, struct task_now *ret, struct error *err);
/* The task alone, in a transaction of its own: locked, then 'act', which returns 1 when it changed
 * something, 0 when there is nothing to do any more. Committed after a 1; returns what 'act' did, 0
 * also without such a task. */
typedef int task_act(struct db *db, struct task_now *now, void *context, struct error *err);
int task_state_alone(struct db *db, const struct uuid *tenant, const struct uuid *task,
                     task_act *act, void *context, struct error *err);

struct task_change {
    const char *to, *event;
    const char *why;        /* NULL: the edge's sentence */
    const char *who;        /* for the audit row */
    int64_t at_us;          /* when it happened; INT64_MIN: now */
    int64_t epoch;          /* 0: none to record */
    struct uuid controller; /* to `leased`: whose lease it is */
    struct uuid agent;      /* nil, or whose journal said so, */
    uint64_t sequence;      /* at which number */
};
/* State, queue row, event "old -> new" and audit row, in the caller's transaction; 'now' then holds
 * the new state. Requeued tasks wait TASK_RETRY_S; a final state ends the queue row.
 * ERROR_CONFLICT: no such edge. */
int task_state_change(struct db *db, struct task_now *now, const struct task_change *change,
                      struct error *err);
/* The change as it is written: its edge, 'name' ("old -> new") and the reason. Borrowed from both.
 * -1: no such edge. */
#define TASK_CHANGE_NAME 64
int task_state_words(const struct task_now *now, const struct task_change *change,
                     char name[TASK_CHANGE_NAME], const char **ret_why, struct error *err);
/* Its audit row, once 'now' holds the new state. The caller frees 'why'; action, object and details
 * are in the words. */
struct task_change_words {
    char action[40], object[UUID_TEXT_SIZE + 8], details[40];
    char *why;
};
struct audit_entry;
int task_state_audit_words(const struct task_now *now, const struct task_change *change,
                           const char *name, const char *why, struct task_change_words *words,
                           struct audit_entry *ret, struct error *err);

/* What one transaction makes of a task whose row it has locked: the agent's way forward, from the
 * state that the row has to 'to' (accepted, running or a final one) by edges that were looked up,
 * and what its facts say beside it. Written together; the events are the caller's. */
struct task_write {
    struct uuid task;
    const char *was, *to;                              /* to NULL: the state stays */
    int64_t started_us;                                /* INT64_MIN: nothing new */
    const char *restore;                               /* NULL: as it is */
    const char *verdict, *stopped_at, *cause, *remedy; /* of a final state: "" is none */
    const uint8_t *report_sha256;                      /* likewise; NULL: no report */
    int64_t log_size, ended_us;                        /* likewise; ended INT64_MIN: now */
    struct uuid facts_journal;                         /* nil: the chain is as it was */
    uint8_t facts_chain[32];
    int64_t facts_agree; /* 0, 1; -1: nobody has judged */
};
int task_state_write_many(struct db *db, const struct uuid *tenant, const struct task_write *rows,
                          size_t count, struct error *err);
#define TASK_LEASE_S 30
#define TASK_RETRY_S 2     /* doubled with each grant, to a minute */
#define TASK_SILENCE_S 600 /* beyond the deadline, then `unknown` */

struct task_lease {
    struct uuid tenant, task, machine, site, agent;
    uint64_t epoch;
};
/* To `leased`, many of one tenant in one go: 'wanted' says all but the epochs, in the caller's
 * transaction, which has locked queue rows and machines: epochs raised, grants, events, audit rows.
 * Those whose machine is another task's by now stay as they were. Returns how many stand in 'ret'
 * (room for 'count'), or -1. */
int task_state_lease(struct db *db, const struct uuid *controller, const struct task_lease *wanted,
                     size_t count, struct task_lease *ret, struct error *err);

/* To `limited`, many of one tenant whose queue rows the transaction has locked: which of their
 * limits is full. Returns how many, or -1. */
struct task_parking {
    struct uuid task;
    int64_t entry;
};
int task_state_park(struct db *db, const struct uuid *tenant, const struct task_parking *tasks,
                    size_t count, struct error *err);

/* An event that changes no state: "cancel refused", what came too late. */
int task_state_note(struct db *db, const struct task_now *now, const struct task_change *change,
                    const char *name, struct error *err);
