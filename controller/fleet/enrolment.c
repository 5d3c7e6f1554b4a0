/* enrolment.c - see enrolment.h. Owns table enrolment. */
#include "controller/fleet/enrolment.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/fleet/agent.h"
#include "controller/fleet/enrolment.sql.h"
#include "proto/enrol_request.h"
#include "proto/sealed_secret.h"

/* ---- the offer ---- */

static int check_free(struct db *db, const struct enrolment_offer *offer, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_ENROLMENT_TAKEN, err, "su", offer->name, &offer->site);
    const char *taken;
    int rc = 0;

    if (!rows)
        return -1;
    taken = db_text(rows, 0, 0);
    if (taken && strcmp(taken, "agent") == 0)
        rc = error_set_code(
            err, ERROR_CONFLICT,
            "'%s' is an agent's name already, be it a revoked one's: choose another", offer->name);
    else if (taken)
        rc = error_set_code(err, ERROR_CONFLICT, "the site has an active agent: revoke that first");
    db_rows_destroy(rows);
    return rc;
}

static int make_secret(struct enrolment_made *made, uint8_t ret_hash[32], struct error *err)
{
    uint8_t bytes[JOIN_SECRET_BYTES];
    int rc = 0;

    if (RAND_priv_bytes(bytes, sizeof(bytes)) != 1)
        rc = error_set(err, "no random bytes for a join token");
    else
        text_base64url(bytes, sizeof(bytes), made->secret);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return rc < 0 ? -1 : join_secret_hash(made->secret, ret_hash);
}

static int insert(struct db *db, const struct enrolment_offer *offer, struct enrolment_made *made,
                  const uint8_t hash[32], const uint8_t challenge_secret[32], struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_ENROLMENT_INSERT, err, "uusyyysi", &made->id, &offer->site, offer->name,
                 hash, (size_t)32, challenge_secret, (size_t)32, offer->expected,
                 offer->expected ? (size_t)32 : 0, offer->made_by, offer->minutes);

    if (!rows)
        return err->code == ERROR_CONFLICT
                   ? error_set_code(err, ERROR_CONFLICT,
                                    "'%s' has a join token that is still good: refuse that first",
                                    offer->name)
                   : -1;
    made->expires_us = db_time(rows, 0, 0);
    db_rows_destroy(rows);
    return 0;
}

int enrolment_offer(struct db *db, const struct enrolment_offer *offer, struct enrolment_made *ret,
                    struct error *err)
{
    struct enrolment_made made = {.id = uuid_make()};
    uint8_t hash[32], challenge_secret[32];
    int rc = -1;

    if (check_free(db, offer, err) == 0 &&
        db_execute(db, SQL_ENROLMENT_FORGET_LATE, err, "si", offer->name,
                   (int64_t)ENROLMENT_HOURS) >= 0 &&
        make_secret(&made, hash, err) == 0 &&
        seal_key_make(challenge_secret, made.challenge, err) == 0)
        rc = insert(db, offer, &made, hash, challenge_secret, err);
    if (rc == 0)
        *ret = made;
    OPENSSL_cleanse(challenge_secret, sizeof(challenge_secret));
    OPENSSL_cleanse(&made, sizeof(made));
    return rc;
}

/* ---- presented ---- */

struct found {
    struct uuid id;
    struct enrolment_case to;
    char state[16];
    bool late, over, expects, presented;
    uint8_t challenge_secret[32], expected[32], fingerprint[32];
};

/* 1: there, locked; 0: nobody's secret; -1. */
static int find(struct db *db, const uint8_t hash[32], struct found *ret, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_ENROLMENT_BY_SECRET, err, "yi", hash, (size_t)32,
                                    (int64_t)ENROLMENT_HOURS);
    int count;

    if (!rows)
        return -1;
    count = (int)db_rows_count(rows);
    if (count == 1) {
        ret->id = db_uuid(rows, 0, 0);
        ret->to.site = db_uuid(rows, 0, 1);
        snprintf(ret->to.site_name, sizeof(ret->to.site_name), "%s", db_text(rows, 0, 2));
        snprintf(ret->to.name, sizeof(ret->to.name), "%s", db_text(rows, 0, 3));
        snprintf(ret->state, sizeof(ret->state), "%s", db_text(rows, 0, 4));
        ret->late = db_bool(rows, 0, 5);
        ret->over = db_bool(rows, 0, 6);
        db_blob32(rows, 0, 7, ret->challenge_secret);
        ret->expects = db_blob32(rows, 0, 8, ret->expected);
        ret->presented = db_blob32(rows, 0, 9, ret->fingerprint);
        ret->to.agent = db_uuid(rows, 0, 10);
    }
    db_rows_destroy(rows);
    return count;
}

static int turn_away(struct enrolment_refusal *ret, unsigned status, const char *code,
                     struct error *err, enum error_code kind, const char *why)
{
    *ret = (struct enrolment_refusal){code, status};
    error_clear(err);
    error_set_code(err, kind, "%s", why);
    return 0;
}

/* 1: these keys may speak for this token; 0: turned away. */
static int check(const struct found *found, const struct enrol_request *request,
                 const uint8_t fingerprint[32], struct enrolment_refusal *ret, struct error *err)
{
    char why[512];

    if (strcmp(found->state, "refused") == 0)
        return turn_away(ret, 403, "enrolment_refused", err, ERROR_FORBIDDEN,
                         "this join token was refused or withdrawn");
    if (found->presented ? found->over : found->late)
        return turn_away(ret, 401, "join_token_expired", err, ERROR_STALE,
                         "this join token has expired");
    if (found->presented && memcmp(found->fingerprint, fingerprint, 32) != 0)
        return turn_away(ret, 409, "join_token_used", err, ERROR_CONFLICT,
                         "this join token was used by other keys");
    if (enrol_request_verify(request, found->challenge_secret, found->to.site_name, found->to.name,
                             err) < 0) {
        snprintf(why, sizeof(why), "%s", error_text(err));
        return turn_away(ret, 403, "proof_failed", err, ERROR_FORBIDDEN, why);
    }
    if (found->expects && memcmp(found->expected, fingerprint, 32) != 0)
        return turn_away(ret, 403, "fingerprint_mismatch", err, ERROR_FORBIDDEN,
                         "this join token is for other keys than these");
    return 1;
}

static int audit(struct db *db, const struct found *found, const char *action, const char *why,
                 struct error *err)
{
    char who[80], object[80];
    const struct audit_entry entry = {
        .who = who, .action = action, .object = object, .outcome = "ok", .why = why};

    snprintf(who, sizeof(who), "join token %s", found->to.name);
    snprintf(object, sizeof(object), "agent %s", found->to.name);
    return audit_append(db, &PLATFORM_TENANT, &entry, err);
}

static int approve(struct db *db, const struct uuid *id, const struct uuid *site, const char *name,
                   const struct agent_public_keys *keys, const char *who, struct uuid *ret_agent,
                   struct error *err)
{
    if (agent_add(db, site, name, keys, ret_agent, err) < 0)
        return err->code == ERROR_CONFLICT
                   ? error_set_code(err, ERROR_CONFLICT,
                                    "the name, one of the keys or the site is an agent's already")
                   : -1;
    return db_execute(db, SQL_ENROLMENT_APPROVED, err, "uus", id, ret_agent, who) < 0 ? -1 : 0;
}

/* The first keys that prove themselves have the token from now on. */
static int take(struct db *db, struct found *found, const struct enrol_request *request,
                const uint8_t fingerprint[32], struct error *err)
{
    const size_t size = KEY_BYTES;

    if (db_execute(db, SQL_ENROLMENT_PRESENTED, err, "uyyyy", &found->id, request->keys.curve, size,
                   request->keys.sign, size, request->keys.seal, size, fingerprint, size) < 0 ||
        audit(db, found, "agent.enrol", "its keys were presented and proved", err) < 0)
        return -1;
    snprintf(found->state, sizeof(found->state), "pending");
    return 0;
}

/* 1, 0: a key is another agent's; -1. */
static int settle(struct db *db, struct found *found, const struct enrol_request *request,
                  const uint8_t fingerprint[32], struct enrolment_refusal *refusal,
                  struct error *err)
{
    if (!found->presented && take(db, found, request, fingerprint, err) < 0)
        return -1;
    if (found->expects && strcmp(found->state, "pending") == 0) {
        if (approve(db, &found->id, &found->to.site, found->to.name, &request->keys, "its token",
                    &found->to.agent, err) < 0)
            return err->code == ERROR_CONFLICT
                       ? turn_away(refusal, 409, "agent_exists", err, ERROR_CONFLICT,
                                   "the name, one of the keys or the site "
                                   "is an agent's already")
                       : -1;
        if (audit(db, found, "agent.approve", "the token was made for these keys", err) < 0)
            return -1;
        snprintf(found->state, sizeof(found->state), "approved");
    }
    found->to.state = strcmp(found->state, "approved") == 0 ? ENROL_APPROVED : ENROL_PENDING;
    return 1;
}

static int audit_turned_away(struct db *db, const struct found *found,
                             const struct enrolment_refusal *refusal, const struct error *why,
                             struct error *err)
{
    char who[80], object[80], sentence[560];
    const struct audit_entry entry = {.who = who,
                                      .action = "agent.enrol",
                                      .object = object,
                                      .outcome = "refused",
                                      .why = sentence};

    snprintf(who, sizeof(who), "join token %s", found->to.name);
    snprintf(object, sizeof(object), "agent %s", found->to.name);
    snprintf(sentence, sizeof(sentence), "%s: %s", refusal->code, error_text(why));
    return audit_refusal(db, &PLATFORM_TENANT, &entry, err);
}

int enrolment_present(struct db *db, const struct enrol_request *request,
                      struct enrolment_case *ret, struct enrolment_refusal *ret_refusal,
                      struct error *err)
{
    struct found found = {0};
    uint8_t fingerprint[32];
    struct error trouble = {0};
    int rc;

    agent_fingerprint(&request->keys, fingerprint);
    if (db_begin_tenant(db, &PLATFORM_TENANT, err) < 0)
        return -1;
    rc = find(db, request->secret_hash, &found, err);
    if (rc == 0) {
        db_rollback(db);
        return turn_away(ret_refusal, 401, "unknown_join_token", err, ERROR_NOT_FOUND,
                         "this is not a join token of ours");
    }
    if (rc == 1)
        rc = check(&found, request, fingerprint, ret_refusal, err);
    if (rc == 1)
        rc = settle(db, &found, request, fingerprint, ret_refusal, err);
    if (rc == 1 && db_commit(db, err) < 0)
        rc = -1;
    db_rollback(db);
    if (rc == 0 && audit_turned_away(db, &found, ret_refusal, err, &trouble) < 0) {
        *err = trouble;
        rc = -1;
    }
    if (rc == 1)
        *ret = found.to;
    OPENSSL_cleanse(&found, sizeof(found));
    return rc;
}

/* ---- decided ---- */

struct open_case {
    struct uuid id, site, agent;
    char state[16];
    struct agent_public_keys keys;
    uint8_t fingerprint[32];
};

static int find_open(struct db *db, const char *name, struct open_case *ret, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_ENROLMENT_OPEN, err, "s", name);
    int count;

    if (!rows)
        return -1;
    count = (int)db_rows_count(rows);
    if (count == 1) {
        ret->id = db_uuid(rows, 0, 0);
        ret->site = db_uuid(rows, 0, 1);
        snprintf(ret->state, sizeof(ret->state), "%s", db_text(rows, 0, 2));
        db_blob32(rows, 0, 3, ret->keys.curve);
        db_blob32(rows, 0, 4, ret->keys.sign);
        db_blob32(rows, 0, 5, ret->keys.seal);
        db_blob32(rows, 0, 6, ret->fingerprint);
        ret->agent = db_uuid(rows, 0, 7);
    }
    db_rows_destroy(rows);
    return count;
}

int enrolment_approve(struct db *db, const char *name, const uint8_t fingerprint[32],
                      const char *who, struct uuid *ret_agent, struct error *err)
{
    struct open_case open = {0};
    int rc;

    if (db_execute(db, SQL_ENROLMENT_FORGET_LATE, err, "si", name, (int64_t)ENROLMENT_HOURS) < 0 ||
        (rc = find_open(db, name, &open, err)) < 0)
        return -1;
    if (rc == 0)
        return 0;
    if (strcmp(open.state, "offered") == 0)
        return error_set_code(err, ERROR_CONFLICT,
                              "nobody has presented the join token of '%s' yet", name);
    if (memcmp(open.fingerprint, fingerprint, 32) != 0)
        return error_set_code(err, ERROR_FORBIDDEN,
                              "the keys that wait have another fingerprint: read it again at the "
                              "agent's host; if it is right there, refuse these");
    *ret_agent = open.agent;
    if (strcmp(open.state, "approved") == 0)
        return 1;
    return approve(db, &open.id, &open.site, name, &open.keys, who, ret_agent, err) < 0 ? -1 : 1;
}

int enrolment_refuse(struct db *db, const char *name, const char *who, struct error *err)
{
    return db_execute(db, SQL_ENROLMENT_REFUSE, err, "ss", name, who);
}

struct db_rows *enrolment_list(struct db *db, const struct uuid *before, int64_t limit,
                               struct error *err)
{
    return db_query(db, SQL_ENROLMENT_LIST, err, "uii", before, limit, (int64_t)ENROLMENT_HOURS);
}
