/* cel_text_set.c - the strings of a list that stands in an expression. They are the author's, so
 * that a short hash does: what is asked for changes nothing in the table. Half of it is empty. */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_op.h"

struct cel_text_set {
    size_t mask;
    struct cel_value *places; /* CEL_ABSENT: empty */
};

static uint64_t read_bytes(const char *text, size_t count)
{
    uint64_t word = 0;

    memcpy(&word, text, count);
    return word;
}

/* Of the first and the last eight bytes and the length. */
static size_t hash(struct cel_value text)
{
    size_t count = text.extra < 8 ? text.extra : 8;
    uint64_t first = read_bytes(text.text, count);
    uint64_t last = read_bytes(text.text + text.extra - count, count);
    uint64_t mixed = (first ^ text.extra) * UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 32 ^ last) * UINT64_C(0xd6e8feb86659fd93);
    return (size_t)(mixed ^ mixed >> 32);
}

static bool is(struct cel_value left, struct cel_value right)
{
    return left.extra == right.extra && memcmp(left.text, right.text, left.extra) == 0;
}

/* Where it stands, or the empty place where it would. */
static struct cel_value *find(const struct cel_text_set *set, struct cel_value text)
{
    size_t at = hash(text) & set->mask;

    while (set->places[at].kind != CEL_ABSENT && !is(set->places[at], text))
        at = (at + 1) & set->mask;
    return &set->places[at];
}

const struct cel_text_set *cel_text_set_make(struct cel_arena *arena, const struct cel_list *list)
{
    struct cel_text_set *set = cel_arena_take(arena, sizeof(*set));
    size_t size = 4;

    while (size < list->count * 2)
        size *= 2;
    if (!set || !(set->places = cel_arena_take(arena, size * sizeof(*set->places))))
        return NULL;
    set->mask = size - 1;
    for (size_t i = 0; i < list->count; i++)
        *find(set, list->items[i]) = list->items[i];
    return set;
}

bool cel_text_set_has(const struct cel_text_set *set, struct cel_value text)
{
    return find(set, text)->kind != CEL_ABSENT;
}
