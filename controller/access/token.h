/* token.h - bearer tokens: 32 random bytes in base64url behind "muster_", shown once. The database
 * holds the SHA-256 of those bytes, the principal and the expiry. A token belongs to one tenant.
 */
#pragma once

#include <stdint.h>

#include "common/ids.h"
#include "controller/access/principal.h"

struct db;
struct db_rows;
struct error;

#define TOKEN_PREFIX "muster_"
#define TOKEN_SIZE 51 /* prefix, 43 characters, NUL */
#define TOKEN_HASH_BYTES 32
#define TOKEN_DAYS_MAX 366

/* A fresh one and its hash; the text is wiped by its owner. */
int token_make(char ret_text[TOKEN_SIZE], uint8_t ret_hash[TOKEN_HASH_BYTES], struct error *err);
/* The hash of what a client sent; -1: it has not a token's shape. */
int token_hash(const char *text, uint8_t ret_hash[TOKEN_HASH_BYTES]);

/* Store one for 'principal', inside a transaction of its tenant. */
int token_add(struct db *db, const struct principal *principal,
              const uint8_t hash[TOKEN_HASH_BYTES], const char *label, int64_t expires_us,
              struct uuid *ret_id, struct error *err);

/* Whose is it: on a connection outside any transaction. 0 and *ret_principal; ERROR_NOT_FOUND:
 * nobody's; ERROR_STALE: it was somebody's, and is expired or revoked (*ret_principal tells whose).
 */
int token_find(struct db *db, const uint8_t hash[TOKEN_HASH_BYTES], int64_t now_us,
               struct principal *ret_principal, struct error *err);

/* 1: revoked now or before; 0: this tenant has no such token. Effective for every request that
 * begins after the commit. */
int token_revoke(struct db *db, const struct uuid *tenant, const struct uuid *id,
                 struct error *err);
/* One JSON document a row (column 0), newest first, below 'before' (NULL: from the start), or only
 * 'only' (NULL: all); column 1 is the id. */
struct db_rows *token_list(struct db *db, const struct uuid *tenant, const struct uuid *only,
                           const struct uuid *before, int64_t limit, struct error *err);
