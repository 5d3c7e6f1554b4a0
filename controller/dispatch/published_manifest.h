/* published_manifest.h - the key manifest as the root key's holder gave it to us: read from its
 * file at the start and whenever that is another one, and kept in table key_manifest, from which
 * WELCOME sends the newest. Agents that are connected get a new one at once.
 */
#pragma once

#include <sys/stat.h>

struct db;
struct error;

/* On a connection of muster_api, outside any transaction. 0: it is there now. -1: unreadable, or
 * its version is there with other content (ERROR_CONFLICT). The signature is the agents' to check:
 * only they pin the root. */
int published_manifest_store(struct db *db, const char *path, struct error *err);

/* Which file was read last. */
struct published_manifest_file {
    ino_t inode;
    struct timespec changed;
};
/* The same when the file is not the one of the last call ('last' zeroed: always). Only what could
 * be stored counts as read, but a file that is no manifest is told once. */
int published_manifest_follow(struct db *db, const char *path, struct published_manifest_file *last,
                              struct error *err);
