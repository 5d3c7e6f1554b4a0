/* secret.h - field encryption: what the database holds of a secret opens only with a key outside
 * it, and only in its own row. AES-256-GCM; layout and associated data: docs/operations.md, "Sealed
 * fields". The key-encryption key is one line of 64 hex digits in a file of ours, 0600.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct error;
struct secret_key;

#define SECRET_OVERHEAD 37 /* version 1, key id 8, nonce 12, tag 16 */
#define SECRET_PLAIN_MAX 1024

/* A field's name: changing one makes every sealed value of that field unreadable. */
#define SECRET_BMC_PASSWORD "bmc_account.password"

/* A fresh key; a file that is there is never replaced: ERROR_CONFLICT. */
int secret_key_make(const char *path, struct error *err);
struct secret_key *secret_key_load(const char *path, struct error *err);
void secret_key_destroy(struct secret_key *key); /* wipes */

/* 'sealed' holds SECRET_OVERHEAD + length. Safe from any thread. */
int secret_seal(const struct secret_key *key, const char *field, const struct uuid *row,
                const void *plain, size_t length, uint8_t *sealed, struct error *err);
/* 'ret_plain' holds length - SECRET_OVERHEAD; *ret_length is what it took. Wiped on failure.
 * Another key: ERROR_NOT_FOUND; changed bytes, another row or field: ERROR_INVALID. */
int secret_open(const struct secret_key *key, const char *field, const struct uuid *row,
                const void *sealed, size_t length, uint8_t *ret_plain, size_t *ret_length,
                struct error *err);
