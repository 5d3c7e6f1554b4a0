/* source_format.h - how the messages of a source are read: nothing for those of our own shape, else
 * a mapping, shared by whoever reads with it. Immutable. Spec: docs/mappings.md.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;
struct mapping;
struct source_format;

/* Of a mapping's text, or of a format that is part of Muster (document NULL). One that cannot be
 * read is one all the same: it says so of every message. NULL: out of memory. */
struct source_format *source_format_create(const char *name, int64_t version, const char *document,
                                           struct error *err);
struct source_format *source_format_hold(struct source_format *format); /* NULL is fine */
void source_format_drop(struct source_format *format);

const char *source_format_name(const struct source_format *format);
int64_t source_format_version(const struct source_format *format);
/* NULL: it cannot be read, *ret_why says why (borrowed). */
const struct mapping *source_format_mapping(const struct source_format *format,
                                            const char **ret_why);
