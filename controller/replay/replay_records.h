/* replay_records.h - what was really decided, until the replay comes to it: one record for each
 * (trigger, rule), taken out when it was compared. What is kept are those of the alerts that are
 * gone through now, and those that timers made later of alerts before them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct error;
struct replay_records;

struct replay_record {
    struct uuid alert, task; /* task nil: none */
    bool shadow;
    const char *trigger; /* of a timer; NULL: it was made when its alert came */
    const char *rule, *ending, *words;
    int64_t version, document_version, until_us, evaluated_us; /* until 0: none */
};

/* NULL: out of memory. */
struct replay_records *replay_records_create(struct error *err);
void replay_records_destroy(struct replay_records *records);

/* Texts are copied. */
int replay_records_add(struct replay_records *records, const struct replay_record *record,
                       struct error *err);
/* What was decided by this rule, on this alert ('trigger' NULL) or by this timer. NULL: nothing. */
struct replay_record *replay_records_find(const struct replay_records *records,
                                          const struct uuid *alert, const char *trigger,
                                          const char *rule, bool shadow);
void replay_records_drop(struct replay_records *records, struct replay_record *record);
/* Any that is left of this alert and of no timer; 'alert' NULL: any at all. */
struct replay_record *replay_records_left(const struct replay_records *records,
                                          const struct uuid *alert);
