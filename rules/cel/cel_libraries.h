/* cel_libraries.h - the functions that there are, by library: what docs/cel-functions.md says of
 * each.
 */
#pragma once

struct cel_library;

extern const struct cel_library cel_standard; /* operators, conversions, size, matches, time */
extern const struct cel_library cel_strings;  /* charAt, format, split, ... */
extern const struct cel_library cel_math;     /* math.greatest, math.bitAnd, ... */
extern const struct cel_library cel_encoders; /* base64 */
extern const struct cel_library cel_optionals;
extern const struct cel_library cel_network; /* ip(), cidr() */

/* All of them, for cel_env_create(); NULL behind the last. */
extern const struct cel_library *const cel_libraries[];
