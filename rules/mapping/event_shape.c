/* event_shape.c - see event_shape.h. Invariant: an event that was read has each member that is
 * required, of its form, and no member that is not known. */
#include "rules/mapping/event_shape.h"

#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/json.h"
#include "common/text.h"

#define TIME_BYTES_MAX 64

const char *const event_statuses[] = {"firing", "resolved", "info", NULL};
const char *const event_severities[] = {"info", "warning", "critical", NULL};

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
    int rc = json_read_string(object, key, EVENT_FIELD_BYTES_MAX, &value, err);

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

static int check_label(const char *name, const json_t *value, struct error *err)
{
    char show[TEXT_SHOW_SIZE];

    text_show(name, show);
    if (strlen(name) > EVENT_LABEL_NAME_BYTES_MAX)
        return error_set_code(err, ERROR_INVALID, "labels.%s: the name is longer than %d bytes",
                              show, EVENT_LABEL_NAME_BYTES_MAX);
    if (!json_is_string(value))
        return error_set_code(err, ERROR_INVALID, "labels.%s must be a string", show);
    if (json_string_length(value) > EVENT_LABEL_BYTES_MAX)
        return error_set_code(err, ERROR_INVALID, "labels.%s is longer than %d bytes", show,
                              EVENT_LABEL_BYTES_MAX);
    return check_plain("a label's name", name, err) < 0 ||
                   check_plain("a label", json_string_value(value), err) < 0
               ? -1
               : 0;
}

static int check_labels(const json_t *event, struct error *err)
{
    json_t *labels = json_object_get(event, "labels"), *value;
    const char *name;

    if (!labels || json_is_null(labels))
        return 0;
    if (!json_is_object(labels))
        return error_set_code(err, ERROR_INVALID, "labels must be an object of strings");
    if (json_object_size(labels) > EVENT_LABELS_MAX)
        return error_set_code(err, ERROR_INVALID, "labels has more than %d members",
                              EVENT_LABELS_MAX);
    json_object_foreach(labels, name, value)
    {
        if (check_label(name, value, err) < 0)
            return -1;
    }
    return 0;
}

/* What only the rules of its kind look into. */
static int check_object(const json_t *event, const char *key, struct error *err)
{
    const json_t *object = json_object_get(event, key);

    if (!object || json_is_null(object))
        return 0;
    if (!json_is_object(object))
        return error_set_code(err, ERROR_INVALID, "%s must be an object", key);
    if (json_object_size(object) > EVENT_MEMBERS_MAX)
        return error_set_code(err, ERROR_INVALID, "%s has more than %d members", key,
                              EVENT_MEMBERS_MAX);
    return 0;
}

/* Source and id are kept as one identity, parted by a space. */
static int check_source(const json_t *event, struct error *err)
{
    const char *source = NULL;

    if (read_field(event, "source", &source, err) < 0)
        return -1;
    if (source && strchr(source, ' '))
        return error_set_code(err, ERROR_INVALID, "source holds a space: remove it");
    if (source && strlen(source) > EVENT_SOURCE_BYTES_MAX)
        return error_set_code(err, ERROR_INVALID, "source is longer than %d bytes",
                              EVENT_SOURCE_BYTES_MAX);
    return 0;
}

int event_shape_read(const json_t *event, struct event_read *ret, struct error *err)
{
    static const char *const known[] = {"id",     "source",      "type",     "status",
                                        "time",   "severity",    "count",    "component",
                                        "labels", "fingerprint", "firmware", NULL};
    const char *text = NULL;
    int64_t count;

    return json_refuse_unknown(event, known, err) < 0 ||
                   read_required(event, "id", &text, err) < 0 || check_source(event, err) < 0 ||
                   read_required(event, "type", &text, err) < 0 ||
                   read_choice(event, "status", event_statuses, "firing, resolved or info",
                               &ret->status, err) < 0 ||
                   read_choice(event, "severity", event_severities, "info, warning or critical",
                               &ret->severity, err) < 0 ||
                   read_time(event, &ret->time_us, err) < 0 ||
                   read_field(event, "fingerprint", &text, err) < 0 ||
                   json_read_int(event, "count", 0, INT64_MAX, &count, err) < 0 ||
                   check_object(event, "component", err) < 0 ||
                   check_object(event, "firmware", err) < 0 || check_labels(event, err) < 0
               ? -1
               : 0;
}

int event_machine_read(const json_t *machine, struct mac *ret_mac, struct error *err)
{
    static const char *const known[] = {"mac", "serial", "asset_tag", "name", NULL};
    const char *values[4] = {NULL};
    char show[TEXT_SHOW_SIZE];

    if (json_refuse_unknown(machine, known, err) < 0)
        return -1;
    for (int i = 0; known[i]; i++)
        if (read_field(machine, known[i], &values[i], err) < 0)
            return -1;
    if (!values[0] && !values[1] && !values[2] && !values[3])
        return error_set_code(err, ERROR_INVALID,
                              "names no machine: give mac, serial, asset_tag or name");
    if (!values[0])
        return 0;
    if (mac_parse(values[0], ret_mac) < 0)
        return error_set_code(err, ERROR_INVALID,
                              "mac must look like 52:54:00:12:34:56, not \"%s\"",
                              text_show(values[0], show));
    return 1;
}
