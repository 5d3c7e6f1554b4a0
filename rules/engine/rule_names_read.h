/* rule_names_read.h - which names the expressions of a rule read: so that an alert's other members
 * need not become values.
 */
#pragma once

#include <stdint.h>

struct rule_document;

/* Bit n: rule_names[n]; with those of its scope and lets. */
uint64_t rule_names_read(const struct rule_document *rule);
/* Slots that are looked at for every alert: their places in rule_names[], which never change. */
enum rule_slot {
    RULE_SLOT_ID = 0,
    RULE_SLOT_SOURCE = 1,
    RULE_SLOT_TYPE = 2,
    RULE_SLOT_STATUS = 3,
    RULE_SLOT_SEVERITY = 4,
    RULE_SLOT_TIME = 5,
    RULE_SLOT_RAW = 11,
    RULE_SLOT_ASSET_ID = 12,
    RULE_SLOT_ASSET_NAME = 13,
    RULE_SLOT_ASSET_CLASS = 14,
    RULE_SLOT_ASSET_SITE = 18,
    RULE_SLOT_ASSET_RACK = 19,
    RULE_SLOT_NOW = 28,
    RULE_SLOT_WINDOW_SUM = 29,
    RULE_SLOT_WINDOW_COUNT = 30,
    RULE_SLOT_WINDOW_FIRST = 31,
    RULE_SLOT_WINDOW_LAST = 32,
};
/* The slot of an attribute of a scope. */
int rule_attribute_slot(int attribute);
