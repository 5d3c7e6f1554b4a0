/* rule_index.h - from the type of an event and a text in it to the rules that want both: see
 * rule_set.h, whose part it is.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/engine/rule_set.h"

struct rule_index;

/* 'rules' are in their order, borrowed and outlive the index. NULL: out of memory. */
struct rule_index *rule_index_create(const struct rule_in_set *rules, size_t count,
                                     struct error *err);
void rule_index_destroy(struct rule_index *index);

/* As rule_set_candidates(), rule_set_notes(). */
size_t rule_index_candidates(const struct rule_index *index, const struct rule_moment *moment,
                             uint32_t *ret);
size_t rule_index_notes(const struct rule_index *index, const char *type, size_t length,
                        const struct rule_noting **ret);
uint64_t rule_index_names(const struct rule_index *index); /* that it looks at */
