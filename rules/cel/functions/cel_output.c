/* cel_output.c - see cel_output.h. */
#include "rules/cel/functions/cel_output.h"

#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_run.h"

#define FIRST_ROOM 64
#define UNIT 16 /* bytes that cost as much as a node */

void cel_output_fail(struct cel_output *output, struct cel_value error)
{
    if (cel_output_ok(output))
        output->failed = error;
}

static bool pay(struct cel_output *output, size_t length)
{
    uint64_t bytes = (uint64_t)output->unpaid + length;

    output->unpaid = (uint32_t)(bytes % UNIT);
    return cel_run_spend(output->run, bytes / UNIT);
}

/* At least twice as much as before, so that all copies together are no longer than the string. */
static bool grow(struct cel_output *output, size_t length)
{
    size_t room = output->room * 2 > FIRST_ROOM ? output->room * 2 : FIRST_ROOM;
    char *bytes;

    if (room < output->length + length)
        room = output->length + length;
    bytes = room > UINT32_MAX ? NULL : cel_arena_take(output->run->arena, room);
    if (!bytes)
        return false;
    if (output->length)
        memcpy(bytes, output->bytes, output->length);
    output->bytes = bytes;
    output->room = room;
    return true;
}

void cel_output_add(struct cel_output *output, const char *bytes, size_t length)
{
    if (!cel_output_ok(output) || length == 0)
        return;
    if (!pay(output, length)) {
        cel_output_fail(output, cel_over_budget());
        return;
    }
    if (length > output->room - output->length && !grow(output, length)) {
        cel_output_fail(output, cel_out_of_memory());
        return;
    }
    memcpy(output->bytes + output->length, bytes, length);
    output->length += length;
}

void cel_output_text(struct cel_output *output, const char *text)
{
    cel_output_add(output, text, strlen(text));
}

/* How many bytes of a character stand here; 0: none does. */
static size_t character(const unsigned char *at, size_t length)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    size_t more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
    uint32_t rune = more ? *at & (0x3fu >> more) : *at;

    if ((*at >= 0x80 && *at < 0xc2) || *at > 0xf4 || length <= more)
        return 0;
    for (size_t i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        rune = rune << 6 | (at[i] & 0x3fu);
    }
    return rune < least[more] || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff) ? 0
                                                                                       : more + 1;
}

void cel_output_mended(struct cel_output *output, const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes, *end = at + length, *from = at;

    while (at < end) {
        size_t size = character(at, (size_t)(end - at));

        if (size > 0) {
            at += size;
            continue;
        }
        cel_output_add(output, (const char *)from, (size_t)(at - from));
        cel_output_text(output, "\xef\xbf\xbd");
        from = ++at;
    }
    cel_output_add(output, (const char *)from, (size_t)(end - from));
}

struct cel_value cel_output_value(const struct cel_output *output)
{
    return cel_output_ok(output) ? cel_string(output->bytes, output->length) : output->failed;
}
