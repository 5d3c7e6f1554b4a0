/* alert_item.c - see alert_item.h. */
#include "controller/intake/alert_item.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"

void alert_item_settle(struct alert_item *item, const char *disposition, const char *format, ...)
{
    va_list args;

    item->disposition = disposition;
    va_start(args, format);
    vsnprintf(item->reason, sizeof(item->reason), format, args);
    va_end(args);
    text_mend_utf8(item->reason);
}

static int make_identity(struct alert_item *item, struct error *err)
{
    const char *source = item->alert.source ? item->alert.source : "";
    size_t room = strlen(source) + strlen(item->alert.id) + 2;

    item->identity = malloc(room);
    if (!item->identity)
        return error_no_memory(err);
    snprintf(item->identity, room, "%s %s", source, item->alert.id);
    return 0;
}

static int know(struct alert_item *item, struct error *err)
{
    item->decoded = true;
    if (item->alert.has_mac)
        mac_format(&item->alert.mac, item->mac);
    return make_identity(item, err);
}

static int decode(struct alert_item *item, struct error *err)
{
    const struct kafka_record *record = item->record;
    struct error why = {0};

    if (record->length > ALERT_BYTES_MAX) {
        alert_item_settle(item, "too_large", "%zu bytes; an alert is at most %d", record->length,
                          ALERT_BYTES_MAX);
        return 0;
    }
    if (!record->value) {
        alert_item_settle(item, "undecodable", "the record has no value");
        return 0;
    }
    if (alert_decode(record->value, record->length, &item->alert, &why) < 0) {
        if (why.code != ERROR_INVALID) {
            *err = why;
            return -1;
        }
        alert_item_settle(item, "undecodable", "%s", error_text(&why));
        return 0;
    }
    return know(item, err);
}

int alert_item_begin(struct alert_item *item, const struct kafka_record *record, unsigned index,
                     struct error *err)
{
    memset(item, 0, sizeof(*item));
    item->record = record;
    item->index = index;
    item->id = uuid_make();
    if (EVP_Digest(record->value ? record->value : "", record->value ? record->length : 0,
                   item->sha256, NULL, EVP_sha256(), NULL) != 1)
        return error_set(err, "SHA-256 is not available");
    return 0;
}

int alert_item_prepare(struct alert_item *item, const struct kafka_record *record,
                       struct error *err)
{
    return alert_item_begin(item, record, 0, err) < 0 ? -1 : decode(item, err);
}

/* The mapping saw to it that it is an event: an error is one of memory. */
int alert_item_take(struct alert_item *item, json_t **event, const json_t *machine,
                    struct error *err)
{
    json_t *raw = json_incref(json_object_get(*event, "raw"));
    int rc;

    json_object_del(*event, "raw");
    rc = alert_read(*event, machine, &item->alert, err);
    if (json_object_set_new(*event, "raw", raw) < 0)
        return error_no_memory(err);
    item->document = (struct alert_document){.event = *event, .raw = json_incref(raw)};
    item->document_names = UINT64_MAX;
    *event = NULL;
    if (rc < 0)
        return -1;
    item->event = json_dumps(item->document.event, JSON_COMPACT);
    return item->event ? know(item, err) : error_no_memory(err);
}

void alert_item_clear(struct alert_item *item)
{
    alert_clear(&item->alert);
    free(item->identity);
    alert_document_clear(&item->document);
    free(item->event);
    memset(item, 0, sizeof(*item));
}

int alert_item_json(struct alert_item *item, uint64_t names, const json_t **ret_event,
                    const json_t **ret_raw, struct error *err)
{
    if (names & ~item->document_names) {
        alert_document_clear(&item->document);
        item->document_names = 0;
        if (alert_document_read(item->record->value, item->record->length, names, &item->document) <
            0)
            return error_no_memory(err);
        item->document_names = names;
    }
    *ret_event = item->document.event;
    *ret_raw = item->document.raw;
    return 0;
}

int64_t alert_item_moment_us(const struct alert_item *item, int64_t now_us)
{
    int64_t ms = item->record->timestamp_ms;

    if (ms < 0)
        return 0;
    return ms >= now_us / 1000 ? now_us : ms * 1000;
}
