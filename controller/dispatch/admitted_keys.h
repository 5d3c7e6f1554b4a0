/* admitted_keys.h - the agents' CURVE keys that may connect, in memory. The database's thread
 * replaces the whole set; the ZAP handler asks at each handshake and the socket's thread for each
 * frame, so that a revoked key has no effect from the next frame on. Safe from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "proto/envelope.h"

struct admitted_keys;
struct error;

struct admitted_key {
    uint8_t curve[32];
    struct uuid agent;
};

/* What the ZAP handler says of an admitted key, and libzmq says of each of its frames ("User-Id"):
 * agent and key, so that an agent's old key does not pass for its new one. */
#define USER_ID_SIZE (32 + 1 + 2 * KEY_ID_BYTES + 1)
struct user_id {
    struct uuid agent;
    uint8_t key_id[KEY_ID_BYTES];
};
void user_id_of(const struct admitted_key *key, struct user_id *ret_user);
void user_id_format(const struct user_id *user, char out[USER_ID_SIZE]);
int user_id_parse(const char *text, struct user_id *ret_user); /* 0 or -1 */

struct admitted_keys *admitted_keys_create(struct error *err);
void admitted_keys_destroy(struct admitted_keys *keys);

/* Copies. On -1 (memory) the old set stays. */
int admitted_keys_replace(struct admitted_keys *keys, const struct admitted_key *items,
                          size_t count, struct error *err);
/* Waits until a set was given for the first time; false after 'timeout_ms'. */
bool admitted_keys_wait(struct admitted_keys *keys, int timeout_ms);
bool admitted_keys_find(struct admitted_keys *keys, const uint8_t curve[32],
                        struct user_id *ret_user);
bool admitted_keys_hold(struct admitted_keys *keys, const struct user_id *user);
