/* rule_task_list.c - see rule_task_list.h. */
#include "rules/engine/rule_task_list.h"

#include <stdlib.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_json.h"
#include "rules/engine/rule_fleet.h"
#include "rules/engine/rule_world.h"

#define ASSETS_BYTES_MAX ((size_t)1 << 30)

struct rule_task_list {
    const struct rule_fleet *fleet;
    struct cel_arena *arena;  /* of 'assets' */
    struct cel_value *assets; /* one for each machine; CEL_ABSENT: not made yet */
};

struct rule_task_list *rule_task_list_create(const struct rule_fleet *fleet)
{
    struct rule_task_list *list = calloc(1, sizeof(*list));

    if (!list)
        return NULL;
    list->fleet = fleet;
    list->arena = cel_arena_create(ASSETS_BYTES_MAX);
    list->assets = calloc(rule_fleet_count(fleet) + 1, sizeof(*list->assets));
    if (!list->arena || !list->assets) {
        rule_task_list_destroy(list);
        return NULL;
    }
    return list;
}

void rule_task_list_destroy(struct rule_task_list *list)
{
    if (!list)
        return;
    cel_arena_destroy(list->arena);
    free(list->assets);
    free(list);
}

static struct cel_value asset_of(struct rule_task_list *list, size_t machine)
{
    if (machine == RULE_FLEET_NONE)
        return cel_null();
    if (cel_is(list->assets[machine], CEL_ABSENT))
        list->assets[machine] = cel_json_value(list->arena, rule_fleet_data(list->fleet, machine));
    return list->assets[machine];
}

static struct cel_entry entry_of(const char *key, struct cel_value value)
{
    return (struct cel_entry){cel_string(key, strlen(key)), value};
}

static struct cel_entry text_of(const char *key, const char *text)
{
    return entry_of(key, cel_string(text, strlen(text)));
}

static struct cel_value make_task(struct rule_task_list *list, const struct rule_task *task,
                                  struct cel_arena *arena)
{
    struct cel_entry *entries = cel_arena_take(arena, 4 * sizeof(*entries));

    if (!entries)
        return cel_out_of_memory();
    entries[0] = text_of("id", task->id);
    entries[1] = text_of("state", rule_task_state_name(task->state));
    entries[2] = text_of("image", task->decision.rule->boot.image);
    entries[3] = entry_of("asset", asset_of(list, task->machine));
    return cel_map_make(arena, entries, 4);
}

struct cel_value rule_task_list_make(struct rule_task_list *list, const struct rule_world *world,
                                     struct cel_arena *arena)
{
    size_t count = rule_world_tasks(world);
    struct cel_value *items = cel_arena_take(arena, count * sizeof(*items));
    struct cel_list *made = cel_arena_take(arena, sizeof(*made));

    if (!items || !made)
        return cel_out_of_memory();
    for (size_t i = 0; i < count; i++) {
        items[i] = make_task(list, rule_world_task(world, i), arena);
        if (cel_is(items[i], CEL_ERROR))
            return items[i];
    }
    *made = (struct cel_list){count, items};
    return cel_list(made);
}
