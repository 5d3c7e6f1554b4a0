/* rule_engine.h - what a set of rules makes of an alert, at a moment that is passed in: tests,
 * replay and the live decision are this one path. It carries nothing out: it finds, and keeps
 * states. One for each thread. Order of evaluation: docs/rule-language.md, "How a rule decides".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/rule_finding.h"
#include "rules/engine/rule_states.h"

struct error;
struct rule_decision;
struct rule_engine;
struct rule_moment;
struct rule_set;

/* Both are borrowed. NULL: out of memory. */
struct rule_engine *rule_engine_create(const struct rule_set *set, struct rule_states *states,
                                       struct error *err);
void rule_engine_destroy(struct rule_engine *engine);

/* Asked before a rule that is no shadow acts: 1; 0: *ret_why says why that cannot be carried out,
 * it lives as long as the moment, and the rule remembers no act; -1: 'err'. */
typedef int rule_act_question(void *context, uint32_t rule, const struct rule_decision *decision,
                              const char **ret_why, struct error *err);
/* Without a question all can be carried out. */
void rule_engine_ask(struct rule_engine *engine, rule_act_question *question, void *context);

/* An alert that arrives at moment->now_us. All findings, of rules that are for it and of those that
 * took note of it and failed: in the order of the rules, borrowed until the next call. A rule that
 * is not for it has no finding (rule_explain.h). -1: 'err', and states may have changed in part. */
int rule_engine_alert(struct rule_engine *engine, struct rule_moment *moment,
                      const struct rule_finding **ret, size_t *ret_count, struct error *err);

/* For a state that is due at moment->now_us. Whose rule is in the set and that has a reference: the
 * moment was filled with the alert it names. The state is gone afterwards. 1 with *ret; 0: it only
 * went. */
int rule_engine_due(struct rule_engine *engine, const struct rule_state *state,
                    struct rule_moment *moment, struct rule_finding *ret, struct error *err);
/* 1: what rule_engine_due() finds depends on the alert it refers to. *ret_task: the task that was
 * expected to do something, "" for none; borrowed from the state. */
int rule_engine_reference(const struct rule_state *state, const unsigned char **ret,
                          size_t *ret_length, const char **ret_task);

/* The rule's finding said ACTS and was carried out, with this task: what it expects now counts from
 * here. The moment is that of the finding, task.* are set in it. 1: *ret says which of these has a
 * key without a value, and is not expected. 0, -1. */
int rule_engine_acted(struct rule_engine *engine, uint32_t rule, const char *task,
                      struct rule_moment *moment, struct rule_finding *ret, struct error *err);
/* A task ended; task.* are set in the moment. */
int rule_engine_task_finished(struct rule_engine *engine, struct rule_moment *moment,
                              struct error *err);
/* For who asks only when a state is due: its own task (rule_engine_reference()) had ended by then.
 * True: that is what it expected, whatever its key would be now, and it is gone. */
bool rule_engine_came(struct rule_engine *engine, const struct rule_state *state);

/* Before the task of 'decision' is handed out: does what the rule requires still hold? window.* are
 * as they were when it was decided. 1; 0: *ret says what does not, or what failed. */
int rule_engine_require(struct rule_engine *engine, uint32_t rule,
                        const struct rule_decision *decision, struct rule_moment *moment,
                        struct rule_finding *ret);

/* A task of a rollout ended; rollout.* are set in the moment. 1: no more may be started, *ret has
 * the ticket; so it is when the condition has no value. 0: it goes on. -1: 'err'. */
int rule_engine_halts(struct rule_engine *engine, uint32_t rule, struct rule_moment *moment,
                      struct rule_finding *ret, struct error *err);

/* The value of a limit's 'by' or a stage's 'of' for the machine in the moment, "" for what it
 * lacks. 1, or 0: it has none. */
int rule_engine_group(struct rule_engine *engine, uint32_t rule, struct rule_moment *moment,
                      const struct rule_expression *by, const char **ret);

/* Every state that this alert may read or change, for who must load it first; some twice, some of
 * rules that will be outranked. A name with length 0 stands for all of its rule and kind: which one
 * it is the window will say. -1: the taker's, or 'err'. */
typedef int rule_name_taker(void *context, const struct rule_state_name *name, struct error *err);
int rule_engine_keys(struct rule_engine *engine, struct rule_moment *moment, rule_name_taker *take,
                     void *context, struct error *err);
