/* alert_document.c - see alert_document.h. */
#include "controller/decide/alert_document.h"

#include <string.h>

#include "common/json.h"
#include "common/json_pick.h"
#include "common/text.h"
#include "controller/decide/alert_moment.h"

#define DOCUMENT_BYTES_MAX (8 * 1024 * 1024) /* what is kept is no longer */

/* The object's members; all of them where they cannot be told apart. */
static json_t *read_members(const char *object, size_t length, const char *const *members,
                            size_t count)
{
    struct text picked = {0};
    json_t *json;

    if (json_pick_members(object, length, members, count, &picked) == 0 && text_ok(&picked))
        json = json_parse(picked.bytes, picked.length, DOCUMENT_BYTES_MAX, NULL);
    else
        json = json_parse(object, length, DOCUMENT_BYTES_MAX, NULL);
    text_clear(&picked);
    return json;
}

int alert_document_read(const char *message, size_t length, uint64_t names,
                        struct alert_document *ret)
{
    const char *members[ALERT_MOMENT_MEMBERS_MAX + 1], *event;
    size_t count = alert_moment_members(names, members), event_length;

    *ret = (struct alert_document){0};
    if (!alert_moment_needs_raw(names)) {
        if (count == 0)
            return 0;
        if (json_pick_value(message, length, "event", &event, &event_length) > 0)
            return (ret->event = read_members(event, event_length, members, count)) ? 0 : -1;
    }
    if (!(ret->raw = json_parse(message, length, DOCUMENT_BYTES_MAX, NULL)))
        return -1;
    ret->event = json_incref(json_object_get(ret->raw, "event"));
    return 0;
}

int alert_document_read_event(const char *event, size_t length, uint64_t names,
                              struct alert_document *ret)
{
    const char *members[ALERT_MOMENT_MEMBERS_MAX + 1];
    size_t count = alert_moment_members(names, members);

    *ret = (struct alert_document){0};
    if (alert_moment_needs_raw(names))
        members[count++] = "raw";
    if (count == 0)
        return 0;
    if (!(ret->event = read_members(event, length, members, count)))
        return -1;
    if (alert_moment_needs_raw(names))
        ret->raw = json_incref(json_object_get(ret->event, "raw"));
    return 0;
}

void alert_document_clear(struct alert_document *document)
{
    json_decref(document->event);
    json_decref(document->raw);
    *document = (struct alert_document){0};
}
