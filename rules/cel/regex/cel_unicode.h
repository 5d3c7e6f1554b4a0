/* cel_unicode.h - what regular expressions know of Unicode: general categories, scripts, and which
 * characters are one letter in two cases. The tables are made by cel_unicode.pl (this folder).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CEL_RUNE_MAX 0x10ffffu

struct cel_range {
    uint32_t low, high;
};

struct cel_unicode_class {
    const char *name;      /* "Lu", "Greek" */
    uint16_t first, count; /* of the table's ranges */
};

struct cel_unicode_table {
    const struct cel_unicode_class *classes;
    size_t count;
    const struct cel_range *ranges; /* those of one class are in order and apart */
};
extern const struct cel_unicode_table cel_unicode_categories; /* of two letters */
extern const struct cel_unicode_table cel_unicode_scripts;

/* Each 'stride'th character of low..high stands for the same letter as itself + delta, and so on
 * round to itself. Rows are in the order of 'low'. */
struct cel_unicode_fold {
    uint32_t low, high;
    int32_t delta;
    uint32_t stride;
};
extern const struct cel_unicode_fold cel_unicode_folds[];
extern const size_t cel_unicode_folds_count;
