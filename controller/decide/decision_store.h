/* decision_store.h - rows of table decision, a column an array: what each rule made of an alert, or
 * of a state that was due. Everything runs inside the caller's transaction, for its tenant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;

struct decision_row {
    struct uuid id, alert, rule, task;      /* task nil: none */
    int64_t rule_version, document_version; /* of the machine as it was seen; 0: unknown */
    int64_t until_us, evaluated_us;         /* until 0: there is no until */
    bool shadow;
    const char *kind;    /* static: alert | timer */
    const char *outcome; /* static: boot | ticket | outranked | refused | shadow | none */
    const char *ending;  /* static: rule_ending_name() */
    char key[UUID_TEXT_SIZE];
    char *trigger, *reason, *words; /* owned by the list */
};

struct decision_rows {
    struct decision_row *rows;
    size_t count, room;
};

/* Appends; texts are copied. */
int decision_rows_add(struct decision_rows *rows, const struct decision_row *row,
                      const char *trigger, const char *reason, const char *words,
                      struct error *err);
void decision_rows_clear(struct decision_rows *rows);

int decision_store(struct db *db, const struct uuid *tenant, const struct decision_rows *rows,
                   struct error *err);
