/* link_session.h - one session with one controller, from HELLO to its end: windows, records,
 * orders, heartbeats. All of it belongs to the link's thread. Invariant: no record is sent before
 * WELCOME, none before an earlier one of its stream, and nothing of a manifest is used before its
 * version is durable. docs/wire-format.md, "Session", "Journal streams".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/journal/task_journal.h"
#include "agent/link/link_window.h"
#include "common/ids.h"
#include "proto/fleet.pb-c.h"

struct controller_link_settings;
struct error;
struct link_endpoint;
struct handover;
struct link_shared;
struct link_socket;

/* What every session of one link has in common; borrowed by each. */
struct link_home {
    const struct controller_link_settings *settings;
    struct task_journal *journal;
    struct handover *orders;
    struct link_shared *shared;
    struct uuid boot_id;
};

struct link_session {
    const struct link_home *home;
    struct link_socket *sock; /* owned */
    const char *endpoint;     /* borrowed */
    bool met;                 /* the CURVE handshake is done: a controller runs there */
    uint8_t nonce[32];
    struct uuid id;
    bool open; /* WELCOME held */
    struct journal_identity journal;
    struct link_window facts, bulk;
    int64_t heard_ms, pinged_ms;
    uint64_t ping_number;
    int64_t retry_ms; /* 0: our own choice; else what REJECT asked for, or LINK_RETRY_PARKED */
};

/* Connect and say HELLO. -1: not even that; close it all the same. */
int link_session_open(struct link_session *session, const struct link_home *home, void *context,
                      const struct link_endpoint *endpoint, struct error *err);
void link_session_close(struct link_session *session);

/* Take what came. -1: the session is over, and why. */
int link_session_receive(struct link_session *session, struct error *err);
/* PING when it is due; -1 when the controller was silent for too long. */
int link_session_keep_alive(struct link_session *session, int64_t now_ms, struct error *err);
/* What the connection itself says. -1: it is over. */
int link_session_check(struct link_session *session, struct error *err);
long link_session_until_next(const struct link_session *session, int64_t now_ms);

/* link_records.c: what the journal holds and the windows have room for; facts first: one frame of
 * bulk goes only when no fact can. 1: more may follow at once. */
int link_session_send_records(struct link_session *session, struct error *err);
/* Packed and queued on the socket. */
int link_session_send(struct link_session *session, const Muster__Frame *frame, struct error *err);
