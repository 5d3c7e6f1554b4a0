/* key_manifest.h - which controller keys an agent believes: a versioned list signed by the offline
 * root key. Immutable once read; share it between threads by reference counting.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "proto/envelope.h"

struct error;
struct key_manifest;

/* Verify with the pinned root, then parse. 'newest_seen': an older version is refused
 * (ERROR_STALE). 'now_us': past not_after is refused. */
struct key_manifest *key_manifest_read(const void *envelope, size_t length,
                                       const uint8_t root_public[SIGN_PUBLIC_BYTES],
                                       uint64_t newest_seen, int64_t now_us, struct error *err);
struct key_manifest *key_manifest_reference(struct key_manifest *manifest);
void key_manifest_release(struct key_manifest *manifest);
uint64_t key_manifest_version(const struct key_manifest *manifest);

/* The public half, or NULL with the reason: unknown key id, not for this domain or site, not valid
 * now. */
const uint8_t *key_manifest_find(const struct key_manifest *manifest,
                                 const uint8_t key_id[KEY_ID_BYTES], enum envelope_domain domain,
                                 const struct uuid *site, int64_t now_us, struct error *err);

/* Made where the root key lives, outside musterd's folder. */
struct key_manifest_entry {
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    unsigned domains;         /* bit (1 << domain) */
    const struct uuid *sites; /* borrowed; count 0: every site */
    size_t site_count;
    int64_t not_before_us, not_after_us;
};
int key_manifest_make(const struct sign_key *root, uint64_t version, int64_t issued_at_us,
                      int64_t not_after_us, const struct key_manifest_entry *entries, size_t count,
                      uint8_t **ret_envelope, size_t *ret_length, struct error *err);
