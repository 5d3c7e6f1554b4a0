/* replay_alert.h - a recorded alert, and its moment as rules see it: of its JSON no more is read
 * than what they name.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "controller/decide/alert_document.h"
#include "controller/decide/alert_moment.h"

struct db_rows;
struct error;
struct replay_machine;
struct rule_moment;

struct replay_alert {
    struct uuid id, machine_id;
    int64_t at_us, document_version;
    struct alert_words words; /* texts are borrowed from the rows, as these are: */
    const char *event;        /* of a mapping's */
    const uint8_t *raw;       /* neither: no rule looks at its type */
    size_t raw_length;
    struct replay_machine *machine; /* borrowed */
    struct alert_document document; /* what rules name of them */
};

/* A row of cursor recorded_alerts. */
void replay_alert_read(const struct db_rows *rows, size_t row, struct replay_alert *ret);
void replay_alert_clear(struct replay_alert *alert); /* zeroed is fine */

/* 'names': rule_set_names(). 1; 0: it was settled without rules; -1. */
int replay_alert_show(struct replay_alert *alert, uint64_t names, struct rule_moment *moment,
                      struct error *err);
