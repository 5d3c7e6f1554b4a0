/* phone_home_request.h - reading what a machine posted (docs/phone-home.md) into a request for the
 * runner. Pure: bytes in, typed fields or a named refusal out.
 */
#pragma once

#include <stddef.h>

#include "agent/report/phone_home.h"

/* What is refused: the answer's status and the words in it. */
struct phone_home_refusal {
    unsigned status;
    const char *name; /* "malformed", "unknown_token", "unknown_session", ... */
    char detail[256];
};

/* Caps of a body by kind. */
size_t phone_home_body_max(enum phone_home_kind kind);

/* 'request' holds kind, body and body_length; the rest is filled in. 'authorization' and 'offset'
 * are the headers Authorization and Muster-Offset, or NULL. Of a hello's body the token and the
 * nonce are taken out: what the runner may keep as evidence holds no secret. 0, or -1 with
 * *ret_refusal. */
int phone_home_request_read(struct phone_home_request *request, const char *authorization,
                            const char *offset, struct phone_home_refusal *ret_refusal);
/* Only the secret of 'authorization', for a request whose body is not read. */
int phone_home_request_bearer(struct phone_home_request *request, const char *authorization,
                              struct phone_home_refusal *ret_refusal);
/* Wipes and frees; takes NULL. The connection is not touched. */
void phone_home_request_destroy(struct phone_home_request *request);
