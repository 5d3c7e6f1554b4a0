/* agent_registry.c - see agent_registry.h. Owns tables agent_stream and agent_session.
 * Invariant: a site is quarantined in the transaction that saw the reason, with its audit row.
 */
#include "controller/dispatch/agent_registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/fault_point.h"
#include "common/text.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/dispatch/admitted_keys.h"
#include "controller/dispatch/agent_registry.sql.h"
#include "controller/tasks/task_lost.h"

#define EPOCH_JUMP_MAX ((uint64_t)1 << 32) /* more grants than a site makes in a lifetime */
#define REFUSED_RETRY_MS 60000             /* a person has to act first */

int agent_registry_keys(struct db *db, struct admitted_key **ret_keys, size_t *ret_count,
                        struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_AGENT_KEYS, err, "");
    struct admitted_key *keys;
    size_t count;

    if (!rows)
        return -1;
    count = db_rows_count(rows);
    keys = calloc(count + 1, sizeof(*keys));
    for (size_t i = 0; keys && i < count; i++) {
        keys[i].agent = db_uuid(rows, i, 0);
        /* The table checks the length. */
        db_blob32(rows, i, 1, keys[i].curve);
    }
    db_rows_destroy(rows);
    if (!keys)
        return error_set_code(err, ERROR_UNAVAILABLE, "out of memory for %zu agents' keys", count);
    *ret_keys = keys;
    *ret_count = count;
    return 0;
}

/* ---- HELLO ---- */

struct hello_row {
    struct uuid site, journal;
    bool active, quarantined, begin_anew, has_stream, superseded;
    uint64_t facts_committed, bulk_committed;
    char because[160];
};

static int read_row(struct db *db, const struct session_hello *hello, struct hello_row *row,
                    struct live_session *session, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_AGENT_OF_HELLO, err, "uu", &hello->agent, &hello->boot);
    int rc = -1;

    if (!rows)
        return -1;
    if (db_rows_count(rows) == 0) {
        rc = 0;
    } else if (!db_blob32(rows, 0, 3, session->sign_key) ||
               !db_blob32(rows, 0, 4, session->seal_key)) {
        error_set(err, "an agent's keys are not 32 bytes");
    } else {
        row->site = db_uuid(rows, 0, 0);
        row->active = strcmp(db_text(rows, 0, 1), "active") == 0;
        snprintf(session->name, sizeof(session->name), "%s", db_text(rows, 0, 2));
        row->quarantined = !db_is_null(rows, 0, 5);
        snprintf(row->because, sizeof(row->because), "%s",
                 row->quarantined ? db_text(rows, 0, 5) : "");
        session->chainload_always = db_bool(rows, 0, 6);
        row->begin_anew = db_bool(rows, 0, 7);
        row->has_stream = !db_is_null(rows, 0, 8);
        row->journal = db_uuid(rows, 0, 8);
        row->facts_committed = (uint64_t)db_int(rows, 0, 9);
        row->bulk_committed = (uint64_t)db_int(rows, 0, 10);
        row->superseded = db_bool(rows, 0, 11);
        rc = 1;
    }
    db_rows_destroy(rows);
    return rc;
}

static int refuse(struct session_reject *reject, const char *code, const char *remedy,
                  const char *text)
{
    reject->code = code;
    reject->remedy = remedy;
    reject->retry_ms = REFUSED_RETRY_MS;
    snprintf(reject->text, sizeof(reject->text), "%s", text);
    text_mend_utf8(reject->text);
    return 0;
}

static int refuse_revoked(struct session_reject *reject)
{
    return refuse(reject, "revoked", "muster agent add, with new keys", "this agent was revoked");
}

static const char QUARANTINE_REMEDY[] = "find out why, then: muster site release NAME";

static int quarantine(struct db *db, const struct uuid *site, const char *agent,
                      const char *because, struct error *err)
{
    char who[AGENT_NAME_MAX + 16], object[UUID_TEXT_SIZE + 8], id[UUID_TEXT_SIZE];
    const struct audit_entry entry = {.who = who,
                                      .action = "site.quarantine",
                                      .object = object,
                                      .outcome = "refused",
                                      .why = because};

    uuid_format(site, id);
    snprintf(who, sizeof(who), "agent %s", agent);
    snprintf(object, sizeof(object), "site %s", id);
    if (db_execute(db, SQL_AGENT_QUARANTINE, err, "us", site, because) < 0)
        return -1;
    return audit_append(db, &PLATFORM_TENANT, &entry, err);
}

/* An epoch beyond all we ever granted: the database was restored from an older copy, or someone
 * made it up. 1: fine, the floor may have risen; 0: 'because' says what is wrong; -1. */
static int check_epoch(struct db *db, const struct session_hello *hello, const struct uuid *site,
                       char *because, size_t size, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_AGENT_EPOCHS_GRANTED, err, "u", site);
    uint64_t granted;

    if (!rows)
        return -1;
    granted = db_rows_count(rows) ? (uint64_t)db_int(rows, 0, 0) : 0;
    db_rows_destroy(rows);
    if (hello->highest_epoch <= granted)
        return 1;
    if (hello->highest_epoch - granted > EPOCH_JUMP_MAX) {
        snprintf(because, size,
                 "its agent claims epoch %" PRIu64 ", far beyond the %" PRIu64 " granted here",
                 hello->highest_epoch, granted);
        return 0;
    }
    return db_execute(db, SQL_AGENT_RAISE_FLOOR, err, "ui", site, (int64_t)hello->highest_epoch) < 0
               ? -1
               : 1;
}

/* Of what was handed over, or of what was sent, some is in no journal that this agent has. */
static bool has_lost(const struct session_hello *hello, const struct hello_row *row)
{
    return !row->has_stream || !uuid_equal(&row->journal, &hello->journal) ||
           hello->facts_head < row->facts_committed || hello->bulk_head < row->bulk_committed;
}

/* What an agent before it had, one that was revoked, is no more this one's to tell than what a lost
 * journal held. */
static int lose_tasks(struct db *db, const struct hello_row *row, struct error *err)
{
    return task_lost_at(db, &row->site, err) < 0 || db_set_tenant(db, &PLATFORM_TENANT, err) < 0
               ? -1
               : 0;
}

/* 1: the journal goes on where the database is; 0: 'because'; -1. */
static int check_journal(struct db *db, const struct session_hello *hello,
                         const struct hello_row *row, char *because, size_t size, struct error *err)
{
    if (!row->has_stream)
        return lose_tasks(db, row, err) < 0 || db_execute(db, SQL_AGENT_STREAM_BEGIN, err, "uu",
                                                          &hello->agent, &hello->journal) < 0
                   ? -1
                   : 1;
    if (!uuid_equal(&row->journal, &hello->journal)) {
        snprintf(because, size,
                 "its agent has another journal than before: what the old one promised is lost");
        return 0;
    }
    if (hello->facts_head < row->facts_committed || hello->bulk_head < row->bulk_committed) {
        snprintf(because, size,
                 "its agent's journal ends before what it handed over: an older copy of its disk "
                 "is running");
        return 0;
    }
    return 1;
}

/* A person has released the site: what its agent says now is where both go on from. */
static int begin_anew(struct db *db, const struct session_hello *hello, struct hello_row *row,
                      struct error *err)
{
    struct db_rows *rows;

    if (has_lost(hello, row) && lose_tasks(db, row, err) < 0)
        return -1;
    rows = db_query(db, SQL_AGENT_STREAM_ANEW, err, "uuii", &hello->agent, &hello->journal,
                    (int64_t)hello->facts_head, (int64_t)hello->bulk_head);
    if (!rows)
        return -1;
    row->facts_committed = (uint64_t)db_int(rows, 0, 0);
    row->bulk_committed = (uint64_t)db_int(rows, 0, 1);
    db_rows_destroy(rows);
    if (db_execute(db, SQL_AGENT_BOOTS_FORGET, err, "u", &hello->agent) < 0)
        return -1;
    return db_execute(db, SQL_AGENT_BEGUN_ANEW, err, "ui", &row->site,
                      (int64_t)hello->highest_epoch) < 0
               ? -1
               : 1;
}

/* 1: as before; 0: 'because'; -1. */
static int check_continuity(struct db *db, const struct session_hello *hello, struct hello_row *row,
                            char *because, size_t size, struct error *err)
{
    int rc;

    if (row->begin_anew)
        return begin_anew(db, hello, row, err);
    rc = check_journal(db, hello, row, because, size, err);
    return rc == 1 ? check_epoch(db, hello, &row->site, because, size, err) : rc;
}

/* 2: replaced by a later run; 1: welcome; 0: refused; -1. In a transaction of the platform's
 * tenant. */
static int decide(struct db *db, const struct session_hello *hello, struct live_session *session,
                  struct session_reject *reject, struct error *err)
{
    struct hello_row row = {0};
    char because[160];
    int rc = read_row(db, hello, &row, session, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return refuse(reject, "unknown_agent", "muster agent add", "no such agent");
    if (!row.active)
        return refuse_revoked(reject);
    if (!uuid_equal(&row.site, &hello->site))
        return refuse(reject, "wrong_site", "set site.id to the site that the agent was added to",
                      "HELLO names another site than this agent's");
    if (row.quarantined)
        return refuse(reject, "quarantined", QUARANTINE_REMEDY, row.because);
    if (row.superseded && !row.begin_anew)
        return 2;
    rc = check_continuity(db, hello, &row, because, sizeof(because), err);
    if (rc == 0) {
        if (quarantine(db, &row.site, session->name, because, err) < 0)
            return -1;
        return refuse(reject, "quarantined", QUARANTINE_REMEDY, because);
    }
    session->site = row.site;
    session->journal = hello->journal;
    session->facts_committed = row.facts_committed;
    session->bulk_committed = row.bulk_committed;
    session->facts_head = hello->facts_head;
    session->bulk_head = hello->bulk_head;
    return rc;
}

/* 1: ours; 0: its agent was revoked meanwhile; -1. */
static int open_session(struct db *db, const struct uuid *controller,
                        const struct session_hello *hello, struct live_session *session,
                        struct error *err)
{
    const char *features[SESSION_FEATURES_MAX];
    struct db_rows *rows;
    int opened;

    for (size_t i = 0; i < hello->feature_count; i++)
        features[i] = hello->features[i];
    session->agent = hello->agent;
    session->session = uuid_make();
    memcpy(session->nonce, hello->nonce, sizeof(session->nonce));
    rows = db_query(db, SQL_AGENT_SESSION_OPEN, err, "uuuuysSi", &session->agent, controller,
                    &session->session, &hello->boot, hello->nonce, sizeof(hello->nonce),
                    hello->software, hello->feature_count, features, (int64_t)AGENT_SESSION_LIFE_S);
    if (!rows)
        return -1;
    opened = db_rows_count(rows) == 1;
    if (opened) {
        session->fence = db_int(rows, 0, 0);
        session->opened_us = db_time(rows, 0, 1);
    }
    db_rows_destroy(rows);
    return opened;
}

static int audit_refused(struct db *db, const struct session_hello *hello,
                         const struct session_reject *reject, struct error *err)
{
    char object[UUID_TEXT_SIZE + 8], id[UUID_TEXT_SIZE], why[256];
    const struct audit_entry entry = {
        .who = object, .action = "agent.hello", .object = object, .outcome = "refused", .why = why};

    uuid_format(&hello->agent, id);
    snprintf(object, sizeof(object), "agent %s", id);
    snprintf(why, sizeof(why), "%s: %s", reject->code, reject->text);
    return audit_append(db, &PLATFORM_TENANT, &entry, err);
}

static int answer_hello(struct db *db, const struct uuid *controller,
                        const struct session_hello *hello, struct hello_answer *ret,
                        struct error *err)
{
    int rc;

    memset(ret, 0, sizeof(*ret));
    rc = decide(db, hello, &ret->session, &ret->reject, err);
    if (rc == 1 && (rc = open_session(db, controller, hello, &ret->session, err)) == 0)
        refuse_revoked(&ret->reject);
    if (rc < 0 || (rc == 0 && audit_refused(db, hello, &ret->reject, err) < 0))
        return -1;
    ret->verdict = rc == 2 ? HELLO_REPLACED : rc == 1 ? HELLO_WELCOME : HELLO_REFUSED;
    return 0;
}

static int compare_hellos(const void *a, const void *b)
{
    const struct session_hello *const *x = *(const struct session_hello *const *const *)a;
    const struct session_hello *const *y = *(const struct session_hello *const *const *)b;
    int order = memcmp((*x)->agent.bytes, (*y)->agent.bytes, sizeof((*x)->agent.bytes));

    /* Those of one agent as they came. */
    return order ? order : x < y ? -1 : x > y;
}

int agent_registry_hellos(struct db *db, const struct uuid *controller,
                          const struct session_hello *const *hellos, size_t count,
                          struct hello_answer *ret_answers, struct error *err)
{
    const struct session_hello *const *order[HELLO_SET_MAX];
    int rc = 0;

    if (count > HELLO_SET_MAX)
        return error_set(err, "at most %d HELLOs are answered together", HELLO_SET_MAX);
    /* Two controllers lock the sites of a fleet in one order. */
    for (size_t i = 0; i < count; i++)
        order[i] = &hellos[i];
    qsort(order, count, sizeof(*order), compare_hellos);
    if (db_begin_tenant(db, &PLATFORM_TENANT, err) < 0)
        return -1;
    rc = db_execute(db, SQL_AGENT_HELLO_PATIENCE, err, "") < 0 ? -1 : 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = answer_hello(db, controller, *order[i], &ret_answers[order[i] - hellos], err);
    if (rc < 0 || db_commit(db, err) < 0) {
        db_rollback(db);
        return -1;
    }
    return 0;
}

int agent_registry_posed(struct db *db, const struct uuid *agent, struct error *err)
{
    char object[UUID_TEXT_SIZE + 8], id[UUID_TEXT_SIZE];
    const struct audit_entry entry = {
        .who = object,
        .action = "agent.hello",
        .object = object,
        .outcome = "refused",
        .why = "unknown_agent: HELLO names another agent than its key belongs to"};

    uuid_format(agent, id);
    snprintf(object, sizeof(object), "agent %s", id);
    return audit_refusal(db, &PLATFORM_TENANT, &entry, err);
}

int agent_registry_quarantine(struct db *db, const struct uuid *agent, const char *because,
                              struct error *err)
{
    struct db_rows *rows = NULL;
    struct uuid site;
    int rc = -1;

    if (db_begin_tenant(db, &PLATFORM_TENANT, err) < 0)
        return -1;
    rows = db_query(db, SQL_AGENT_SITE_OF, err, "u", agent);
    if (rows && db_rows_count(rows) == 1) {
        site = db_uuid(rows, 0, 0);
        rc = quarantine(db, &site, db_text(rows, 0, 1), because, err);
    }
    db_rows_destroy(rows);
    if (rc == 0)
        rc = db_commit(db, err);
    if (rc < 0)
        db_rollback(db);
    return rc;
}

/* ---- ownership ---- */

/* true in 'ret' where 'agents' has what a row says. */
static void mark_agents(const struct db_rows *rows, const struct uuid *agents, size_t count,
                        bool *ret)
{
    memset(ret, 0, count * sizeof(*ret));
    for (size_t row = 0; row < db_rows_count(rows); row++) {
        struct uuid agent = db_uuid(rows, row, 0);
        size_t at = row; /* mostly in the order given */

        for (size_t tried = 0; tried < count; tried++, at = (at + 1) % count)
            if (uuid_equal(&agents[at], &agent)) {
                ret[at] = true;
                break;
            }
    }
}

int agent_registry_renew(struct db *db, const struct uuid *controller, const struct uuid *agents,
                         const int64_t *fences, size_t count, bool *ret_kept, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_AGENT_SESSION_RENEW, err, "uUIi", controller, count,
                                    agents, count, fences, (int64_t)AGENT_SESSION_LIFE_S);

    if (!rows)
        return -1;
    mark_agents(rows, agents, count, ret_kept);
    db_rows_destroy(rows);
    return 0;
}

int agent_registry_owned(struct db *db, const struct uuid *controller,
                         const struct live_session *const *sessions, size_t count, bool *ret_owned,
                         struct error *err)
{
    struct uuid *agents = calloc(count + 1, sizeof(*agents));
    int64_t *fences = calloc(count + 1, sizeof(*fences));
    struct db_rows *rows = NULL;

    for (size_t i = 0; agents && fences && i < count; i++) {
        agents[i] = sessions[i]->agent;
        fences[i] = sessions[i]->fence;
    }
    if (agents && fences)
        rows = db_query(db, SQL_AGENT_SESSION_OWNED, err, "uUI", controller, count, agents, count,
                        fences);
    else
        error_no_memory(err);
    if (rows)
        mark_agents(rows, agents, count, ret_owned);
    for (size_t i = 0; rows && !PROTECTION("session_fence") && i < count; i++)
        ret_owned[i] = true;
    free(agents);
    free(fences);
    db_rows_destroy(rows);
    return rows ? 0 : -1;
}

int agent_registry_close(struct db *db, const struct uuid *controller, const struct uuid *agents,
                         const int64_t *fences, size_t count, struct error *err)
{
    return db_execute(db, SQL_AGENT_SESSION_CLOSE, err, "uUI", controller, count, agents, count,
                      fences) < 0
               ? -1
               : 0;
}

int agent_registry_controller(struct db *db, const struct uuid *id, const char *name,
                              struct error *err)
{
    return db_execute(db, SQL_AGENT_CONTROLLER, err, "uss", id, name, "musterd " MUSTER_VERSION) < 0
               ? -1
               : 0;
}

int agent_registry_manifest(struct db *db, uint64_t *ret_version, uint8_t **ret_envelope,
                            size_t *ret_length, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_AGENT_MANIFEST, err, "");
    const uint8_t *bytes;
    int rc = 0;

    if (!rows)
        return -1;
    if (db_rows_count(rows) > 0 && (bytes = db_blob(rows, 0, 1, ret_length))) {
        *ret_version = (uint64_t)db_int(rows, 0, 0);
        *ret_envelope = malloc(*ret_length + 1);
        rc = *ret_envelope
                 ? 1
                 : error_set_code(err, ERROR_UNAVAILABLE, "out of memory for the key manifest");
        if (rc == 1)
            memcpy(*ret_envelope, bytes, *ret_length);
    }
    db_rows_destroy(rows);
    return rc;
}
