/* audit_leaf.h - the bytes that an audit row's leaf_hash stands for; docs/guarantees.md, "Audit
 * rows". Frozen: a verifier of any later version computes the same.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

#define AUDIT_SALT_BYTES 16

struct audit_leaf {
    struct uuid tenant, id;
    int64_t at_us;
    const char *who, *action, *object, *outcome;
    uint8_t salt[AUDIT_SALT_BYTES];
    const char *body;
};
/* -1: memory. */
int audit_leaf_hash(const struct audit_leaf *leaf, uint8_t ret[32]);
