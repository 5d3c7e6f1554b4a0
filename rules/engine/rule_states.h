/* rule_states.h - what rules remember between alerts, in memory: from {rule, kind, key} to a few
 * bytes and the moment at which something is due. Tests and replay keep all states here; who
 * decides live loads those that an alert needs, and writes back what changed. Of one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct rule_states;

#define RULE_NEVER INT64_MAX
#define RULE_STATE_VALUE_MAX 5184 /* a window of 256 entries: 20 bytes each, and its head */

/* Kept with states: numbers never change their meaning. */
enum rule_state_kind {
    RULE_STATE_SUPPRESS = 1, /* an alert that suppresses came, this one: until it is due */
    RULE_STATE_HOLD,         /* since when the fault lasts; due: it has lasted */
    RULE_STATE_WINDOW,       /* what came; due: nothing of it counts any more */
    RULE_STATE_DEDUP,        /* the rule has acted: until it is due */
    RULE_STATE_THROTTLE,     /* when it acted; due: nothing of it counts any more */
    RULE_STATE_ABSENT,       /* something is expected; due: it did not come */
    RULE_STATE_KINDS,
};

struct rule_state_name {
    const char *rule; /* the document's id */
    int kind;         /* enum rule_state_kind */
    const void *key;  /* rule_state_key.h */
    size_t length;
};

struct rule_state {
    struct rule_state_name name;
    const unsigned char *value;
    size_t length;
    int64_t due_us; /* RULE_NEVER: at no time */
    bool gone;      /* was dropped; seen by rule_states_changed() alone */
};

/* 'tracked': what changes is remembered for rule_states_changed(). NULL: out of memory. */
struct rule_states *rule_states_create(bool tracked);
void rule_states_destroy(struct rule_states *states);
void rule_states_clear(struct rule_states *states); /* as if nothing was ever put */

/* Borrowed until the next put or drop. NULL: there is none. */
const struct rule_state *rule_states_find(const struct rule_states *states,
                                          const struct rule_state_name *name);
/* In place of what stood there; name and value are copied. */
int rule_states_put(struct rule_states *states, const struct rule_state_name *name,
                    const void *value, size_t length, int64_t due_us, struct error *err);
void rule_states_drop(struct rule_states *states, const struct rule_state_name *name);

/* The one with the earliest due, equals in the order of their names. NULL: none is due at 'now'. */
const struct rule_state *rule_states_due(const struct rule_states *states, int64_t now_us);
int64_t rule_states_next(const struct rule_states *states); /* RULE_NEVER: none is due ever */
/* It stays as it is, and rule_states_due() does not name it until it is put again. */
void rule_states_put_off(struct rule_states *states, const struct rule_state_name *name);
size_t rule_states_bytes(const struct rule_states *states); /* that names and values take */

/* Of one rule and kind: how many, and the one that was not put for the longest time (NULL: none).
 */
size_t rule_states_count(const struct rule_states *states, const char *rule, int kind);
const struct rule_state *rule_states_oldest(const struct rule_states *states, const char *rule,
                                            int kind);

/* ---- for who keeps them ---- */

typedef int rule_state_taker(void *context, const struct rule_state *state, struct error *err);
/* Each, of one rule and kind in the order in which they were put; -1: the taker's. It changes no
 * states. */
int rule_states_each(const struct rule_states *states, rule_state_taker *take, void *context,
                     struct error *err);
/* The same of those that were put or dropped since rule_states_kept(). */
int rule_states_changed(const struct rule_states *states, rule_state_taker *take, void *context,
                        struct error *err);
void rule_states_kept(struct rule_states *states);
