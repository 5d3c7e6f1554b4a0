/* rule_replay.h - recorded alerts once more through rules: in their order, each at the moment at
 * which it was decided, and what comes due in between on the same clock. Tests, replay and the live
 * decision are one engine; here only who feeds it differs. No database, no server; what rules
 * remember is kept in memory, up to a bound. Spec: docs/rule-language.md, "Replay".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/rule_engine.h"

struct error;
struct rule_moment;
struct rule_replay;
struct rule_set;

#define RULE_REPLAY_STATES_MAX (256 * 1024 * 1024) /* bytes of what rules remember */
#define RULE_REPLAY_TASK_SIZE 64

/* Something that is due, and whose alert is to be looked up. */
struct rule_replay_due {
    const struct rule_state *state;
    const unsigned char *reference;
    size_t length;
    const char *task; /* whose end is waited for; "": none */
    int64_t now_us;
};

/* What a replay asks of who has the records. All return -1 with 'err'. */
struct rule_replay_calls {
    void *context;
    /* The alert that is being gone through; its machine. 0: it cannot be shown to rules. */
    int (*fill)(void *context, struct rule_moment *moment, struct error *err);
    /* The alert of the reference and its machine as of then; task.* where they are known.
     * *ret_ended: the task had ended before the state was due. */
    int (*recall)(void *context, const struct rule_replay_due *due, struct rule_moment *moment,
                  bool *ret_ended, struct error *err);
    /* When a state that is due was worked through; NULL: when it is due. */
    int64_t (*when)(void *context, const struct rule_state *state);
    /* 'due' NULL: of the alert. Of one that acts: the id of its task. */
    int (*found)(void *context, const struct rule_finding *finding,
                 const struct rule_replay_due *due, char ret_task[RULE_REPLAY_TASK_SIZE],
                 struct error *err);
    rule_act_question *can_act; /* NULL: all can */
};

/* 'set' is borrowed. NULL: out of memory. */
struct rule_replay *rule_replay_create(const struct rule_set *set,
                                       const struct rule_replay_calls *calls, struct error *err);
void rule_replay_destroy(struct rule_replay *replay);

/* What was due before 'now_us', then the alert, which is filled when any rule looks at its type.
 * ERROR_CONFLICT: rules remember more than fits. */
int rule_replay_alert(struct rule_replay *replay, const char *type, int64_t now_us,
                      struct error *err);
/* What is due up to then. */
int rule_replay_until(struct rule_replay *replay, int64_t until_us, struct error *err);
