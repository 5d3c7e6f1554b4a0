/* rule_fleet.c - see rule_fleet.h. Invariant: machines are in the order of the file, sorted names
 * point to them. */
#include "rules/engine/rule_fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/document/rule_test.h"

struct machine {
    const char *name; /* of its data, or of the test */
    json_t *data;     /* owned */
};

struct name {
    const char *name;
    size_t machine;
};

struct rule_fleet {
    const struct rule_test *test; /* borrowed */
    struct machine *machines;
    struct name *names; /* two each: the test's, and the id */
    size_t count, name_count;
};

static int by_name(const void *left, const void *right)
{
    const struct name *a = left, *b = right;
    int rc = strcmp(a->name, b->name);

    return rc ? rc : (a->machine > b->machine) - (a->machine < b->machine);
}

/* "s%d" with the number in it. NULL: out of memory. */
static json_t *number_id(const char *pattern, size_t number)
{
    const char *percent = strstr(pattern, "%d");
    struct text id = {0};
    json_t *json;

    if (!percent)
        return json_string(pattern);
    text_append(&id, pattern, (size_t)(percent - pattern));
    text_format(&id, "%zu%s", number, percent + 2);
    json = text_ok(&id) ? json_string(text_string(&id)) : NULL;
    text_clear(&id);
    return json;
}

static int add(struct rule_fleet *fleet, const struct rule_test_asset *asset, size_t number)
{
    struct machine *machine = &fleet->machines[fleet->count];
    const json_t *id = json_object_get(asset->data, "id");
    const char *pattern = json_is_string(id) ? json_string_value(id) : asset->name;

    machine->data = json_copy(asset->data);
    fleet->count++;
    if (!machine->data ||
        ((!id || asset->count) &&
         json_object_set_new(machine->data, "id", number_id(pattern, number)) < 0))
        return -1;
    id = json_object_get(machine->data, "id");
    machine->name = json_is_string(id) ? json_string_value(id) : asset->name;
    if (!json_object_get(machine->data, "name") &&
        json_object_set_new(machine->data, "name", json_string(machine->name)) < 0)
        return -1;
    fleet->names[fleet->name_count++] = (struct name){machine->name, fleet->count - 1};
    if (!asset->count)
        fleet->names[fleet->name_count++] = (struct name){asset->name, fleet->count - 1};
    return 0;
}

static size_t size_of(const struct rule_test_asset *asset)
{
    return asset->count ? (size_t)asset->count : 1;
}

static int fill(struct rule_fleet *fleet)
{
    size_t count = 0;

    for (size_t i = 0; i < fleet->test->asset_count; i++)
        count += size_of(&fleet->test->assets[i]);
    fleet->machines = calloc(count + 1, sizeof(*fleet->machines));
    fleet->names = calloc(2 * count + 1, sizeof(*fleet->names));
    if (!fleet->machines || !fleet->names)
        return -1;
    for (size_t i = 0; i < fleet->test->asset_count; i++)
        for (size_t n = 0; n < size_of(&fleet->test->assets[i]); n++)
            if (add(fleet, &fleet->test->assets[i], n + 1) < 0)
                return -1;
    qsort(fleet->names, fleet->name_count, sizeof(*fleet->names), by_name);
    return 0;
}

struct rule_fleet *rule_fleet_create(const struct rule_test *test, struct error *err)
{
    struct rule_fleet *fleet = calloc(1, sizeof(*fleet));

    if (fleet)
        fleet->test = test;
    if (!fleet || fill(fleet) < 0) {
        rule_fleet_destroy(fleet);
        error_no_memory(err);
        return NULL;
    }
    return fleet;
}

void rule_fleet_destroy(struct rule_fleet *fleet)
{
    if (!fleet)
        return;
    for (size_t i = 0; i < fleet->count; i++)
        json_decref(fleet->machines[i].data);
    free(fleet->machines);
    free(fleet->names);
    free(fleet);
}

size_t rule_fleet_count(const struct rule_fleet *fleet)
{
    return fleet->count;
}

size_t rule_fleet_find(const struct rule_fleet *fleet, const char *name)
{
    size_t low = 0, high = fleet->name_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(fleet->names[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < fleet->name_count && strcmp(fleet->names[low].name, name) == 0
               ? fleet->names[low].machine
               : RULE_FLEET_NONE;
}

size_t rule_fleet_set(const struct rule_fleet *fleet, const char *set, size_t *ret_first)
{
    size_t first = 0;

    for (size_t i = 0; i < fleet->test->asset_count; i++) {
        const struct rule_test_asset *asset = &fleet->test->assets[i];

        if (asset->count && strcmp(asset->name, set) == 0) {
            *ret_first = first;
            return size_of(asset);
        }
        first += size_of(asset);
    }
    return 0;
}

const json_t *rule_fleet_data(const struct rule_fleet *fleet, size_t machine)
{
    return fleet->machines[machine].data;
}

const char *rule_fleet_name(const struct rule_fleet *fleet, size_t machine)
{
    return fleet->machines[machine].name;
}
