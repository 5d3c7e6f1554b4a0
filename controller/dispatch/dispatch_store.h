/* dispatch_store.h - the thread that talks to the database for the agents' socket: admitted keys,
 * HELLOs, records, leases, orders. It owns two connections (one LISTENs for muster_task, a hint)
 * and looks once a second anyway.
 */
#pragma once

#include <stdint.h>

#include "controller/dispatch/dispatch.h"

struct admitted_keys;
struct dispatch_store;
struct error;
struct handover;

/* 'keys', 'jobs' and 'notes' are borrowed. */
struct dispatch_store *dispatch_store_create(const struct dispatch_settings *settings,
                                             struct admitted_keys *keys, struct handover *jobs,
                                             struct handover *notes, struct error *err);
int dispatch_store_start(struct dispatch_store *store, struct error *err);
/* After 'jobs' was closed and 'notes' too: what waits is committed, sessions are given up, the
 * thread joined. */
void dispatch_store_stop(struct dispatch_store *store);
void dispatch_store_destroy(struct dispatch_store *store);

/* Its part of the counts, and of the health. */
void dispatch_store_counts(struct dispatch_store *store, struct dispatch_counts *ret);
int dispatch_store_healthy(struct dispatch_store *store, struct error *err);
