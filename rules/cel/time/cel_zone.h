/* cel_zone.h - time zones by name, from the TZif files of the system: what an expression asks for
 * is read once and stays for as long as the process lives. Spec: RFC 9636.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CEL_ZONE_NAME_MAX 64
#define CEL_ZONE_BYTES_MAX (64 * 1024) /* of a file; the largest there is takes 4 KiB */
#define CEL_ZONES_MAX 1024             /* in use in one process; there are about 600 names */

struct cel_zone;

/* NULL with *ret_wrong: words for an error. The zone is shared and stays. Safe from any thread. */
const struct cel_zone *cel_zone_find(const char *name, size_t length, const char **ret_wrong);

/* Seconds east of UTC at that moment. */
int64_t cel_zone_offset(const struct cel_zone *zone, int64_t seconds);

/* The caller's, free(). NULL with *ret_wrong. */
struct cel_zone *cel_zone_parse(const void *bytes, size_t length, const char **ret_wrong);
