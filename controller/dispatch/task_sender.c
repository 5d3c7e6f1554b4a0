/* task_sender.c - see task_sender.h. Invariant: nothing is signed for a session that is not ours by
 * its fence, asked again behind the lease's commit, and nothing is sent before SENT is committed.
 */
#include "controller/dispatch/task_sender.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "common/text.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/dispatch/order_read.h"
#include "controller/dispatch/task_recheck.h"
#include "controller/dispatch/task_sender.sql.h"
#include "controller/tasks/agent_order.h"
#include "controller/tasks/task_drop.h"
#include "controller/tasks/task_queue.h"
#include "proto/frame.h"
#include "proto/sha256.h"

#define ROOM "dispatch"
#define LEASES_AT_ONCE 256 /* of all sites, */
#define LEASES_A_SITE 64   /* and of one */
#define CANCEL_LIFE_US                                                                             \
    INT64_C(60000000) /* a cancel that arrives later is said again, with a new end */

struct task_sender {
    struct task_sender_settings settings;
    struct sign_key *key;
    struct task_recheck *recheck;
};

struct task_sender *task_sender_create(const struct task_sender_settings *settings,
                                       struct error *err)
{
    struct task_sender *sender = calloc(1, sizeof(*sender));

    if (!sender) {
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for the task sender");
        return NULL;
    }
    sender->settings = *settings;
    sender->key = sign_key_create(settings->sign_secret, err);
    OPENSSL_cleanse(sender->settings.sign_secret, sizeof(sender->settings.sign_secret));
    if (!sender->key || !(sender->recheck = task_recheck_create(err))) {
        task_sender_destroy(sender);
        return NULL;
    }
    return sender;
}

void task_sender_destroy(struct task_sender *sender)
{
    if (!sender)
        return;
    sign_key_destroy(sender->key);
    task_recheck_destroy(sender->recheck);
    free(sender);
}

const uint8_t *task_sender_public_key(const struct task_sender *sender)
{
    return sign_key_public(sender->key);
}

static int sign(struct task_sender *sender, enum envelope_domain domain,
                const ProtobufCMessage *message, uint8_t **ret_envelope, size_t *ret_length,
                struct error *err)
{
    uint8_t *payload = NULL;
    size_t length;
    int rc = message_pack(message, &payload, &length, err);

    if (rc == 0)
        rc = envelope_sign(sender->key, domain, payload, length, ret_envelope, ret_length, err);
    free(payload);
    return rc;
}

static int sign_and_send(struct task_sender *sender, const struct live_session *session,
                         enum envelope_domain domain, const ProtobufCMessage *message,
                         task_sender_send send, void *context, struct error *err)
{
    uint8_t *envelope = NULL;
    size_t length;
    int rc = sign(sender, domain, message, &envelope, &length, err);

    if (rc == 0)
        rc = send(context, session, envelope, length, err);
    free(envelope);
    return rc;
}

static void tell(const char *what, const struct live_session *session, const struct uuid *task,
                 uint64_t epoch, const struct error *why)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(task, id);
    if (why)
        log_warn(ROOM, what, "task=%s epoch=%" PRIu64 " agent=%s reason=%s", id, epoch,
                 session->name, log_quote(error_text(why)));
    else
        log_info(ROOM, what, "task=%s epoch=%" PRIu64 " agent=%s", id, epoch, session->name);
}

/* ---- leases ---- */

/* What goes out in one round: leases of sessions that are ours, their orders signed, and noted as
 * sent. */
struct round {
    struct task_sender *sender;
    struct db *db;
    const struct live_session *const *sessions; /* borrowed; is each ours? */
    bool owned[TASK_SENDER_SITES];
    size_t session_count;
    struct outgoing {
        const struct live_session *to;
        uint8_t *envelope;
        size_t length;
    } out[LEASES_AT_ONCE];
    struct task_sending list[LEASES_AT_ONCE]; /* beside 'out' */
    size_t count;
};

static int ask_owned(struct round *in, struct error *err)
{
    return agent_registry_owned(in->db, &in->sender->settings.controller, in->sessions,
                                in->session_count, in->owned, err);
}

/* Its timeline says why, and no agent has to be asked after it. */
static int give_back(struct round *in, const struct live_session *session,
                     const struct task_lease *lease, const struct error *why, struct error *err)
{
    tell("task not sent", session, &lease->task, lease->epoch, why);
    return task_queue_requeue(in->db, &in->sender->settings.controller, lease, error_text(why),
                              err) < 0
               ? -1
               : 0;
}

/* It is not sent: what its rule asked for does not hold any more. */
static int drop(struct round *in, const struct order_wish *wish, const struct task_answer *answer,
                struct error *err)
{
    struct error why = {0};

    error_set(&why, "%s", answer->why);
    tell("task dropped", wish->to, &wish->lease->task, wish->lease->epoch, &why);
    return task_drop(in->db, &in->sender->settings.controller, wish->lease, answer->why,
                     answer->ticket, err) < 0
               ? -1
               : 0;
}

/* Of one tenant; those that do not hold any more are dropped, and 'ret_dropped' says which. */
static int ask_again(struct round *in, const struct orders *orders, const struct order_wish *wishes,
                     size_t count, bool *ret_dropped, struct error *err)
{
    struct task_answer *answers = calloc(count, sizeof(*answers));
    size_t places[LEASES_AT_ONCE], asked = 0;
    int rc = 0;

    if (!answers)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++)
        if (orders_ask(orders, i)) {
            places[asked] = i;
            answers[asked++].task = wishes[i].lease->task;
        }
    if (asked > 0)
        rc = task_recheck_ask(in->sender->recheck, in->db, &wishes[0].lease->tenant,
                              clock_realtime_us(), answers, asked, err);
    for (size_t i = 0; rc == 0 && i < asked; i++)
        if (!answers[i].holds) {
            ret_dropped[places[i]] = true;
            rc = drop(in, &wishes[places[i]], &answers[i], err);
        }
    free(answers);
    return rc;
}

/* Signs one; what cannot be built goes back. */
static int sign_one(struct round *in, struct orders *orders, const struct order_wish *wish,
                    size_t number, struct error *err)
{
    struct outgoing *out = &in->out[in->count];
    struct error why = {0};
    const Muster__BootTask *boot =
        orders_message(orders, number, in->sender->settings.open_password,
                       in->sender->settings.open_context, &why);

    if (boot &&
        sign(in->sender, DOMAIN_TASK, &boot->base, &out->envelope, &out->length, &why) == 0) {
        out->to = wish->to;
        in->list[in->count].lease = *wish->lease;
        sha256_of(out->envelope, out->length, in->list[in->count++].order_sha256);
        return 0;
    }
    if (why.code == ERROR_UNAVAILABLE) {
        *err = why;
        return -1;
    }
    return why.code == ERROR_NONE ? 0 : give_back(in, wish->to, wish->lease, &why, err);
}

/* Of one tenant. */
static int sign_orders(struct round *in, const struct order_wish *wishes, size_t count,
                       struct error *err)
{
    bool dropped[LEASES_AT_ONCE] = {false};
    struct orders *orders;
    int rc;

    if (orders_read(in->db, wishes, count, &orders, err) < 0)
        return -1;
    rc = ask_again(in, orders, wishes, count, dropped, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (!dropped[i])
            rc = sign_one(in, orders, &wishes[i], i, err);
    orders_destroy(orders);
    return rc;
}

static size_t session_of(const struct round *in, const struct uuid *site)
{
    size_t at = 0;

    while (at < in->session_count && !uuid_equal(&in->sessions[at]->site, site))
        at++;
    return at;
}

/* Leases follow each other by tenant. A controller that was stopped between asking and leasing has
 * nobody to send to: those leases go back, as far as they are still its own. */
static int sign_leases(struct round *in, const struct task_lease *leases, size_t count,
                       struct error *err)
{
    static const struct error lost = {.text = "another controller has the session by now"};
    struct order_wish wishes[LEASES_AT_ONCE];
    size_t wished = 0;

    for (size_t i = 0; i < count; i++) {
        size_t at = session_of(in, &leases[i].site);

        if (wished > 0 && !uuid_equal(&wishes[0].lease->tenant, &leases[i].tenant)) {
            if (sign_orders(in, wishes, wished, err) < 0)
                return -1;
            wished = 0;
        }
        if (in->owned[at])
            wishes[wished++] = (struct order_wish){in->sessions[at], &leases[i]};
        else if (give_back(in, in->sessions[at], &leases[i], &lost, err) < 0)
            return -1;
    }
    return wished > 0 ? sign_orders(in, wishes, wished, err) : 0;
}

/* A switch was thrown behind the lease, or the lease is over; then it is another's. */
static int keep_back(struct round *in, size_t number, struct error *err)
{
    static const struct error stopped = {
        .text = "before it was sent its rule was switched off, or its lease ended"};

    return give_back(in, in->out[number].to, &in->list[number].lease, &stopped, err);
}

/* Returns how many. */
static int send_signed(struct round *in, task_sender_send send, void *context, struct error *err)
{
    int sent = 0,
        held = task_queue_sent(in->db, &in->sender->settings.controller, in->list, in->count, err);

    if (held < 0)
        return -1;
    if (held > 0)
        FAULT_POINT("musterd_sent_committed");
    for (size_t i = 0; i < in->count; i++) {
        const struct task_lease *lease = &in->list[i].lease;
        const struct outgoing *out = &in->out[i];

        if (!in->list[i].held) {
            if (keep_back(in, i, err) < 0)
                return -1;
            continue;
        }
        if (send(context, out->to, out->envelope, out->length, err) < 0)
            return -1;
        tell("task sent", out->to, &lease->task, lease->epoch, NULL);
        sent++;
    }
    return sent;
}

/* What is ours is leased. Returns how many. */
static int lease(struct round *in, struct task_lease leases[LEASES_AT_ONCE], struct error *err)
{
    struct task_site sites[TASK_SENDER_SITES];
    size_t count = 0, each;

    for (size_t i = 0; i < in->session_count; i++)
        if (in->owned[i])
            sites[count++] = (struct task_site){in->sessions[i]->site, in->sessions[i]->agent};
    if (count == 0)
        return 0;
    each = LEASES_AT_ONCE / count < LEASES_A_SITE ? LEASES_AT_ONCE / count : LEASES_A_SITE;
    return task_queue_lease(in->db, &in->sender->settings.controller, sites, count, each, leases,
                            err);
}

/* Returns how many were leased, *sent more went out; -1. */
static int one_round(struct round *in, task_sender_send send, void *context, int *sent,
                     struct error *err)
{
    struct task_lease leases[LEASES_AT_ONCE];
    int leased = lease(in, leases, err), rc = -1;

    if (leased <= 0)
        return leased;
    in->count = 0;
    FAULT_POINT("musterd_lease_committed");
    if (ask_owned(in, err) == 0 && sign_leases(in, leases, (size_t)leased, err) == 0)
        rc = send_signed(in, send, context, err);
    for (size_t i = 0; i < in->count; i++)
        free(in->out[i].envelope);
    *sent += rc > 0 ? rc : 0;
    return rc < 0 ? -1 : leased;
}

int task_sender_lease(struct task_sender *sender, struct db *db,
                      const struct live_session *const *sessions, size_t count,
                      task_sender_send send, void *context, struct error *err)
{
    struct round *in = calloc(1, sizeof(*in));
    int leased, sent = 0;

    if (!in)
        return error_no_memory(err);
    in->sender = sender;
    in->db = db;
    in->sessions = sessions;
    in->session_count = count;
    FAULT_POINT("musterd_lease_begin");
    leased = ask_owned(in, err) < 0 ? -1 : 1;
    while (leased > 0)
        leased = one_round(in, send, context, &sent, err);
    free(in);
    return leased < 0 ? -1 : sent;
}

/* ---- cancels ---- */

struct wishes {
    struct task_cancel_wish *items;
    size_t count;
};

static int add_wishes(struct wishes *wishes, const struct db_rows *rows, struct error *err)
{
    size_t count = db_rows_count(rows);
    struct task_cancel_wish *items =
        realloc(wishes->items, (wishes->count + count + 1) * sizeof(*items));

    if (!items)
        return error_set_code(err, ERROR_UNAVAILABLE, "out of memory for cancels");
    wishes->items = items;
    for (size_t i = 0; i < count; i++) {
        struct task_cancel_wish *wish = &items[wishes->count++];

        wish->task = db_uuid(rows, i, 0);
        wish->site = db_uuid(rows, i, 1);
        wish->epoch = (uint64_t)db_int(rows, i, 2);
        snprintf(wish->reason, sizeof(wish->reason), "%s", db_text(rows, i, 3));
        text_mend_utf8(wish->reason);
    }
    return 0;
}

/* Rows of task are seen one tenant at a time. */
static int cancels_of_tenant(struct db *db, const struct uuid *tenant, struct wishes *wishes,
                             struct error *err)
{
    struct db_rows *rows;
    int rc = -1;

    if (db_begin_tenant(db, tenant, err) < 0)
        return -1;
    rows = db_query(db, SQL_ORDER_CANCELS, err, "");
    if (rows)
        rc = add_wishes(wishes, rows, err);
    db_rows_destroy(rows);
    db_rollback(db); /* it only read */
    return rc;
}

int task_sender_cancels(struct db *db, struct task_cancel_wish **ret_wishes, size_t *ret_count,
                        struct error *err)
{
    struct db_rows *tenants = db_query(db, SQL_ORDER_TENANTS_CANCELLING, err, "");
    struct wishes wishes = {0};
    int rc = tenants ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < db_rows_count(tenants); i++) {
        struct uuid tenant = db_uuid(tenants, i, 0);

        rc = cancels_of_tenant(db, &tenant, &wishes, err);
    }
    db_rows_destroy(tenants);
    if (rc < 0) {
        free(wishes.items);
        return -1;
    }
    *ret_wishes = wishes.items;
    *ret_count = wishes.count;
    return 0;
}

int task_sender_cancel(struct task_sender *sender, const struct live_session *session,
                       const struct task_cancel_wish *wish, int64_t now_us, task_sender_send send,
                       void *context, struct error *err)
{
    Muster__CancelTask message = MUSTER__CANCEL_TASK__INIT;

    message.task_id = message_from_uuid(&wish->task);
    message.site_id = message_from_uuid(&session->site);
    message.agent_id = message_from_uuid(&session->agent);
    message.epoch = wish->epoch;
    message.reason = (char *)wish->reason;
    message.session_nonce =
        (ProtobufCBinaryData){sizeof(session->nonce), (uint8_t *)session->nonce};
    message.expires_at_us = now_us + CANCEL_LIFE_US;
    tell("cancel sent", session, &wish->task, wish->epoch, NULL);
    return sign_and_send(sender, session, DOMAIN_CANCEL, &message.base, send, context, err);
}

/* ---- a person's word ---- */

static int sign_word(struct task_sender *sender, const struct live_session *session,
                     const struct agent_order *order, int64_t expires_us, uint8_t **ret_envelope,
                     size_t *ret_length, struct error *err)
{
    const ProtobufCBinaryData nonce = {sizeof(session->nonce), (uint8_t *)session->nonce};
    Muster__SettleTask settle = MUSTER__SETTLE_TASK__INIT;
    Muster__ReleaseMachine release = MUSTER__RELEASE_MACHINE__INIT;

    if (uuid_is_nil(&order->task)) {
        release.machine_id = message_from_uuid(&order->machine);
        release.site_id = message_from_uuid(&session->site);
        release.agent_id = message_from_uuid(&session->agent);
        release.epoch = order->epoch;
        release.reason = (char *)order->reason;
        release.session_nonce = nonce;
        release.expires_at_us = expires_us;
        return sign(sender, DOMAIN_RELEASE, &release.base, ret_envelope, ret_length, err);
    }
    settle.task_id = message_from_uuid(&order->task);
    settle.site_id = message_from_uuid(&session->site);
    settle.agent_id = message_from_uuid(&session->agent);
    settle.epoch = order->epoch;
    settle.outcome = (char *)order->outcome;
    settle.reason = (char *)order->reason;
    settle.session_nonce = nonce;
    settle.expires_at_us = expires_us;
    return sign(sender, DOMAIN_SETTLE, &settle.base, ret_envelope, ret_length, err);
}

int task_sender_word(struct task_sender *sender, struct db *db, const struct live_session *session,
                     const struct agent_order *order, int64_t now_us, task_sender_send send,
                     void *context, struct error *err)
{
    uint8_t *envelope = NULL, digest[32];
    size_t length;
    bool owned = false;
    int rc = agent_registry_owned(db, &sender->settings.controller, &session, 1, &owned, err);

    if (rc < 0 || !owned)
        return rc;
    if (sign_word(sender, session, order, now_us + CANCEL_LIFE_US, &envelope, &length, err) < 0)
        return -1;
    sha256_of(envelope, length, digest);
    rc = agent_order_sent(db, order, digest, err);
    if (rc > 0) {
        tell(uuid_is_nil(&order->task) ? "release sent" : "settlement sent", session,
             uuid_is_nil(&order->task) ? &order->machine : &order->task, order->epoch, NULL);
        rc = send(context, session, envelope, length, err);
    }
    free(envelope);
    return rc < 0 ? -1 : 0;
}
