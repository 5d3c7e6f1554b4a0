/* rule_world.c - see rule_world.h. Invariant: a task that is not over has a moment at which it is
 * looked at again, or waits for something that a person or another task does. Tasks are held
 * back in the order in which they were made.
 */
#include "rules/engine/rule_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/engine/rule_hours.h"
#include "rules/engine/rule_states.h"
#include "rules/engine/rule_world_inside.h"

#define WORLD_BYTES_MAX ((size_t)1 << 30)
#define PEOPLE_MAX 128 /* that answered for one task: 8 levels of 16 */

const char *rule_task_state_name(enum rule_task_state state)
{
    static const char *const names[] = {"asked",     "scheduled", "waiting", "running",
                                        "succeeded", "failed",    "dropped"};

    return names[state];
}

struct rule_world *rule_world_create(const struct rule_world_calls *calls, struct error *err)
{
    struct rule_world *world = calloc(1, sizeof(*world));

    if (!world || !(world->arena = cel_arena_create(WORLD_BYTES_MAX))) {
        free(world);
        error_no_memory(err);
        return NULL;
    }
    world->calls = *calls;
    return world;
}

void rule_world_destroy(struct rule_world *world)
{
    if (!world)
        return;
    cel_arena_destroy(world->arena);
    free(world->tasks);
    rule_made_clear(&world->made);
    free(world);
}

/* ---- the list ---- */

static int note(struct rule_world *world, const struct rule_made *made, struct error *err)
{
    return rule_made_add(&world->made, made, world->arena, err);
}

static int note_task(struct rule_world *world, const struct rule_world_task *task,
                     enum rule_test_act act, int64_t now_us, struct error *err)
{
    return note(
        world,
        &(struct rule_made){.at_us = now_us,
                            .act = act,
                            .task = &task->shown,
                            .machine = task->shown.machine,
                            .level = act == RULE_TEST_APPROVE ? (int64_t)task->level + 1 : 0},
        err);
}

int rule_world_open(struct rule_world *world, const struct rule_opening *opening, size_t machine,
                    int64_t now_us, struct error *err)
{
    if (!opening->queue)
        return 0;
    return note(
        world,
        &(struct rule_made){
            .at_us = now_us, .act = RULE_TEST_TICKET, .machine = machine, .opening = *opening},
        err);
}

int rule_world_suppress(struct rule_world *world, size_t machine, int64_t now_us, struct error *err)
{
    return note(world,
                &(struct rule_made){.at_us = now_us, .act = RULE_TEST_SUPPRESS, .machine = machine},
                err);
}

/* ---- one task, step by step ---- */

/* It does not go on: its ticket, if the rule has one. */
static int drop(struct rule_world *world, struct rule_world_task *task, bool ticket, int64_t now_us,
                struct error *err)
{
    task->shown.state = RULE_TASK_DROPPED;
    task->next_us = RULE_NEVER;
    if (task->rollout)
        task->rollout->counts[RULE_ROLLOUT_TOTAL]--;
    if (!ticket || !task->shown.decision.otherwise.queue)
        return 0;
    /* Of the task, so that the list shows what became of it. */
    return note(world,
                &(struct rule_made){.at_us = now_us,
                                    .act = RULE_TEST_TICKET,
                                    .task = &task->shown,
                                    .machine = task->shown.machine,
                                    .opening = task->shown.decision.otherwise},
                err);
}

/* The same for the same task at each run: FNV-1a of its number and machine, mixed. */
static int64_t spread_of(const struct rule_world_task *task, int64_t spread_us)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ task->number;

    hash = (hash ^ (uint64_t)task->shown.machine * UINT64_C(0x9e3779b97f4a7c15)) *
           UINT64_C(0x100000001b3);
    hash ^= hash >> 31;
    hash *= UINT64_C(0xbf58476d1ce4e5b9);
    hash ^= hash >> 29;
    return spread_us > 0 ? (int64_t)(hash % (uint64_t)spread_us) : 0;
}

/* From 'from_us' on: its next window, and its place in it. */
static int find_window(struct rule_world_task *task, int64_t from_us, struct error *err)
{
    const struct rule_schedule *schedule = &task->shown.decision.rule->schedule;
    int64_t open_us, room_us;
    int rc;

    task->shown.state = RULE_TASK_SCHEDULED;
    task->next_us = task->latest_us;
    task->close_us = RULE_NEVER;
    /* A calendar is never open in a test: what it says is not in the rule's file. */
    if (schedule->maintenance)
        return 0;
    rc = rule_hours_next(schedule->windows, schedule->count, task->shown.decision.zones, from_us,
                         &open_us, &task->close_us, err);
    if (rc <= 0)
        return rc;
    room_us = task->close_us - open_us;
    if (room_us > schedule->spread_ms * 1000)
        room_us = schedule->spread_ms * 1000;
    open_us += spread_of(task, room_us);
    task->next_us = open_us < task->latest_us ? open_us : task->latest_us;
    return 0;
}

static int schedule(struct rule_world *world, struct rule_world_task *task, int64_t now_us,
                    struct error *err)
{
    const struct rule_schedule *plan = &task->shown.decision.rule->schedule;

    task->close_us = RULE_NEVER;
    task->latest_us = now_us + (plan->latest_ms ? plan->latest_ms * 1000 : RULE_TASK_STARTS_US);
    if (!plan->maintenance && plan->count == 0) {
        task->shown.state = RULE_TASK_WAITING;
        task->next_us = now_us;
        return 0;
    }
    if (note_task(world, task, RULE_TEST_SCHEDULE, now_us, err) < 0)
        return -1;
    return find_window(task, now_us, err);
}

static int ask(struct rule_world *world, struct rule_world_task *task, int64_t now_us,
               struct error *err)
{
    const struct rule_approval *approval = &task->shown.decision.rule->approval;

    if (task->level == approval->count)
        return schedule(world, task, now_us, err);
    task->shown.state = RULE_TASK_ASKED;
    task->yes = 0;
    task->next_us = now_us + approval->levels[task->level].timeout_ms * 1000;
    return note_task(world, task, RULE_TEST_APPROVE, now_us, err);
}

/* ---- running ---- */

static int start(struct rule_world *world, struct rule_world_task *task, int64_t now_us,
                 struct error *err)
{
    int rc = world->calls.may_start(world->calls.context, &task->shown, now_us, err);

    if (rc <= 0)
        return rc < 0 ? -1 : drop(world, task, true, now_us, err);
    task->shown.state = RULE_TASK_RUNNING;
    task->next_us = now_us + RULE_TASK_RUNS_US;
    world->boots++;
    if (task->rollout) {
        task->rollout->counts[RULE_ROLLOUT_RUNNING]++;
        task->stage = task->rollout->stage;
    }
    return note_task(world, task, RULE_TEST_BOOT, now_us, err);
}

static int halt(struct rule_world *world, const struct rule_world_task *task, int64_t now_us,
                struct error *err)
{
    struct rule_rollout_run *rollout = task->rollout;
    struct rule_opening opening = {0};
    int rc;

    if (!rollout || rollout->halted)
        return 0;
    rc = world->calls.halts(world->calls.context, &task->shown, rollout->counts, now_us, &opening,
                            err);
    if (rc <= 0)
        return rc;
    rollout->halted = true;
    if (note(world,
             &(struct rule_made){
                 .at_us = now_us, .act = RULE_TEST_HALT, .machine = task->shown.machine},
             err) < 0)
        return -1;
    return rule_world_open(world, &opening, task->shown.machine, now_us, err);
}

static int end(struct rule_world *world, struct rule_world_task *task, enum rule_task_state state,
               int64_t now_us, struct error *err)
{
    task->shown.state = state;
    task->next_us = RULE_NEVER;
    world->moved = true;
    if (task->rollout) {
        task->rollout->counts[RULE_ROLLOUT_RUNNING]--;
        task->rollout
            ->counts[state == RULE_TASK_FAILED ? RULE_ROLLOUT_FAILED : RULE_ROLLOUT_DONE]++;
        task->rollout->ended_us = now_us;
    }
    if (world->calls.finished(world->calls.context, &task->shown, now_us, err) < 0)
        return -1;
    return halt(world, task, now_us, err);
}

static int try_to_start(struct rule_world *world, struct rule_world_task *task, int64_t now_us,
                        struct error *err)
{
    int64_t again_us = RULE_NEVER;
    int rc;

    if (now_us >= task->close_us) /* held back until its window closed */
        return find_window(task, now_us, err);
    rc = rule_room_of_limits(world, task, err);
    if (rc > 0)
        rc = rule_room_of_stage(world, task, now_us, &again_us, err);
    if (rc < 0)
        return -1;
    if (rc > 0)
        return start(world, task, now_us, err);
    task->shown.state = RULE_TASK_WAITING;
    task->next_us = task->close_us < task->latest_us ? task->close_us : task->latest_us;
    if (again_us < task->next_us)
        task->next_us = again_us;
    return 0;
}

static int go_on(struct rule_world *world, struct rule_world_task *task, int64_t now_us,
                 struct error *err)
{
    const struct rule_approval *approval = &task->shown.decision.rule->approval;

    switch (task->shown.state) {
    case RULE_TASK_ASKED:
        return drop(world, task, approval->on_timeout == RULE_TIMEOUT_ELSE, now_us, err);
    case RULE_TASK_SCHEDULED:
    case RULE_TASK_WAITING:
        if (now_us >= task->latest_us)
            return drop(world, task, true, now_us, err);
        return try_to_start(world, task, now_us, err);
    case RULE_TASK_RUNNING:
        return end(world, task, RULE_TASK_SUCCEEDED, now_us, err);
    default:
        task->next_us = RULE_NEVER;
        return 0;
    }
}

/* ---- from outside ---- */

static struct rule_world_task *make_task(struct rule_world *world,
                                         const struct rule_decision *decision)
{
    size_t room = world->room ? world->room * 2 : 64;
    struct rule_world_task **tasks, *task;

    if (world->count == world->room) {
        if (!(tasks = realloc(world->tasks, room * sizeof(*tasks))))
            return NULL;
        world->tasks = tasks;
        world->room = room;
    }
    if (!(task = cel_arena_take(world->arena, sizeof(*task))))
        return NULL;
    task->shown.decision = *decision;
    if (rule_decision_keep(&task->shown.decision, world->arena) < 0 ||
        (decision->rollout &&
         !(task->rollout = rule_room_join(world, task->shown.decision.rollout))))
        return NULL;
    task->number = world->count;
    snprintf(task->shown.id, sizeof(task->shown.id), "t%zu", world->count + 1);
    world->tasks[world->count++] = task;
    return task;
}

int rule_world_act(struct rule_world *world, const struct rule_decision *decision, size_t machine,
                   const struct rule_reference *reference, int64_t now_us,
                   const struct rule_task **ret_task, struct error *err)
{
    struct rule_world_task *task = make_task(world, decision);

    if (!task)
        return error_no_memory(err);
    task->shown.machine = machine;
    task->shown.reference = *reference;
    task->latest_us = RULE_NEVER;
    task->close_us = RULE_NEVER;
    *ret_task = &task->shown;
    return ask(world, task, now_us, err);
}

static bool may_answer(const struct rule_world_task *task, const char *by)
{
    if (!task->shown.decision.rule->approval.distinct_people)
        return task->people_count < PEOPLE_MAX;
    for (size_t i = 0; i < task->people_count; i++)
        if (strcmp(task->people[i], by) == 0)
            return false;
    return task->people_count < PEOPLE_MAX;
}

static int answer_task(struct rule_world *world, struct rule_world_task *task, bool yes,
                       const char *by, int64_t now_us, struct error *err)
{
    const struct rule_level *level = &task->shown.decision.rule->approval.levels[task->level];

    if (!yes)
        return drop(world, task, true, now_us, err);
    if (!may_answer(task, by))
        return 0;
    if (!task->people &&
        !(task->people = cel_arena_take(world->arena, PEOPLE_MAX * sizeof(const char *))))
        return error_no_memory(err);
    if (!(task->people[task->people_count++] = cel_arena_copy(world->arena, by, strlen(by))))
        return error_no_memory(err);
    if ((int64_t)++task->yes < level->count)
        return 0;
    task->level++;
    return ask(world, task, now_us, err);
}

int rule_world_answer(struct rule_world *world, bool yes, const char *by, const char *role,
                      int64_t now_us, struct error *err)
{
    for (size_t i = 0; i < world->count; i++) {
        struct rule_world_task *task = world->tasks[i];

        if (task->shown.state == RULE_TASK_ASKED &&
            strcmp(task->shown.decision.rule->approval.levels[task->level].role, role) == 0)
            return answer_task(world, task, yes, by, now_us, err);
    }
    return 0;
}

int rule_world_tell(struct rule_world *world, size_t machine, enum rule_task_state state,
                    int64_t now_us, struct error *err)
{
    struct rule_world_task *task = NULL;

    for (size_t i = world->count; i-- > 0 && !task;)
        if (world->tasks[i]->shown.machine == machine)
            task = world->tasks[i];
    if (!task)
        return 0;
    if (task->shown.state != RULE_TASK_RUNNING && task->shown.state < RULE_TASK_RUNNING &&
        start(world, task, now_us, err) < 0)
        return -1;
    if (task->shown.state == RULE_TASK_RUNNING && state == RULE_TASK_RUNNING)
        task->next_us = RULE_NEVER;
    else if (task->shown.state == RULE_TASK_RUNNING && end(world, task, state, now_us, err) < 0)
        return -1;
    return 1;
}

int64_t rule_world_next(const struct rule_world *world)
{
    int64_t next_us = RULE_NEVER;

    for (size_t i = 0; i < world->count; i++)
        if (world->tasks[i]->next_us < next_us)
            next_us = world->tasks[i]->next_us;
    return next_us;
}

int rule_world_step(struct rule_world *world, int64_t now_us, struct error *err)
{
    /* Those that end make room for those that wait. */
    for (size_t i = 0; i < world->count; i++)
        if (world->tasks[i]->shown.state == RULE_TASK_RUNNING &&
            world->tasks[i]->next_us <= now_us && go_on(world, world->tasks[i], now_us, err) < 0)
            return -1;
    for (size_t i = 0; i < world->count; i++) {
        struct rule_world_task *task = world->tasks[i];
        bool held_back = world->moved && task->shown.state == RULE_TASK_WAITING;

        while (task->next_us <= now_us || held_back) {
            int64_t before_us = task->next_us;
            enum rule_task_state state = task->shown.state;

            held_back = false;
            if (go_on(world, task, now_us, err) < 0)
                return -1;
            if (task->next_us == before_us && task->shown.state == state)
                break;
        }
    }
    world->moved = false;
    return 0;
}

size_t rule_world_made(const struct rule_world *world, const struct rule_made **ret)
{
    *ret = world->made.lines;
    return world->made.count;
}

size_t rule_world_boots(const struct rule_world *world)
{
    return world->boots;
}

size_t rule_world_tasks(const struct rule_world *world)
{
    return world->count;
}

const struct rule_task *rule_world_task(const struct rule_world *world, size_t number)
{
    return &world->tasks[number]->shown;
}
