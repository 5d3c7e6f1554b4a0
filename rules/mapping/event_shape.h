/* event_shape.h - what a normalised event and its machine must look like, member by member: of the
 * plain message as of what a mapping makes. Spec: docs/alert-format.md, "The event".
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "common/ids.h"

struct error;

#define EVENT_FIELD_BYTES_MAX 256  /* id, type, fingerprint, serial, asset tag, name */
#define EVENT_SOURCE_BYTES_MAX 255 /* with a space and an id it fits 512 */
#define EVENT_LABELS_MAX 64
#define EVENT_LABEL_NAME_BYTES_MAX 128
#define EVENT_LABEL_BYTES_MAX 1024
#define EVENT_MEMBERS_MAX 64 /* of component, of firmware */

extern const char *const event_statuses[];   /* firing, resolved, info, NULL */
extern const char *const event_severities[]; /* info, warning, critical, NULL */

/* What the text of an event means. */
struct event_read {
    int status, severity; /* which of the above */
    int64_t time_us;
};
/* 0; -1 with 'err' (ERROR_INVALID) naming the member and the remedy. */
int event_shape_read(const json_t *event, struct event_read *ret, struct error *err);

/* 1: *ret_mac is set; 0: it is named by something else; -1. */
int event_machine_read(const json_t *machine, struct mac *ret_mac, struct error *err);
