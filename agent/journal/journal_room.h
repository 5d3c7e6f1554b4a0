/* journal_room.h - the disk under the journal. Below a low-water mark nothing new is begun; when
 * the disk is full all the same, a ballast file is given up, so that what runs can still be
 * finished, put back and told. Safe from any thread. docs/agent-journal.md "When the disk fails".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct journal_room;

/* The ballast is 'path'.ballast; one that finds no room is made later. NULL: out of memory. */
struct journal_room *journal_room_create(const char *path, struct error *err);
void journal_room_destroy(struct journal_room *room);

/* False: 'ret_why' says how little is left. Looks at the disk at most once a second, and takes the
 * ballast back up when there is room for it again. */
bool journal_room_is_enough(struct journal_room *room, struct error *ret_why);
/* The disk is full. True: the ballast was there, and is room now. */
bool journal_room_give_up(struct journal_room *room);
/* In place of the default; for tests. */
void journal_room_set_mark(struct journal_room *room, uint64_t bytes);
