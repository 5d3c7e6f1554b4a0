/* rule_store.h - rules as they were pushed: every version is kept, versions rise, and the revision
 * of the tenant's rule book rises with each change, so that who decides sees it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

struct rule_push {
    struct uuid tenant;
    const char *name; /* metadata.id */
    int64_t version;
    const char *source; /* the YAML as pushed */
    size_t length;
    const char *pushed_by;
    bool arm; /* this version; else what was armed stays so */
};
enum rule_pushed {
    RULE_PUSH_FAILED = -1,
    RULE_PUSHED,
    RULE_THERE_ALREADY,
    RULE_NOT_HIGHER,
    RULE_PUSH_NOT_ARMABLE
};

/* Inside a transaction of the tenant. RULE_THERE_ALREADY: this very text is that version already
 * (it is armed when 'arm' says so). RULE_NOT_HIGHER: *ret_current is at least this version.
 * RULE_PUSH_NOT_ARMABLE: it would be armed, and has what this version does not carry out; 'err'
 * says what. */
enum rule_pushed rule_store_push(struct db *db, const struct rule_push *push, int64_t *ret_current,
                                 struct error *err);
enum rule_switched {
    RULE_SWITCH_FAILED = -1,
    RULE_SWITCHED,
    RULE_SWITCHED_BEFORE,
    RULE_NOT_THERE,
    RULE_NOT_ARMABLE
};

struct rule_switch {
    struct uuid tenant;
    const char *name; /* the rule's; NULL: all automation of the tenant */
    bool on;          /* arm, start; else disarm, stop */
    const char *who, *reason;
};
/* Inside a transaction of the tenant, under the rule book's exclusive lock: behind its commit no
 * alert is decided by, and no task is leased of, what was switched off. RULE_SWITCHED_BEFORE: it
 * was so already. RULE_NOT_ARMABLE: 'err' says what of it this version does not carry out. */
enum rule_switched rule_store_switch(struct db *db, const struct rule_switch *wanted,
                                     struct error *err);
/* One row, column 0: whether the tenant's automation is stopped, why, and what waits for it. */
struct db_rows *rule_store_automation(struct db *db, const struct uuid *tenant, struct error *err);

/* One JSON document a row (column 0) by name, after 'after' (NULL: from the start); column 1 is the
 * name. 'only' (or NULL) is one rule, then with its source. */
struct db_rows *rule_store_list(struct db *db, const struct uuid *tenant, const char *after,
                                const char *only, int64_t limit, struct error *err);
