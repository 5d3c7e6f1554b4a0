/* rule_states.c - see rule_states.h. A table of chains by the name's hash; a shelf for each rule
 * and kind, which holds its states in the order of their last put; a heap by due. Invariant: a
 * state that is not gone stands in all three (in the heap only when it is due at some time); one
 * that is gone stands in the table alone, and only when changes are tracked.
 */
#include "rules/engine/rule_states.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"

#define BUCKETS_AT_FIRST 64
#define SHELF_BUCKETS 1024 /* chains of shelves: 10,000 rules are ten in a chain */
#define NOT_IN_HEAP SIZE_MAX

struct item {
    struct rule_state state;
    struct item *next;          /* in the chain */
    struct item *older, *newer; /* on the shelf */
    struct shelf *shelf;        /* NULL: gone */
    uint64_t hash;
    size_t at, room; /* in the heap; of the value */
    bool changed;
    unsigned char key[];
};

struct shelf {
    struct shelf *next;
    struct item *oldest, *newest;
    size_t count;
    int kind;
    char rule[];
};

struct rule_states {
    bool tracked;
    struct item **buckets;
    size_t bucket_count, count; /* items, those that are gone too */
    size_t bytes;               /* of their keys and values */
    struct shelf *shelves[SHELF_BUCKETS];
    struct item **heap;
    size_t heap_count, heap_room;
};

/* ---- names ---- */

/* FNV-1a, eight bytes at a time where there are as many. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;

    for (; length >= 8; at += 8, length -= 8) {
        uint64_t word;

        memcpy(&word, at, sizeof(word));
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    for (; length; at++, length--)
        hash = (hash ^ *at) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static uint64_t hash_rule(const char *rule, int kind)
{
    return hash_bytes(UINT64_C(0xcbf29ce484222325) + (uint64_t)kind, rule, strlen(rule));
}

static uint64_t hash_name(const struct rule_state_name *name)
{
    return hash_bytes(hash_rule(name->rule, name->kind), name->key, name->length);
}

static int compare_names(const struct rule_state_name *a, const struct rule_state_name *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length;
    int rc = strcmp(a->rule, b->rule);

    if (rc == 0)
        rc = a->kind - b->kind;
    if (rc == 0)
        rc = memcmp(a->key, b->key, shorter);
    return rc ? rc : (a->length > b->length) - (a->length < b->length);
}

/* ---- the heap ---- */

static bool is_before(const struct item *a, const struct item *b)
{
    if (a->state.due_us != b->state.due_us)
        return a->state.due_us < b->state.due_us;
    return compare_names(&a->state.name, &b->state.name) < 0;
}

static void heap_set(struct rule_states *states, size_t at, struct item *item)
{
    states->heap[at] = item;
    item->at = at;
}

static void heap_rise(struct rule_states *states, struct item *item, size_t at)
{
    while (at > 0 && is_before(item, states->heap[(at - 1) / 2])) {
        heap_set(states, at, states->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_set(states, at, item);
}

static void heap_sink(struct rule_states *states, struct item *item, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < states->heap_count; at = child) {
        if (child + 1 < states->heap_count &&
            is_before(states->heap[child + 1], states->heap[child]))
            child++;
        if (!is_before(states->heap[child], item))
            break;
        heap_set(states, at, states->heap[child]);
    }
    heap_set(states, at, item);
}

static void heap_remove(struct rule_states *states, struct item *item)
{
    size_t at = item->at;
    struct item *last;

    if (at == NOT_IN_HEAP)
        return;
    item->at = NOT_IN_HEAP;
    last = states->heap[--states->heap_count];
    if (last == item)
        return;
    heap_sink(states, last, at);
    heap_rise(states, last, last->at);
}

/* Room for one more, so that heap_add() cannot fail. */
static int heap_reserve(struct rule_states *states)
{
    size_t room = states->heap_room ? states->heap_room * 2 : BUCKETS_AT_FIRST;
    struct item **heap;

    if (states->heap_count < states->heap_room)
        return 0;
    heap = realloc(states->heap, room * sizeof(struct item *));
    if (!heap)
        return -1;
    states->heap = heap;
    states->heap_room = room;
    return 0;
}

static void heap_add(struct rule_states *states, struct item *item)
{
    if (item->state.due_us != RULE_NEVER)
        heap_rise(states, item, states->heap_count++);
}

/* ---- shelves ---- */

static struct shelf *shelf_find(const struct rule_states *states, const char *rule, int kind)
{
    struct shelf *shelf = states->shelves[hash_rule(rule, kind) % SHELF_BUCKETS];

    while (shelf && (shelf->kind != kind || strcmp(shelf->rule, rule) != 0))
        shelf = shelf->next;
    return shelf;
}

static struct shelf *shelf_make(struct rule_states *states, const char *rule, int kind)
{
    struct shelf **chain = &states->shelves[hash_rule(rule, kind) % SHELF_BUCKETS];
    struct shelf *shelf = shelf_find(states, rule, kind);
    size_t size = strlen(rule) + 1;

    if (shelf || !(shelf = calloc(1, sizeof(*shelf) + size)))
        return shelf;
    shelf->kind = kind;
    memcpy(shelf->rule, rule, size);
    shelf->next = *chain;
    *chain = shelf;
    return shelf;
}

static void shelf_take_off(struct item *item)
{
    struct shelf *shelf = item->shelf;

    *(item->older ? &item->older->newer : &shelf->oldest) = item->newer;
    *(item->newer ? &item->newer->older : &shelf->newest) = item->older;
    shelf->count--;
    item->older = item->newer = NULL;
    item->shelf = NULL;
}

static void shelf_lay(struct shelf *shelf, struct item *item)
{
    item->shelf = shelf;
    item->older = shelf->newest;
    *(shelf->newest ? &shelf->newest->newer : &shelf->oldest) = item;
    shelf->newest = item;
    shelf->count++;
}

/* ---- the table ---- */

struct rule_states *rule_states_create(bool tracked)
{
    struct rule_states *states = calloc(1, sizeof(*states));

    if (!states)
        return NULL;
    states->tracked = tracked;
    states->bucket_count = BUCKETS_AT_FIRST;
    states->buckets = calloc(states->bucket_count, sizeof(struct item *));
    if (!states->buckets) {
        free(states);
        return NULL;
    }
    return states;
}

static void free_item(struct item *item)
{
    free((unsigned char *)item->state.value);
    free(item);
}

void rule_states_clear(struct rule_states *states)
{
    for (size_t i = 0; i < states->bucket_count; i++) {
        for (struct item *item = states->buckets[i], *next; item; item = next) {
            next = item->next;
            free_item(item);
        }
        states->buckets[i] = NULL;
    }
    for (size_t i = 0; i < SHELF_BUCKETS; i++) {
        for (struct shelf *shelf = states->shelves[i], *next; shelf; shelf = next) {
            next = shelf->next;
            free(shelf);
        }
        states->shelves[i] = NULL;
    }
    states->count = states->heap_count = states->bytes = 0;
}

void rule_states_destroy(struct rule_states *states)
{
    if (!states)
        return;
    rule_states_clear(states);
    free(states->buckets);
    free(states->heap);
    free(states);
}

static struct item *look_up(const struct rule_states *states, const struct rule_state_name *name,
                            uint64_t hash)
{
    struct item *item = states->buckets[hash & (states->bucket_count - 1)];

    while (item && (item->hash != hash || compare_names(&item->state.name, name) != 0))
        item = item->next;
    return item;
}

const struct rule_state *rule_states_find(const struct rule_states *states,
                                          const struct rule_state_name *name)
{
    const struct item *item = states->count ? look_up(states, name, hash_name(name)) : NULL;

    return item && !item->state.gone ? &item->state : NULL;
}

/* Twice the chains; when there is no memory for them, longer chains. */
static void grow(struct rule_states *states)
{
    size_t fresh_count = states->bucket_count * 2;
    struct item **fresh = calloc(fresh_count, sizeof(struct item *));

    if (!fresh)
        return;
    for (size_t i = 0; i < states->bucket_count; i++)
        for (struct item *item = states->buckets[i], *next; item; item = next) {
            struct item **chain = &fresh[item->hash & (fresh_count - 1)];

            next = item->next;
            item->next = *chain;
            *chain = item;
        }
    free(states->buckets);
    states->buckets = fresh;
    states->bucket_count = fresh_count;
}

static struct item *add(struct rule_states *states, const struct rule_state_name *name,
                        uint64_t hash)
{
    struct item *item = calloc(1, sizeof(*item) + name->length), **chain;

    if (!item)
        return NULL;
    memcpy(item->key, name->key, name->length);
    item->state.name = *name;
    item->state.name.key = item->key;
    item->state.gone = true;
    item->hash = hash;
    item->at = NOT_IN_HEAP;
    if (states->count >= states->bucket_count)
        grow(states);
    chain = &states->buckets[hash & (states->bucket_count - 1)];
    item->next = *chain;
    *chain = item;
    states->count++;
    states->bytes += sizeof(*item) + name->length;
    return item;
}

static void erase(struct rule_states *states, struct item *item)
{
    struct item **link = &states->buckets[item->hash & (states->bucket_count - 1)];

    while (*link != item)
        link = &(*link)->next;
    *link = item->next;
    states->count--;
    states->bytes -= sizeof(*item) + item->state.name.length + item->room;
    free_item(item);
}

static int set_value(struct rule_states *states, struct item *item, const void *value,
                     size_t length)
{
    unsigned char *room = (unsigned char *)item->state.value;

    if (length > item->room || !room) {
        if (!(room = realloc(room, length ? length : 1)))
            return -1;
        states->bytes += (length ? length : 1) - item->room;
        item->room = length ? length : 1;
        item->state.value = room;
    }
    if (length)
        memmove(room, value, length);
    item->state.length = length;
    return 0;
}

int rule_states_put(struct rule_states *states, const struct rule_state_name *name,
                    const void *value, size_t length, int64_t due_us, struct error *err)
{
    uint64_t hash = hash_name(name);
    struct item *item = look_up(states, name, hash);
    struct shelf *shelf =
        item && item->shelf ? item->shelf : shelf_make(states, name->rule, name->kind);
    bool fresh = !item;

    if (length > RULE_STATE_VALUE_MAX)
        return error_set(err, "a rule's state of %zu bytes is too large", length);
    if (!shelf || (fresh && !(item = add(states, name, hash))) || heap_reserve(states) < 0 ||
        set_value(states, item, value, length) < 0) {
        if (fresh && item)
            erase(states, item);
        return error_no_memory(err);
    }
    if (item->shelf)
        shelf_take_off(item);
    item->state.name.rule = shelf->rule;
    item->state.gone = false;
    item->changed = true;
    shelf_lay(shelf, item);
    heap_remove(states, item);
    item->state.due_us = due_us;
    heap_add(states, item);
    return 0;
}

void rule_states_drop(struct rule_states *states, const struct rule_state_name *name)
{
    struct item *item = look_up(states, name, hash_name(name));

    if (!item || item->state.gone)
        return;
    heap_remove(states, item);
    shelf_take_off(item);
    if (!states->tracked) {
        erase(states, item);
        return;
    }
    item->state.gone = true;
    item->changed = true;
}

const struct rule_state *rule_states_due(const struct rule_states *states, int64_t now_us)
{
    return states->heap_count && states->heap[0]->state.due_us <= now_us ? &states->heap[0]->state
                                                                         : NULL;
}

void rule_states_put_off(struct rule_states *states, const struct rule_state_name *name)
{
    struct item *item = look_up(states, name, hash_name(name));

    if (item)
        heap_remove(states, item);
}

size_t rule_states_bytes(const struct rule_states *states)
{
    return states->bytes;
}

int64_t rule_states_next(const struct rule_states *states)
{
    return states->heap_count ? states->heap[0]->state.due_us : RULE_NEVER;
}

size_t rule_states_count(const struct rule_states *states, const char *rule, int kind)
{
    const struct shelf *shelf = shelf_find(states, rule, kind);

    return shelf ? shelf->count : 0;
}

const struct rule_state *rule_states_oldest(const struct rule_states *states, const char *rule,
                                            int kind)
{
    const struct shelf *shelf = shelf_find(states, rule, kind);

    return shelf && shelf->oldest ? &shelf->oldest->state : NULL;
}

/* ---- for who keeps them ---- */

int rule_states_each(const struct rule_states *states, rule_state_taker *take, void *context,
                     struct error *err)
{
    for (size_t i = 0; i < SHELF_BUCKETS; i++)
        for (const struct shelf *shelf = states->shelves[i]; shelf; shelf = shelf->next)
            for (const struct item *item = shelf->oldest; item; item = item->newer)
                if (take(context, &item->state, err) < 0)
                    return -1;
    return 0;
}

int rule_states_changed(const struct rule_states *states, rule_state_taker *take, void *context,
                        struct error *err)
{
    for (size_t i = 0; i < states->bucket_count; i++)
        for (const struct item *item = states->buckets[i]; item; item = item->next)
            if (item->changed && take(context, &item->state, err) < 0)
                return -1;
    return 0;
}

void rule_states_kept(struct rule_states *states)
{
    for (size_t i = 0; i < states->bucket_count; i++)
        for (struct item *item = states->buckets[i], *next; item; item = next) {
            next = item->next;
            item->changed = false;
            if (item->state.gone)
                erase(states, item);
        }
}
