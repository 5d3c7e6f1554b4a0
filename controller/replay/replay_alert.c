/* replay_alert.c - see replay_alert.h. What is kept was taken in as JSON before: members are
 * picked out of it without reading the others, and parsed. Whatever the picking does not follow is
 * parsed whole, so that both ways find the same. */
#include "controller/replay/replay_alert.h"

#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/json_pick.h"
#include "common/text.h"
#include "controller/db/db_rows.h"
#include "controller/intake/alert_formats.h"
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
    json_decref(alert->event_json);
    json_decref(alert->raw_json);
    alert->event_json = alert->raw_json = NULL;
}

/* Its members, of an object; all of them where they cannot be told apart. NULL: it cannot be read
 * any more. */
static json_t *read_members(const char *object, size_t length, const char *const *members,
                            size_t count)
{
    struct text picked = {0};
    json_t *json;

    if (json_pick_members(object, length, members, count, &picked) == 0 && text_ok(&picked))
        json = json_parse(picked.bytes, picked.length, ALERT_EVENT_BYTES_MAX, NULL);
    else
        json = json_parse(object, length, ALERT_EVENT_BYTES_MAX, NULL);
    text_clear(&picked);
    return json;
}

/* Of a mapping's event its raw is a member. */
static void read_event(struct replay_alert *alert, const char **members, size_t count,
                       bool needs_raw)
{
    if (needs_raw)
        members[count++] = "raw";
    alert->event_json = read_members(alert->event, strlen(alert->event), members, count);
    if (needs_raw)
        alert->raw_json = json_incref(json_object_get(alert->event_json, "raw"));
}

/* A message of our own shape is the raw, and has its event in itself. */
static void read_message(struct replay_alert *alert, const char *const *members, size_t count,
                         bool needs_raw)
{
    const char *event;
    size_t length;

    if (!needs_raw && json_pick_value((const char *)alert->raw, alert->raw_length, "event", &event,
                                      &length) > 0) {
        alert->event_json = read_members(event, length, members, count);
        return;
    }
    alert->raw_json =
        json_parse((const char *)alert->raw, alert->raw_length, ALERT_BYTES_MAX, NULL);
    alert->event_json = json_incref(json_object_get(alert->raw_json, "event"));
}

static void read_json(struct replay_alert *alert, uint64_t names)
{
    const char *members[ALERT_MOMENT_MEMBERS_MAX + 1];
    size_t count = alert_moment_members(names, members);
    bool needs_raw = alert_moment_needs_raw(names);

    if (count == 0 && !needs_raw)
        return;
    if (alert->event)
        read_event(alert, members, count, needs_raw);
    else if (alert->raw)
        read_message(alert, members, count, needs_raw);
    alert->words.event = alert->event_json;
    alert->words.raw = alert->raw_json;
    alert->words.source = json_string_value(json_object_get(alert->event_json, "source"));
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
