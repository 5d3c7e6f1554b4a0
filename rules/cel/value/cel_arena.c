/* cel_arena.c - see cel_arena.h. Blocks in a row, each twice the size of the one before; a reset
 * keeps them and begins with the first again. */
#include "rules/cel/cel_arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK 512 /* a short expression, made ready, takes less */
#define BLOCK_MAX (1024 * 1024)

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char bytes[];
};

struct cel_arena {
    struct block *first, *at;
    size_t cap;
    size_t used; /* given out since the last reset */
};

struct cel_arena *cel_arena_create(size_t cap)
{
    struct cel_arena *arena = calloc(1, sizeof(*arena));

    if (arena)
        arena->cap = cap;
    return arena;
}

static void free_blocks(struct block *block)
{
    for (struct block *next; block; block = next) {
        next = block->next;
        free(block);
    }
}

void cel_arena_destroy(struct cel_arena *arena)
{
    if (arena)
        free_blocks(arena->first);
    free(arena);
}

/* Instead of what a reset kept behind the one in use, which is too small: so the blocks never hold
 * much more than was once in use at a time. */
static struct block *block_after(struct cel_arena *arena, size_t size)
{
    struct block **link = arena->at ? &arena->at->next : &arena->first;
    size_t room = arena->at ? arena->at->size * 2 : FIRST_BLOCK;

    if (room > BLOCK_MAX)
        room = BLOCK_MAX;
    if (room < size)
        room = size;
    free_blocks(*link);
    *link = malloc(sizeof(**link) + room);
    if (*link)
        **link = (struct block){.size = room};
    return *link;
}

void *cel_arena_take(struct cel_arena *arena, size_t size)
{
    size_t whole = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    void *taken;

    if (whole < size || whole > arena->cap - arena->used)
        return NULL;
    while (!arena->at || arena->at->size - arena->at->used < whole) {
        struct block *next = arena->at ? arena->at->next : arena->first;

        if (!next || next->size < whole)
            next = block_after(arena, whole);
        if (!next)
            return NULL;
        next->used = 0;
        arena->at = next;
    }
    taken = arena->at->bytes + arena->at->used;
    arena->at->used += whole;
    arena->used += whole;
    return memset(taken, 0, size);
}

char *cel_arena_copy(struct cel_arena *arena, const char *bytes, size_t length)
{
    char *copy = cel_arena_take(arena, length + 1);

    if (copy && length)
        memcpy(copy, bytes, length);
    return copy;
}

char *cel_arena_vformat(struct cel_arena *arena, const char *format, va_list words)
{
    va_list again;
    char *text;
    int length;

    va_copy(again, words);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = length < 0 ? NULL : cel_arena_take(arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, words);
    return text;
}

char *cel_arena_format(struct cel_arena *arena, const char *format, ...)
{
    va_list words;
    char *text;

    va_start(words, format);
    text = cel_arena_vformat(arena, format, words);
    va_end(words);
    return text;
}

size_t cel_arena_used(const struct cel_arena *arena)
{
    return arena->used;
}

void cel_arena_reset(struct cel_arena *arena)
{
    arena->at = arena->first;
    arena->used = 0;
    if (arena->first)
        arena->first->used = 0;
}
