/* rule_state_key.h - the bytes that name a state of a rule: the values of a key's parts, one behind
 * another, each with its kind and length, so that different values never make the same bytes. An
 * int and the uint equal to it do: CEL finds them equal.
 * Part: kind (1 byte), length (2 bytes, big end first), the value; numbers are 8 bytes, big end
 * first. In front of all: which entry of its list the key stands in (1 byte; 0: there is no list).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_value.h"

#define RULE_STATE_KEY_MAX (1 + 8 * 3 + 1024) /* eight parts, their values 1024 bytes together */

struct rule_state_key {
    size_t length;
    unsigned char bytes[RULE_STATE_KEY_MAX];
};

void rule_state_key_begin(struct rule_state_key *key, uint8_t entry);
/* NULL, or why the value cannot be a part of a key: its kind, or that the key is full. */
const char *rule_state_key_add(struct rule_state_key *key, struct cel_value value);
