/* mapping_formats.h - the mappings that are part of Muster: the files of rules/mapping/formats/,
 * compiled in. Spec: docs/alert-format.md, "Formats".
 */
#pragma once

#include <stddef.h>

struct mapping_format {
    const char *name; /* "alertmanager" */
    const char *text; /* its file */
};
extern const struct mapping_format mapping_formats[]; /* in the order of their names */
extern const size_t mapping_format_count;

/* NULL: there is no such format. */
const struct mapping_format *mapping_format_find(const char *name);
/* Of a name that is none, the nearest, or NULL. */
const char *mapping_format_nearest(const char *name);
