/* rule_room.c - whether there is room for one more task: under the limits of its rule, and in the
 * stage that its rollout is in. Groups of limits and stages are machines with one value.
 * See rule_world_inside.h.
 */
#include <math.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/engine/rule_states.h"
#include "rules/engine/rule_world_inside.h"

/* How many machines one value of an expression has. */
struct rule_group {
    struct rule_group *next;
    const struct rule_expression *by;
    const char *name;
    size_t machines;
};

static int group_size(struct rule_world *world, const struct rule_world_task *task,
                      const struct rule_expression *by, const char *name, size_t *ret,
                      struct error *err)
{
    struct rule_group *group = world->groups;

    while (group && (group->by != by || strcmp(group->name, name) != 0))
        group = group->next;
    if (!group) {
        if (!(group = cel_arena_take(world->arena, sizeof(*group))))
            return error_no_memory(err);
        if (world->calls.machines(world->calls.context, &task->shown, by, name, &group->machines,
                                  err) < 0)
            return -1;
        group->by = by;
        group->name = cel_arena_copy(world->arena, name, strlen(name));
        if (!group->name)
            return error_no_memory(err);
        group->next = world->groups;
        world->groups = group;
    }
    *ret = group->machines;
    return 0;
}

/* Of a stage, at least one. */
static int64_t percent_of(double percent, size_t machines)
{
    int64_t part = (int64_t)floor(percent * (double)machines / 100.0 + 1e-9);

    return part < 1 ? 1 : part;
}

int rule_room_of_limits(struct rule_world *world, const struct rule_world_task *task,
                        struct error *err)
{
    const struct rule_document *rule = task->shown.decision.rule;

    for (size_t i = 0; i < rule->limit_count; i++) {
        const struct rule_limit *limit = &rule->limits[i];
        int64_t most, running = 0;
        size_t machines = 0;

        if (limit->max_percent > 0 &&
            group_size(world, task, &limit->by, task->shown.decision.limits[i], &machines, err) < 0)
            return -1;
        most = rule_limit_most(limit, machines);
        for (size_t n = 0; n < world->count; n++)
            running += world->tasks[n]->shown.state == RULE_TASK_RUNNING &&
                       strcmp(world->tasks[n]->shown.decision.limits[i],
                              task->shown.decision.limits[i]) == 0;
        if (running >= most)
            return 0;
    }
    return 1;
}

static bool same_group(const struct rule_world_task *a, const struct rule_world_task *b,
                       size_t stage)
{
    return a->rollout == b->rollout &&
           strcmp(a->shown.decision.stages[stage], b->shown.decision.stages[stage]) == 0;
}

/* In the last stage those that run, before that all that were started in it. */
static int64_t in_stage(const struct rule_world *world, const struct rule_world_task *task,
                        bool last)
{
    size_t stage = task->rollout->stage;
    int64_t count = 0;

    for (size_t i = 0; i < world->count; i++) {
        const struct rule_world_task *other = world->tasks[i];

        if (same_group(other, task, stage) && other->stage == stage)
            count += last ? other->shown.state == RULE_TASK_RUNNING
                          : other->shown.state >= RULE_TASK_RUNNING &&
                                other->shown.state <= RULE_TASK_FAILED;
    }
    return count;
}

/* The stage is full: when all of it has ended and the time of soaking is over, the next begins. 1:
 * it has; 0: *ret_us says when, RULE_NEVER for when something ends. */
static int next_stage(struct rule_rollout_run *rollout, const struct rule_rollout *plan,
                      int64_t now_us, int64_t *ret_us)
{
    *ret_us = RULE_NEVER;
    if (rollout->counts[RULE_ROLLOUT_RUNNING] > 0 || rollout->ended_us == RULE_NEVER)
        return 0;
    *ret_us = rollout->ended_us + plan->stages[rollout->stage].soak_ms * 1000;
    if (*ret_us > now_us)
        return 0;
    rollout->stage++;
    return 1;
}

int rule_room_of_stage(struct rule_world *world, struct rule_world_task *task, int64_t now_us,
                       int64_t *ret_us, struct error *err)
{
    struct rule_rollout_run *rollout = task->rollout;
    const struct rule_rollout *plan = &task->shown.decision.rule->rollout;

    if (!rollout || rollout->halted)
        return !rollout;
    for (;;) {
        const struct rule_stage *stage = &plan->stages[rollout->stage];
        bool last = rollout->stage + 1 == plan->count;
        int64_t most = stage->max;
        size_t machines;

        if (stage->max_percent > 0) {
            if (group_size(world, task, &stage->of, task->shown.decision.stages[rollout->stage],
                           &machines, err) < 0)
                return -1;
            most = percent_of(stage->max_percent, machines);
        }
        if (in_stage(world, task, last) < most)
            return 1;
        if (last || !next_stage(rollout, plan, now_us, ret_us))
            return 0;
    }
}

struct rule_rollout_run *rule_room_join(struct rule_world *world, const struct rule_state_key *key)
{
    struct rule_rollout_run *rollout = world->rollouts;

    while (rollout && (rollout->key->length != key->length ||
                       memcmp(rollout->key->bytes, key->bytes, key->length) != 0))
        rollout = rollout->next;
    if (!rollout) {
        if (!(rollout = cel_arena_take(world->arena, sizeof(*rollout))))
            return NULL;
        *rollout =
            (struct rule_rollout_run){.next = world->rollouts, .key = key, .ended_us = RULE_NEVER};
        world->rollouts = rollout;
    }
    rollout->counts[RULE_ROLLOUT_TOTAL]++;
    return rollout;
}
