/* link_records.c - what the journal holds, onto the wire: dense numbers, within the windows.
 * docs/wire-format.md, "Journal streams". See link_session.h.
 */
#include "agent/link/link_session.h"

#include "common/error.h"
#include "common/fault_point.h"
#include "proto/frame.h"

#define RECORDS_BYTES (60 * 1024) /* of records in one frame; the rest of 64 KiB is framing */

/* The last number that a record stands for: of a GAP its end, else its own. 0 with 'err': not what
 * was asked. */
static uint64_t record_end(enum journal_stream stream, const struct journal_record *record,
                           uint64_t number, struct error *err)
{
    Muster__Record *body;
    uint64_t upto = number;

    /* A range thinned after its first part went out is asked for from its middle. */
    if (record->sequence > number || (stream == JOURNAL_FACTS && record->sequence != number)) {
        error_set(err,
                  "the journal holds no record %llu of stream %d any more; the controller asks "
                  "from there",
                  (unsigned long long)number, (int)stream);
        return 0;
    }
    if (stream == JOURNAL_FACTS)
        return upto;
    body = message_unpack(&muster__record__descriptor, record->bytes, record->length, err);
    if (!body)
        return 0;
    if (body->kind_case == MUSTER__RECORD__KIND_GAP && body->gap->to > number)
        upto = body->gap->to;
    message_free(body);
    return upto;
}

static int send_list(struct link_session *session, enum journal_stream stream,
                     struct link_window *window, const struct journal_records *list,
                     struct error *err)
{
    ProtobufCBinaryData parts[LINK_WINDOW_RECORDS];
    Muster__Records records = MUSTER__RECORDS__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    records.stream = stream == JOURNAL_FACTS ? MUSTER__STREAM__FACTS : MUSTER__STREAM__BULK;
    records.first = window->next;
    records.record = parts;
    for (size_t i = 0; i < list->count; i++) {
        uint64_t upto = record_end(stream, &list->items[i], window->next, err);

        if (!upto)
            return -1;
        parts[records.n_record++] =
            (ProtobufCBinaryData){list->items[i].length, list->items[i].bytes};
        link_window_sent(window, upto, list->items[i].length);
    }
    frame.kind_case = MUSTER__FRAME__KIND_RECORDS;
    frame.records = &records;
    return link_session_send(session, &frame, err);
}

/* 1: a frame of records went out; 0: none to send or no room; -1. */
static int send_records(struct link_session *session, enum journal_stream stream, uint64_t head,
                        struct error *err)
{
    struct link_window *window = stream == JOURNAL_FACTS ? &session->facts : &session->bulk;
    struct journal_records list = {0};
    size_t bytes, count = link_window_room(window, &bytes);
    int rc;

    if (count == 0 || window->next > head)
        return 0;
    if (task_journal_read(session->home->journal, stream, window->next, count,
                          bytes < RECORDS_BYTES ? bytes : RECORDS_BYTES, &list, err) < 0)
        return -1;
    FAULT_POINT("agent_records_before_send");
    rc = list.count == 0 ? 0 : send_list(session, stream, window, &list, err) < 0 ? -1 : 1;
    journal_records_free(&list);
    return rc;
}

int link_session_send_records(struct link_session *session, struct error *err)
{
    int rc;

    do {
        task_journal_heads(session->home->journal, &session->journal.facts_head,
                           &session->journal.bulk_head);
        rc = send_records(session, JOURNAL_FACTS, session->journal.facts_head, err);
    } while (rc == 1);
    return rc < 0 ? -1 : send_records(session, JOURNAL_BULK, session->journal.bulk_head, err);
}
