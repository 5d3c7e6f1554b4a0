/* cel_regex_classes.c - sets of characters, and the names that stand for some (cel_regex_tree.h).
 */
#include <stdlib.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/regex/cel_regex_tree.h"

#define FIRST_ROOM 8

static void pay(struct cel_regex_set *set, uint64_t steps)
{
    if (!cel_regex_spend(set->steps, steps))
        set->broken = true;
}

void cel_regex_set_add(struct cel_regex_set *set, uint32_t low, uint32_t high)
{
    struct cel_range *last = set->count ? &set->ranges[set->count - 1] : NULL;

    if (set->broken || low > high)
        return;
    pay(set, 1);
    if (last && low >= last->low && low <= last->high + 1) { /* most come in order */
        if (high > last->high)
            last->high = high;
        return;
    }
    if (set->count == set->room) {
        size_t room = set->room ? set->room * 2 : FIRST_ROOM;
        struct cel_range *grown =
            room <= CEL_REGEX_RANGES_MAX ? cel_arena_take(set->arena, room * sizeof(*grown)) : NULL;

        if (!grown) {
            set->broken = true;
            return;
        }
        if (set->count)
            memcpy(grown, set->ranges, set->count * sizeof(*grown));
        set->ranges = grown;
        set->room = room;
    }
    set->ranges[set->count++] = (struct cel_range){low, high};
}

void cel_regex_set_add_all(struct cel_regex_set *set, const struct cel_regex_set *other)
{
    set->broken = set->broken || other->broken;
    for (size_t i = 0; i < other->count; i++)
        cel_regex_set_add(set, other->ranges[i].low, other->ranges[i].high);
}

static int by_low(const void *left, const void *right)
{
    const struct cel_range *a = left, *b = right;

    return (a->low > b->low) - (a->low < b->low);
}

/* Steps of a search among so many: how often they can be halved. */
static unsigned halvings(size_t count)
{
    unsigned halvings = 1;

    for (; count > 1; count /= 2)
        halvings++;
    return halvings;
}

static bool in_order(const struct cel_regex_set *set)
{
    for (size_t i = 1; i < set->count; i++)
        if (set->ranges[i].low < set->ranges[i - 1].low)
            return false;
    return true;
}

void cel_regex_set_sort(struct cel_regex_set *set)
{
    size_t kept = 0;

    if (set->count == 0)
        return;
    pay(set, set->count);
    if (!in_order(set)) {
        pay(set, set->count * halvings(set->count));
        qsort(set->ranges, set->count, sizeof(set->ranges[0]), by_low);
    }
    for (size_t i = 1; i < set->count; i++) {
        if (set->ranges[i].low <= set->ranges[kept].high + 1) {
            if (set->ranges[i].high > set->ranges[kept].high)
                set->ranges[kept].high = set->ranges[i].high;
        } else {
            set->ranges[++kept] = set->ranges[i];
        }
    }
    set->count = kept + 1;
}

void cel_regex_set_negate(struct cel_regex_set *set)
{
    struct cel_regex_set gaps = {.arena = set->arena, .steps = set->steps, .broken = set->broken};
    uint32_t next = 0;

    cel_regex_set_sort(set);
    for (size_t i = 0; i < set->count; i++) {
        if (set->ranges[i].low > next)
            cel_regex_set_add(&gaps, next, set->ranges[i].low - 1);
        next = set->ranges[i].high + 1;
    }
    if (next <= CEL_RUNE_MAX)
        cel_regex_set_add(&gaps, next, CEL_RUNE_MAX);
    *set = gaps;
}

/* The first range that ends at 'rune' or behind it. */
static size_t first_from(const struct cel_regex_set *set, uint32_t rune)
{
    size_t low = 0, high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (set->ranges[middle].high < rune)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Most are there already: classes have both cases of their letters. */
static void add_missing(struct cel_regex_set *folded, const struct cel_regex_set *set, uint32_t low,
                        uint32_t high)
{
    size_t at = first_from(set, low);

    pay(folded, halvings(set->count));
    if (at == set->count || set->ranges[at].low > low || set->ranges[at].high < high)
        cel_regex_set_add(folded, low, high);
}

/* What the members of low..high that this row speaks of are in another case. */
static void fold_row(struct cel_regex_set *folded, const struct cel_regex_set *set,
                     const struct cel_unicode_fold *row, uint32_t low, uint32_t high)
{
    if (low < row->low)
        low = row->low;
    if (high > row->high)
        high = row->high;
    if (row->stride > 1)
        low += (low - row->low) % row->stride;
    if (low > high)
        return;
    if (row->stride == 1) {
        add_missing(folded, set, (uint32_t)((int32_t)low + row->delta),
                    (uint32_t)((int32_t)high + row->delta));
        return;
    }
    for (; low <= high; low += row->stride) {
        uint32_t other = (uint32_t)((int32_t)low + row->delta);

        add_missing(folded, set, other, other);
    }
}

/* Both are in order: of each row only the ranges that it touches are looked at. */
static void fold_once(const struct cel_regex_set *set, struct cel_regex_set *folded)
{
    uint32_t last = set->count ? set->ranges[set->count - 1].high : 0;

    for (size_t i = 0; i < cel_unicode_folds_count; i++) {
        const struct cel_unicode_fold *row = &cel_unicode_folds[i];

        if (row->low > last)
            return;
        pay(folded, halvings(set->count));
        if (folded->broken)
            return;
        for (size_t k = first_from(set, row->low);
             k < set->count && set->ranges[k].low <= row->high; k++)
            fold_row(folded, set, row, set->ranges[k].low, set->ranges[k].high);
    }
}

/* Each turn adds the next case of each letter, until none is missing. */
void cel_regex_set_fold(struct cel_regex_set *set)
{
    struct cel_regex_set folded;

    cel_regex_set_sort(set);
    do {
        folded = (struct cel_regex_set){.arena = set->arena, .steps = set->steps};
        fold_once(set, &folded);
        cel_regex_set_add_all(set, &folded);
        if (folded.count > 0)
            cel_regex_set_sort(set);
        set->broken = set->broken || folded.broken;
    } while (folded.count > 0 && !set->broken);
}

/* ---- names ---- */

struct named {
    const char *name;
    const char *pairs; /* low and high of each range, ASCII */
    size_t count;
};

#define NAMED(name, pairs)                                                                         \
    {                                                                                              \
        name, pairs, (sizeof(pairs) - 1) / 2                                                       \
    }

static const struct named POSIX[] = {
    NAMED("alnum", "09AZaz"),
    NAMED("alpha", "AZaz"),
    NAMED("ascii", "\0\x7f"),
    NAMED("blank", "\t\t  "),
    NAMED("cntrl", "\0\x1f\x7f\x7f"),
    NAMED("digit", "09"),
    NAMED("graph", "!~"),
    NAMED("lower", "az"),
    NAMED("print", " ~"),
    NAMED("punct", "!/:@[`{~"),
    NAMED("space", "\t\r  "),
    NAMED("upper", "AZ"),
    NAMED("word", "09AZ__az"),
    NAMED("xdigit", "09AFaf"),
};
static const struct named DIGITS = NAMED("d", "09");
static const struct named SPACES = NAMED("s", "\t\n\f\r  "); /* no \v, as in RE2 */
static const struct named WORDS = NAMED("w", "09AZ__az");

static void add_named(struct cel_regex_set *set, const struct named *named)
{
    for (size_t i = 0; i < named->count; i++)
        cel_regex_set_add(set, (unsigned char)named->pairs[2 * i],
                          (unsigned char)named->pairs[2 * i + 1]);
}

bool cel_regex_add_perl(struct cel_regex_set *set, char letter)
{
    if (letter != 'd' && letter != 's' && letter != 'w')
        return false;
    add_named(set, letter == 'd' ? &DIGITS : letter == 's' ? &SPACES : &WORDS);
    return true;
}

static bool same(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

bool cel_regex_add_posix(struct cel_regex_set *set, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(POSIX) / sizeof(POSIX[0]); i++)
        if (same(POSIX[i].name, name, length)) {
            add_named(set, &POSIX[i]);
            return true;
        }
    return false;
}

static void add_class(struct cel_regex_set *set, const struct cel_unicode_table *table, size_t i)
{
    const struct cel_range *ranges = table->ranges + table->classes[i].first;

    for (size_t k = 0; k < table->classes[i].count; k++)
        cel_regex_set_add(set, ranges[k].low, ranges[k].high);
}

bool cel_regex_add_unicode(struct cel_regex_set *set, const char *name, size_t length)
{
    const struct cel_unicode_table *categories = &cel_unicode_categories;
    bool found = false;

    if (same("Any", name, length)) {
        cel_regex_set_add(set, 0, CEL_RUNE_MAX);
        return true;
    }
    pay(set, categories->count);
    for (size_t i = 0; i < categories->count; i++) /* "L" is all of Lu, Ll, ... */
        if (same(categories->classes[i].name, name, length) ||
            (length == 1 && categories->classes[i].name[0] == name[0])) {
            add_class(set, categories, i);
            found = true;
        }
    if (!found)
        pay(set, cel_unicode_scripts.count);
    for (size_t i = 0; !found && i < cel_unicode_scripts.count; i++)
        if (same(cel_unicode_scripts.classes[i].name, name, length)) {
            add_class(set, &cel_unicode_scripts, i);
            found = true;
        }
    return found;
}
