/* bootstrap.h - `musterd bootstrap`: the first credential of an installation, an expiring token of
 * the principal 'admin' (platform-admin) in the platform's tenant, audited.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct conf_map;
struct error;

#define BOOTSTRAP_HOURS_MAX (30 * 24)

/* Writes the token to 'path' (0600, not there yet). 'api': libpq parameters of muster_api. A live
 * token of this kind is refused (ERROR_CONFLICT) unless 'again'. */
int bootstrap(const struct conf_map *api, const char *path, int64_t hours, bool again,
              struct error *err);
