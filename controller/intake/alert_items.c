/* alert_items.c - see alert_items.h. Invariant: item i of a record has index i; the first has the
 * record's bytes when it is stored, the others go without.
 */
#include "controller/intake/alert_items.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/intake/source_format.h"
#include "rules/mapping/mapping_run.h"

void alert_items_clear(struct alert_items *items)
{
    for (size_t i = 0; i < items->count; i++)
        alert_item_clear(&items->items[i]);
    free(items->items);
    *items = (struct alert_items){0};
}

static int make_room(struct alert_items *items, size_t count, struct error *err)
{
    items->items = calloc(count, sizeof(*items->items));
    if (!items->items)
        return error_no_memory(err);
    items->count = count;
    return 0;
}

/* One alert for a record that no mapping gets to see. */
static int refuse(struct alert_items *items, const struct kafka_record *record, const char *why,
                  struct error *err)
{
    if (make_room(items, 1, err) < 0 || alert_item_begin(&items->items[0], record, 0, err) < 0)
        return -1;
    alert_item_settle(&items->items[0], "undecodable", "%s", why);
    return 0;
}

static int take_outcome(struct alert_item *item, struct mapping_outcome *outcome, struct error *err)
{
    if (outcome->dropped) {
        alert_item_settle(item, "dropped", "the mapping of its source leaves it out");
        return 0;
    }
    if (outcome->why) {
        alert_item_settle(item, "undecodable", "%s", outcome->why);
        return 0;
    }
    return alert_item_take(item, &outcome->event, outcome->machine, err);
}

static int map(struct alert_items *items, const struct kafka_record *record,
               const struct alert_reading *reading, const struct mapping *mapping,
               struct error *err)
{
    const struct mapping_message message = {
        .bytes = record->value,
        .length = record->length,
        .headers = reading->headers,
        .header_count = reading->header_count,
        .received_us = record->timestamp_ms > 0 ? record->timestamp_ms * 1000 : 0,
    };
    struct mapping_outcomes outcomes = {0};
    int rc = mapping_run_message(reading->run, mapping, &message, &outcomes, err);

    if (rc == 0)
        rc = make_room(items, outcomes.count, err);
    for (size_t i = 0; rc == 0 && i < outcomes.count; i++) {
        rc = alert_item_begin(&items->items[i], record, (unsigned)i, err);
        if (rc == 0)
            rc = take_outcome(&items->items[i], &outcomes.items[i], err);
    }
    mapping_outcomes_clear(&outcomes);
    return rc;
}

static int prepare(struct alert_items *items, const struct kafka_record *record,
                   const struct alert_reading *reading, struct error *err)
{
    const struct mapping *mapping;
    const char *why = NULL;

    /* A plain alert, or one that is too large or empty whatever its format. */
    if (!reading->format || record->length > ALERT_BYTES_MAX || !record->value)
        return make_room(items, 1, err) < 0 ? -1
                                            : alert_item_prepare(&items->items[0], record, err);
    mapping = source_format_mapping(reading->format, &why);
    return mapping ? map(items, record, reading, mapping, err) : refuse(items, record, why, err);
}

int alert_items_prepare(struct alert_items *items, const struct kafka_record *record,
                        const struct alert_reading *reading, struct error *err)
{
    *items = (struct alert_items){0};
    if (prepare(items, record, reading, err) == 0)
        return 0;
    alert_items_clear(items);
    return -1;
}
