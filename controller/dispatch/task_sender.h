/* task_sender.h - due tasks of a site into signed orders for its live session: leases, builds,
 * seals, signs, notes SENT. For the database's thread of dispatch. Where a task becomes something
 * an agent will believe.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "controller/dispatch/agent_registry.h"
#include "controller/dispatch/dispatch.h"
#include "proto/envelope.h"

struct db;
struct error;
struct task_sender;

struct task_sender_settings {
    struct uuid controller;
    uint8_t sign_secret[SIGN_SECRET_BYTES];
    dispatch_open_password open_password;
    void *open_context;
};

/* Takes one signed order out: hands it to the session's connection. 'session' and the bytes are
 * borrowed. */
typedef int (*task_sender_send)(void *context, const struct live_session *session,
                                const uint8_t *envelope, size_t length, struct error *err);

struct task_sender *task_sender_create(const struct task_sender_settings *settings,
                                       struct error *err);
void task_sender_destroy(struct task_sender *sender);

/* The public half of what orders are signed with; borrowed. */
const uint8_t *task_sender_public_key(const struct task_sender *sender);

/* Lease and send what is due at the sites of these sessions, no more of them than
 * TASK_SENDER_SITES: a few statements and two commits for all of it. Returns how many went out, or
 * -1: the database. A task that cannot be built goes back to the queue with its reason. */
#define TASK_SENDER_SITES 64
int task_sender_lease(struct task_sender *sender, struct db *db,
                      const struct live_session *const *sessions, size_t count,
                      task_sender_send send, void *context, struct error *err);

/* A wish to cancel what an agent may hold. */
struct task_cancel_wish {
    struct uuid task, site;
    uint64_t epoch;
    char reason[256];
};
int task_sender_cancels(struct db *db, struct task_cancel_wish **ret_wishes, size_t *ret_count,
                        struct error *err);
int task_sender_cancel(struct task_sender *sender, const struct live_session *session,
                       const struct task_cancel_wish *wish, int64_t now_us, task_sender_send send,
                       void *context, struct error *err);

struct agent_order;
/* What a person settled or released, to the agent; kept open until it answers. */
int task_sender_word(struct task_sender *sender, struct db *db, const struct live_session *session,
                     const struct agent_order *order, int64_t now_us, task_sender_send send,
                     void *context, struct error *err);
