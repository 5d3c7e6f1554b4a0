/* key_manifest.c - see key_manifest.h. Payload: KeyManifest of fleet.proto.
 * Invariant: a manifest that exists was signed by the pinned root and every entry has the right
 * sizes.
 */
#include "proto/key_manifest.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "proto/frame.h"

#define KEYS_MAX 64    /* controllers times overlapping key generations */
#define SITES_MAX 1024 /* of one key; 16 KiB, within an envelope's payload */

struct key_manifest {
    atomic_uint references;
    Muster__KeyManifest *body; /* immutable */
};

static int check_entry(const Muster__ManifestKey *key, size_t at, struct error *err)
{
    uint8_t id[KEY_ID_BYTES];

    if (key->public_key.len != SIGN_PUBLIC_BYTES || key->key_id.len != KEY_ID_BYTES)
        return error_set_code(err, ERROR_INVALID, "manifest key %zu has wrong sizes", at);
    key_id_of(key->public_key.data, SIGN_PUBLIC_BYTES, id);
    if (memcmp(id, key->key_id.data, KEY_ID_BYTES) != 0)
        return error_set_code(err, ERROR_INVALID, "manifest key %zu: id is not its key's", at);
    for (size_t i = 0; i < key->n_site_id; i++)
        if (key->site_id[i].len != 16)
            return error_set_code(err, ERROR_INVALID, "manifest key %zu: site_id is no UUID", at);
    return 0;
}

static int check_body(const Muster__KeyManifest *body, uint64_t newest_seen, int64_t now_us,
                      struct error *err)
{
    char until[CLOCK_TEXT_SIZE];

    if (body->n_key > KEYS_MAX)
        return error_set_code(err, ERROR_INVALID, "manifest names %zu keys: at most %d",
                              body->n_key, KEYS_MAX);
    if (body->version < newest_seen)
        return error_set_code(err, ERROR_STALE,
                              "manifest version %llu is older than %llu, already seen",
                              (unsigned long long)body->version, (unsigned long long)newest_seen);
    if (now_us > body->not_after_us) {
        clock_format(body->not_after_us, until);
        return error_set_code(err, ERROR_STALE,
                              "manifest ended at %s: sign a new one with the root key", until);
    }
    for (size_t i = 0; i < body->n_key; i++)
        if (check_entry(body->key[i], i, err) < 0)
            return -1;
    return 0;
}

struct key_manifest *key_manifest_read(const void *envelope, size_t length,
                                       const uint8_t root_public[SIGN_PUBLIC_BYTES],
                                       uint64_t newest_seen, int64_t now_us, struct error *err)
{
    struct envelope_view view;
    struct key_manifest *manifest = NULL;
    Muster__KeyManifest *body = NULL;

    if (envelope_verify(envelope, length, DOMAIN_MANIFEST, root_public, &view, NULL, err) < 0) {
        error_prefix(err, "key manifest");
        return NULL;
    }
    body =
        message_unpack(&muster__key_manifest__descriptor, view.payload, view.payload_length, err);
    if (!body || check_body(body, newest_seen, now_us, err) < 0)
        goto out;
    manifest = calloc(1, sizeof(*manifest));
    if (!manifest) {
        error_no_memory(err);
        goto out;
    }
    atomic_init(&manifest->references, 1);
    manifest->body = body;
    body = NULL;
out:
    message_free(body);
    return manifest;
}

struct key_manifest *key_manifest_reference(struct key_manifest *manifest)
{
    if (manifest)
        atomic_fetch_add_explicit(&manifest->references, 1, memory_order_relaxed);
    return manifest;
}

void key_manifest_release(struct key_manifest *manifest)
{
    if (!manifest || atomic_fetch_sub_explicit(&manifest->references, 1, memory_order_acq_rel) != 1)
        return;
    message_free(manifest->body);
    free(manifest);
}

uint64_t key_manifest_version(const struct key_manifest *manifest)
{
    return manifest->body->version;
}

static bool allows_domain(const Muster__ManifestKey *key, enum envelope_domain domain)
{
    const char *name = envelope_domain_name(domain);

    for (size_t i = 0; name && i < key->n_domain; i++)
        if (strcmp(key->domain[i], name) == 0)
            return true;
    return false;
}

static bool allows_site(const Muster__ManifestKey *key, const struct uuid *site)
{
    for (size_t i = 0; i < key->n_site_id; i++)
        if (memcmp(key->site_id[i].data, site->bytes, sizeof(site->bytes)) == 0)
            return true;
    return key->n_site_id == 0;
}

const uint8_t *key_manifest_find(const struct key_manifest *manifest,
                                 const uint8_t key_id[KEY_ID_BYTES], enum envelope_domain domain,
                                 const struct uuid *site, int64_t now_us, struct error *err)
{
    const Muster__KeyManifest *body = manifest->body;
    const char *why = "the manifest names no such key";

    if (now_us > body->not_after_us) {
        error_set_code(err, ERROR_FORBIDDEN, "the key manifest has ended");
        return NULL;
    }
    /* One key may stand there several times, with other scopes: any entry that fits will do. */
    for (size_t i = 0; i < body->n_key; i++) {
        const Muster__ManifestKey *key = body->key[i];

        if (memcmp(key->key_id.data, key_id, KEY_ID_BYTES) != 0)
            continue;
        if (!allows_domain(key, domain))
            why = "the key may not sign this domain";
        else if (!allows_site(key, site))
            why = "the key may not sign for this site";
        else if (now_us < key->not_before_us || now_us > key->not_after_us)
            why = "the key is not valid now";
        else
            return key->public_key.data;
    }
    error_set_code(err, ERROR_FORBIDDEN, "%s", why);
    return NULL;
}

/* The packed form borrows all it points to from 'entries', but these lists. */
struct made_key {
    Muster__ManifestKey message;
    uint8_t id[KEY_ID_BYTES];
    char *domains[DOMAIN_RESULT + 1];
    ProtobufCBinaryData *sites;
};

static int make_key(struct made_key *made, const struct key_manifest_entry *entry,
                    struct error *err)
{
    Muster__ManifestKey *message = &made->message;

    if (entry->site_count > SITES_MAX)
        return error_set_code(err, ERROR_INVALID, "a manifest key is scoped to at most %d sites",
                              SITES_MAX);
    made->sites = calloc(entry->site_count + 1, sizeof(*made->sites));
    if (!made->sites)
        return error_no_memory(err);
    muster__manifest_key__init(message);
    key_id_of(entry->public_key, SIGN_PUBLIC_BYTES, made->id);
    message->key_id = (ProtobufCBinaryData){KEY_ID_BYTES, made->id};
    message->public_key = (ProtobufCBinaryData){SIGN_PUBLIC_BYTES, (uint8_t *)entry->public_key};
    message->domain = made->domains;
    for (int domain = DOMAIN_TASK; domain <= DOMAIN_SETTLE; domain++)
        if (entry->domains & (1u << domain))
            made->domains[message->n_domain++] = (char *)envelope_domain_name(domain);
    message->site_id = made->sites;
    for (size_t i = 0; i < entry->site_count; i++)
        made->sites[message->n_site_id++] = message_from_uuid(&entry->sites[i]);
    message->not_before_us = entry->not_before_us;
    message->not_after_us = entry->not_after_us;
    return 0;
}

static int sign_manifest(const struct sign_key *root, const Muster__KeyManifest *body,
                         uint8_t **ret_envelope, size_t *ret_length, struct error *err)
{
    uint8_t *payload = NULL;
    size_t length;
    int rc;

    if (message_pack(&body->base, &payload, &length, err) < 0)
        return -1;
    rc = envelope_sign(root, DOMAIN_MANIFEST, payload, length, ret_envelope, ret_length, err);
    free(payload);
    return rc;
}

int key_manifest_make(const struct sign_key *root, uint64_t version, int64_t issued_at_us,
                      int64_t not_after_us, const struct key_manifest_entry *entries, size_t count,
                      uint8_t **ret_envelope, size_t *ret_length, struct error *err)
{
    Muster__KeyManifest body = MUSTER__KEY_MANIFEST__INIT;
    Muster__ManifestKey *keys[KEYS_MAX];
    struct made_key *made;
    int rc = -1;

    if (version == 0 || not_after_us <= issued_at_us)
        return error_set_code(err, ERROR_INVALID,
                              "a manifest's version starts at 1 and it ends after it begins");
    if (count == 0 || count > KEYS_MAX)
        return error_set_code(err, ERROR_INVALID, "a manifest names 1 to %d keys", KEYS_MAX);
    made = calloc(count, sizeof(*made));
    if (!made)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (make_key(&made[i], &entries[i], err) < 0)
            goto out;
        keys[i] = &made[i].message;
    }
    body.version = version;
    body.issued_at_us = issued_at_us;
    body.not_after_us = not_after_us;
    body.n_key = count;
    body.key = keys;
    rc = sign_manifest(root, &body, ret_envelope, ret_length, err);
out:
    for (size_t i = 0; i < count; i++)
        free(made[i].sites);
    free(made);
    return rc;
}
