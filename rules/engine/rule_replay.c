/* rule_replay.c - see rule_replay.h. Invariant: a state is in the heap of the states, or stands in
 * 'late' with the moment at which it was worked through; both are gone through in the order of
 * time, and before the alert that comes then.
 */
#include "rules/engine/rule_replay.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_value.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"
#include "rules/engine/rule_state_key.h"

/* A state that was due before it was worked through. */
struct late {
    int64_t when_us, due_us;
    struct rule_state_name name; /* owns its key; the rule's name is the set's */
};

struct rule_replay {
    const struct rule_set *set;
    struct rule_replay_calls calls;
    struct rule_states *states;
    struct rule_engine *engine;
    struct rule_moment *moment;
    const char **types; /* in their order; borrowed */
    size_t type_count;
    struct late *late; /* the next one last */
    size_t late_count, late_room;
};

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The types that are in a scope. */
static int list_types(struct rule_replay *replay)
{
    size_t count = 0;

    for (uint32_t i = 0; i < rule_set_count(replay->set); i++)
        count += rule_set_at(replay->set, i)->document->scope[RULE_TYPE].count;
    replay->types = calloc(count + 1, sizeof(*replay->types));
    if (!replay->types)
        return -1;
    for (uint32_t i = 0; i < rule_set_count(replay->set); i++) {
        const struct rule_strings *types = &rule_set_at(replay->set, i)->document->scope[RULE_TYPE];

        for (size_t n = 0; n < types->count; n++)
            replay->types[replay->type_count++] = types->items[n];
    }
    qsort(replay->types, replay->type_count, sizeof(*replay->types), by_text);
    return 0;
}

struct rule_replay *rule_replay_create(const struct rule_set *set,
                                       const struct rule_replay_calls *calls, struct error *err)
{
    struct rule_replay *replay = calloc(1, sizeof(*replay));

    if (!replay)
        goto nomem;
    replay->set = set;
    replay->calls = *calls;
    replay->states = rule_states_create(false);
    replay->moment = rule_moment_create();
    if (!replay->states || !replay->moment || list_types(replay) < 0 ||
        !(replay->engine = rule_engine_create(set, replay->states, err)))
        goto nomem;
    rule_engine_ask(replay->engine, calls->can_act, calls->context);
    return replay;
nomem:
    rule_replay_destroy(replay);
    error_no_memory(err);
    return NULL;
}

void rule_replay_destroy(struct rule_replay *replay)
{
    if (!replay)
        return;
    for (size_t i = 0; i < replay->late_count; i++)
        free((void *)replay->late[i].name.key);
    free(replay->late);
    free((void *)replay->types);
    rule_engine_destroy(replay->engine);
    rule_moment_destroy(replay->moment);
    rule_states_destroy(replay->states);
    free(replay);
}

/* ---- findings ---- */

static int tell(struct rule_replay *replay, const struct rule_finding *finding,
                const struct rule_replay_due *due, struct error *err)
{
    char task[RULE_REPLAY_TASK_SIZE] = "";
    struct rule_finding failed; /* an expectation without a key: the finding stays what it is */
    const struct rule_document *document = rule_set_at(replay->set, finding->rule)->document;

    if (replay->calls.found(replay->calls.context, finding, due, task, err) < 0)
        return -1;
    if (finding->ending != RULE_ACTS)
        return 0;
    rule_moment_set(replay->moment, "task.id", cel_string(task, strlen(task)));
    rule_moment_set(replay->moment, "task.state", cel_string("queued", 6));
    rule_moment_set(replay->moment, "task.image",
                    cel_string(document->boot.image, strlen(document->boot.image)));
    return rule_engine_acted(replay->engine, finding->rule, task, replay->moment, &failed, err) < 0
               ? -1
               : 0;
}

/* ---- what is due ---- */

/* A state that refers to an alert. */
static int carry_on(struct rule_replay *replay, struct rule_replay_due *due, struct error *err)
{
    struct rule_finding finding;
    bool ended = false;
    int rc;

    rule_moment_begin(replay->moment, due->now_us);
    if (replay->calls.recall(replay->calls.context, due, replay->moment, &ended, err) < 0)
        return -1;
    if (ended && rule_engine_came(replay->engine, due->state))
        return 0;
    rc = rule_engine_due(replay->engine, due->state, replay->moment, &finding, err);
    return rc > 0 ? tell(replay, &finding, due, err) : rc;
}

static int work_through(struct rule_replay *replay, const struct rule_state *state, int64_t now_us,
                        struct error *err)
{
    unsigned char value[RULE_STATE_VALUE_MAX], key[RULE_STATE_KEY_MAX];
    struct rule_replay_due due = {.now_us = now_us};
    struct rule_state copy = *state;

    /* It goes while it is looked at. */
    memcpy(value, state->value, state->length);
    memcpy(key, state->name.key, state->name.length);
    copy.value = value;
    copy.name.key = key;
    copy.name.rule =
        rule_set_at(replay->set, (uint32_t)rule_set_find(replay->set, state->name.rule))->name;
    due.state = &copy;
    if (!rule_engine_reference(&copy, &due.reference, &due.length, &due.task))
        return error_set(err, "a state of rule %s refers to no alert", copy.name.rule);
    return carry_on(replay, &due, err);
}

static int put_off(struct rule_replay *replay, const struct rule_state *state, int64_t when_us,
                   struct error *err)
{
    struct late late = {.when_us = when_us, .due_us = state->due_us, .name = state->name};
    unsigned char *key = malloc(state->name.length + 1);
    size_t at;

    if (key && replay->late_count == replay->late_room) {
        size_t room = replay->late_room ? 2 * replay->late_room : 16;
        struct late *grown = realloc(replay->late, room * sizeof(*grown));

        if (grown) {
            replay->late = grown;
            replay->late_room = room;
        } else {
            free(key);
            key = NULL;
        }
    }
    if (!key)
        return error_no_memory(err);
    memcpy(key, state->name.key, state->name.length);
    late.name.key = key;
    late.name.rule =
        rule_set_at(replay->set, (uint32_t)rule_set_find(replay->set, state->name.rule))->name;
    rule_states_put_off(replay->states, &state->name);
    for (at = replay->late_count++; at > 0 && replay->late[at - 1].when_us <= when_us; at--)
        replay->late[at] = replay->late[at - 1];
    replay->late[at] = late;
    return 0;
}

static int take_late(struct rule_replay *replay, struct error *err)
{
    struct late late = replay->late[--replay->late_count];
    const struct rule_state *state = rule_states_find(replay->states, &late.name);
    int rc = 0;

    if (state && state->due_us == late.due_us)
        rc = work_through(replay, state, late.when_us, err);
    free((void *)late.name.key);
    return rc;
}

/* One that only ends goes; one that is carried out may have been so later than it was due. */
static int take_due(struct rule_replay *replay, const struct rule_state *state, struct error *err)
{
    int64_t when_us = state->due_us;
    int kind = state->name.kind;

    if (rule_set_find(replay->set, state->name.rule) < 0 ||
        (kind != RULE_STATE_HOLD && kind != RULE_STATE_ABSENT)) {
        const struct rule_state_name name = state->name;

        rule_states_drop(replay->states, &name);
        return 0;
    }
    if (replay->calls.when)
        when_us = replay->calls.when(replay->calls.context, state);
    return when_us > state->due_us ? put_off(replay, state, when_us, err)
                                   : work_through(replay, state, state->due_us, err);
}

int rule_replay_until(struct rule_replay *replay, int64_t until_us, struct error *err)
{
    for (;;) {
        const struct rule_state *state = rule_states_due(replay->states, until_us);
        const struct late *late =
            replay->late_count && replay->late[replay->late_count - 1].when_us <= until_us
                ? &replay->late[replay->late_count - 1]
                : NULL;

        if (!state && !late)
            return 0;
        if (late && (!state || late->when_us <= state->due_us) ? take_late(replay, err) < 0
                                                               : take_due(replay, state, err) < 0)
            return -1;
    }
}

/* ---- alerts ---- */

static bool concerns(const struct rule_replay *replay, const char *type)
{
    const struct rule_noting *notes;

    return bsearch(&type, replay->types, replay->type_count, sizeof(*replay->types), by_text) ||
           rule_set_notes(replay->set, type, strlen(type), &notes) > 0;
}

int rule_replay_alert(struct rule_replay *replay, const char *type, int64_t now_us,
                      struct error *err)
{
    const struct rule_finding *findings;
    size_t count;
    int rc;

    if (rule_replay_until(replay, now_us, err) < 0)
        return -1;
    if (!concerns(replay, type))
        return 0;
    rule_moment_begin(replay->moment, now_us);
    if ((rc = replay->calls.fill(replay->calls.context, replay->moment, err)) <= 0)
        return rc;
    if (rule_engine_alert(replay->engine, replay->moment, &findings, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (tell(replay, &findings[i], NULL, err) < 0)
            return -1;
    if (rule_states_bytes(replay->states) > RULE_REPLAY_STATES_MAX)
        return error_set_code(err, ERROR_CONFLICT,
                              "the rules remember more than %d MiB: replay a shorter time",
                              RULE_REPLAY_STATES_MAX / (1024 * 1024));
    return 0;
}
