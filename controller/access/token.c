/* token.c - see token.h. Owns table token. Invariant: a token's text exists in the answer that made
 * it and at its holder's, nowhere else.
 */
#include "controller/access/token.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/access/token.sql.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "proto/sha256.h"

#define TOKEN_BYTES 32
_Static_assert(TOKEN_SIZE == sizeof(TOKEN_PREFIX) + 43, "43 characters are 32 bytes in base64url");

int token_make(char ret_text[TOKEN_SIZE], uint8_t ret_hash[TOKEN_HASH_BYTES], struct error *err)
{
    uint8_t bytes[TOKEN_BYTES];

    if (RAND_priv_bytes(bytes, sizeof(bytes)) != 1)
        return error_set(err, "no random bytes for a token");
    memcpy(ret_text, TOKEN_PREFIX, sizeof(TOKEN_PREFIX) - 1);
    text_base64url(bytes, sizeof(bytes), ret_text + sizeof(TOKEN_PREFIX) - 1);
    sha256_of(bytes, sizeof(bytes), ret_hash);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return 0;
}

int token_hash(const char *text, uint8_t ret_hash[TOKEN_HASH_BYTES])
{
    uint8_t bytes[TOKEN_BYTES];
    int length = -1;

    if (strlen(text) == TOKEN_SIZE - 1 &&
        strncmp(text, TOKEN_PREFIX, sizeof(TOKEN_PREFIX) - 1) == 0)
        length = text_unbase64url(text + sizeof(TOKEN_PREFIX) - 1, bytes, sizeof(bytes));
    if (length == TOKEN_BYTES)
        sha256_of(bytes, sizeof(bytes), ret_hash);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return length == TOKEN_BYTES ? 0 : -1;
}

int token_add(struct db *db, const struct principal *principal,
              const uint8_t hash[TOKEN_HASH_BYTES], const char *label, int64_t expires_us,
              struct uuid *ret_id, struct error *err)
{
    struct uuid id = uuid_make();

    if (db_execute(db, SQL_TOKEN_INSERT, err, "uuuyst", &principal->tenant, &id, &principal->id,
                   hash, (size_t)TOKEN_HASH_BYTES, label, expires_us) < 0)
        return -1;
    *ret_id = id;
    return 0;
}

static int read_principal(const struct db_rows *rows, struct principal *ret, struct error *err)
{
    struct principal principal = {
        .tenant = db_uuid(rows, 0, 0), .token = db_uuid(rows, 0, 1), .id = db_uuid(rows, 0, 2)};

    snprintf(principal.name, sizeof(principal.name), "%s", db_text(rows, 0, 3));
    snprintf(principal.tenant_name, sizeof(principal.tenant_name), "%s", db_text(rows, 0, 5));
    if (role_parse(db_text(rows, 0, 4), &principal.role) < 0)
        return error_set(err, "principal '%s' has a role that this version does not know",
                         principal.name);
    *ret = principal;
    return 0;
}

int token_find(struct db *db, const uint8_t hash[TOKEN_HASH_BYTES], int64_t now_us,
               struct principal *ret_principal, struct error *err)
{
    struct db_rows *rows = NULL;
    int rc = -1;

    /* No tenant is named: this look-up is how the tenant becomes known. */
    if (db_begin(db, err) < 0)
        return -1;
    if (!(rows = db_query(db, SQL_TOKEN_FIND, err, "y", hash, (size_t)TOKEN_HASH_BYTES)))
        goto out;
    if (db_rows_count(rows) == 0) {
        error_set_code(err, ERROR_NOT_FOUND, "nobody's token");
        goto out;
    }
    if (read_principal(rows, ret_principal, err) < 0)
        goto out;
    if (db_bool(rows, 0, 7))
        error_set_code(err, ERROR_STALE, "the token was revoked");
    else if (db_time(rows, 0, 6) <= now_us)
        error_set_code(err, ERROR_STALE, "the token has expired");
    else
        rc = db_commit(db, err);
out:
    db_rows_destroy(rows);
    db_rollback(db);
    return rc;
}

int token_revoke(struct db *db, const struct uuid *tenant, const struct uuid *id, struct error *err)
{
    return db_execute(db, SQL_TOKEN_REVOKE, err, "uu", tenant, id);
}

struct db_rows *token_list(struct db *db, const struct uuid *tenant, const struct uuid *only,
                           const struct uuid *before, int64_t limit, struct error *err)
{
    return db_query(db, SQL_TOKEN_LIST, err, "uuiu", tenant, before, limit, only);
}
