/* cel_leaf.h - what most rules consist of: a slot beside a constant. Looked at in place, before the
 * operation as such; what is not of the expected kind (an error, a variable that was not given) is
 * left to that. For the compiler and the evaluator alone.
 */
#pragma once

#include <string.h>

#include "rules/cel/evaluate/cel_op.h"
#include "rules/cel/evaluate/cel_text_set.h"

static inline uint64_t cel_bytes8(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

static inline uint32_t cel_bytes4(const char *at)
{
    uint32_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

/* Of the same length: words that may overlap, instead of a call. */
static inline bool cel_same_bytes(const char *left, const char *right, size_t length)
{
    size_t at = 0;

    if (length >= 8) {
        for (; at + 8 < length; at += 8)
            if (cel_bytes8(left + at) != cel_bytes8(right + at))
                return false;
        return cel_bytes8(left + length - 8) == cel_bytes8(right + length - 8);
    }
    if (length >= 4)
        return cel_bytes4(left) == cel_bytes4(right) &&
               cel_bytes4(left + length - 4) == cel_bytes4(right + length - 4);
    for (; at < length; at++)
        if (left[at] != right[at])
            return false;
    return true;
}

static inline bool cel_same_text(struct cel_value left, struct cel_value right)
{
    return left.extra == right.extra && cel_same_bytes(left.text, right.text, left.extra);
}

/* 1, 0, or -1: it is none of these, or the slot is of another kind. */
static inline int cel_leaf(const struct cel_op *op, const struct cel_value *slots)
{
    const struct cel_value *value;

    if (op->leaf == CEL_LEAF_NONE)
        return -1;
    value = &slots[op->slot];
    if (value->kind != op->value.kind)
        return -1;
    switch ((enum cel_leaf)op->leaf) {
    case CEL_LEAF_NONE:
        break;
    case CEL_LEAF_IS_TEXT:
        return cel_same_text(*value, op->value);
    case CEL_LEAF_IS_NOT_TEXT:
        return !cel_same_text(*value, op->value);
    case CEL_LEAF_IN_TEXTS:
        return cel_text_set_has(op->texts, *value);
    case CEL_LEAF_IS_INT:
        return value->integer == op->value.integer;
    case CEL_LEAF_IS_NOT_INT:
        return value->integer != op->value.integer;
    case CEL_LEAF_LESS:
        return value->integer < op->value.integer;
    case CEL_LEAF_LESS_EQUAL:
        return value->integer <= op->value.integer;
    case CEL_LEAF_GREATER:
        return value->integer > op->value.integer;
    case CEL_LEAF_GREATER_EQUAL:
        return value->integer >= op->value.integer;
    }
    return -1;
}
