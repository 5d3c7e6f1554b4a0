/* rule_index.c - see rule_index.h. All of it is of one arena. Each rule stands, for each of its
 * types, at exactly one place: in the shelves of one path ("pivot") under the texts it wants there,
 * or among the type's rest. Invariant: lists of rules rise.
 */
#include "rules/engine/rule_index.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_lift.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_names_read.h"

#define INDEX_BYTES_MAX ((size_t)1 << 30)
#define TYPE_CHAINS 4096
#define OPTIONS_MAX (RULE_ATTRIBUTES + RULE_LIFTS_MAX)

struct list {
    uint32_t *items;
    size_t count, room;
};

/* The rules of one type that want this text there. */
struct shelf {
    struct shelf *next;
    const struct type *type;
    size_t path;
    uint64_t hash;
    const char *text;
    size_t length, wanted; /* by how many, while the choice is made */
    struct list rules;
};

struct pivot {
    struct pivot *next;
    size_t path;
    struct list lifted; /* of all texts: those that want it by their match */
};

struct type {
    struct type *next;
    const char *name;
    size_t length;
    uint64_t hash;
    struct pivot *pivots;
    struct list rest;
    struct rule_noting *notes;
    size_t note_count, note_room;
};

struct rule_index {
    struct cel_arena *arena;
    const struct rule_in_set *rules;
    struct rule_path *paths;
    size_t path_count, path_room;
    uint64_t names;
    struct type *types[TYPE_CHAINS];
    struct shelf **shelves;
    size_t shelf_chains;
};

/* A text that a rule wants at a path: one of these. */
struct option {
    bool lifted; /* out of its match: without a text there the match is to be asked */
    size_t path, count;
    const char *const *texts;
};

static uint64_t hash_of(uint64_t hash, const char *text, size_t length)
{
    for (; length; text++, length--)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_type(const char *name, size_t length)
{
    return hash_of(UINT64_C(0xcbf29ce484222325), name, length);
}

static uint64_t hash_text(const struct type *type, size_t path, const char *text, size_t length)
{
    return hash_of(type->hash + path * UINT64_C(0x9e3779b97f4a7c15), text, length);
}

/* Room for one more of 'size' bytes in what holds 'count'. NULL: out of memory. */
static void *grow(struct cel_arena *arena, void *items, size_t count, size_t *room, size_t size)
{
    size_t fresh_room = *room ? *room * 2 : 4;
    void *fresh;

    if (count < *room)
        return items;
    if (!(fresh = cel_arena_take(arena, fresh_room * size)))
        return NULL;
    if (count)
        memcpy(fresh, items, count * size);
    *room = fresh_room;
    return fresh;
}

static int append(struct rule_index *index, struct list *list, uint32_t rule)
{
    uint32_t *items = grow(index->arena, list->items, list->count, &list->room, sizeof(*items));

    if (!items)
        return -1;
    list->items = items;
    if (list->count == 0 || items[list->count - 1] != rule)
        items[list->count++] = rule;
    return 0;
}

/* ---- what there is ---- */

static struct type *find_type(const struct rule_index *index, const char *name, size_t length,
                              uint64_t hash)
{
    struct type *type = index->types[hash % TYPE_CHAINS];

    while (type &&
           (type->hash != hash || type->length != length || memcmp(type->name, name, length) != 0))
        type = type->next;
    return type;
}

static struct type *make_type(struct rule_index *index, const char *name)
{
    size_t length = strlen(name);
    uint64_t hash = hash_type(name, length);
    struct type *type = find_type(index, name, length, hash);

    if (type || !(type = cel_arena_take(index->arena, sizeof(*type))))
        return type;
    *type = (struct type){
        .next = index->types[hash % TYPE_CHAINS], .name = name, .length = length, .hash = hash};
    return index->types[hash % TYPE_CHAINS] = type;
}

static bool same_path(const struct rule_path *a, const struct rule_path *b)
{
    if (a->slot != b->slot || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->fields[i], b->fields[i]) != 0)
            return false;
    return true;
}

/* -1: out of memory. */
static int path_number(struct rule_index *index, const struct rule_path *path, size_t *ret)
{
    struct rule_path *paths;

    for (size_t i = 0; i < index->path_count; i++)
        if (same_path(&index->paths[i], path)) {
            *ret = i;
            return 0;
        }
    paths = grow(index->arena, index->paths, index->path_count, &index->path_room, sizeof(*paths));
    if (!paths)
        return -1;
    index->paths = paths;
    paths[index->path_count] = *path;
    index->names |= UINT64_C(1) << path->slot;
    *ret = index->path_count++;
    return 0;
}

static struct shelf *find_shelf(const struct rule_index *index, const struct type *type,
                                size_t path, const char *text, size_t length, uint64_t hash)
{
    struct shelf *shelf = index->shelves[hash & (index->shelf_chains - 1)];

    while (shelf && (shelf->hash != hash || shelf->type != type || shelf->path != path ||
                     shelf->length != length || memcmp(shelf->text, text, length) != 0))
        shelf = shelf->next;
    return shelf;
}

static struct shelf *make_shelf(struct rule_index *index, const struct type *type, size_t path,
                                const char *text)
{
    size_t length = strlen(text);
    uint64_t hash = hash_text(type, path, text, length);
    struct shelf **chain = &index->shelves[hash & (index->shelf_chains - 1)];
    struct shelf *shelf = find_shelf(index, type, path, text, length, hash);

    if (shelf || !(shelf = cel_arena_take(index->arena, sizeof(*shelf))))
        return shelf;
    *shelf = (struct shelf){
        .next = *chain, .type = type, .path = path, .hash = hash, .text = text, .length = length};
    return *chain = shelf;
}

static struct pivot *make_pivot(struct rule_index *index, struct type *type, size_t path)
{
    struct pivot *pivot = type->pivots;

    while (pivot && pivot->path != path)
        pivot = pivot->next;
    if (pivot || !(pivot = cel_arena_take(index->arena, sizeof(*pivot))))
        return pivot;
    *pivot = (struct pivot){.next = type->pivots, .path = path};
    return type->pivots = pivot;
}

/* ---- building ---- */

static int add_option(struct rule_index *index, const struct rule_path *path,
                      const char *const *texts, size_t count, bool lifted, struct option *ret)
{
    *ret = (struct option){.lifted = lifted, .count = count, .texts = texts};
    return path_number(index, path, &ret->path);
}

/* How many there are; -1: out of memory. */
static int find_options(struct rule_index *index, const struct rule_document *rule,
                        struct option options[OPTIONS_MAX])
{
    struct rule_lift *lifts = cel_arena_take(index->arena, RULE_LIFTS_MAX * sizeof(*lifts));
    size_t lifted;
    int count = 0;

    if (!lifts)
        return -1;
    for (int i = 0; i < RULE_ATTRIBUTES; i++) {
        const struct rule_strings *values = &rule->scope[i];
        struct rule_path path = {.slot = rule_attribute_slot(i)};

        if (i != RULE_TYPE && values->count &&
            add_option(index, &path, (const char *const *)values->items, values->count, false,
                       &options[count++]) < 0)
            return -1;
    }
    lifted = rule_lift_match(rule, index->arena, lifts);
    for (size_t i = 0; i < lifted; i++)
        if (add_option(index, &lifts[i].path, lifts[i].texts, lifts[i].count, true,
                       &options[count++]) < 0)
            return -1;
    return count;
}

/* The fewest others under each of its texts, then the fewest texts. */
static const struct option *choose(struct rule_index *index, const struct type *type,
                                   const struct option *options, int count)
{
    const struct option *best = NULL;
    size_t best_wanted = SIZE_MAX;

    for (int i = 0; i < count; i++) {
        size_t wanted = 0;

        for (size_t n = 0; n < options[i].count; n++) {
            const struct shelf *shelf =
                make_shelf(index, type, options[i].path, options[i].texts[n]);

            if (shelf && shelf->wanted > wanted)
                wanted = shelf->wanted;
        }
        if (wanted < best_wanted || (wanted == best_wanted && options[i].count < best->count)) {
            best = &options[i];
            best_wanted = wanted;
        }
    }
    return best;
}

/* Of one rule: its types, and what it wants in each of them. */
struct wish {
    struct option options[OPTIONS_MAX];
    int count;
};

static int wish_for(struct rule_index *index, uint32_t rule, const struct wish *wish)
{
    const struct rule_strings *types = &index->rules[rule].document->scope[RULE_TYPE];

    for (size_t t = 0; t < types->count; t++) {
        const struct type *type = make_type(index, types->items[t]);

        if (!type)
            return -1;
        for (int i = 0; i < wish->count; i++)
            for (size_t n = 0; n < wish->options[i].count; n++) {
                struct shelf *shelf =
                    make_shelf(index, type, wish->options[i].path, wish->options[i].texts[n]);

                if (!shelf)
                    return -1;
                shelf->wanted++;
            }
    }
    return 0;
}

static int place_under(struct rule_index *index, struct type *type, const struct option *option,
                       uint32_t rule)
{
    struct pivot *pivot = make_pivot(index, type, option->path);

    if (!pivot || (option->lifted && append(index, &pivot->lifted, rule) < 0))
        return -1;
    for (size_t n = 0; n < option->count; n++) {
        struct shelf *shelf = make_shelf(index, type, option->path, option->texts[n]);

        if (!shelf || append(index, &shelf->rules, rule) < 0)
            return -1;
    }
    return 0;
}

static int place(struct rule_index *index, uint32_t rule, const struct wish *wish)
{
    const struct rule_strings *types = &index->rules[rule].document->scope[RULE_TYPE];

    for (size_t t = 0; t < types->count; t++) {
        struct type *type = make_type(index, types->items[t]);
        const struct option *option;

        if (!type)
            return -1;
        option = choose(index, type, wish->options, wish->count);
        if (option ? place_under(index, type, option, rule) < 0
                   : append(index, &type->rest, rule) < 0)
            return -1;
    }
    return 0;
}

static int take_note(struct rule_index *index, const char *name, struct rule_noting noting)
{
    struct type *type = make_type(index, name);
    struct rule_noting *notes;

    if (!type || !(notes = grow(index->arena, type->notes, type->note_count, &type->note_room,
                                sizeof(*notes))))
        return -1;
    type->notes = notes;
    notes[type->note_count++] = noting;
    return 0;
}

static int take_notes(struct rule_index *index, uint32_t rule)
{
    const struct rule_document *document = index->rules[rule].document;

    for (size_t i = 0; i < document->suppress_count; i++)
        for (size_t n = 0; n < document->suppress[i].type.count; n++)
            if (take_note(index, document->suppress[i].type.items[n],
                          (struct rule_noting){rule, RULE_NOTE_SUPPRESS, i}) < 0)
                return -1;
    for (size_t i = 0; i < document->absent_count; i++)
        if (take_note(index, document->absent[i].expect,
                      (struct rule_noting){rule, RULE_NOTE_ABSENT, i}) < 0)
            return -1;
    for (size_t n = 0; document->hold_ms && n < document->scope[RULE_TYPE].count; n++)
        if (take_note(index, document->scope[RULE_TYPE].items[n],
                      (struct rule_noting){rule, RULE_NOTE_HOLD, 0}) < 0)
            return -1;
    return 0;
}

/* First how often each text is wanted, then where each rule is found best. */
static int build(struct rule_index *index, size_t count)
{
    struct wish *wishes = calloc(count + 1, sizeof(*wishes));
    int rc = wishes ? 0 : -1;

    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        wishes[i].count = find_options(index, index->rules[i].document, wishes[i].options);
        if (wishes[i].count < 0 || wish_for(index, i, &wishes[i]) < 0)
            rc = -1;
    }
    for (uint32_t i = 0; rc == 0 && i < count; i++)
        if (place(index, i, &wishes[i]) < 0 || take_notes(index, i) < 0)
            rc = -1;
    free(wishes);
    return rc;
}

struct rule_index *rule_index_create(const struct rule_in_set *rules, size_t count,
                                     struct error *err)
{
    struct rule_index *index = calloc(1, sizeof(*index));

    if (!index)
        goto nomem;
    index->rules = rules;
    index->arena = cel_arena_create(INDEX_BYTES_MAX);
    for (index->shelf_chains = 1024; index->shelf_chains < count * 4;)
        index->shelf_chains *= 2;
    index->shelves = calloc(index->shelf_chains, sizeof(struct shelf *));
    if (!index->arena || !index->shelves || build(index, count) < 0)
        goto nomem;
    return index;
nomem:
    error_no_memory(err);
    rule_index_destroy(index);
    return NULL;
}

void rule_index_destroy(struct rule_index *index)
{
    if (!index)
        return;
    cel_arena_destroy(index->arena);
    free(index->shelves);
    free(index);
}

/* ---- asking ---- */

static size_t add_all(const struct list *list, uint32_t *ret, size_t count)
{
    if (list->count)
        memcpy(ret + count, list->items, list->count * sizeof(*ret));
    return count + list->count;
}

/* A text that is not there could be an error where a match compares it: those are asked all. */
static size_t add_pivot(const struct rule_index *index, const struct type *type,
                        const struct pivot *pivot, const struct rule_moment *moment, uint32_t *ret,
                        size_t count)
{
    struct cel_value value = rule_path_value(&index->paths[pivot->path], moment->slots);
    const struct shelf *shelf;

    if (cel_is(value, CEL_ABSENT) || cel_is(value, CEL_ERROR))
        return add_all(&pivot->lifted, ret, count);
    if (!cel_is(value, CEL_STRING))
        return count;
    shelf = find_shelf(index, type, pivot->path, value.text, value.extra,
                       hash_text(type, pivot->path, value.text, value.extra));
    return shelf ? add_all(&shelf->rules, ret, count) : count;
}

static int by_number(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

/* A few runs that rise each. */
static void sort(uint32_t *rules, size_t count)
{
    if (count > 64) {
        qsort(rules, count, sizeof(*rules), by_number);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        uint32_t rule = rules[i];
        size_t at = i;

        for (; at > 0 && rules[at - 1] > rule; at--)
            rules[at] = rules[at - 1];
        rules[at] = rule;
    }
}

static const struct type *type_of(const struct rule_index *index, const char *name, size_t length)
{
    return find_type(index, name, length, hash_type(name, length));
}

size_t rule_index_candidates(const struct rule_index *index, const struct rule_moment *moment,
                             uint32_t *ret)
{
    struct cel_value name = moment->slots[rule_attribute_slot(RULE_TYPE)];
    const struct type *type;
    size_t count;

    if (!cel_is(name, CEL_STRING) || !(type = type_of(index, name.text, name.extra)))
        return 0;
    count = add_all(&type->rest, ret, 0);
    for (const struct pivot *pivot = type->pivots; pivot; pivot = pivot->next)
        count = add_pivot(index, type, pivot, moment, ret, count);
    sort(ret, count);
    return count;
}

size_t rule_index_notes(const struct rule_index *index, const char *type, size_t length,
                        const struct rule_noting **ret)
{
    const struct type *found = type_of(index, type, length);

    *ret = found ? found->notes : NULL;
    return found ? found->note_count : 0;
}

uint64_t rule_index_names(const struct rule_index *index)
{
    return index->names;
}
