/* alert_source.h - the topics to consume and whose they are: active rows of table source. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/ids.h"

struct db;
struct error;

struct alert_source {
    struct uuid tenant, id;
    char *name, *topic;
};
struct alert_sources {
    struct alert_source *items; /* by topic */
    size_t count;
};

/* Replaces *sources (zeroed at first). 1: they changed, 0: the same as before. */
int alert_sources_refresh(struct db *db, struct alert_sources *sources, struct error *err);
const struct alert_source *alert_sources_find(const struct alert_sources *sources,
                                              const char *topic);
void alert_sources_clear(struct alert_sources *sources);
