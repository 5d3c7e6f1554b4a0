/* enrolment.h - how an agent becomes known without anybody carrying its keys about: a join token is
 * offered for a name and a site, one set of keys presents it, a person who has read their
 * fingerprint at the agent's host approves them, or the token names it from the start. Table
 * enrolment. Invariant: a token belongs to the first keys that presented it with a proof; a name
 * has one open case.
 */
#pragma once

#include <stdint.h>

#include "common/ids.h"
#include "proto/enrol_answer.h"

struct db;
struct db_rows;
struct enrol_request;
struct error;

#define ENROLMENT_HOURS 24 /* a presented case may be decided, and asked about, for so long */

struct enrolment_offer {
    struct uuid site;
    const char *name, *made_by;
    const uint8_t *expected; /* a fingerprint's digest; NULL: a person decides */
    int64_t minutes;         /* until it must have been presented */
};
struct enrolment_made {
    struct uuid id;
    char secret[44]; /* wiped by the caller */
    uint8_t challenge[32];
    int64_t expires_us;
};
/* ERROR_CONFLICT: an agent has the name, the site has an active agent, or the name has an open
 * case. */
int enrolment_offer(struct db *db, const struct enrolment_offer *offer, struct enrolment_made *ret,
                    struct error *err);

struct enrolment_case {
    enum enrol_state state;
    struct uuid site, agent; /* 'agent' once approved */
    char site_name[64], name[64];
};
/* Why keys were turned away: for programs, and the HTTP status that says so. */
struct enrolment_refusal {
    const char *code;
    unsigned status;
};
/* What an agent posted, on a connection outside any transaction: it commits what changed, and a
 * refusal of a known token is audited. 1: as it stands now; 0: turned away, 'err' has the sentence;
 * -1. */
int enrolment_present(struct db *db, const struct enrol_request *request,
                      struct enrolment_case *ret, struct enrolment_refusal *ret_refusal,
                      struct error *err);

/* Decide a pending case. 1: done, now or before; 0: no open case of that name. ERROR_FORBIDDEN: the
 * fingerprint is another; ERROR_CONFLICT: the keys, the name or the site are an agent's by now. */
int enrolment_approve(struct db *db, const char *name, const uint8_t fingerprint[32],
                      const char *who, struct uuid *ret_agent, struct error *err);
/* Withdraw an offer or turn away who presented it. 1; 0: no open case of that name. */
int enrolment_refuse(struct db *db, const char *name, const char *who, struct error *err);

/* Newest first, below 'before' (NULL: from the start); column 0 JSON, column 1 the id. */
struct db_rows *enrolment_list(struct db *db, const struct uuid *before, int64_t limit,
                               struct error *err);
