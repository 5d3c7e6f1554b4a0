/* machine_cache.h - machine_lookup() with a memory: what was found is answered again without
 * asking, as long as the tenant's row of table fleet_revision says that nothing has changed. That
 * row is read in the caller's transaction each time, so that a machine given away is not found.
 */
#pragma once

#include <stddef.h>

#include "controller/fleet/machine_lookup.h"

struct machine_cache;

struct machine_cache *machine_cache_create(struct error *err);
void machine_cache_destroy(struct machine_cache *cache);

/* As machine_lookup(); the strings and the documents live in the cache until the next call. */
int machine_cache_find(struct machine_cache *cache, struct db *db, const struct uuid *tenant,
                       const struct machine_claim *claims, size_t count, struct machine_found *ret,
                       struct error *err);
