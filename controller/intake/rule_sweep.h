/* rule_sweep.h - takes away what rules remembered and will not look at again: windows, and what
 * keeps a rule from acting for a while, once they are over. Spec: docs/rule-language.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "rules/engine/rule_state_key.h"

struct db;
struct error;

/* Where a round over all tenants stands; zeroed: before one. */
struct rule_sweep {
    struct uuid tenant; /* this one, or behind it */
    bool in_tenant;
    /* The last state that was looked at. */
    char rule[80]; /* an id, "~shadow" behind it */
    int64_t kind;
    unsigned char key[RULE_STATE_KEY_MAX];
    size_t key_length;
};

/* Some pages of the round, a transaction each, so that whoever calls is soon free for what is due.
 * 1: there are more. 0: the round is over. -1: with 'err'; the next call goes on with the next
 * tenant. */
int rule_sweep_on(struct rule_sweep *sweep, struct db *db, int64_t now_us, struct error *err);
