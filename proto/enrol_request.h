/* enrol_request.h - an agent's first words to a controller: its public keys, and the proof that it
 * holds the secret halves of all three. Bytes: docs/wire-format.md, "Enrolment". The proof is made
 * for one join token; for another it does not hold.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proto/join_token.h"
#include "proto/key_files.h"

struct error;

#define ENROL_REQUEST_MAX 4096

/* The body that is posted; caller frees, and wipes: it holds the token's secret. */
char *enrol_request_make(const struct agent_keys *keys, const struct join_token *token,
                         struct error *err);

struct enrol_request {
    struct agent_public_keys keys;
    uint8_t secret_hash[32];
    uint8_t proof[ENROL_REQUEST_MAX]; /* the envelope; believe nothing before it is verified */
    size_t proof_length;
};
int enrol_request_parse(const char *json, size_t length, struct enrol_request *ret_request,
                        struct error *err);
/* 0: all three keys are held by who made it, for this token. 'challenge_secret' is the other half
 * of the token's challenge; 'site' and 'name' are what the token was made for. */
int enrol_request_verify(const struct enrol_request *request, const uint8_t challenge_secret[32],
                         const char *site, const char *name, struct error *err);

/* What two people compare: "SHA256:" and 43 characters, of all three public keys. */
#define AGENT_FINGERPRINT_SIZE 51
void agent_fingerprint(const struct agent_public_keys *keys, uint8_t ret_digest[32]);
void agent_fingerprint_format(const uint8_t digest[32], char out[AGENT_FINGERPRINT_SIZE]);
int agent_fingerprint_parse(const char *text, uint8_t ret_digest[32]); /* 0 or -1 */
