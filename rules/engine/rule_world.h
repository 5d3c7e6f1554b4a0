/* rule_world.h - the tasks that one rule's decisions make, without machines: asked for, scheduled,
 * held back by limits and stages, running for ten minutes, ended; on a clock that is passed in.
 * What it decides on the way is a list that tests compare. Spec: docs/rule-language.md, "Tests".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_value.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_test.h"
#include "rules/engine/rule_decision.h"
#include "rules/engine/rule_made.h"
#include "rules/engine/rule_moment.h"

struct cel_arena;
struct error;
struct rule_world;

#define RULE_TASK_RUNS_US INT64_C(600000000)
/* A task that its rule gives no 'latest' must start within so long, as live. */
#define RULE_TASK_STARTS_US INT64_C(900000000)

enum rule_task_state {
    RULE_TASK_ASKED,     /* somebody is asked whether it may */
    RULE_TASK_SCHEDULED, /* its window is not open yet */
    RULE_TASK_WAITING,   /* for limits or stages */
    RULE_TASK_RUNNING,
    RULE_TASK_SUCCEEDED,
    RULE_TASK_FAILED,
    RULE_TASK_DROPPED, /* refused, not answered, not started in time, or not required any more */
};
const char *rule_task_state_name(enum rule_task_state state);

struct rule_task {
    char id[24];
    size_t machine; /* the caller's number of it */
    enum rule_task_state state;
    struct rule_decision decision; /* a copy that lives as long as the world */
    struct rule_reference reference;
};

/* What the world asks of who has the alerts and machines. All return -1 with 'err'. */
struct rule_world_calls {
    void *context;
    /* 1: what the rule requires still holds; 0: it does not. */
    int (*may_start)(void *context, const struct rule_task *task, int64_t now_us,
                     struct error *err);
    /* It has succeeded or failed. */
    int (*finished)(void *context, const struct rule_task *task, int64_t now_us, struct error *err);
    /* 1: no more may be started; *ret is the ticket, of the caller's until the next call. */
    int (*halts)(void *context, const struct rule_task *task, const int64_t counts[4],
                 int64_t now_us, struct rule_opening *ret, struct error *err);
    /* How many machines have this text as the value of 'by'. */
    int (*machines)(void *context, const struct rule_task *task, const struct rule_expression *by,
                    const char *group, size_t *ret, struct error *err);
};
/* Places in 'counts' of halts(). */
enum rule_rollout_count {
    RULE_ROLLOUT_DONE,
    RULE_ROLLOUT_FAILED,
    RULE_ROLLOUT_RUNNING,
    RULE_ROLLOUT_TOTAL
};

/* NULL: out of memory. */
struct rule_world *rule_world_create(const struct rule_world_calls *calls, struct error *err);
void rule_world_destroy(struct rule_world *world);

/* A finding that acts. *ret_task is borrowed for as long as the world lives. */
int rule_world_act(struct rule_world *world, const struct rule_decision *decision, size_t machine,
                   const struct rule_reference *reference, int64_t now_us,
                   const struct rule_task **ret_task, struct error *err);
/* Only its ticket; no queue: nothing. */
int rule_world_open(struct rule_world *world, const struct rule_opening *opening, size_t machine,
                    int64_t now_us, struct error *err);
int rule_world_suppress(struct rule_world *world, size_t machine, int64_t now_us,
                        struct error *err);

/* Somebody answers the first task that asks this role; nobody is asked: nothing. */
int rule_world_answer(struct rule_world *world, bool yes, const char *by, const char *role,
                      int64_t now_us, struct error *err);
/* The machine's newest task is so from now on, and stays running until told otherwise. 0: it has
 * none. */
int rule_world_tell(struct rule_world *world, size_t machine, enum rule_task_state state,
                    int64_t now_us, struct error *err);

/* When something happens by itself; RULE_NEVER: nothing will. */
int64_t rule_world_next(const struct rule_world *world);
/* All that happens up to now. */
int rule_world_step(struct rule_world *world, int64_t now_us, struct error *err);

size_t rule_world_made(const struct rule_world *world, const struct rule_made **ret);
size_t rule_world_boots(const struct rule_world *world); /* tasks that were started so far */
size_t rule_world_tasks(const struct rule_world *world);
const struct rule_task *rule_world_task(const struct rule_world *world, size_t number);
