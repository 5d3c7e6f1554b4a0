/* rule_life.h - the life of a rule: draft, shadow, active, deprecated. Each step names a version
 * and says who takes it and why, under the rule book's exclusive lock: behind its commit no alert
 * is decided by, and no task is leased of, what is not armed any more. Spec: docs/rule-language.md,
 * "The life of a rule".
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;

enum rule_act {
    RULE_ARM,    /* the version decides; it is in shadow no more */
    RULE_DISARM, /* no version decides or is in shadow */
    RULE_SHADOW, /* the version goes through all of it and does nothing, beside what decides */
    RULE_UNSHADOW,
    RULE_DEPRECATE, /* as disarmed, and not armed again until there is a new version */
};

struct rule_step {
    struct uuid tenant;
    const char *name;
    enum rule_act act;
    int64_t version;   /* of ARM and SHADOW; 0: the newest */
    bool waive_replay; /* of ARM */
    json_t *warnings;  /* of ARM: rule_armed.h; borrowed, NULL: not asked */
    const char *who, *reason;
};

enum rule_stepped {
    RULE_STEP_FAILED = -1,
    RULE_STEPPED,
    RULE_STEPPED_BEFORE, /* it was so already */
    RULE_NOT_THERE,
    RULE_NO_VERSION,  /* it never was pushed */
    RULE_NOT_ARMABLE, /* 'err' says what of it this version of Muster does not carry out */
    RULE_IS_DEPRECATED,
    RULE_NOT_REPLAYED, /* 'err' says when it was, if it was */
};

/* Inside a transaction of the tenant. ARM asks for a replay of the version's very text that is not
 * older than a day. *ret_version: the one that it was about, where there is one. */
enum rule_stepped rule_life_step(struct db *db, const struct rule_step *step, int64_t *ret_version,
                                 struct error *err);
