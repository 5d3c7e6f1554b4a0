/* cel_map.c - the maps of cel_value.h. Few entries are looked through one by one; of many there is
 * an index in the order of their keys. It is made and searched without a hash, so that no choice of
 * keys from outside makes it slow. */
#include <math.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_value.h"

#define FEW_ENTRIES 8

/* An order over everything that a map can be asked for, equal for equal numbers. Not that of the
 * language: texts of different lengths are told apart by their lengths. */
static int order_keys(const struct cel_value *left, const struct cel_value *right)
{
    bool left_text = left->kind == CEL_STRING, right_text = right->kind == CEL_STRING;
    int order = 0;

    if (left_text && right_text) {
        if (left->extra != right->extra)
            return left->extra < right->extra ? -1 : 1;
        return memcmp(left->text, right->text, left->extra);
    }
    if (left_text || right_text)
        return left_text ? 1 : -1;
    if (left->kind == CEL_BOOL || right->kind == CEL_BOOL) {
        if (left->kind == right->kind)
            return (int)left->boolean - (int)right->boolean;
        return left->kind == CEL_BOOL ? -1 : 1;
    }
    cel_value_order(*left, *right, &order);
    return order;
}

static bool can_be_asked_for(struct cel_value key)
{
    return key.kind == CEL_BOOL || key.kind == CEL_INT || key.kind == CEL_UINT ||
           key.kind == CEL_STRING || (key.kind == CEL_DOUBLE && !isnan(key.real));
}

/* One step of a heap sort, which needs no memory and has no bad case. */
static void sift(const struct cel_entry *entries, uint32_t *index, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        uint32_t swap = index[root];

        if (child + 1 < count &&
            order_keys(&entries[index[child]].key, &entries[index[child + 1]].key) < 0)
            child++;
        if (order_keys(&entries[swap].key, &entries[index[child]].key) >= 0)
            return;
        index[root] = index[child];
        index[child] = swap;
    }
}

static void sort(const struct cel_entry *entries, uint32_t *index, size_t count)
{
    for (size_t i = 0; i < count; i++)
        index[i] = (uint32_t)i;
    for (size_t i = count / 2; i-- > 0;)
        sift(entries, index, i, count);
    for (size_t end = count; end-- > 1;) {
        uint32_t swap = index[0];

        index[0] = index[end];
        index[end] = swap;
        sift(entries, index, 0, end);
    }
}

static struct cel_value repeated(struct cel_arena *arena, struct cel_value key)
{
    switch (key.kind) {
    case CEL_STRING:
        return cel_error_format(arena, "Failed with repeated key: '%.*s'", cel_shown(key),
                                key.text);
    case CEL_BOOL:
        return cel_error_format(arena, "Failed with repeated key: %s",
                                key.boolean ? "true" : "false");
    case CEL_UINT:
        return cel_error_format(arena, "Failed with repeated key: %lluu",
                                (unsigned long long)key.natural);
    default:
        return cel_error_format(arena, "Failed with repeated key: %lld", (long long)key.integer);
    }
}

/* The first key that stands twice; NULL: none does. */
static const struct cel_value *find_repeated(const struct cel_map *map)
{
    if (map->index) {
        for (size_t i = 1; i < map->count; i++)
            if (order_keys(&map->entries[map->index[i - 1]].key,
                           &map->entries[map->index[i]].key) == 0)
                return &map->entries[map->index[i]].key;
        return NULL;
    }
    for (size_t i = 1; i < map->count; i++)
        for (size_t j = 0; j < i; j++)
            if (order_keys(&map->entries[i].key, &map->entries[j].key) == 0)
                return &map->entries[i].key;
    return NULL;
}

struct cel_value cel_map_make(struct cel_arena *arena, const struct cel_entry *entries,
                              size_t count)
{
    const struct cel_value *twice;
    struct cel_map *map;
    uint32_t *index = NULL;

    for (size_t i = 0; i < count; i++)
        if (!can_be_asked_for(entries[i].key) || entries[i].key.kind == CEL_DOUBLE)
            return cel_error_format(
                arena, "unsupported key type: a map's keys are bool, int, uint or string, not %s",
                cel_kind_name(entries[i].key.kind));
    if (count > UINT32_MAX || !(map = cel_arena_take(arena, sizeof(*map))))
        return cel_out_of_memory();
    if (count > FEW_ENTRIES) {
        if (!(index = cel_arena_take(arena, count * sizeof(*index))))
            return cel_out_of_memory();
        sort(entries, index, count);
    }
    *map = (struct cel_map){.count = count, .entries = entries, .index = index};
    if ((twice = find_repeated(map)))
        return repeated(arena, *twice);
    return cel_map(map);
}

const struct cel_value *cel_map_find(const struct cel_map *map, struct cel_value key)
{
    size_t low = 0, high = map->count;

    if (!can_be_asked_for(key))
        return NULL;
    if (!map->index) {
        for (size_t i = 0; i < map->count; i++)
            if (order_keys(&map->entries[i].key, &key) == 0)
                return &map->entries[i].value;
        return NULL;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct cel_entry *entry = &map->entries[map->index[middle]];
        int order = order_keys(&entry->key, &key);

        if (order == 0)
            return &entry->value;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct cel_value *cel_map_find_text(const struct cel_map *map, const char *key, size_t length)
{
    if (length > UINT32_MAX)
        return NULL;
    return cel_map_find(map, cel_string(key, length));
}
