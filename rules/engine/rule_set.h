/* rule_set.h - the rules that decide on one tenant's alerts, in their order: immutable once it is
 * made, read by any number of threads. Its index passes over thousands of rules without touching
 * them: by the event's type, then by one text that each rule wants somewhere - of its scope or
 * lifted out of its match (rule_lift.h) - the one that fewest other rules want.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_value.h"
#include "rules/document/rule_document.h"

struct error;
struct rule_moment;
struct rule_set;

struct rule_member {
    struct rule_document *document;
    bool shadow;    /* is worked through by itself, and makes nothing but its finding */
    const void *of; /* the caller's, borrowed */
};

/* An attribute that is restricted; rules that restrict it to the same texts share it. */
struct rule_wanted {
    struct rule_wanted *next; /* of the set's */
    int slot;
    size_t count;
    struct cel_value texts[];
};

/* In a set: its number is its place in the order of acting, priority first, then id. */
struct rule_in_set {
    const struct rule_document *document;
    const char *name; /* of its states: the id; of a shadow "id~shadow" */
    bool shadow;
    bool lets; /* it has some */
    uint8_t wanted_count;
    const struct rule_wanted *wanted[RULE_ATTRIBUTES]; /* without the type: the index is by type */
    const struct cel_program *match;                   /* NULL: always */
    const void *of;
};

/* Takes the documents over, also when it fails. NULL: out of memory. */
struct rule_set *rule_set_create(const struct rule_member *members, size_t count,
                                 struct error *err);
void rule_set_destroy(struct rule_set *set);

size_t rule_set_count(const struct rule_set *set);
const struct rule_in_set *rule_set_at(const struct rule_set *set, uint32_t rule);
/* The rule whose states have this name; -1: it is not in the set. */
int64_t rule_set_find(const struct rule_set *set, const char *name);
/* What rule_moment_fill() needs to know for these rules. */
uint64_t rule_set_names(const struct rule_set *set);

/* All rules that this alert can be for, in their order, and few others: into 'ret', which has room
 * for rule_set_count(). Scope and match are still to be asked. */
size_t rule_set_candidates(const struct rule_set *set, const struct rule_moment *moment,
                           uint32_t *ret);

/* ---- alerts that rules take note of though they are in no scope ---- */

enum rule_note {
    RULE_NOTE_SUPPRESS, /* 'entry' of its suppress names this type */
    RULE_NOTE_ABSENT,   /* 'entry' of its absent expects it */
    RULE_NOTE_HOLD,     /* it holds alerts of this type: one that is resolved releases */
};

struct rule_noting {
    uint32_t rule;
    enum rule_note note;
    size_t entry;
};
/* By type ("task.finished" is one), in the order of the rules; borrowed. */
size_t rule_set_notes(const struct rule_set *set, const char *type, size_t length,
                      const struct rule_noting **ret);
