/* rule_sweep.h - takes away what rules remembered and will not look at again: windows, and what
 * keeps a rule from acting for a while, once they are over. Spec: docs/rule-language.md.
 */
#pragma once

#include <stdint.h>

struct db;
struct error;

/* Of all tenants, a page of their states a transaction: what was done when it fails stays done. */
int rule_sweep(struct db *db, int64_t now_us, struct error *err);
