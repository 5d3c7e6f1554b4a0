/* rule_note.h - alerts that a rule takes note of though they are not in its scope: those that
 * suppress it, that it expects, that end its hold. Part of rule_engine.h.
 * State of what is expected: length of the reference (1 byte), the reference, the task's id and
 * NUL.
 */
#pragma once

#include "rules/engine/rule_set.h"
#include "rules/engine/rule_work.h"

/* 1: done, or nothing of the rule's is about this alert; 0: the finding says what it did or what
 * failed. -1: 'err'. */
int rule_note_take(struct rule_work *work, const struct rule_noting *noting);

/* From now on 'entry' (from 1) of its absent is expected. 1, 0: its key failed, -1. */
int rule_note_expect(struct rule_work *work, size_t entry, const char *task);
/* The task in the moment ended: 'entry' waits for it no more, if it is the one. 1, 0: its key
 * failed, -1. */
int rule_note_finished(struct rule_work *work, size_t entry);
/* It did not come: the finding. 0, -1. */
int rule_note_missing(struct rule_work *work, size_t entry);
/* See rule_engine_reference(). */
int rule_note_reference(const struct rule_state *state, const unsigned char **ret,
                        size_t *ret_length, const char **ret_task);
