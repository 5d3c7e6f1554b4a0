/* alert_formats.c - see alert_formats.h. Invariant: *ret is written only when every member was
 * understood. */
#include "controller/intake/alert_formats.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "controller/intake/alert_scan.h"
#include "rules/mapping/event_shape.h"

const char *alert_status_name(enum alert_status status)
{
    return event_statuses[status];
}

const char *alert_severity_name(enum alert_severity severity)
{
    return event_severities[severity];
}

static int own_strings(struct alert *alert, struct error *err)
{
    char *at =
        malloc(text_room(alert->id) + text_room(alert->type) + text_room(alert->source) +
               text_room(alert->serial) + text_room(alert->asset_tag) + text_room(alert->name));

    if (!at)
        return error_no_memory(err);
    alert->owned = at;
    alert->id = text_pack(&at, alert->id);
    alert->type = text_pack(&at, alert->type);
    alert->source = text_pack(&at, alert->source);
    alert->serial = text_pack(&at, alert->serial);
    alert->asset_tag = text_pack(&at, alert->asset_tag);
    alert->name = text_pack(&at, alert->name);
    return 0;
}

/* Borrowed from the tree. */
static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

int alert_read(const json_t *event, const json_t *machine, struct alert *ret, struct error *err)
{
    struct alert alert = {0};
    struct event_read read;
    int has_mac;

    if (event_shape_read(event, &read, err) < 0)
        return error_prefix(err, "event");
    if ((has_mac = event_machine_read(machine, &alert.mac, err)) < 0)
        return error_prefix(err, "machine");
    alert.has_mac = has_mac;
    alert.status = (enum alert_status)read.status;
    alert.severity = (enum alert_severity)read.severity;
    alert.time_us = read.time_us;
    alert.id = text_of(event, "id");
    alert.type = text_of(event, "type");
    alert.source = text_of(event, "source");
    alert.serial = text_of(machine, "serial");
    alert.asset_tag = text_of(machine, "asset_tag");
    alert.name = text_of(machine, "name");
    if (own_strings(&alert, err) < 0)
        return -1;
    *ret = alert;
    return 0;
}

static int read_document(const json_t *document, struct alert *ret, struct error *err)
{
    static const char *const known[] = {"event", "machine", NULL};
    const json_t *event, *machine;

    if (json_refuse_unknown(document, known, err) < 0)
        return -1;
    event = json_object_get(document, "event");
    machine = json_object_get(document, "machine");
    if (!event || !machine)
        return error_set_code(err, ERROR_INVALID, "%s is missing", event ? "machine" : "event");
    return alert_read(event, machine, ret, err);
}

int alert_decode_any(const char *bytes, size_t length, struct alert *ret, struct error *err)
{
    json_t *document = json_parse(bytes, length, ALERT_BYTES_MAX, err);
    int rc = document ? read_document(document, ret, err) : -1;

    json_decref(document);
    return rc;
}

int alert_decode(const char *bytes, size_t length, struct alert *ret, struct error *err)
{
    if (length <= ALERT_BYTES_MAX && alert_scan(bytes, length, ret))
        return 0;
    return alert_decode_any(bytes, length, ret, err);
}

void alert_clear(struct alert *alert)
{
    free(alert->owned);
    memset(alert, 0, sizeof(*alert));
}
