/* task_verify.c - see task_verify.h.
 * Invariant: a payload is parsed only after the signature held, and nothing leaves a failed ladder
 * but its refusal.
 */
#include "agent/run/task_verify.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "agent/run/order_payload.h"
#include "common/fault_point.h"
#include "proto/features.h"
#include "proto/frame.h"
#include "proto/sha256.h"

/* A task that is due a little later than our estimate of the controller's clock is due. */
#define EARLY_US ((int64_t)5 * 1000000)

struct ladder {
    const struct verify_place *place;
    const uint8_t *bytes;
    size_t length;
    struct envelope_view view;
    const uint8_t *public_key;
    struct task_order *order;
    struct order_claims claims;
    struct error *err;
};

/* A rung: NULL, or the name of the refusal with 'err' set. "" is: it cannot be judged now, for want
 * of the journal or of memory. */
typedef const char *(*rung)(struct ladder *at);

static const char *rung_shape(struct ladder *at)
{
    return envelope_open(at->bytes, at->length, &at->view, at->err) < 0 ? "malformed" : NULL;
}

static bool may_order(enum envelope_domain domain)
{
    return domain >= DOMAIN_TASK && domain <= DOMAIN_SETTLE;
}

static const char *rung_key(struct ladder *at)
{
    const struct verify_place *place = at->place;

    if (!place->manifest) {
        error_set(at->err, "no key manifest is held yet");
        return "unknown_key";
    }
    at->public_key = key_manifest_find(place->manifest, at->view.key_id, at->view.domain,
                                       &place->site_id, place->now_us, at->err);
    /* A key that may sign other orders is known: then the domain is what is wrong. */
    for (enum envelope_domain other = DOMAIN_TASK; !at->public_key && other <= DOMAIN_SETTLE;
         other++)
        at->public_key = key_manifest_find(place->manifest, at->view.key_id, other, &place->site_id,
                                           place->now_us, NULL);
    return at->public_key ? NULL : "unknown_key";
}

static const char *rung_signature(struct ladder *at)
{
    enum envelope_fault fault = ENVELOPE_MALFORMED;

    if (envelope_verify(at->bytes, at->length, at->view.domain, at->public_key, &at->view, &fault,
                        at->err) == 0)
        return NULL;
    if (fault == ENVELOPE_UNREAD)
        return "";
    return fault == ENVELOPE_MALFORMED ? "malformed" : "bad_signature";
}

static const char *rung_domain(struct ladder *at)
{
    const struct verify_place *place = at->place;

    if (may_order(at->view.domain) &&
        key_manifest_find(place->manifest, at->view.key_id, at->view.domain, &place->site_id,
                          place->now_us, at->err))
        return NULL;
    error_set(at->err, "this key may not sign an order of domain %s",
              envelope_domain_name(at->view.domain));
    return "wrong_domain";
}

static const char *rung_payload(struct ladder *at)
{
    if (order_payload_read(at->view.domain, at->view.payload, at->view.payload_length, at->order,
                           &at->claims, at->err) == 0)
        return NULL;
    return at->err->code == ERROR_UNAVAILABLE ? "" : "malformed";
}

static bool is_feature(const char *name)
{
    for (const char *const *known = agent_features; *known; known++)
        if (strcmp(*known, name) == 0)
            return true;
    return false;
}

static const char *rung_requires(struct ladder *at)
{
    const Muster__BootTask *boot = at->order->boot;

    for (size_t i = 0; boot && i < boot->n_requires; i++)
        if (!is_feature(boot->requires[i])) {
            error_set(at->err,
                      "the order requires '%.64s', which this agent does not know: upgrade it",
                      boot->requires[i]);
            return "unsupported";
        }
    if (boot && strcmp(boot->action, "boot") != 0) {
        error_set(at->err, "action '%.64s' is not known to this agent", boot->action);
        return "unsupported";
    }
    return NULL;
}

static const char *rung_site(struct ladder *at)
{
    if (uuid_equal(&at->claims.site_id, &at->place->site_id))
        return NULL;
    error_set(at->err, "the order is for another site");
    return "wrong_site";
}

static const char *rung_agent(struct ladder *at)
{
    if (uuid_equal(&at->claims.agent_id, &at->place->agent_id))
        return NULL;
    error_set(at->err, "the order is for another agent of this site");
    return "wrong_agent";
}

static const char *rung_nonce(struct ladder *at)
{
    if (at->claims.nonce.len == 32 && memcmp(at->claims.nonce.data, at->place->nonce, 32) == 0)
        return NULL;
    error_set(at->err, "the order was signed for another session: a replay, or it came too late");
    return "replay";
}

static const char *rung_validity(struct ladder *at)
{
    if (at->claims.expires_at_us <= at->place->now_us)
        error_set(at->err, "the order expired %lld s ago",
                  (long long)((at->place->now_us - at->claims.expires_at_us) / 1000000));
    else if (at->claims.not_before_us > at->place->now_us + EARLY_US)
        error_set(at->err, "the order is not valid for another %lld s",
                  (long long)((at->claims.not_before_us - at->place->now_us) / 1000000));
    else
        return NULL;
    return "expired";
}

static const char *rung_known(struct ladder *at)
{
    int found;

    if (uuid_is_nil(&at->order->task_id))
        return NULL;
    found = task_journal_find(at->place->journal, &at->order->task_id, &at->order->held, at->err);
    at->order->known = found == 1;
    return found < 0 ? "" : NULL;
}

/* Equal to the highest is for the task that raised it. */
static const char *rung_epoch(struct ladder *at)
{
    struct task_order *order = at->order;
    uint64_t highest = order->known ? order->held.epoch : 0;

    if (!PROTECTION("epoch_check"))
        return NULL;
    if (order->boot || order->release) {
        if (task_journal_epoch(at->place->journal, &order->machine_id, &highest, at->err) < 0)
            return "";
        bool ours = order->release || (order->known && order->epoch == order->held.epoch);

        if (order->epoch > highest || (ours && order->epoch == highest))
            return NULL;
    } else if (order->epoch >= highest) {
        return NULL;
    }
    error_set(at->err, "epoch %llu is not above %llu, the highest seen of this machine",
              (unsigned long long)order->epoch, (unsigned long long)highest);
    return "old_epoch";
}

static const char *rung_ended(struct ladder *at)
{
    const struct task_order *order = at->order;

    if (!order->boot || !order->known || order->held.state != HELD_ENDED ||
        order->held.envelope_length != at->length ||
        memcmp(order->held.envelope, at->bytes, at->length) != 0)
        return NULL;
    error_set(at->err, "this very order was carried out before");
    return "replay";
}

static const rung ladder_rungs[] = {
    rung_shape, rung_key,   rung_signature, rung_domain, rung_payload, rung_requires, rung_site,
    rung_agent, rung_nonce, rung_validity,  rung_known,  rung_epoch,   rung_ended,
};

/* From here on the ids in the payload are the signer's word. */
static bool ids_are_signed(const struct task_order *order)
{
    return order->message != NULL;
}

int task_verify(const struct verify_place *place, const void *envelope, size_t length,
                struct task_order *ret_order, struct verify_refusal *ret_refusal, struct error *err)
{
    struct ladder at = {.place = place,
                        .bytes = envelope,
                        .length = length,
                        .order = ret_order,
                        .err = &ret_refusal->text};
    const char *code = NULL;

    memset(ret_order, 0, sizeof(*ret_order));
    memset(ret_refusal, 0, sizeof(*ret_refusal));
    for (size_t i = 0; !code && i < sizeof(ladder_rungs) / sizeof(ladder_rungs[0]); i++)
        code = ladder_rungs[i](&at);
    if (!code) {
        error_clear(&ret_refusal->text);
        return 1;
    }
    if (ids_are_signed(ret_order)) {
        ret_refusal->task_id = ret_order->task_id;
        ret_refusal->epoch = ret_order->epoch;
    }
    task_order_clear(ret_order);
    if (!*code) {
        if (err)
            *err = ret_refusal->text;
        return -1;
    }
    ret_refusal->code = code;
    sha256_of(envelope, length, ret_refusal->envelope_sha256);
    return 0;
}

int task_order_reread(const void *envelope, size_t length, struct task_order *ret_order,
                      struct error *err)
{
    struct envelope_view view;
    struct order_claims claims;

    memset(ret_order, 0, sizeof(*ret_order));
    if (envelope_open(envelope, length, &view, err) < 0)
        return -1;
    if (view.domain != DOMAIN_TASK)
        return error_set(err, "the journal holds no boot task there");
    if (order_payload_read(view.domain, view.payload, view.payload_length, ret_order, &claims,
                           err) < 0) {
        task_order_clear(ret_order);
        return -1;
    }
    return 0;
}

void task_order_clear(struct task_order *order)
{
    message_free(order->message);
    journal_task_clear(&order->held);
    memset(order, 0, sizeof(*order));
}
