/* task.h - making a task: one row of table task, its task_queue row, its first event and its audit
 * row, in the caller's transaction. States and edges: docs/task-states.md, task_state.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;

enum task_class { TASK_OPERATOR = 0, TASK_RULE = 1, TASK_BATCH = 2 };

#define TASK_START_WINDOW_US                                                                       \
    (15 * 60 * INT64_C(1000000)) /* expires_at - max(now, schedule_time)                           \
                                  */

/* At most 'max' tasks of the same tenant, rule, entry and group are with agents at a time. */
struct task_limit {
    const char *rule; /* its id in the tenant */
    int64_t entry;    /* of the rule's limits, from 1 */
    const char *group;
    int64_t max;
};

struct task_request {
    struct uuid id; /* uuid_make(), or uuid_derive() for a rule's */
    struct uuid tenant;
    enum task_class class;
    struct uuid holding, machine, site, grant, image_version;
    const char
        *params_json;    /* object of strings, checked against the image's profile by the caller */
    const char *profile; /* of the image; NULL: none of them */
    const char *checks_json; /* list of names; NULL: those of the image or its profile */
    const char *after;       /* as_found | power_off | local_disk | stay */
    int64_t schedule_us;     /* <= now: due at once */
    int64_t expires_us;
    int64_t deadline_s;
    const char *reason, *ticket, *labels_json; /* NULL: empty */
    const char *requested_by; /* principal's name, or "rule NAME v3": also the audit's who */
    struct uuid alert, decision, rule; /* nil for a person's */
    int64_t rule_version;
    const struct task_limit *limits; /* borrowed */
    bool asks;                       /* what its rule asked for is asked again before it goes out */
    const char *window_json;         /* window.* as they were then; NULL: none */
    const char *otherwise_json; /* {"queue", "priority", "title"}: the ticket when it does not run;
                                   NULL: none */
    const char *reports_json;   /* [{"to", "event", "include"}]: who is to be told; NULL: nobody */
    size_t limit_count;
};

/* 1: made. 0: this id exists already (a rule decided again): nothing changed. -1: err. Sends NOTIFY
 * muster_task at commit (a hint). */
int task_create(struct db *db, const struct task_request *request, struct error *err);
/* The same for many of one tenant in a handful of statements, all or none; their ids differ.
 * ret_made[i]: requests[i] was made; false: its id existed already. One NOTIFY a site. */
int task_create_many(struct db *db, const struct task_request *requests, size_t count,
                     bool *ret_made, struct error *err);

/* By a person. 0: the wish is recorded, *ret_state what the task is now: `cancelled` at once when
 * no agent can hold it, else the agent is asked. ERROR_CONFLICT when it has ended. */
int task_cancel(struct db *db, const struct uuid *tenant, const struct uuid *task, const char *who,
                const char *reason, const char **ret_state, struct error *err);
