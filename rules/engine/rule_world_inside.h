/* rule_world_inside.h - what the files of the world share: rule_world.c leads tasks from state to
 * state, rule_room.c says whether limits and stages have room for one more.
 */
#pragma once

#include "rules/engine/rule_world.h"

struct cel_arena;
struct rule_group;

/* The machines of one value of a rollout's key. */
struct rule_rollout_run {
    struct rule_rollout_run *next;
    const struct rule_state_key *key;
    size_t stage;
    int64_t counts[4];
    int64_t ended_us; /* the last of them; RULE_NEVER: none yet */
    bool halted;
};

struct rule_world_task {
    struct rule_task shown;
    size_t number;
    struct rule_rollout_run *rollout; /* NULL: none */
    size_t stage;                     /* of the rollout, that it was started in */
    size_t level, yes;
    const char **people; /* that said yes; NULL: none yet */
    size_t people_count;
    int64_t next_us;   /* looked at again */
    int64_t close_us;  /* of its window; RULE_NEVER */
    int64_t latest_us; /* must be started by then */
};

struct rule_world {
    struct rule_world_calls calls;
    struct cel_arena *arena;
    struct rule_world_task **tasks;
    size_t count, room;
    struct rule_made_list made;
    struct rule_rollout_run *rollouts;
    size_t boots;
    bool moved;                /* something ended: those that wait are looked at again */
    struct rule_group *groups; /* rule_room.c's */
};

/* ---- rule_room.c ---- */

/* The rollout of this key, with one machine more. NULL: no room. */
struct rule_rollout_run *rule_room_join(struct rule_world *world, const struct rule_state_key *key);
/* 1: one more may run; 0: not now; -1: 'err'. */
int rule_room_of_limits(struct rule_world *world, const struct rule_world_task *task,
                        struct error *err);
/* The same of its rollout, which goes on to its next stage by this; 0: *ret_us says when it is to
 * be asked again, RULE_NEVER for when something ends. */
int rule_room_of_stage(struct rule_world *world, struct rule_world_task *task, int64_t now_us,
                       int64_t *ret_us, struct error *err);
