/* line_diff.h - what differs between two texts, line by line, as a unified diff: the shortest one
 * (Myers, "An O(ND) difference algorithm and its variations", 1986) where they differ in at most
 * LINE_DIFF_MAX lines; else all from the first line that differs to the last is taken out and put
 * in.
 */
#pragma once

#include <stddef.h>

struct error;
struct text;

#define LINE_DIFF_MAX 1000

struct line_diff_side {
    const char *name; /* stands in the heading */
    const char *bytes;
    size_t length;
};

/* Nothing is written when both are the same. -1: out of memory. */
int line_diff(const struct line_diff_side *from, const struct line_diff_side *to, struct text *out,
              struct error *err);
