/* sealed_secret.h - a password that only one agent can open, and only in its place. Layout and key
 * derivation: docs/wire-format.md (ephemeral X25519, HKDF-SHA256, AES-256-GCM).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct error;

#define SEAL_PUBLIC_BYTES 32
#define SEAL_SECRET_BYTES 32
#define SEALED_SECRET_OVERHEAD 73
#define SEALED_SECRET_PLAIN_MAX 1024

struct sealed_place {
    struct uuid tenant, machine, bmc;
};

int seal_key_make(uint8_t ret_secret[SEAL_SECRET_BYTES], uint8_t ret_public[SEAL_PUBLIC_BYTES],
                  struct error *err);
/* The public half of a secret one. X25519 is also CURVE's: the same call serves its keys. */
int seal_key_public(const uint8_t secret[SEAL_SECRET_BYTES], uint8_t ret_public[SEAL_PUBLIC_BYTES],
                    struct error *err);
/* 32 bytes that only the holders of either secret half can make: HKDF-SHA256 over X25519 of
 * 'secret' and 'peer', salted with the two public halves 'salt', told apart by 'info'. */
int seal_key_prove(const uint8_t secret[SEAL_SECRET_BYTES], const uint8_t peer[SEAL_PUBLIC_BYTES],
                   const uint8_t salt[2 * SEAL_PUBLIC_BYTES], const char *info,
                   uint8_t ret_proof[32], struct error *err);
/* 'ret_sealed' holds SEALED_SECRET_OVERHEAD + length. */
int sealed_secret_seal(const uint8_t recipient[SEAL_PUBLIC_BYTES], const struct sealed_place *place,
                       const void *plain, size_t length, uint8_t *ret_sealed, struct error *err);
/* 'ret_plain' holds length - SEALED_SECRET_OVERHEAD; *ret_length is what it took. Wiped on failure.
 */
int sealed_secret_open(const uint8_t secret[SEAL_SECRET_BYTES], const struct sealed_place *place,
                       const void *sealed, size_t length, uint8_t *ret_plain, size_t *ret_length,
                       struct error *err);
