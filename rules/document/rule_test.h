/* rule_test.h - the tests that stand in a rule's own file: what is fed to the rule at which moment,
 * and what it must have decided by then. Moments count from the test's 'now' on a clock of its own.
 * Spec: docs/rule-language.md, "Tests".
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/document/rule_expression.h"

#define RULE_TESTS_MAX 64
#define RULE_TEST_ENTRIES_MAX 1000 /* of a feed, and of expect */
#define RULE_TEST_ASSETS_MAX 1000
#define RULE_TEST_GENERATED_MAX 100000 /* assets of one set */
#define RULE_TEST_TIMES_MAX 100000
#define RULE_TEST_NOW_S INT64_C(1767614400) /* 2026-01-05T12:00:00Z, a Monday */

/* One machine; or 'count' of them, in whose id "%d" is 1 to count, then 'name' is the set's. */
struct rule_test_asset {
    char *name;
    int64_t count; /* 0: one */
    json_t *data;  /* the members of asset.*, owned */
    unsigned line;
};

struct rule_test_answer {
    char *by; /* NULL: not written */
    char *role, *because;
};

struct rule_test_end {
    char *asset; /* NULL: not written */
    int state;   /* enum rule_test_state */
};
enum rule_test_state { RULE_TEST_RUNNING, RULE_TEST_SUCCEEDED, RULE_TEST_FAILED };

/* Exactly one of event, approve, refuse, task and restart is written. */
struct rule_test_entry {
    int64_t at_ms;
    int64_t times, every_ms;                 /* the same again, this often */
    char *each;                              /* a set's name: the event, of each of its machines */
    json_t *event;                           /* event.* and "asset", owned; NULL: not written */
    struct rule_test_answer approve, refuse; /* by somebody who is asked */
    struct rule_test_end task;               /* the newest task of the asset goes on */
    bool restart;                            /* what the rule remembers is kept and read again */
    unsigned line, column;                   /* where it stands in the file */
};

/* What is not written is not compared. */
struct rule_test_decision {
    int act; /* enum rule_test_act */
    char *asset, *image, *version, *profile, *queue, *title, *calendar;
    int64_t level, priority; /* -1: not written */
    json_t *params;          /* owned; those named are compared */
    unsigned line, column;   /* where it stands in the file */
};
enum rule_test_act {
    RULE_TEST_BOOT,
    RULE_TEST_APPROVE,
    RULE_TEST_SCHEDULE,
    RULE_TEST_TICKET,
    RULE_TEST_SUPPRESS,
    RULE_TEST_HALT,
};

/* At a moment: the decisions made since the one before, all decisions so far; or what holds at
 * every moment. */
struct rule_test_expect {
    bool timed, lists; /* 'at' and 'decisions' are written */
    int64_t at_ms;
    struct rule_test_decision *decisions;
    size_t count;
    int64_t total; /* -1: not written */
    struct rule_expression always;
    unsigned line, column; /* where it stands in the file */
};

struct rule_test {
    char *name;
    int64_t now_s;
    struct rule_test_asset *assets;
    size_t asset_count;
    struct rule_test_entry *feed;
    size_t feed_count;
    struct rule_test_expect *expect;
    size_t expect_count;
    unsigned line, column; /* where it stands in the file */
};
