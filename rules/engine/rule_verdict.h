/* rule_verdict.h - what a test expects beside what was made of it, and the words when they differ.
 * Part of rule_trial.h.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rule_fleet;
struct rule_issues;
struct rule_made;
struct rule_test_expect;
struct rule_world;
struct text;

struct rule_verdict {
    const struct rule_test_expect *expect;
    const struct rule_fleet *fleet;
    const struct rule_made *made; /* since the expectation before */
    size_t count, boots;          /* of them; of the whole test so far */
    int64_t began_us;
    const struct rule_world *world;     /* whose tasks may still wait */
    const char *(*last)(void *context); /* how the last alert ended, asked for when it is told */
    void *context;
};

/* 0, or -1: 'issues' has at least one more, or no memory. Of a task that went on since the
 * expectation before only its last decision counts; what was suppressed counts where it is named.
 */
int rule_verdict_give(const struct rule_verdict *verdict, struct rule_issues *issues);

/* A time of the test as people write it: "1h30m". */
#define RULE_SPAN_SIZE 48
const char *rule_span_text(int64_t span_us, char out[RULE_SPAN_SIZE]);
