/* platform_brakes.h - the storm brakes that are the platform's: one of each site and one of the
 * whole fleet, over the boots that rules of all tenants ask for. Of one transaction that decides,
 * in which nothing is read before a rule wants to act. One that engages is a stop
 * (automation_stop), which everything that obeys a person's switch obeys.
 * Tenants do not wait for each other here: transactions under way do not see each other's boots,
 * so that a brake may let through what a batch each boots on top of its number.
 * Spec: docs/operations.md, "Automation".
 */
#pragma once

#include <stddef.h>

#include "common/ids.h"

struct db;
struct error;
struct platform_brakes;

struct platform_brakes *platform_brakes_create(struct db *db, struct error *err);
void platform_brakes_destroy(struct platform_brakes *brakes);

/* May a machine at 'site' be booted? 1; 0: a brake engages, or did in this transaction, 'why' says
 * which ("the storm brake of this site is engaged: ..."); -1. */
int platform_brakes_ask(struct platform_brakes *brakes, const struct uuid *site, char *why,
                        size_t size, struct error *err);
/* It is booted; asked for before. */
void platform_brakes_count(struct platform_brakes *brakes, const struct uuid *site);
/* Behind the last one: keeps the counts, and stops what engaged, audited as the platform's. The
 * transaction is 'tenant's, and is so again when it returns. */
int platform_brakes_close(struct platform_brakes *brakes, const struct uuid *tenant,
                          struct error *err);
