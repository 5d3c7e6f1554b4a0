/* rule_state_key.c - see rule_state_key.h. The kinds below are kept with states: they never change
 * their meaning.
 */
#include "rules/engine/rule_state_key.h"

#include <string.h>

enum part_kind {
    PART_BOOL = 1,
    PART_INT,
    PART_UINT, /* above INT64_MAX */
    PART_STRING,
    PART_TIMESTAMP,
};

#define PART_HEAD 3

void rule_state_key_begin(struct rule_state_key *key, uint8_t entry)
{
    key->bytes[0] = entry;
    key->length = 1;
}

static const char *add(struct rule_state_key *key, enum part_kind kind, const void *bytes,
                       size_t length)
{
    unsigned char *at = key->bytes + key->length;

    if (length > RULE_STATE_KEY_MAX - PART_HEAD ||
        key->length > RULE_STATE_KEY_MAX - PART_HEAD - length)
        return "the key is longer than 1024 bytes";
    at[0] = (unsigned char)kind;
    at[1] = (unsigned char)(length >> 8);
    at[2] = (unsigned char)length;
    if (length)
        memcpy(at + PART_HEAD, bytes, length);
    key->length += PART_HEAD + length;
    return NULL;
}

static void put_number(unsigned char out[8], uint64_t number)
{
    for (int i = 7; i >= 0; i--, number >>= 8)
        out[i] = (unsigned char)number;
}

static const char *add_number(struct rule_state_key *key, enum part_kind kind, uint64_t number)
{
    unsigned char bytes[8];

    put_number(bytes, number);
    return add(key, kind, bytes, sizeof(bytes));
}

static const char *add_timestamp(struct rule_state_key *key, struct cel_value value)
{
    unsigned char bytes[16];

    put_number(bytes, (uint64_t)value.integer);
    put_number(bytes + 8, value.extra);
    return add(key, PART_TIMESTAMP, bytes, sizeof(bytes));
}

const char *rule_state_key_add(struct rule_state_key *key, struct cel_value value)
{
    switch ((enum cel_kind)value.kind) {
    case CEL_BOOL:
        return add(key, PART_BOOL, value.boolean ? "\1" : "\0", 1);
    case CEL_INT:
        return add_number(key, PART_INT, (uint64_t)value.integer);
    case CEL_UINT:
        return add_number(key, value.natural > INT64_MAX ? PART_UINT : PART_INT, value.natural);
    case CEL_STRING:
        return add(key, PART_STRING, value.text, value.extra);
    case CEL_TIMESTAMP:
        return add_timestamp(key, value);
    case CEL_ERROR:
        return value.text;
    default:
        return "a key is made of bools, ints, strings and timestamps only";
    }
}
