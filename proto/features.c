/* features.c - see features.h. */
#include "proto/features.h"

#include <stddef.h>

const char *const agent_features[] = {FEATURE_BOOT, NULL};
