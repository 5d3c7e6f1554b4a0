/* rule_names.h - the names that the expressions of a rule may use: one table, from which the
 * environment, its slots, the checks of test data and the documentation come. Spec:
 * docs/rule-language.md, "Names".
 */
#pragma once

#include <stddef.h>

struct cel_env;
struct error;

/* What a name belongs to, and in sets: what may be named at a place. */
enum rule_names_of {
    RULE_OF_EVENT = 1,   /* event.*, asset.*, now, vars.* */
    RULE_OF_WINDOW = 2,  /* window.*: in window.when, and behind the window */
    RULE_OF_ROLLOUT = 4, /* rollout.*: halt_when, on_halt */
    RULE_OF_TASK = 8,    /* task.*: absent */
    RULE_OF_TEST = 16,   /* tasks, now: a test's always */
};

struct rule_name {
    const char *name, *type, *words; /* the type in the notation of cel_type.h */
    unsigned of;                     /* any of these */
};
extern const struct rule_name rule_names[];
extern const size_t rule_name_count;

/* The names of one kind of document: slot i of its environments is names[i], those of vars.* stand
 * behind them. */
struct rule_vocabulary {
    const char *what; /* "a rule" */
    const struct rule_name *names;
    size_t count;
    unsigned lets;                           /* what vars.* belong to */
    const char *(*wrong_place)(unsigned of); /* "is known ... only": behind the name */
};
extern const struct rule_vocabulary rule_words; /* rule_names */

/* The whole table: the slot of rule_names[i] is i, in every rule. Made once, shared by all rules
 * and kept. NULL with 'err'. */
const struct cel_env *rule_env_shared(struct error *err);
/* The same for one rule, whose own vars.* are declared behind it. The caller's. */
struct cel_env *rule_env_create(struct error *err);
/* -1: no such name. */
int rule_env_slot(const char *name);

/* "event", "lifecycle": whether event.lifecycle is a name; if not, *ret_nearest is one that is
 * near, without its prefix, or NULL. */
int rule_name_member(const char *of, const char *member, const char **ret_nearest);
