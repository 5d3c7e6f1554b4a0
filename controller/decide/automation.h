/* automation.h - what keeps all rules from acting, whoever armed them: a person's switch over a
 * tenant, a site or the whole fleet, and the storm brake of each (automation_gate.h). Alerts are
 * decided all the same, and say what stood in the way.
 * Spec: docs/operations.md, "Automation".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

enum automation_scope { AUTOMATION_TENANT, AUTOMATION_SITE, AUTOMATION_FLEET };

struct automation_switch {
    enum automation_scope scope;
    struct uuid whose; /* the tenant, the site */
    bool on;
    const char *who, *reason;
};

/* In the caller's transaction, which is the tenant's. Behind its commit no task that a rule made is
 * leased of what is switched off; of a tenant's nothing is decided either. What runs again counts
 * boots anew, also where its brake had stopped it. 1; 0: it was so already; -1. */
int automation_switch(struct db *db, const struct automation_switch *wanted, struct error *err);

struct automation_brake {
    enum automation_scope scope;
    struct uuid whose;
    int64_t max; /* boots by rules; 0: there is no brake */
    int64_t per_s;
    const char *who, *reason;
};
/* What a tenant's was before is in its rule switches, what the platform's were in the audit; an
 * engaged one stays engaged. */
int automation_set_brake(struct db *db, const struct automation_brake *brake, struct error *err);

/* 'on': true. 1: rules act again; 0: it is not engaged; -1. */
int automation_release(struct db *db, const struct automation_switch *wanted, struct error *err);

/* One row, column 0: what stops the tenant's rules, the brake, and what waits. 'tenant' NULL: of
 * the platform, the sites and the fleet alone. */
struct db_rows *automation_show(struct db *db, const struct uuid *tenant, struct error *err);
