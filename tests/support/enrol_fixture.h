/* enrol_fixture.h - a join token, an agent's keys and the other half of the challenge, made in
 * memory. */
#pragma once

#include <openssl/rand.h>
#include <string.h>

#include "common/text.h"
#include "proto/enrol_request.h"
#include "proto/envelope.h"
#include "proto/join_token.h"
#include "proto/sealed_secret.h"

struct enrol_fixture {
    struct agent_keys keys;
    uint8_t challenge_secret[32], root_public[32];
    char secret[JOIN_SECRET_SIZE];
    struct join_token token; /* its strings point here and to constants: never cleared */
};

static inline void enrol_fixture_keys(struct agent_keys *keys)
{
    ck_assert_int_eq(seal_key_make(keys->curve_secret, keys->public.curve, NULL), 0);
    ck_assert_int_eq(sign_key_make(keys->sign_secret, keys->public.sign, NULL), 0);
    ck_assert_int_eq(seal_key_make(keys->seal_secret, keys->public.seal, NULL), 0);
}

static inline void enrol_fixture_make(struct enrol_fixture *f)
{
    uint8_t bytes[JOIN_SECRET_BYTES];

    memset(f, 0, sizeof(*f));
    enrol_fixture_keys(&f->keys);
    ck_assert_int_eq(RAND_bytes(bytes, sizeof(bytes)), 1);
    text_base64url(bytes, sizeof(bytes), f->secret);
    memset(f->root_public, 7, sizeof(f->root_public));
    f->token = (struct join_token){.url = (char *)"https://10.0.0.1:8443",
                                   .site = (char *)"north",
                                   .name = (char *)"north-1",
                                   .secret = f->secret,
                                   .ca = (char *)"-----BEGIN CERTIFICATE-----\nAAAA\n"
                                                 "-----END CERTIFICATE-----\n",
                                   .expires_us = INT64_C(1800000000000000)};
    ck_assert_int_eq(seal_key_make(f->challenge_secret, f->token.challenge, NULL), 0);
    join_root_hash(f->root_public, f->token.root_sha256);
}
