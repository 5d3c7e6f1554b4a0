/* alert_moment.h - an alert and its machine as the expressions of rules see them, without JSON
 * where no rule asks for more than plain words. Intake, timers and replay fill moments here, so
 * that they see the same. Spec: docs/rule-language.md, "Names".
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/ids.h"

struct error;
struct machine_found;
struct rule_moment;

/* All borrowed, and unchanged until the moment is filled again; NULL: not given. */
struct alert_words {
    struct uuid alert; /* what the moment's reference finds it by */
    const char *id, *source, *type, *status, *severity;
    int64_t time_us;           /* INT64_MIN: not given */
    const json_t *event, *raw; /* needed when alert_moment_needs_*() says so */
    const struct machine_found *machine;
    const json_t *asset;
};

/* 'names': rule_set_names(). */
bool alert_moment_needs_event(uint64_t names);
bool alert_moment_needs_raw(uint64_t names);
bool alert_moment_needs_asset(uint64_t names);

/* The members of the event, JSON, that are read for these names. */
#define ALERT_MOMENT_MEMBERS_MAX 16
size_t alert_moment_members(uint64_t names, const char *ret[ALERT_MOMENT_MEMBERS_MAX]);

/* -1: what is given takes more room than there is (ERROR_INVALID). */
int alert_moment_fill(struct rule_moment *moment, const struct alert_words *words, int64_t now_us,
                      uint64_t names, struct error *err);

/* The alert that a state's reference names. -1: it names none. */
int alert_moment_reference(const unsigned char *bytes, size_t length, struct uuid *ret);
