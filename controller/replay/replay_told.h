/* replay_told.h - a replay told to people: how often what was decided anew is what was decided
 * then, and where it is not, both. Of the armed rules every word and moment must be the same; of a
 * draft what came of it, and why.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct error;
struct replay_record;
struct replay_rule;
struct replay_told;
struct rule_finding;

/* Decided anew. */
struct replay_made {
    const struct replay_rule *rule;
    const struct rule_finding *finding;
    struct uuid alert;
    bool shadow, timer;
    int64_t at_us, document_version;
};

/* 'draft' NULL: the armed rules are replayed as they are. Borrowed. */
struct replay_told *replay_told_create(const struct replay_rule *draft, struct error *err);
void replay_told_destroy(struct replay_told *told);

/* One decision of both; NULL: it was, or is, not made. */
int replay_told_compare(struct replay_told *told, const struct replay_made *made,
                        const struct replay_record *record, struct error *err);

/* How often the draft, or all armed rules together, would act. */
int64_t replay_told_acts(const struct replay_told *told);
/* The caller's; NULL: out of memory. */
json_t *replay_told_summary(const struct replay_told *told, int64_t since_us, int64_t until_us,
                            int64_t alerts, struct error *err);
