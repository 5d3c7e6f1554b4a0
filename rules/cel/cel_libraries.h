/* cel_libraries.h - the functions and messages that there are, by library: what
 * docs/cel-functions.md and docs/cel.md say of each.
 */
#pragma once

struct cel_library;

extern const struct cel_library cel_standard; /* operators, conversions, size, matches, time */
extern const struct cel_library cel_strings;  /* charAt, format, split, ... */
extern const struct cel_library cel_math;     /* math.greatest, math.bitAnd, ... */
extern const struct cel_library cel_encoders; /* base64 */
extern const struct cel_library cel_optionals;
extern const struct cel_library cel_network;    /* ip(), cidr() */
extern const struct cel_library cel_well_known; /* google.protobuf.Int32Value{}, ... */

/* All of them, for cel_env_create(); NULL behind the last. */
extern const struct cel_library *const cel_libraries[];
