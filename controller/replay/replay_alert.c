/* replay_alert.c - see replay_alert.h. */
#include "controller/replay/replay_alert.h"

#include <string.h>

#include "common/error.h"
#include "controller/db/db_rows.h"
#include "controller/replay/replay_machines.h"

void replay_alert_read(const struct db_rows *rows, size_t row, struct replay_alert *ret)
{
    *ret = (struct replay_alert){.id = db_uuid(rows, row, 0),
                                 .at_us = db_time(rows, row, 1),
                                 .machine_id = db_uuid(rows, row, 7),
                                 .document_version = db_int(rows, row, 8),
                                 .event = db_text(rows, row, 9)};
    ret->raw = db_blob(rows, row, 10, &ret->raw_length);
    ret->words = (struct alert_words){.alert = ret->id,
                                      .id = db_text(rows, row, 2),
                                      .type = db_text(rows, row, 3),
                                      .status = db_text(rows, row, 4),
                                      .severity = db_text(rows, row, 5),
                                      .time_us = db_time(rows, row, 6)};
}

void replay_alert_clear(struct replay_alert *alert)
{
    alert_document_clear(&alert->document);
}

/* What cannot be read any more has no members. */
static void read_json(struct replay_alert *alert, uint64_t names)
{
    alert_document_clear(&alert->document);
    if (alert->event)
        alert_document_read_event(alert->event, strlen(alert->event), names, &alert->document);
    else if (alert->raw)
        alert_document_read((const char *)alert->raw, alert->raw_length, names, &alert->document);
    alert->words.event = alert->document.event;
    alert->words.raw = alert->document.raw;
    alert->words.source = json_string_value(json_object_get(alert->document.event, "source"));
}

int replay_alert_show(struct replay_alert *alert, uint64_t names, struct rule_moment *moment,
                      struct error *err)
{
    int rc = replay_machine_show(alert->machine, &alert->words, err);
    struct error why = {0};

    if (rc <= 0)
        return rc;
    read_json(alert, names);
    if (alert_moment_fill(moment, &alert->words, alert->at_us, names, &why) == 0)
        return 1;
    if (why.code != ERROR_INVALID) {
        *err = why;
        return -1;
    }
    return 0; /* it takes more room than an alert may: it was settled without rules */
}
