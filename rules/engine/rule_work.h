/* rule_work.h - one rule being worked through for one alert, step by step. A step looks at states,
 * and notes what is to change; the changes are made when all went well, so that a rule that fails
 * leaves nothing behind.
 * Steps return 1: go on; 0: it ends here, as the finding says; -1: 'err' is set.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/rule_decision.h"
#include "rules/engine/rule_finding.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"
#include "rules/engine/rule_states.h"

struct error;

#define RULE_CHANGES_MAX 8 /* hold, window and the key it displaces, dedup, throttle */

struct rule_change {
    struct rule_state_name name;
    const unsigned char *value; /* NULL: the state is dropped */
    size_t length;
    int64_t due_us;
};

struct rule_work {
    struct rule_moment *moment; /* borrowed, as all of these */
    struct rule_states *states;
    const struct rule_in_set *rule;
    struct rule_finding *finding;
    struct error *err;
    struct rule_change changes[RULE_CHANGES_MAX];
    size_t change_count;
};

/* Sets it up, and nothing of an earlier rule's steps stands in the moment. */
void rule_work_begin(struct rule_work *work, const struct rule_in_set *rule);
/* window.*: what stands there after the window, and putting it there again. */
void rule_work_keep_window(const struct rule_work *work,
                           struct cel_value ret_values[RULE_WINDOW_NAMES]);
void rule_work_set_window(struct rule_work *work, const struct cel_value values[RULE_WINDOW_NAMES]);

int step_suppress(struct rule_work *work);
int step_hold(struct rule_work *work);
int step_window(struct rule_work *work);
int step_dedup(struct rule_work *work);
int step_throttle(struct rule_work *work);
int step_require(struct rule_work *work);
/* What is remembered of an act; of its ticket only the first. 0 or -1. */
int step_dedup_remember(struct rule_work *work);
int step_throttle_remember(struct rule_work *work);
int step_hold_name(struct rule_work *work, struct rule_state_name *ret);
/* Of the first alert of a hold: its reference, and when it arrived. 1; 0: bytes that no hold has.
 */
int step_hold_reference(const struct rule_state *state, const unsigned char **ret,
                        size_t *ret_length, int64_t *ret_arrived_us);

/* The changes that were noted. 0 or -1. */
int rule_work_commit(struct rule_work *work);

/* ---- for steps ---- */

/* Both return 0. 'entry': which of a list, from 1; 0: there is no list. */
int rule_work_end(struct rule_work *work, enum rule_ending ending, int64_t until_us,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
int rule_work_fail(struct rule_work *work, const char *field, size_t entry,
                   const struct rule_expression *at, const char *why);

/* The value, unless it is an error. 1 or 0. */
int rule_work_value(struct rule_work *work, const char *field, size_t entry,
                    const struct rule_expression *expression, struct cel_value *ret);
int rule_work_holds(struct rule_work *work, const char *field, size_t entry,
                    const struct rule_expression *expression, bool *ret);
/* The state of this kind and key. 1, 0 or -1. */
int rule_work_name(struct rule_work *work, const char *field, size_t entry,
                   enum rule_state_kind kind, const struct rule_key *key,
                   struct rule_state_name *ret);
/* The value is copied. 0 or -1. */
int rule_work_put(struct rule_work *work, const struct rule_state_name *name, const void *value,
                  size_t length, int64_t due_us);
void rule_work_drop(struct rule_work *work, const struct rule_state_name *name);
