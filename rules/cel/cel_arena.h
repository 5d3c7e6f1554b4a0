/* cel_arena.h - memory that is taken piece by piece and given back all at once: of an expression
 * while it is compiled, of a program for as long as it lives, of one evaluation. A cap in bytes is
 * part of it, so that no expression takes more than it was given.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct cel_arena;

/* At most 'cap' bytes in all. NULL: out of memory. */
struct cel_arena *cel_arena_create(size_t cap);
void cel_arena_destroy(struct cel_arena *arena);

/* Zeroed, aligned for any type; NULL when the cap is reached or memory has run out. */
void *cel_arena_take(struct cel_arena *arena, size_t size);
/* A copy with a NUL behind it. */
char *cel_arena_copy(struct cel_arena *arena, const char *bytes, size_t length);
char *cel_arena_format(struct cel_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *cel_arena_vformat(struct cel_arena *arena, const char *format, va_list words)
    __attribute__((format(printf, 2, 0)));

size_t cel_arena_used(const struct cel_arena *arena);
/* Everything is given back; the memory stays the arena's, so that the next use asks for none. */
void cel_arena_reset(struct cel_arena *arena);
