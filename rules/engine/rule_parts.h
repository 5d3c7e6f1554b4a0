/* rule_parts.h - the operands of the outermost && of an expression, as they are written, and what
 * each compares.
 */
#pragma once

#include <stddef.h>

#define RULE_PARTS_MAX 32 /* what comes behind is one with the last */

struct rule_part {
    size_t offset, length; /* in the text */
    size_t left;           /* bytes of what stands before its relation; 0: it has none */
};

/* How many: at least one. */
size_t rule_parts_split(const char *text, struct rule_part ret[RULE_PARTS_MAX]);
