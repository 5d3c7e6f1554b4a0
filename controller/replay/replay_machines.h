/* replay_machines.h - machines as they were when something was decided about them. Each document
 * is asked for once, as long as what is remembered stays within some ten megabytes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct alert_words;
struct db;
struct error;
struct replay_machine;
struct replay_machines;

/* What texts and parsed documents of the machines together may take. A fleet of 20,000 with
 * documents of 300 bytes fits: 8 times its text is what one takes when it is parsed. */
#define REPLAY_MACHINES_BYTES_MAX (64 * 1024 * 1024)

/* 'db' is borrowed. NULL: out of memory. */
struct replay_machines *replay_machines_create(struct db *db, const struct uuid *tenant,
                                               struct error *err);
void replay_machines_destroy(struct replay_machines *machines);

/* ret[i] is the machine ids[i] as version versions[i] of its document tells it; borrowed until
 * replay_machines_trim(). */
int replay_machines_find(struct replay_machines *machines, const struct uuid *ids,
                         const int64_t *versions, size_t count, struct replay_machine **ret,
                         struct error *err);
/* Forgets all when they take more than they may. */
void replay_machines_trim(struct replay_machines *machines);

/* Its words, borrowed from it. 1; 0: that version is not kept; -1. */
int replay_machine_show(struct replay_machine *machine, struct alert_words *words,
                        struct error *err);
