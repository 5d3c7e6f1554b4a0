/* mapping_names.h - the names that the expressions of a mapping may use. Spec: docs/mappings.md,
 * "Names". */
#pragma once

#include "rules/document/rule_names.h"

struct cel_env;
struct error;

enum mapping_names_of {
    MAPPING_OF_MESSAGE = 1, /* message, headers, received */
    MAPPING_OF_ITEM = 2,    /* item, index, vars.*: not in 'each' */
};

enum mapping_slot {
    MAPPING_SLOT_MESSAGE,
    MAPPING_SLOT_HEADERS,
    MAPPING_SLOT_RECEIVED,
    MAPPING_SLOT_ITEM,
    MAPPING_SLOT_INDEX,
    MAPPING_SLOTS,
};

extern const struct rule_vocabulary mapping_words; /* slot i is words.names[i] */

/* For one mapping, which declares its vars.* behind them. The caller's; NULL with 'err'. */
struct cel_env *mapping_env_create(struct error *err);
