/* store_inside.h - the inside of the database's thread of dispatch, shared by its parts only:
 * dispatch_store.c (the thread, its connections), store_jobs.c, store_sessions.c, store_welcome.c,
 * store_records.c, store_orders.c. All but the counts and 'trouble' is the thread's alone.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "common/error.h"
#include "controller/dispatch/dispatch_store.h"
#include "controller/dispatch/live_sessions.h"

#define STORE_ROOM "dispatch"

struct db;
struct dispatch_job;
struct dispatch_note;
struct said_cancels;
struct session_batch;
struct session_reject;
struct task_sender;

enum store_count {
    COUNT_SESSIONS,
    COUNT_RECORDS,
    COUNT_DROPPED,
    COUNT_SENT,
    COUNT_REFUSED,
    COUNT_KINDS
};

struct dispatch_store {
    char *fetch_url, *controller_name;
    struct uuid controller;
    uint8_t fetch_key[FETCH_KEY_BYTES];
    const struct conf_map *parameters; /* borrowed through dispatch's copy of the settings */
    struct admitted_keys *keys;
    struct handover *jobs, *notes; /* borrowed */
    struct handover *bulk;         /* ours: records of bulk that yield to facts, oldest first */
    size_t bulk_waiting;
    struct task_sender *sender;
    bool started;
    pthread_t thread;

    /* The thread's. */
    struct db *db, *listener;
    struct live_sessions *sessions;
    uint64_t manifest_version;
    uint8_t *manifest;
    size_t manifest_length;
    int64_t keys_ms, polled_ms, renewed_ms, connected_ms;
    struct said_cancels *said;
    bool looked_for; /* of any session */
    bool hinted;     /* somebody said that there is something for an agent */
    bool behind;     /* agents have said more than was looked at yet */

    atomic_uint_fast64_t counts[COUNT_KINDS];
    pthread_mutex_t lock;
    struct error trouble; /* under the lock; empty: healthy */
};

/* ---- dispatch_store.c ---- */

/* Anew. -1: the former connections stay, whatever they are worth. */
int store_connect(struct dispatch_store *store, struct error *err);
void store_add(struct dispatch_store *store, enum store_count kind, uint64_t by);
/* Takes 'note'; NULL was told already. */
int store_note(struct dispatch_store *store, struct dispatch_note *note, struct error *err);
void store_reject(struct dispatch_store *store, uint64_t connection,
                  const struct session_reject *reject);

/* ---- store_jobs.c ---- */

#define STORE_POLL_MS 1000   /* due tasks and cancels, when no hint came */
#define STORE_BULK_JOBS 1024 /* that wait at most */
/* Of what is there, some: 'behind' says whether there is more. */
void store_take_jobs(struct dispatch_store *store);
/* The database cannot be asked for this one: its agent starts over. */
void store_fail_job(struct dispatch_store *store, const struct dispatch_job *job,
                    const struct error *err);

/* ---- store_sessions.c ---- */

/* No longer ours, whatever the reason; what it had under way will come again in its next session.
 */
void store_forget(struct dispatch_store *store, struct live *live);
/* Another controller owns it by now: its agent is told, and comes back. */
void store_end_stale(struct dispatch_store *store, struct live *live);
/* Nothing here is this connection's: its agent would wait for ever for what is not said to it. What
 * was told before, or is gone, is not told. */
void store_end_unknown(struct dispatch_store *store, uint64_t connection);
void store_count_sessions(struct dispatch_store *store);
/* So many jobs of a kind that follow each other are one transaction: RECORDS with 256 records each
 * at most, and a few as a rule. */
#define STORE_SET_MAX 64
int store_on_closed(struct dispatch_store *store, struct dispatch_job **jobs, size_t count,
                    struct error *err);
/* What is ours stays so for another life; what another controller took is ended. */
int store_renew_sessions(struct dispatch_store *store, struct error *err);
int store_check_sessions(struct dispatch_store *store, struct error *err);
void store_give_up_sessions(struct dispatch_store *store);

/* ---- store_welcome.c ---- */

/* The newest manifest is in store->manifest, if there is any. */
int store_load_manifest(struct dispatch_store *store, struct error *err);
/* Of jobs that follow each other, at most STORE_SET_MAX; those that fail are told. The jobs stay
 * the caller's. */
void store_on_hellos(struct dispatch_store *store, struct dispatch_job **jobs, size_t count);
/* A newer manifest and the next fetch token reach sessions that stay. */
int store_renew_welcomes(struct dispatch_store *store, struct error *err);

/* ---- store_records.c ---- */

/* Of jobs that follow each other; those that fail are told. The jobs stay the caller's. */
void store_on_records(struct dispatch_store *store, struct dispatch_job **jobs, size_t count);
int store_look_after_waiting(struct dispatch_store *store, int64_t now_ms, struct error *err);

/* ---- store_orders.c ---- */

/* What was leased in sessions before those that are live goes back to the queue. */
int store_look_after_orphans(struct dispatch_store *store, struct error *err);
/* A task may be due: of that site; of any one that has a queue. */
void store_look_for(struct dispatch_store *store, const struct uuid *site);
int store_look_for_due(struct dispatch_store *store, struct error *err);
/* Where one may be due. */
int store_send_due(struct dispatch_store *store, struct error *err);
int store_send_cancels(struct dispatch_store *store, struct error *err);
int store_send_words(struct dispatch_store *store, struct error *err);
