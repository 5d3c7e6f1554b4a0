/* rule_task_list.h - the tasks of a test as expressions see them: 'tasks', a list of maps of id,
 * state, image and asset. Part of rule_trial.h. Spec: docs/rule-language.md, "Names".
 */
#pragma once

#include "rules/cel/cel_value.h"

struct cel_arena;
struct rule_fleet;
struct rule_task_list;
struct rule_world;

/* 'fleet' is borrowed: it must outlive the list. NULL: out of memory. */
struct rule_task_list *rule_task_list_create(const struct rule_fleet *fleet);
void rule_task_list_destroy(struct rule_task_list *list);

/* All tasks of the world, in the arena but for their machines, which are the list's own: made once,
 * for they never change. CEL_ERROR: out of memory. */
struct cel_value rule_task_list_make(struct rule_task_list *list, const struct rule_world *world,
                                     struct cel_arena *arena);
