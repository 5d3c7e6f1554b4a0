/* rule_store.h - rules as they were pushed: every version is kept as it came, versions rise, and
 * what is pushed decides nothing until it is armed (rule_life.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;
struct text;

struct rule_push {
    struct uuid tenant;
    const char *name; /* metadata.id */
    int64_t version;
    const char *source; /* the YAML as pushed */
    size_t length;
    const char *pushed_by;
};
enum rule_pushed { RULE_PUSH_FAILED = -1, RULE_PUSHED, RULE_THERE_ALREADY, RULE_NOT_HIGHER };

/* Inside a transaction of the tenant. RULE_THERE_ALREADY: this very text is that version already.
 * RULE_NOT_HIGHER: *ret_current is at least this version. */
enum rule_pushed rule_store_push(struct db *db, const struct rule_push *push, int64_t *ret_current,
                                 struct error *err);

struct rule_filter {
    struct uuid tenant;
    const char *after; /* by name; NULL: from the start */
    const char *only;  /* one rule, then with its text; NULL: all */
    int64_t version;   /* of the one; 0: the newest */
    int64_t limit;
};
/* One JSON document a row (column 0); column 1 is the name. */
struct db_rows *rule_store_list(struct db *db, const struct rule_filter *filter, struct error *err);
/* The same of what was pushed and of each step of one rule's life, the newest first; before the key
 * 'before' (NULL: from the newest), which is column 1. */
struct db_rows *rule_store_history(struct db *db, const struct uuid *tenant, const char *name,
                                   const char *before, int64_t limit, struct error *err);

/* What differs between two versions, appended as a unified diff. *from 0: what is armed, else the
 * one before; *to 0: the newest; both are set to what they stand for. 1; 0: there is no such rule
 * or version; -1. */
int rule_store_diff(struct db *db, const struct uuid *tenant, const char *name, int64_t *from,
                    int64_t *to, struct text *out, struct error *err);
