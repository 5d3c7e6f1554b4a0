/* event_record.h - what one record of an agent's journal does, within the transaction of a book of
 * tasks (controller/tasks/task_book.h). For event_receiver.
 */
#pragma once

#include <stdbool.h>

#include "controller/dispatch/event_receiver.h"
#include "controller/tasks/task_facts.h"

struct error;
struct task_book;

/* The records of one batch, one after the other. */
struct event_record_reader {
    struct task_book *book;          /* borrowed */
    const struct live_session *from; /* borrowed */
    struct event_counts counts;
    struct task_fact fact; /* of the record that is taken, once its task was found */
    bool without_report;
};
struct event_record_reader event_record_begin(struct task_book *book,
                                              const struct live_session *from, bool without_report);
/* 0: it has had its effect, or was dropped, counted and audited. EVENT_RECORD_WAIT: a RESULT whose
 * report is not whole; nothing was changed. -1. 'is_fact': it counts in its task's digest. */
#define EVENT_RECORD_WAIT 1
int event_record_apply(struct event_record_reader *in, const struct session_record *record,
                       bool is_fact, struct error *err);
/* One that the database cannot take: an audit row says why, and it counts in the digest. */
int event_record_skip(struct event_record_reader *in, const struct session_record *record,
                      bool is_fact, const char *why, struct error *err);
