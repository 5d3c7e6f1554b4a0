/* join_token.h - what an operator hands to a new agent's host: where to enrol, a secret that is
 * good once, and what to believe there. One JSON document, kept in a file (0600), never on a
 * command line:
 *   {"muster_join":1,"url":"https://10.0.0.1:8443","site":"north","name":"north-1",
 *    "secret":"<base64url>","challenge":"<hex>","root_sha256":"<hex>","expires_at":"...","ca":"<PEM>"}
 * The hash of the root key is put in by the operator's own command line, so that not even the
 * controller can slip another root under an agent.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;

#define JOIN_TOKEN_MAX 16384 /* of the document */
#define JOIN_CA_MAX 12288    /* a chain of a few certificates */
#define JOIN_URL_MAX 255
#define JOIN_NAME_MAX 63     /* of a site, of an agent */
#define JOIN_SECRET_BYTES 32 /* 43 characters of base64url */
#define JOIN_SECRET_SIZE 44

struct join_token {
    char *url; /* https, no slash behind */
    char *site, *name;
    char *secret;          /* wiped by join_token_clear() */
    char *ca;              /* PEM */
    uint8_t challenge[32]; /* X25519: the agent proves its keys to whoever holds the other half */
    uint8_t root_sha256[32];
    int64_t expires_us;
};

/* On -1 there is nothing to clear; 'err' names the member. */
int join_token_parse(const char *json, size_t length, struct join_token *ret_token,
                     struct error *err);
/* Caller frees, and wipes: it holds the secret. */
char *join_token_print(const struct join_token *token, struct error *err);
void join_token_clear(struct join_token *token);

/* SHA-256 of the secret's bytes: all that a database keeps of it. -1: not a secret's shape. */
int join_secret_hash(const char *secret, uint8_t ret_hash[32]);
/* SHA-256 of a root public key, as tokens carry it. */
void join_root_hash(const uint8_t root_public[32], uint8_t ret_hash[32]);
