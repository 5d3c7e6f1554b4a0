/* alert_items.h - one record as the alerts that it holds: one of our own shape, or as many as the
 * mapping of its source makes of it. They are kept together or not at all.
 */
#pragma once

#include <stddef.h>

#include "controller/intake/alert_item.h"

struct mapping_header;
struct mapping_run;
struct source_format;

/* How a record is read; all borrowed. */
struct alert_reading {
    const struct source_format *format; /* NULL: our own shape */
    struct mapping_run *run;            /* of the calling thread; needed with a format */
    const struct mapping_header *headers;
    size_t header_count;
};

struct alert_items {
    struct alert_item *items; /* one at least */
    size_t count;
};

/* 'record' is borrowed as long as the items live. -1: memory. */
int alert_items_prepare(struct alert_items *items, const struct kafka_record *record,
                        const struct alert_reading *reading, struct error *err);
void alert_items_clear(struct alert_items *items); /* frees; zeroed is fine */
