/* cel_messages.h - the messages of an environment's libraries, with the types of their fields. All
 * of it is borrowed from the libraries or lives in the environment's arena.
 */
#pragma once

#include <stddef.h>

struct cel_arena;
struct cel_field;
struct cel_message;
struct cel_type;
struct error;

#define CEL_MESSAGES_MAX 32

struct cel_shape {
    const struct cel_message *message;
    const struct cel_type *type;          /* of the value that it is */
    const struct cel_type *const *fields; /* of each */
};

struct cel_messages {
    struct cel_shape items[CEL_MESSAGES_MAX];
    size_t count;
};

/* 'message' is borrowed. */
int cel_messages_add(struct cel_messages *messages, struct cel_arena *arena,
                     const struct cel_message *message, struct error *err);
/* Of exactly this name; NULL: there is none. */
const struct cel_shape *cel_messages_find(const struct cel_messages *messages, const char *name);
/* The nearest name by edit distance; NULL: none is near. */
const char *cel_messages_nearest(const struct cel_messages *messages, const char *wrong);

/* Which field that is; -1: none. */
int cel_message_field(const struct cel_message *message, const char *name);
const char *cel_message_nearest_field(const struct cel_message *message, const char *wrong);
