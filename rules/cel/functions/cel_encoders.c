/* cel_encoders.c - the library of encoders: base64, read with or without its padding. */
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/functions/cel_standard.h"
#include "rules/cel/value/cel_base64.h"

static CEL_FUNCTION(encode)
{
    size_t size = 4 * (((size_t)args[0].extra + 2) / 3);
    char *out = size > UINT32_MAX ? NULL : cel_arena_take(run->arena, size + 1);

    (void)count;
    if (!out)
        return cel_out_of_memory();
    return cel_string(out, cel_base64_write(args[0].text, args[0].extra, out));
}

static CEL_FUNCTION(decode)
{
    char *out = cel_arena_take(run->arena, 3 * ((size_t)args[0].extra / 4) + 3);
    ptrdiff_t length;

    (void)count;
    if (!out)
        return cel_out_of_memory();
    length = cel_base64_read(args[0].text, args[0].extra, out);
    if (length < 0)
        return cel_error("base64.decode: this is no base64");
    return cel_bytes(out, (size_t)length);
}

static const struct cel_overload OVERLOADS[] = {
    {"base64.encode", "(bytes) -> string", encode, true},
    {"base64.decode", "(string) -> bytes", decode, true},
};

const struct cel_library cel_encoders = {
    .name = "encoders",
    .overloads = OVERLOADS,
    .count = sizeof(OVERLOADS) / sizeof(OVERLOADS[0]),
};
