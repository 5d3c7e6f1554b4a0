/* rule_names_read.h - which names the expressions of a rule read: so that an alert's other members
 * need not become values.
 */
#pragma once

#include <stdint.h>

struct rule_document;

/* Bit n: rule_names[n]; with those of its scope and lets. */
uint64_t rule_names_read(const struct rule_document *rule);
/* The slot of an attribute of a scope. */
int rule_attribute_slot(int attribute);
