/* alert_scan.c - see alert_scan.h. A member that is there twice, unknown, empty or beyond a limit
 * ends the scan, as do non-ASCII bytes, escapes, and anything but strings where strings belong. */
#include "controller/intake/alert_scan.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_scan.h"
#include "rules/mapping/event_shape.h"

#define MEMBERS_MAX 64 /* EVENT_LABELS_MAX, and of a component */
#define LABEL_NAME_MAX 128
#define LABEL_MAX 1024
#define TIME_MAX 64

struct span {
    const char *bytes; /* NULL: absent */
    size_t length;
};
struct found {
    struct span id, source, type, status, severity, time, mac, serial, asset_tag;
    bool component, labels, event, machine;
};
/* A known member: where its string goes, or who reads what is no string. */
struct known {
    const char *name;
    size_t at, cap; /* offsetof() in struct found */
};

#define FIELD(member, cap)                                                                         \
    {                                                                                              \
#member, offsetof(struct found, member), cap                                               \
    }
static const struct known EVENT[] = {FIELD(id, EVENT_FIELD_BYTES_MAX),
                                     FIELD(source, EVENT_SOURCE_BYTES_MAX),
                                     FIELD(type, EVENT_FIELD_BYTES_MAX),
                                     FIELD(status, EVENT_FIELD_BYTES_MAX),
                                     FIELD(severity, 32),
                                     FIELD(time, TIME_MAX),
                                     {NULL, 0, 0}};
static const struct known MACHINE[] = {FIELD(mac, 32),
                                       FIELD(serial, EVENT_FIELD_BYTES_MAX),
                                       FIELD(asset_tag, EVENT_FIELD_BYTES_MAX),
                                       {NULL, 0, 0}};

/* Whether char is signed differs between processors. */
static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* A string of printable ASCII without escapes. */
static bool take_string(struct json_scan *scan, struct span *ret)
{
    const char *at;

    if (!json_scan_take(scan, '"'))
        return false;
    ret->bytes = at = scan->at;
    while (at < scan->end && is_plain((unsigned char)*at))
        at++;
    ret->length = (size_t)(at - ret->bytes);
    if (at == scan->end || *at != '"')
        return false;
    scan->at = at + 1;
    return true;
}

static bool is(const struct span *span, const char *word)
{
    return strlen(word) == span->length && memcmp(span->bytes, word, span->length) == 0;
}

/* "name": of the next member; *ret_end: the object ended instead. */
static bool take_name(struct json_scan *scan, bool first, struct span *ret, bool *ret_end)
{
    *ret_end = json_scan_take(scan, '}');
    if (*ret_end)
        return true;
    if (!first && !json_scan_take(scan, ','))
        return false;
    return take_string(scan, ret) && json_scan_take(scan, ':');
}

/* An object of strings, with no name twice. */
static bool take_strings(struct json_scan *scan, size_t name_max, size_t value_max)
{
    struct span names[MEMBERS_MAX], value;
    size_t count = 0;
    bool end;

    if (!json_scan_take(scan, '{'))
        return false;
    for (;; count++) {
        struct span name;

        if (!take_name(scan, count == 0, &name, &end))
            return false;
        if (end)
            return true;
        if (count == MEMBERS_MAX || name.length > name_max || !take_string(scan, &value) ||
            value.length > value_max)
            return false;
        for (size_t i = 0; i < count; i++)
            if (names[i].length == name.length &&
                memcmp(names[i].bytes, name.bytes, name.length) == 0)
                return false;
        names[count] = name;
    }
}

static bool take_field(struct json_scan *scan, const struct known *known, const struct span *name,
                       struct found *found)
{
    for (; known->name; known++) {
        struct span *field = (struct span *)((char *)found + known->at);

        if (!is(name, known->name))
            continue;
        return !field->bytes && take_string(scan, field) && field->length > 0 &&
               field->length <= known->cap;
    }
    return false;
}

static bool once(bool *seen)
{
    bool fresh = !*seen;

    *seen = true;
    return fresh;
}

static bool take_event(struct json_scan *scan, struct found *found)
{
    struct span name;
    bool end, taken = true;

    if (!json_scan_take(scan, '{'))
        return false;
    for (bool first = true; taken; first = false) {
        if (!take_name(scan, first, &name, &end))
            return false;
        if (end)
            return true;
        if (is(&name, "labels"))
            taken = once(&found->labels) && take_strings(scan, LABEL_NAME_MAX, LABEL_MAX);
        else if (is(&name, "component"))
            taken = once(&found->component) && take_strings(scan, LABEL_NAME_MAX, LABEL_MAX);
        else
            taken = take_field(scan, EVENT, &name, found);
    }
    return false;
}

static bool take_machine(struct json_scan *scan, struct found *found)
{
    struct span name;
    bool end;

    if (!json_scan_take(scan, '{'))
        return false;
    for (bool first = true;; first = false) {
        if (!take_name(scan, first, &name, &end))
            return false;
        if (end)
            return true;
        if (!take_field(scan, MACHINE, &name, found))
            return false;
    }
}

static bool take_document(struct json_scan *scan, struct found *found)
{
    struct span name;
    bool end, taken = true;

    if (!json_scan_take(scan, '{'))
        return false;
    for (bool first = true; taken; first = false) {
        if (!take_name(scan, first, &name, &end))
            return false;
        if (end)
            break;
        if (is(&name, "event"))
            taken = once(&found->event) && take_event(scan, found);
        else if (is(&name, "machine"))
            taken = once(&found->machine) && take_machine(scan, found);
        else
            taken = false;
    }
    json_scan_space(scan);
    return taken && scan->at == scan->end;
}

static bool read_status(const struct span *text, enum alert_status *ret)
{
    for (int i = ALERT_FIRING; i <= ALERT_INFO; i++)
        if (is(text, alert_status_name((enum alert_status)i))) {
            *ret = (enum alert_status)i;
            return true;
        }
    return false;
}

static bool read_severity(const struct span *text, enum alert_severity *ret)
{
    for (int i = ALERT_SEVERITY_INFO; i <= ALERT_SEVERITY_CRITICAL; i++)
        if (is(text, alert_severity_name((enum alert_severity)i))) {
            *ret = (enum alert_severity)i;
            return true;
        }
    return false;
}

static bool read_words(const struct found *found, struct alert *alert)
{
    char time[TIME_MAX + 1], mac[33];

    if (!read_status(&found->status, &alert->status) ||
        !read_severity(&found->severity, &alert->severity))
        return false;
    memcpy(time, found->time.bytes, found->time.length);
    time[found->time.length] = '\0';
    if (clock_parse(time, &alert->time_us) < 0)
        return false;
    alert->has_mac = found->mac.bytes != NULL;
    if (!alert->has_mac)
        return true;
    memcpy(mac, found->mac.bytes, found->mac.length);
    mac[found->mac.length] = '\0';
    return mac_parse(mac, &alert->mac) == 0;
}

/* Copies into *at and moves it behind the NUL. */
static const char *put(char **at, const struct span *span)
{
    char *text = *at;

    if (!span->bytes)
        return NULL;
    memcpy(text, span->bytes, span->length);
    text[span->length] = '\0';
    *at += span->length + 1;
    return text;
}

int alert_scan(const char *bytes, size_t length, struct alert *ret)
{
    struct json_scan scan = {bytes, bytes + length};
    struct found found = {0};
    struct alert alert = {0};
    char *at;

    if (!take_document(&scan, &found) || !found.id.bytes || !found.type.bytes ||
        !found.status.bytes || !found.severity.bytes || !found.time.bytes ||
        (!found.mac.bytes && !found.serial.bytes && !found.asset_tag.bytes) ||
        (found.source.bytes && memchr(found.source.bytes, ' ', found.source.length)) ||
        !read_words(&found, &alert))
        return 0;
    alert.owned = at = malloc(found.id.length + found.type.length + found.source.length +
                              found.serial.length + found.asset_tag.length + 5);
    if (!at)
        return 0;
    alert.id = put(&at, &found.id);
    alert.type = put(&at, &found.type);
    alert.source = put(&at, &found.source);
    alert.serial = put(&at, &found.serial);
    alert.asset_tag = put(&at, &found.asset_tag);
    *ret = alert;
    return 1;
}
