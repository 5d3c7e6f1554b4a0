/* envelope.h - the signed envelope around everything that is an order, a manifest or a result.
 * Layout: docs/wire-format.md. Ed25519, RFC 8032. Library: never logs, no global state but
 * OpenSSL's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;

#define ENVELOPE_OVERHEAD 82
#define ENVELOPE_PAYLOAD_MAX 49152
#define ENVELOPE_MAX (ENVELOPE_OVERHEAD + ENVELOPE_PAYLOAD_MAX)
#define KEY_ID_BYTES 8
#define SIGN_PUBLIC_BYTES 32
#define SIGN_SECRET_BYTES 32 /* the seed of RFC 8032 */

enum envelope_domain {
    DOMAIN_TASK = 1,
    DOMAIN_CANCEL,
    DOMAIN_RELEASE,
    DOMAIN_SETTLE,
    DOMAIN_MANIFEST,
    DOMAIN_RESULT,
    DOMAIN_ENROL,
};

const char *envelope_domain_name(enum envelope_domain domain); /* "task"; NULL for an unknown one */

struct sign_key; /* a secret half; wiped at destroy */

int sign_key_make(uint8_t ret_secret[SIGN_SECRET_BYTES], uint8_t ret_public[SIGN_PUBLIC_BYTES],
                  struct error *err);
struct sign_key *sign_key_create(const uint8_t secret[SIGN_SECRET_BYTES], struct error *err);
void sign_key_destroy(struct sign_key *key);
const uint8_t *sign_key_public(const struct sign_key *key); /* 32 bytes, borrowed */
void key_id_of(const uint8_t *public_key, size_t length, uint8_t ret_id[KEY_ID_BYTES]);

/* '*ret_bytes' is the caller's, free(). */
int envelope_sign(const struct sign_key *key, enum envelope_domain domain, const void *payload,
                  size_t length, uint8_t **ret_bytes, size_t *ret_length, struct error *err);

/* Read without trust: which key and domain it claims. -1: malformed. */
struct envelope_view {
    enum envelope_domain domain;
    uint8_t key_id[KEY_ID_BYTES];
    const uint8_t *payload; /* borrowed; parse it only after envelope_verify() said 0 */
    size_t payload_length;
};
int envelope_open(const void *bytes, size_t length, struct envelope_view *ret_view,
                  struct error *err);

/* 0: the signature holds and the domain is 'domain'. -1: err says which rung failed. */
enum envelope_fault {
    ENVELOPE_OK,
    ENVELOPE_MALFORMED,
    ENVELOPE_WRONG_DOMAIN,
    ENVELOPE_BAD_SIGNATURE,
    ENVELOPE_UNREAD, /* for want of memory: ERROR_UNAVAILABLE, and nothing is said about it */
};
int envelope_verify(const void *bytes, size_t length, enum envelope_domain domain,
                    const uint8_t public_key[SIGN_PUBLIC_BYTES], struct envelope_view *ret_view,
                    enum envelope_fault *ret_fault, struct error *err);
