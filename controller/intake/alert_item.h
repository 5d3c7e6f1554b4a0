/* alert_item.h - one record on its way through a batch: what it says, what was found, what becomes
 * of it. Dispositions and their order: docs/alert-format.md.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "controller/decide/alert_document.h"
#include "controller/fleet/machine_lookup.h"
#include "controller/intake/alert_formats.h"
#include "controller/intake/kafka_cursor.h"

struct error;

#define ALERT_KEPT_WHEN_TOO_LARGE 4096
#define ALERT_AGE_MAX_US (15 * 60 * INT64_C(1000000)) /* old news boots nothing */

struct alert_item {
    const struct kafka_record *record; /* borrowed */
    struct uuid id;
    uint8_t sha256[32]; /* of the record's value */
    bool decoded;
    struct alert alert; /* when decoded */
    char *identity;     /* when decoded: the event's source, a space, its id */
    char mac[MAC_TEXT_SIZE];
    struct machine_found machine;
    const char *disposition; /* static; NULL: not settled yet */
    char reason[512];
    char sqlstate[6];
    unsigned index; /* which of its record's, from 0 */
    char *event;    /* what a mapping made of it, JSON; NULL: its event is the message's own */
    struct alert_document document; /* a mapping's event; else what rules named of the message, */
    uint64_t document_names;        /* these */
};

/* Decodes; settles what cannot be decoded. -1: memory. */
int alert_item_prepare(struct alert_item *item, const struct kafka_record *record,
                       struct error *err);
/* For one of a record that a mapping made several of: no more than where it came from. */
int alert_item_begin(struct alert_item *item, const struct kafka_record *record, unsigned index,
                     struct error *err);
/* Its event, which is taken over and has its raw, and its machine. */
int alert_item_take(struct alert_item *item, json_t **event, const json_t *machine,
                    struct error *err);
void alert_item_clear(struct alert_item *item); /* zeroed is fine */

void alert_item_settle(struct alert_item *item, const char *disposition, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Of a decoded one: of the event as rules see it, and of the whole message, what they name
 * (rule_set_names()). Borrowed from the item, until it is asked for more. -1: memory. */
int alert_item_json(struct alert_item *item, uint64_t names, const json_t **ret_event,
                    const json_t **ret_raw, struct error *err);

/* The record's own moment, never later than 'now_us'; what has none is of 1970. */
int64_t alert_item_moment_us(const struct alert_item *item, int64_t now_us);
