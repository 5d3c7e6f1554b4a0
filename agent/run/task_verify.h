/* task_verify.h - may this order be believed? A ladder of named rungs; the order is only handed out
 * when every rung held, and is wiped otherwise. Spec: docs/wire-format.md "Signed envelope",
 * docs/guarantees.md.
 *
 *   malformed  unknown_key  bad_signature  wrong_domain  malformed (payload)  unsupported
 * wrong_site  wrong_agent replay (another session's nonce)  expired  old_epoch  replay (an ended
 * task's own bytes)
 */
#pragma once

#include "agent/journal/journal_write.h"
#include "common/error.h"
#include "common/ids.h"
#include "proto/envelope.h"
#include "proto/fleet.pb-c.h"
#include "proto/key_manifest.h"

struct verify_place {
    struct uuid site_id, agent_id;
    const struct key_manifest
        *manifest;                /* borrowed; NULL before the first WELCOME: nothing is believed */
    const uint8_t *nonce;         /* of this session, 32 bytes */
    int64_t now_us;               /* controller's clock */
    struct task_journal *journal; /* borrowed: epochs and tasks held */
};

struct task_order {
    enum envelope_domain domain;
    struct uuid task_id;    /* nil in a release */
    struct uuid machine_id; /* of a boot task or a release */
    uint64_t epoch;
    const Muster__BootTask *boot; /* the one of the domain; the others are NULL */
    const Muster__CancelTask *cancel;
    const Muster__ReleaseMachine *release;
    const Muster__SettleTask *settle;
    bool known; /* the journal holds this task: */
    struct journal_task held;
    void *message; /* owns what the pointers show */
};
void task_order_clear(struct task_order *order);

struct verify_refusal {
    const char *code; /* of Refused.code */
    struct error text;
    struct uuid task_id; /* nil: could not be read, or not believed */
    uint64_t epoch;
    uint8_t envelope_sha256[32];
};

/* 1: every rung held, *ret_order is the caller's to clear. 0: refused, *ret_refusal says why.
 * -1: the journal cannot be asked now; nothing may be answered. */
int task_verify(const struct verify_place *place, const void *envelope, size_t length,
                struct task_order *ret_order, struct verify_refusal *ret_refusal,
                struct error *err);

/* A boot task that was verified when it was accepted, from the journal's bytes. */
int task_order_reread(const void *envelope, size_t length, struct task_order *ret_order,
                      struct error *err);
