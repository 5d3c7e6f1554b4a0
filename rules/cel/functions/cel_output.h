/* cel_output.h - a string that a function makes piece by piece, in the arena of its run: 16 bytes
 * cost 1 of the budget, as those that it reads do. What does not fit any more is told once, at the
 * end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_value.h"

struct cel_run;

struct cel_output {
    struct cel_run *run;
    char *bytes;
    size_t length, room;
    uint32_t unpaid;         /* bytes that have not made up a cost yet */
    struct cel_value failed; /* CEL_ERROR once it has */
};

void cel_output_add(struct cel_output *output, const char *bytes, size_t length);
void cel_output_text(struct cel_output *output, const char *text);
/* Bytes of any kind: what is no UTF-8 becomes U+FFFD. */
void cel_output_mended(struct cel_output *output, const char *bytes, size_t length);
/* The first failure stays. */
void cel_output_fail(struct cel_output *output, struct cel_value error);

static inline bool cel_output_ok(const struct cel_output *output)
{
    return output->failed.kind != CEL_ERROR;
}

/* The string, or the error. */
struct cel_value cel_output_value(const struct cel_output *output);
