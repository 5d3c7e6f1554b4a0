/* alert_source.h - the topics to consume and whose they are: active rows of table source. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;
struct source_format;

struct alert_source {
    struct uuid tenant, id;
    char *name, *topic;
    struct source_format *format; /* held; NULL: records are of our own shape */
};
struct alert_sources {
    struct alert_source *items; /* by topic */
    size_t count;
};

/* Replaces *sources (zeroed at first). 1: other topics, or whose they are; 0: the same as before,
 * perhaps read in another way. */
int alert_sources_refresh(struct db *db, struct alert_sources *sources, struct error *err);
const struct alert_source *alert_sources_find(const struct alert_sources *sources,
                                              const char *topic);
/* How messages of that source are read; 'version' 0: a format that is part of Muster. NULL: the
 * database or memory. */
struct source_format *alert_source_format(struct db *db, const struct uuid *tenant,
                                          const struct uuid *id, const char *name, int64_t version,
                                          struct error *err);
void alert_sources_clear(struct alert_sources *sources);
