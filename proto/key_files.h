/* key_files.h - the keys of an agent, of a controller and of the root as files. A secret is one
 * line of 64 hex digits, 0600, refused when others may read it; public halves are one JSON file to
 * hand over: agent-keys.json       {"curve":"<hex>","sign":"<hex>","seal":"<hex>"}
 *   controller-keys.json  {"curve":"<hex>","sign":"<hex>"}
 * Secrets are wiped by their owner (OPENSSL_cleanse), never logged and never part of an error.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;

#define KEY_BYTES 32
#define KEY_JSON_MAX 1024

struct agent_public_keys {
    uint8_t curve[KEY_BYTES], sign[KEY_BYTES], seal[KEY_BYTES];
};
struct agent_keys {
    uint8_t curve_secret[KEY_BYTES]; /* CURVE */
    uint8_t sign_secret[KEY_BYTES];  /* Ed25519: its results */
    uint8_t seal_secret[KEY_BYTES];  /* X25519: what is sealed to it */
    uint8_t phone_home[KEY_BYTES];   /* HKDF key of phone-home tokens */
    struct agent_public_keys public;
};
/* 'folder' gets curve.key, sign.key, seal.key, phone-home.key and agent-keys.json. Keys that are
 * there are never replaced: ERROR_CONFLICT; a call that was cut off is gone on with by the next. */
int agent_keys_make(const char *folder, struct error *err);
int agent_keys_load(const char *folder, struct agent_keys *ret_keys, struct error *err);
int agent_public_keys_parse(const char *json, size_t length, struct agent_public_keys *ret_keys,
                            struct error *err);

struct controller_public_keys {
    uint8_t curve[KEY_BYTES], sign[KEY_BYTES];
};
struct controller_keys {
    uint8_t curve_secret[KEY_BYTES], sign_secret[KEY_BYTES];
    struct controller_public_keys public;
};
int controller_keys_make(const char *folder, struct error *err);
/* A new signing key in 'folder', beside the CURVE key of 'old', which agents go on knowing. */
int controller_keys_renew(const char *old, const char *folder, struct error *err);
int controller_keys_load(const char *folder, struct controller_keys *ret_keys, struct error *err);
int controller_public_keys_parse(const char *json, size_t length,
                                 struct controller_public_keys *ret_keys, struct error *err);

/* A folder that is loaded from may be "credential:NAME" (common/file.h): then its files are
 * NAME_curve.key and so on. */

/* One secret in one file. write: refuses to replace a file. */
int key_file_write(const char *path, const uint8_t secret[KEY_BYTES], struct error *err);
int key_file_read(const char *path, uint8_t ret_secret[KEY_BYTES], struct error *err);
/* A public key as one line of hex: agents pin the root with it. */
int public_key_file_write(const char *path, const uint8_t key[KEY_BYTES], struct error *err);
int public_key_file_read(const char *path, uint8_t ret_key[KEY_BYTES], struct error *err);
