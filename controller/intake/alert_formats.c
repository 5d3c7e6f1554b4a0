/* alert_formats.c - see alert_formats.h. Invariant: *ret is written only when every member was
 * understood. */
#include "controller/intake/alert_formats.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "controller/intake/alert_scan.h"

#define COMPONENT_MEMBERS_MAX 64
#define LABEL_NAME_BYTES_MAX 128
#define LABEL_BYTES_MAX 1024
#define TIME_BYTES_MAX 64

static const char *const status_names[] = {"firing", "resolved", "info", NULL};
static const char *const severity_names[] = {"info", "warning", "critical", NULL};

const char *alert_status_name(enum alert_status status)
{
    return status_names[status];
}

const char *alert_severity_name(enum alert_severity severity)
{
    return severity_names[severity];
}

static int check_plain(const char *key, const char *value, struct error *err)
{
    for (const char *at = value; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return error_set_code(err, ERROR_INVALID, "%s holds a control character: remove it",
                                  key);
    return 0;
}

/* 1, 0: absent, -1. There, it is neither empty nor holds control characters. */
static int read_field(const json_t *object, const char *key, const char **ret, struct error *err)
{
    const char *value;
    int rc = json_read_string(object, key, ALERT_FIELD_BYTES_MAX, &value, err);

    if (rc < 1)
        return rc;
    if (!*value)
        return error_set_code(err, ERROR_INVALID, "%s is empty: leave it out or fill it", key);
    if (check_plain(key, value, err) < 0)
        return -1;
    *ret = value;
    return 1;
}

static int read_required(const json_t *object, const char *key, const char **ret, struct error *err)
{
    int rc = read_field(object, key, ret, err);

    if (rc == 0)
        return error_set_code(err, ERROR_INVALID, "%s is missing", key);
    return rc < 0 ? -1 : 0;
}

static int read_choice(const json_t *object, const char *key, const char *const *names,
                       const char *listed, int *ret, struct error *err)
{
    char show[TEXT_SHOW_SIZE];
    const char *value;

    if (read_required(object, key, &value, err) < 0)
        return -1;
    for (int i = 0; names[i]; i++)
        if (strcmp(value, names[i]) == 0) {
            *ret = i;
            return 0;
        }
    return error_set_code(err, ERROR_INVALID, "%s must be %s, not \"%s\"", key, listed,
                          text_show(value, show));
}

static int read_time(const json_t *event, int64_t *ret, struct error *err)
{
    char show[TEXT_SHOW_SIZE];
    const char *value;
    int rc = json_read_string(event, "time", TIME_BYTES_MAX, &value, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return error_set_code(err, ERROR_INVALID, "time is missing");
    if (clock_parse(value, ret) < 0)
        return error_set_code(err, ERROR_INVALID,
                              "time must be RFC 3339 with an offset, such as 2026-11-22T22:40:01Z, "
                              "not \"%s\"",
                              text_show(value, show));
    return 0;
}

static int check_labels(const json_t *event, struct error *err)
{
    json_t *labels = json_object_get(event, "labels"), *value;
    char show[TEXT_SHOW_SIZE];
    const char *name;

    if (!labels || json_is_null(labels))
        return 0;
    if (!json_is_object(labels))
        return error_set_code(err, ERROR_INVALID, "labels must be an object of strings");
    if (json_object_size(labels) > ALERT_LABELS_MAX)
        return error_set_code(err, ERROR_INVALID, "labels has more than %d members",
                              ALERT_LABELS_MAX);
    json_object_foreach(labels, name, value)
    {
        text_show(name, show);
        if (strlen(name) > LABEL_NAME_BYTES_MAX)
            return error_set_code(err, ERROR_INVALID, "labels.%s: the name is longer than %d bytes",
                                  show, LABEL_NAME_BYTES_MAX);
        if (!json_is_string(value))
            return error_set_code(err, ERROR_INVALID, "labels.%s must be a string", show);
        if (json_string_length(value) > LABEL_BYTES_MAX)
            return error_set_code(err, ERROR_INVALID, "labels.%s is longer than %d bytes", show,
                                  LABEL_BYTES_MAX);
        if (check_plain("a label's name", name, err) < 0 ||
            check_plain("a label", json_string_value(value), err) < 0)
            return -1;
    }
    return 0;
}

static int check_component(const json_t *event, struct error *err)
{
    const json_t *component = json_object_get(event, "component");

    if (!component || json_is_null(component))
        return 0;
    if (!json_is_object(component))
        return error_set_code(err, ERROR_INVALID, "component must be an object");
    if (json_object_size(component) > COMPONENT_MEMBERS_MAX)
        return error_set_code(err, ERROR_INVALID, "component has more than %d members",
                              COMPONENT_MEMBERS_MAX);
    return 0;
}

static int read_event(const json_t *event, struct alert *alert, struct error *err)
{
    static const char *const known[] = {"id",   "source",    "type",   "status", "severity",
                                        "time", "component", "labels", NULL};
    int status, severity;

    if (json_refuse_unknown(event, known, err) < 0 ||
        read_required(event, "id", &alert->id, err) < 0 ||
        read_field(event, "source", &alert->source, err) < 0 ||
        read_required(event, "type", &alert->type, err) < 0 ||
        read_choice(event, "status", status_names, "firing, resolved or info", &status, err) < 0 ||
        read_choice(event, "severity", severity_names, "info, warning or critical", &severity,
                    err) < 0 ||
        read_time(event, &alert->time_us, err) < 0 || check_component(event, err) < 0 ||
        check_labels(event, err) < 0)
        return -1;
    /* Source and id are kept as one identity, parted by a space. */
    if (alert->source && strchr(alert->source, ' '))
        return error_set_code(err, ERROR_INVALID, "source holds a space: remove it");
    if (alert->source && strlen(alert->source) > ALERT_SOURCE_BYTES_MAX)
        return error_set_code(err, ERROR_INVALID, "source is longer than %d bytes",
                              ALERT_SOURCE_BYTES_MAX);
    alert->status = (enum alert_status)status;
    alert->severity = (enum alert_severity)severity;
    return 0;
}

static int read_machine(const json_t *machine, struct alert *alert, struct error *err)
{
    static const char *const known[] = {"mac", "serial", "asset_tag", NULL};
    char show[TEXT_SHOW_SIZE];
    const char *mac = NULL;

    if (json_refuse_unknown(machine, known, err) < 0 || read_field(machine, "mac", &mac, err) < 0 ||
        read_field(machine, "serial", &alert->serial, err) < 0 ||
        read_field(machine, "asset_tag", &alert->asset_tag, err) < 0)
        return -1;
    if (!mac && !alert->serial && !alert->asset_tag)
        return error_set_code(err, ERROR_INVALID,
                              "names no machine: give mac, serial or asset_tag");
    if (mac && mac_parse(mac, &alert->mac) < 0)
        return error_set_code(err, ERROR_INVALID,
                              "mac must look like 52:54:00:12:34:56, not \"%s\"",
                              text_show(mac, show));
    alert->has_mac = mac != NULL;
    return 0;
}

static int read_document(const json_t *document, struct alert *alert, struct error *err)
{
    static const char *const known[] = {"event", "machine", NULL};
    const json_t *event, *machine;

    if (json_refuse_unknown(document, known, err) < 0)
        return -1;
    event = json_object_get(document, "event");
    machine = json_object_get(document, "machine");
    if (!event || !machine)
        return error_set_code(err, ERROR_INVALID, "%s is missing", event ? "machine" : "event");
    if (read_event(event, alert, err) < 0)
        return error_prefix(err, "event");
    if (read_machine(machine, alert, err) < 0)
        return error_prefix(err, "machine");
    return 0;
}

static int own_strings(struct alert *alert, struct error *err)
{
    char *at = malloc(text_room(alert->id) + text_room(alert->type) + text_room(alert->source) +
                      text_room(alert->serial) + text_room(alert->asset_tag));

    if (!at)
        return error_no_memory(err);
    alert->owned = at;
    alert->id = text_pack(&at, alert->id);
    alert->type = text_pack(&at, alert->type);
    alert->source = text_pack(&at, alert->source);
    alert->serial = text_pack(&at, alert->serial);
    alert->asset_tag = text_pack(&at, alert->asset_tag);
    return 0;
}

int alert_decode_any(const char *bytes, size_t length, struct alert *ret, struct error *err)
{
    json_t *document = json_parse(bytes, length, ALERT_BYTES_MAX, err);
    struct alert alert = {0};
    int rc = -1;

    if (document && read_document(document, &alert, err) == 0 && own_strings(&alert, err) == 0) {
        *ret = alert;
        rc = 0;
    }
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
