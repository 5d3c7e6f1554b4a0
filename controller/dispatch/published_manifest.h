/* published_manifest.h - the key manifest as the root key's holder gave it to us: read from its
 * file at start and kept in table key_manifest, from which WELCOME sends the newest.
 */
#pragma once

struct db;
struct error;

/* On a connection of muster_api, outside any transaction. 0: it is there now. -1: unreadable, or
 * its version is there with other content (ERROR_CONFLICT). The signature is the agents' to check:
 * only they pin the root. */
int published_manifest_store(struct db *db, const char *path, struct error *err);
