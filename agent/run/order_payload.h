/* order_payload.h - the payload of a signed order, parsed and checked field by field: after it,
 * every field the runner uses has its shape and its bounds. Library: no state, no logging.
 */
#pragma once

#include "agent/run/task_verify.h"

#define ORDER_FILES_MAX 8
#define ORDER_PARAMS_MAX 32
#define ORDER_PARAM_BYTES_MAX 128
#define ORDER_DEADLINE_MAX_S (24 * 3600)

/* What every order says; the nonce is borrowed from the order. */
struct order_claims {
    struct uuid site_id, agent_id;
    ProtobufCBinaryData nonce;
    int64_t not_before_us, expires_at_us;
};

/* Fills the message part of *order (domain, ids, pointers). -1 names the field. On -1 what is in
 * *order is still to be cleared. */
int order_payload_read(enum envelope_domain domain, const void *bytes, size_t length,
                       struct task_order *order, struct order_claims *ret_claims,
                       struct error *err);
/* The file of a role, or NULL. */
const Muster__ImageFile *order_file(const Muster__BootTask *boot, const char *role);
