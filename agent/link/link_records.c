/* link_records.c - what the journal holds, onto the wire: dense numbers, within the windows.
 * docs/wire-format.md, "Journal streams". See link_session.h.
 */
#include "agent/link/link_session.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/fault_point.h"
#include "common/log.h"
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

/* Bulk is deleted once it is acknowledged. A controller whose database was restored from an older
 * copy asks for it again: one GAP, made for the wire alone, stands for what is gone. 1: it is in
 * 'part', the caller frees its bytes. */
static int make_gap(uint64_t from, uint64_t to, ProtobufCBinaryData *part, struct error *err)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Gap gap = MUSTER__GAP__INIT;

    gap.from = from;
    gap.to = to;
    gap.text = (char *)"acknowledged before, by a database that is no longer there";
    record.at_us = clock_realtime_us();
    record.kind_case = MUSTER__RECORD__KIND_GAP;
    record.gap = &gap;
    log_warn("link", "records asked for again are no longer here", "from=%llu to=%llu",
             (unsigned long long)from, (unsigned long long)to);
    return message_pack(&record.base, &part->data, &part->len, err) < 0 ? -1 : 1;
}

/* Bulk from 'next' on that is gone: what is held begins behind it, or there is none up to 'head'.
 */
static uint64_t lost_upto(const struct journal_records *list, uint64_t next, uint64_t head)
{
    if (list->count == 0)
        return head;
    return list->items[0].sequence > next ? list->items[0].sequence - 1 : 0;
}

static int send_list(struct link_session *session, enum journal_stream stream,
                     struct link_window *window, const struct journal_records *list, uint64_t head,
                     struct error *err)
{
    ProtobufCBinaryData parts[LINK_WINDOW_RECORDS + 1], *gap = NULL;
    Muster__Records records = MUSTER__RECORDS__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;
    uint64_t lost = stream == JOURNAL_BULK ? lost_upto(list, window->next, head) : 0;
    int rc = -1;

    records.stream = stream == JOURNAL_FACTS ? MUSTER__STREAM__FACTS : MUSTER__STREAM__BULK;
    records.first = window->next;
    records.record = parts;
    if (lost) {
        if (make_gap(window->next, lost, &parts[0], err) < 0)
            return -1;
        gap = &parts[records.n_record++];
        link_window_sent(window, lost, gap->len);
    }
    for (size_t i = 0; i < list->count && records.n_record < LINK_WINDOW_RECORDS; i++) {
        uint64_t upto = record_end(stream, &list->items[i], window->next, err);

        if (!upto)
            goto out;
        parts[records.n_record++] =
            (ProtobufCBinaryData){list->items[i].length, list->items[i].bytes};
        link_window_sent(window, upto, list->items[i].length);
    }
    frame.kind_case = MUSTER__FRAME__KIND_RECORDS;
    frame.records = &records;
    rc = link_session_send(session, &frame, err);
out:
    if (gap)
        free(gap->data);
    return rc;
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
    if (list.count == 0 && stream == JOURNAL_FACTS)
        rc = 0;
    else
        rc = send_list(session, stream, window, &list, head, err) < 0 ? -1 : 1;
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
    if (rc < 0)
        return -1;
    /* Logs on a damaged page hold back no fact. */
    if (task_journal_lost(session->home->journal, JOURNAL_BULK, NULL))
        return 0;
    rc = send_records(session, JOURNAL_BULK, session->journal.bulk_head, err);
    if (rc < 0 && task_journal_lost(session->home->journal, JOURNAL_BULK, NULL)) {
        log_error("link", "logs and reports are sent no more", "reason=%s",
                  log_quote(error_text(err)));
        return 0;
    }
    return rc;
}
