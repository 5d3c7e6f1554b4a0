/* agent_session.h - what one connection of an agent may say, and when: HELLO, WELCOME, RESUME, then
 * records in dense numbers within the window. Pure: no socket, no database, time is passed in.
 * docs/wire-format.md, "Session". Whose the connection is (the CURVE key's agent) is given at
 * creation and never taken from a frame.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "proto/frame.h"

struct agent_session;
struct error;

#define SESSION_WINDOW_RECORDS 256
#define SESSION_WINDOW_BYTES (1024 * 1024)
#define SESSION_PING_MS 5000
#define SESSION_DEAD_MS 15000
#define SESSION_FEATURES_MAX 16
#define SESSION_NAME_MAX 64 /* of a feature, of the software */

/* HELLO, checked for shape; what the database holds of agent and site decides. */
struct session_hello {
    struct uuid agent, site, journal, boot;
    uint8_t nonce[32];
    uint64_t facts_head, bulk_head, highest_epoch, manifest_version;
    char features[SESSION_FEATURES_MAX][SESSION_NAME_MAX + 1];
    size_t feature_count;
    char software[SESSION_NAME_MAX + 1];
};

/* One journal record: of numbers 'first' to 'upto' (the same, but for a GAP). */
struct session_record {
    uint64_t first, upto;
    Muster__Record *message; /* NULL: not a Record; counted and audited, its number is used up */
    const uint8_t *bytes;    /* as journalled; borrowed from the batch's frame */
    size_t length;
};
/* The records of one frame that are new, in order. */
struct session_batch {
    Muster__Stream stream;
    uint64_t first, upto;
    size_t bytes, count;
    struct session_record *records;
    Muster__Frame *frame; /* owned */
};
void session_batch_free(struct session_batch *batch);

struct session_reject {
    const char *code; /* of fleet.proto */
    char text[160];
    const char *remedy;
    uint32_t retry_ms; /* 0: do not come back by yourself */
};

enum session_verdict {
    SESSION_NOTHING,
    SESSION_PONG,    /* answer 'number' */
    SESSION_PROBED,  /* a PONG came, to PING 'number' */
    SESSION_GREETED, /* 'hello' goes to the database; agent_session_welcome() or the end follows */
    SESSION_RESUMED, /* it may be sent orders from now on */
    SESSION_RECORDS, /* 'batch' goes to the database; agent_session_committed() follows */
    SESSION_OVER,    /* 'reject' is the last that is sent */
};
struct session_outcome {
    enum session_verdict verdict;
    uint64_t number;
    struct session_hello *hello; /* the taker frees */
    struct session_batch *batch; /* the taker frees */
    struct session_reject reject;
};

struct agent_session *agent_session_create(const struct uuid *agent, int64_t now_ms,
                                           struct error *err);
void agent_session_destroy(struct agent_session *session);

/* One frame as it came, NULL when it is none. Takes 'frame'. */
void agent_session_frame(struct agent_session *session, Muster__Frame *frame, int64_t now_ms,
                         struct session_outcome *ret);
/* There was no memory to unpack a frame with: the session ends, and the agent sends it again. */
void agent_session_starved(struct agent_session *session, int64_t now_ms,
                           struct session_outcome *ret);
/* The database agreed: WELCOME goes out with these numbers. */
void agent_session_welcome(struct agent_session *session, const struct uuid *session_id,
                           uint64_t facts_committed, uint64_t bulk_committed);
/* A batch of so many records and bytes is behind a commit, or will never be: the window has room
 * again. */
void agent_session_committed(struct agent_session *session, Muster__Stream stream, size_t records,
                             size_t bytes);

bool agent_session_open(const struct agent_session *session);    /* may be sent orders */
bool agent_session_greeted(const struct agent_session *session); /* said HELLO */
const struct uuid *agent_session_boot(const struct agent_session *session);
/* True: send a PING now, with *ret_number. Call it every second or so. */
bool agent_session_ping_due(struct agent_session *session, int64_t now_ms, uint64_t *ret_number);
bool agent_session_dead(const struct agent_session *session, int64_t now_ms);
