/* cel_libraries.c - the functions that every expression may call, and the messages that it may
 * write. A library stands here once it is whole. */
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_env.h"

const struct cel_library *const cel_libraries[] = {
    &cel_standard,  &cel_strings, &cel_math,       &cel_encoders,
    &cel_optionals, &cel_network, &cel_well_known, NULL,
};
