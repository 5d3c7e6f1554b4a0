/* cel_signature.h - the text of an overload's signature, read. */
#pragma once

struct cel_arena;
struct cel_signature;
struct error;

#define CEL_PARAMETERS_MAX 8

/* "(int, list<A>) -> bool"; of a receiver, which becomes the first parameter: "string.(int) ->
 * string". All of the arena but the overload. 0, or -1 with 'err', code ERROR_INVALID. */
int cel_signature_parse(struct cel_arena *arena, const char *text, struct cel_signature *ret,
                        struct error *err);
