/* rule_fleet.h - the machines of a test, those of its sets one by one. One without an id is called
 * as in the test, one without a name by its id.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

struct error;
struct rule_fleet;
struct rule_test;

#define RULE_FLEET_NONE SIZE_MAX

/* NULL: out of memory. */
struct rule_fleet *rule_fleet_create(const struct rule_test *test, struct error *err);
void rule_fleet_destroy(struct rule_fleet *fleet);

size_t rule_fleet_count(const struct rule_fleet *fleet);
/* By what the test calls it, or its id; RULE_FLEET_NONE. */
size_t rule_fleet_find(const struct rule_fleet *fleet, const char *name);
/* The first of a set, and how many. */
size_t rule_fleet_set(const struct rule_fleet *fleet, const char *set, size_t *ret_first);
const json_t *rule_fleet_data(const struct rule_fleet *fleet, size_t machine); /* of asset.* */
const char *rule_fleet_name(const struct rule_fleet *fleet, size_t machine);
