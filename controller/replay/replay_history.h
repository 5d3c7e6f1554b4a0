/* replay_history.h - what was recorded: alerts in the order in which they were decided, each with
 * its machine as it was then and with what was decided about it, then and by timers later. Two
 * cursors of the caller's transaction, of which a batch each is held at a time.
 */
#pragma once

struct db;
struct error;
struct replay_alert;
struct replay_history;
struct replay_machines;
struct replay_records;
struct replay_request;
struct replay_rules;

/* Decisions come into 'records'. All borrowed. NULL with 'err'. */
struct replay_history *replay_history_open(struct db *db, const struct replay_request *request,
                                           const struct replay_rules *rules,
                                           struct replay_machines *machines,
                                           struct replay_records *records, struct error *err);
void replay_history_close(struct replay_history *history);

/* 1: *ret is the next alert, borrowed until the next call. 0: there is none any more. -1. */
int replay_history_next(struct replay_history *history, struct replay_alert **ret,
                        struct error *err);
