/* alert_formats.h - from a record's bytes to one normalised alert. Pure: bytes in, struct out. All
 * strings are UTF-8 without control characters and live in the alert. Spec: docs/alert-format.md.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct error;

#define ALERT_BYTES_MAX (1024 * 1024)
/* Of an event that a mapping made, with its part of the message, however that is written. */
#define ALERT_EVENT_BYTES_MAX (8 * ALERT_BYTES_MAX)

enum alert_status { ALERT_FIRING, ALERT_RESOLVED, ALERT_INFO };
enum alert_severity { ALERT_SEVERITY_INFO, ALERT_SEVERITY_WARNING, ALERT_SEVERITY_CRITICAL };

struct alert {
    const char *id, *type; /* all strings: NULL when absent */
    const char *source;
    enum alert_status status;
    enum alert_severity severity;
    int64_t time_us;
    bool has_mac;
    struct mac mac;
    const char *serial, *asset_tag, *name;
    void *owned; /* what the strings live in */
};

const char *alert_status_name(enum alert_status status);
const char *alert_severity_name(enum alert_severity severity);

/* 0, or -1 with 'err' (ERROR_INVALID) naming the field and the remedy. */
int alert_decode(const char *bytes, size_t length, struct alert *ret, struct error *err);
/* The same by way of a tree, for whatever shape: alert_decode() takes plain alerts without one. */
int alert_decode_any(const char *bytes, size_t length, struct alert *ret, struct error *err);
/* Of an event and its machine as a mapping makes them; 'event' without its raw. */
int alert_read(const json_t *event, const json_t *machine, struct alert *ret, struct error *err);
void alert_clear(struct alert *alert); /* zeroed is fine */
