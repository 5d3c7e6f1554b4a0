/* replay_rules.h - the rules of a replay: those that are armed and in shadow, as they are; or a
 * draft in place of the armed rule of its name, beside all that are armed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct error;
struct replay_request;
struct replay_rules;
struct rule_set;

/* What a rule of the set is of. */
struct replay_rule {
    char *name;
    int64_t version;
    bool draft;
};

/* In the caller's transaction. NULL with 'err'; ERROR_INVALID: the request's text is no rule. */
struct replay_rules *replay_rules_create(struct db *db, const struct replay_request *request,
                                         struct error *err);
void replay_rules_destroy(struct replay_rules *rules);

/* All borrowed. */
const struct rule_set *replay_rules_set(const struct replay_rules *rules);
const struct replay_rule *replay_rules_draft(const struct replay_rules *rules); /* NULL: none */
/* The types of alerts that any of them looks at. */
const char *const *replay_rules_types(const struct replay_rules *rules, size_t *ret_count);
