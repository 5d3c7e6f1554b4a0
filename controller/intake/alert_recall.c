/* alert_recall.c - see alert_recall.h. */
#include "controller/intake/alert_recall.h"

#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/intake/alert_formats.h"
#include "controller/intake/alert_recall.sql.h"

/* A mapping's event, which has its part of the message in it; a message of our own shape has its
 * event in itself. What cannot be read any more says nothing. */
static void read_json(struct recalled_alert *alert, const char *event, const uint8_t *raw,
                      size_t length)
{
    if (event) {
        alert->event = json_parse(event, strlen(event), ALERT_EVENT_BYTES_MAX, NULL);
        alert->raw = json_incref(json_object_get(alert->event, "raw"));
    } else if (raw) {
        alert->raw = json_parse((const char *)raw, length, ALERT_BYTES_MAX, NULL);
        alert->event = json_incref(json_object_get(alert->raw, "event"));
    }
}

static void read_row(const struct db_rows *rows, size_t row, struct recalled_alert *alert)
{
    size_t length = 0;
    const uint8_t *raw = db_blob(rows, row, 8, &length);

    alert->found = true;
    alert->machine = db_uuid(rows, row, 1);
    read_json(alert, db_text(rows, row, 7), raw, length);
    alert->words.id = db_text(rows, row, 2);
    alert->words.source = json_string_value(json_object_get(alert->event, "source"));
    alert->words.type = db_text(rows, row, 3);
    alert->words.status = db_text(rows, row, 4);
    alert->words.severity = db_text(rows, row, 5);
    alert->words.time_us = db_time(rows, row, 6);
    alert->cluster = db_text(rows, row, 9);
    alert->topic = db_text(rows, row, 10);
    alert->partition = db_int(rows, row, 11);
    alert->offset = db_int(rows, row, 12);
    alert->item = db_int(rows, row, 13);
    alert->record_us = db_time(rows, row, 14);
    db_blob32(rows, row, 15, alert->sha256);
    alert->words.event = alert->event;
    alert->words.raw = alert->raw;
}

int alert_recall(struct db *db, const struct uuid *tenant, const struct uuid *ids, size_t count,
                 struct recalled_alert *ret, struct db_rows **ret_rows, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_ALERT_RECALL, err, "uU", tenant, count, ids);

    if (!rows)
        return -1;
    memset(ret, 0, count * sizeof(*ret));
    for (size_t i = 0; i < count; i++)
        ret[i].words = (struct alert_words){.alert = ids[i], .time_us = INT64_MIN};
    for (size_t i = 0; i < db_rows_count(rows); i++)
        read_row(rows, i, &ret[db_int(rows, i, 0)]);
    *ret_rows = rows;
    return 0;
}

void alert_recall_clear(struct recalled_alert *alerts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_decref(alerts[i].event);
        json_decref(alerts[i].raw);
        alerts[i].event = alerts[i].raw = NULL;
    }
}
