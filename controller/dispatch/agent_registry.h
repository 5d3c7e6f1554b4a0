/* agent_registry.h - the database's word on agents: which keys are admitted, whether a HELLO is
 * welcome, whose a session is. For the database's thread of dispatch, as muster_engine. Rules:
 * docs/guarantees.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "controller/dispatch/agent_session.h"

struct admitted_key;
struct db;
struct error;

#define AGENT_SESSION_LIFE_S 30 /* of a session's row; renewed at a third of it */
#define AGENT_NAME_MAX 63

/* A session that is this controller's until another fence is found. */
struct live_session {
    struct uuid agent, site, session, journal;
    char name[AGENT_NAME_MAX + 1];
    int64_t fence;
    uint8_t nonce[32], sign_key[32], seal_key[32];
    bool chainload_always;
    uint64_t facts_committed, bulk_committed;
    uint64_t facts_head, bulk_head; /* of its journal, as HELLO said */
    int64_t opened_us;              /* by the database's clock */
};

/* Caller frees *ret_keys. */
int agent_registry_keys(struct db *db, struct admitted_key **ret_keys, size_t *ret_count,
                        struct error *err);
enum hello_verdict {
    /* Said why in 'reject' and in an audit row; an unknown journal, a head below what was committed
     * or an epoch from nowhere also quarantine the site. */
    HELLO_REFUSED,
    HELLO_WELCOME, /* the session's row is ours */
    /* This run of the agent was replaced by a later one: a message that was under way for long, or
     * a second live copy of the agent; only a copy answers a PING now. */
    HELLO_REPLACED,
};
struct hello_answer {
    enum hello_verdict verdict;
    struct live_session session;
    struct session_reject reject;
};
#define HELLO_SET_MAX 64
/* One commit for all 'count' of them; -1: for none, the database. */
int agent_registry_hellos(struct db *db, const struct uuid *controller,
                          const struct session_hello *const *hellos, size_t count,
                          struct hello_answer *ret_answers, struct error *err);
/* The key of 'agent' was used to say HELLO as another: refused already, written down here. */
int agent_registry_posed(struct db *db, const struct uuid *agent, struct error *err);
/* Nothing is leased to a quarantined site, no agent of it is welcome, until a person releases it.
 */
int agent_registry_quarantine(struct db *db, const struct uuid *agent, const char *because,
                              struct error *err);

/* Push back the ends of 'count' sessions; ret_kept[i] is false for one that another controller owns
 * by now. */
int agent_registry_renew(struct db *db, const struct uuid *controller, const struct uuid *agents,
                         const int64_t *fences, size_t count, bool *ret_kept, struct error *err);
/* Asked before anything is sent: ret_owned[i] is false for a session that is another's by now. */
int agent_registry_owned(struct db *db, const struct uuid *controller,
                         const struct live_session *const *sessions, size_t count, bool *ret_owned,
                         struct error *err);
int agent_registry_close(struct db *db, const struct uuid *controller, const struct uuid *agents,
                         const int64_t *fences, size_t count, struct error *err);

int agent_registry_controller(struct db *db, const struct uuid *id, const char *name,
                              struct error *err);
/* 1: the newest key manifest, *ret_envelope is the caller's; 0: none was given to us yet. */
int agent_registry_manifest(struct db *db, uint64_t *ret_version, uint8_t **ret_envelope,
                            size_t *ret_length, struct error *err);
