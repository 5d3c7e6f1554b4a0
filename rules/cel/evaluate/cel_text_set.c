/* cel_text_set.c - the strings of a list that stands in an expression. They are the author's, so
 * that a short hash does: what is asked for changes nothing in the table. Half of it is empty. */
#include "rules/cel/evaluate/cel_text_set.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/evaluate/cel_leaf.h"
#include "rules/cel/evaluate/cel_op.h"

#define FEW 4 /* are looked through one by one: most differ in their length */

struct cel_text_set {
    size_t mask; /* of the table; unused with few */
    size_t count;
    struct cel_value *places; /* CEL_ABSENT: empty */
};

/* Of the first and the last eight bytes and the length. */
static inline size_t hash(struct cel_value text)
{
    const char *end = text.text + text.extra;
    uint64_t first = 0, last = 0, mixed;

    if (text.extra >= 8) {
        first = cel_bytes8(text.text);
        last = cel_bytes8(end - 8);
    } else if (text.extra >= 4) {
        first = cel_bytes4(text.text);
        last = cel_bytes4(end - 4);
    } else if (text.extra > 0) {
        first = (unsigned char)text.text[0] | (uint64_t)(unsigned char)text.text[text.extra / 2]
                                                  << 8;
        last = (unsigned char)end[-1];
    }
    mixed = (first ^ text.extra) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 32 ^ last) * UINT64_C(0xd6e8feb86659fd93);
    return (size_t)(mixed ^ mixed >> 32);
}

/* Where it stands, or the empty place where it would. */
static inline struct cel_value *find(const struct cel_text_set *set, struct cel_value text)
{
    size_t at = hash(text) & set->mask;

    while (set->places[at].kind != CEL_ABSENT && !cel_same_text(set->places[at], text))
        at = (at + 1) & set->mask;
    return &set->places[at];
}

const struct cel_text_set *cel_text_set_make(struct cel_arena *arena, const struct cel_list *list)
{
    struct cel_text_set *set = cel_arena_take(arena, sizeof(*set));
    size_t size = FEW;

    while (list->count > FEW && size < list->count * 2)
        size *= 2;
    if (!set || !(set->places = cel_arena_take(arena, size * sizeof(*set->places))))
        return NULL;
    set->mask = size - 1;
    set->count = list->count;
    for (size_t i = 0; i < list->count; i++)
        *(list->count > FEW ? find(set, list->items[i]) : &set->places[i]) = list->items[i];
    return set;
}

bool cel_text_set_has(const struct cel_text_set *set, struct cel_value text)
{
    if (set->count > FEW)
        return find(set, text)->kind != CEL_ABSENT;
    for (size_t i = 0; i < set->count; i++)
        if (cel_same_text(set->places[i], text))
            return true;
    return false;
}
