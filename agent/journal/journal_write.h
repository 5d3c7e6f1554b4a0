/* journal_write.h - the runner's side of the journal: what becomes durable together, and what was.
 * A batch commits whole or not at all, in the order in which batches were handed over. Once the
 * fsync is behind it, or it has failed, the batch itself comes back through the hand-over that it
 * was given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/journal/task_journal.h"
#include "common/error.h"
#include "common/ids.h"
#include "proto/fleet.pb-c.h"

struct handover;
struct phone_home_request;

enum journal_task_state { HELD_DECLINED, HELD_ACCEPTED, HELD_RUNNING, HELD_RELEASED, HELD_ENDED };
const char *journal_task_state_name(enum journal_task_state state);

/* One row of table task. Strings and bytes are owned; NULL is "not known yet". */
struct journal_task {
    struct uuid id, machine_id;
    uint64_t epoch;
    enum journal_task_state state;
    char *phase; /* a name of task_steps.h */
    unsigned attempt;
    uint8_t *envelope; /* the signed order; in a batch NULL leaves what is stored */
    size_t envelope_length;
    int64_t accepted_at_us, started_at_us, phoned_home_at_us, ended_at_us; /* 0: has not happened */
    char *found_power, *found_boot_device;
    unsigned seen; /* furthest boot stage since `on` was intended (task_steps.h), 0: nothing */
    bool has_token, has_nonce, has_session, has_report;
    uint8_t token_hash[32], nonce_hash[32], session_hash[32]; /* SHA-256; never the secret */
    uint64_t log_size, report_size;
    uint8_t report_sha256[32];
    char *verdict;
    char *outcome, *stopped_at, *cause, *remedy; /* how it will end, from before the restore */
    uint8_t *result; /* the signed RESULT; in a batch NULL leaves what is stored */
    size_t result_length;
};
void journal_task_clear(struct journal_task *task);
int journal_task_copy(struct journal_task *to, const struct journal_task *from, struct error *err);

struct journal_batch {
    /* Set by whoever hands it over; the journal does not look at them. */
    void (*done)(struct journal_batch *batch, void *context);
    void *context;
    uint64_t ticket;
    struct phone_home_request *request; /* of a machine, answered once it is durable */
    /* The journal's answer. */
    int rc;
    struct error err;
    uint64_t facts_head; /* of the last fact in the batch, 0: it had none */

    struct journal_item *items; /* the journal's */
    size_t count, room;
    bool broken; /* memory ran out while it was filled */
    struct journal_batch *next;
    struct handover *reply;
};

/* Filling never fails at once: a batch that could not be filled fails when it is written. */
struct journal_batch *journal_batch_create(void);
void journal_batch_destroy(struct journal_batch *batch);
/* The record is packed now; its task_id says whose it is. */
void journal_batch_record(struct journal_batch *batch, enum journal_stream stream,
                          const Muster__Record *record);
void journal_batch_task(struct journal_batch *batch, const struct journal_task *task);
/* state: intent | done | failed | no_effect. 'step' is copied. The second `intent` of one step and
 * attempt fails the batch: this is what keeps a step from happening twice. */
void journal_batch_intent(struct journal_batch *batch, const struct uuid *task, const char *step,
                          unsigned attempt, const char *state, int64_t at_us);
void journal_batch_epoch(struct journal_batch *batch, const struct uuid *machine, uint64_t epoch);

/* Takes 'batch'; never blocks. It comes back through 'reply' (borrowed). While the disk is full or
 * fails, batches wait in order and are tried again; task_journal_trouble() says so. */
void task_journal_write(struct task_journal *journal, struct journal_batch *batch,
                        struct handover *reply);
/* The same, and waits: for start-up and tests. 0, or -1 with 'err'; the batch is freed. */
int task_journal_write_now(struct task_journal *journal, struct journal_batch *batch,
                           struct error *err);

/* Why nothing can be made durable now, or false: then nothing new may be accepted. */
bool task_journal_trouble(struct task_journal *journal, struct error *ret_reason);

/* Why no new task may be begun although writes go well, as the code of DECLINED ("disk_full",
 * "journal_damaged"), or NULL. */
const char *task_journal_refuses(struct task_journal *journal, struct error *ret_why);
/* Bytes that must be free on the disk for a new task, in place of the default; for tests. */
void task_journal_set_low_water(struct task_journal *journal, uint64_t bytes);

/* Reads see every batch handed over before, or fail with ERROR_UNAVAILABLE while there is trouble.
 * They block for a moment. */
/* 1: *ret filled, clear it. 0: not held. */
int task_journal_find(struct task_journal *journal, const struct uuid *task,
                      struct journal_task *ret, struct error *err);
/* The highest epoch of a machine, 0: none. */
int task_journal_epoch(struct task_journal *journal, const struct uuid *machine, uint64_t *ret,
                       struct error *err);
struct journal_tasks {
    struct journal_task *items;
    size_t count;
};
/* Accepted or running: what a restarted agent goes on with. */
int task_journal_open_tasks(struct task_journal *journal, struct journal_tasks *ret,
                            struct error *err);
void journal_tasks_free(struct journal_tasks *tasks);

struct journal_intent {
    char *step, *state;
    unsigned attempt;
};
struct journal_intents {
    struct journal_intent *items;
    size_t count;
};
int task_journal_intents(struct task_journal *journal, const struct uuid *task,
                         struct journal_intents *ret, struct error *err);
void journal_intents_free(struct journal_intents *intents);
/* docs/wire-format.md: the chain over the task's fact records so far. */
int task_journal_facts_digest(struct task_journal *journal, const struct uuid *task,
                              uint8_t ret_digest[32], struct error *err);

/* Bytes of bulk that may wait; above it the oldest log lines become a GAP. */
void task_journal_set_bulk_budget(struct task_journal *journal, uint64_t bytes);
/* As a controller says it; before it is told, no ended task is forgotten. */
void task_journal_set_controller_time(struct task_journal *journal, int64_t now_us);
/* Batches committed since it was opened. */
uint64_t task_journal_commits(struct task_journal *journal);
#ifdef MUSTER_FAULTS
/* SIGKILL ourselves right behind the commit of batch 'number', before anyone is told. Batches then
 * commit one by one. */
void task_journal_crash_after(struct task_journal *journal, uint64_t number);
#endif
