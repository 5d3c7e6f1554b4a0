/* cel_messages.c - see cel_messages.h. They are few, and looked for while an expression is compiled
 * alone: one after the other does. */
#include "rules/cel/env/cel_messages.h"

#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/env/cel_nearest.h"

static int read_types(struct cel_shape *shape, struct cel_arena *arena, struct error *err)
{
    const struct cel_message *message = shape->message;
    const struct cel_type **fields = cel_arena_take(arena, message->count * sizeof(const void *));

    if (!fields)
        return error_no_memory(err);
    shape->type = cel_type_parse(arena, message->type, err);
    if (!shape->type)
        return -1;
    for (size_t i = 0; i < message->count; i++) {
        fields[i] = cel_type_parse(arena, message->fields[i].type, err);
        if (!fields[i])
            return error_prefix(err, "%s", message->fields[i].name);
    }
    shape->fields = fields;
    return 0;
}

int cel_messages_add(struct cel_messages *messages, struct cel_arena *arena,
                     const struct cel_message *message, struct error *err)
{
    struct cel_shape shape = {.message = message};

    if (messages->count == CEL_MESSAGES_MAX)
        return error_set_code(err, ERROR_INVALID, "more than %d messages", CEL_MESSAGES_MAX);
    if (message->count == 0 || message->count > CEL_FIELDS_MAX)
        return error_set_code(err, ERROR_INVALID, "%s: a message has 1 to %d fields", message->name,
                              CEL_FIELDS_MAX);
    if (cel_messages_find(messages, message->name))
        return error_set_code(err, ERROR_CONFLICT, "%s: it stands already", message->name);
    if (read_types(&shape, arena, err) < 0)
        return error_prefix(err, "%s", message->name);
    messages->items[messages->count++] = shape;
    return 0;
}

const struct cel_shape *cel_messages_find(const struct cel_messages *messages, const char *name)
{
    for (size_t i = 0; i < messages->count; i++) {
        if (strcmp(messages->items[i].message->name, name) == 0)
            return &messages->items[i];
    }
    return NULL;
}

/* How much of a name stands before its last part, the dot with it. */
static size_t before_last(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? (size_t)(dot + 1 - name) : 0;
}

/* Last parts are compared alone where the others agree, which are long, or where there are none. */
const char *cel_messages_nearest(const struct cel_messages *messages, const char *wrong)
{
    size_t given = before_last(wrong);
    struct cel_nearest nearest = {0};
    const char *whole = NULL;

    for (size_t i = 0; i < messages->count; i++) {
        const char *name = messages->items[i].message->name, *found = nearest.name;
        bool agree = given == 0 || strncmp(name, wrong, given) == 0;

        nearest.wrong = agree ? wrong + given : wrong;
        cel_nearest_offer(&nearest, agree ? name + before_last(name) : name);
        if (nearest.name != found)
            whole = name;
    }
    return whole;
}

int cel_message_field(const struct cel_message *message, const char *name)
{
    for (size_t i = 0; i < message->count; i++) {
        if (strcmp(message->fields[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

const char *cel_message_nearest_field(const struct cel_message *message, const char *wrong)
{
    struct cel_nearest nearest = {.wrong = wrong};

    for (size_t i = 0; i < message->count; i++)
        cel_nearest_offer(&nearest, message->fields[i].name);
    return nearest.name;
}
