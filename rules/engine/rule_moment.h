/* rule_moment.h - one alert as the expressions of rules see it, at one moment: event.*, asset.*,
 * now and what the steps add to it. Texts are borrowed from the JSON it was filled with; the rest
 * lives until it is filled again. A rule's let is evaluated when something first names it, once.
 * Spec: docs/rule-language.md, "Names".
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_env.h"
#include "rules/cel/cel_value.h"
#include "rules/document/rule_document.h"

struct cel_arena;
struct cel_program;
struct error;

/* What the caller finds the alert by when it is asked for again: kept with states that come due. */
#define RULE_REFERENCE_MAX 64
struct rule_reference {
    size_t length;
    unsigned char bytes[RULE_REFERENCE_MAX];
};

struct rule_moment {
    int64_t now_us;
    int64_t time_us; /* event.time; not asked for, not given, or still to come: now */
    struct rule_reference reference;
    struct cel_arena *arena; /* of the alert's values and of expressions, which may use it up */
    struct cel_arena *own;   /* of what the engine notes: keys, words, decisions */
    const struct rule_document *rule; /* whose lets are in the slots; borrowed */
    uint32_t known;                   /* a bit each: the let was evaluated */
    struct cel_value slots[CEL_VARIABLES_MAX];
};
_Static_assert(RULE_LETS_MAX <= 32, "a bit for each let");

/* Every name of rule_names.h. */
#define RULE_ALL_NAMES UINT64_MAX

/* NULL: out of memory. */
struct rule_moment *rule_moment_create(void);
void rule_moment_destroy(struct rule_moment *moment);

/* Forgets what it was. 'event' holds the members of event.*, 'asset' those of asset.* (NULL: no
 * machine is known); both stay unchanged until it is filled again. A member of another type than
 * its name has is as if it were not given; a map that was not given is empty. 'names': bit n for
 * rule_names[n]; others need no value. -1: what is given takes more room than there is. */
int rule_moment_fill(struct rule_moment *moment, const json_t *event, const json_t *asset,
                     int64_t now_us, uint64_t names, struct error *err);
/* The same piece by piece, for who has values that never were JSON: forgets what it was; then slots
 * are set (enum rule_slot), or filled from JSON; then it is whole. */
void rule_moment_begin(struct rule_moment *moment, int64_t now_us);
int rule_moment_add(struct rule_moment *moment, const json_t *event, const json_t *asset,
                    uint64_t names, struct error *err);
void rule_moment_end(struct rule_moment *moment);
/* A name of rule_names.h, for what an alert does not say: window.sum, task.id. */
void rule_moment_set(struct rule_moment *moment, const char *name, struct cel_value value);

/* From here on vars.* are those of this rule. */
void rule_moment_enter(struct rule_moment *moment, const struct rule_document *rule);
/* CEL_ERROR: why there is none. */
struct cel_value rule_moment_value(struct rule_moment *moment,
                                   const struct rule_expression *expression);
/* The same of a program that names no vars.* */
struct cel_value rule_moment_run(struct rule_moment *moment, const struct cel_program *program);

/* Seconds and nanoseconds of a moment in microseconds; of a timestamp, back. */
struct cel_value rule_moment_timestamp(int64_t time_us);
int64_t rule_moment_us(struct cel_value timestamp);
