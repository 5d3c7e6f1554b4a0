/* rule_run.h - one test of a rule while it is run, for its files alone: rule_trial.c goes from
 * moment to moment, rule_run_moment.c fills moments with alerts and tells what came of them,
 * rule_run_calls.c answers what the simulated tasks ask.
 */
#pragma once

#include "rules/engine/rule_trial.h"
#include "rules/engine/rule_world.h"

struct rule_engine;
struct rule_fed;
struct rule_finding;
struct rule_fleet;
struct rule_moment;
struct rule_states;
struct rule_task_list;

#define RULE_RUN_RULE 0 /* the only one in the set */

struct rule_trial {
    struct rule_set *set;
    const struct rule_document *document;
};

struct rule_run {
    const struct rule_test *test;
    const struct rule_trial *trial;
    struct rule_issues *issues;
    struct error *err;
    struct rule_fleet *fleet;
    struct rule_fed *feed;
    size_t feed_count, fed, expected; /* how far it is */
    struct rule_states *states;
    struct rule_engine *engine;
    struct rule_moment *moment, *view; /* of alerts; of what always holds */
    struct rule_world *world;
    struct rule_task_list *tasks;
    size_t made_before; /* at the expectation before */
    char last[400];     /* how the last alert ended; empty: no rule was for 'unmatched' */
    size_t unmatched;   /* its number in the feed */
    int64_t unmatched_us;
    bool failed; /* an expression did, or what must always hold did not */
};

/* ---- rule_run_moment.c ---- */

/* The alert of this number in the feed as seen now, with another machine than its own if 'machine'
 * says so. 0, -1. */
int rule_run_fill(struct rule_run *run, size_t number, size_t machine, int64_t now_us);
int rule_run_fill_from(struct rule_run *run, const unsigned char *reference, size_t length,
                       int64_t now_us);
int rule_run_fill_for_task(struct rule_run *run, const struct rule_task *task, int64_t now_us);
void rule_run_set_task(struct rule_moment *moment, const struct rule_task *task);

/* How the last alert ended. */
void rule_run_remember(struct rule_run *run, const struct rule_finding *finding, int64_t now_us);
/* A rule that fails in its own test is wrong, whatever the test expects. */
void rule_run_tell_failure(struct rule_run *run, const struct rule_finding *finding,
                           int64_t now_us);

/* ---- rule_run_calls.c ---- */

struct rule_world_calls rule_run_calls(struct rule_run *run);
