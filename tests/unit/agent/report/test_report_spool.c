/* Reports and logs on their way into the bulk stream: what is a report, and how it is cut. */
#include <string.h>

#include "agent/report/report_spool.h"
#include "agent/journal/journal_store.h"
#include "common/text.h"
#include "proto/frame.h"
#include "tests/support/check_main.h"

static int read_it(const char *text, struct report_facts *facts)
{
    return report_spool_read(text, strlen(text), facts, NULL);
}

START_TEST(what_is_no_report_is_refused)
{
    struct report_facts facts;

    ck_assert_int_eq(read_it("", &facts), -1);
    ck_assert_int_eq(read_it("[]", &facts), -1);
    ck_assert_int_eq(read_it("{}", &facts), -1);
    ck_assert_int_eq(read_it("{\"verdict\":7}", &facts), -1);
    ck_assert_int_eq(read_it("{\"verdict\":\"splendid\"}", &facts), -1);
    ck_assert_int_eq(read_it("{\"verdict\":\"passed and more than that\"}", &facts), -1);
    ck_assert_int_eq(read_it("{\"verdict\":\"passed\"}", &facts), 0);
    ck_assert_str_eq(facts.verdict, "passed");
}
END_TEST

START_TEST(what_it_says_of_its_verdict_is_kept_and_cut)
{
    struct report_facts facts;
    char long_one[600] = "{\"verdict\":\"failed\",\"remedy\":7,\"reason\":\"x", *end;

    ck_assert_int_eq(
        read_it("{\"verdict\":\"degraded\",\"reason\":\"vda\",\"remedy\":\"Replace it.\"}", &facts),
        0);
    ck_assert_str_eq(facts.reason, "vda");
    ck_assert_str_eq(facts.remedy, "Replace it.");
    ck_assert_int_eq(read_it("{\"verdict\":\"passed\"}", &facts), 0);
    ck_assert_str_eq(facts.reason, "");
    for (end = long_one + strlen(long_one); end < long_one + 560; end += 2)
        memcpy(end, "\xc3\xa4", 2);
    strcpy(end, "\"}");
    ck_assert_int_eq(read_it(long_one, &facts), 0);
    ck_assert_str_eq(facts.remedy, "");
    ck_assert_uint_eq(strlen(facts.reason), sizeof(facts.reason) - 1);
    ck_assert(text_is_utf8(facts.reason, strlen(facts.reason)));
}
END_TEST

START_TEST(digest_is_of_the_bytes_as_they_came)
{
    struct report_facts a, b;

    ck_assert_int_eq(read_it("{\"verdict\":\"passed\"}", &a), 0);
    ck_assert_int_eq(read_it("{ \"verdict\":\"passed\"}", &b), 0);
    ck_assert_mem_ne(a.sha256, b.sha256, 32);
}
END_TEST

START_TEST(report_is_cut_at_48_kib_and_names_its_whole)
{
    struct journal_batch *batch = journal_batch_create();
    Muster__Record record = MUSTER__RECORD__INIT, *part;
    size_t length = 2 * SPOOL_CHUNK_MAX + 1;
    char *bytes = malloc(length);
    uint8_t sha256[32] = {9};

    memset(bytes, 'x', length);
    report_spool_report(batch, record, bytes, length, sha256);
    ck_assert_uint_eq(batch->count, 3);
    part = message_unpack(&muster__record__descriptor, batch->items[2].bytes,
                          batch->items[2].length, NULL);
    ck_assert_uint_eq(part->report->offset, 2 * SPOOL_CHUNK_MAX);
    ck_assert_uint_eq(part->report->size, length);
    ck_assert_uint_eq(part->report->data.len, 1);
    ck_assert_mem_eq(part->report->sha256.data, sha256, 32);
    ck_assert_str_eq(batch->items[2].bulk_kind, "report");
    message_free(part);
    free(bytes);
    journal_batch_destroy(batch);
}
END_TEST

START_TEST(log_keeps_its_offset)
{
    struct journal_batch *batch = journal_batch_create();
    Muster__Record record = MUSTER__RECORD__INIT, *part;

    report_spool_log(batch, record, 1000, "a line\n", 7);
    ck_assert_uint_eq(batch->count, 1);
    part = message_unpack(&muster__record__descriptor, batch->items[0].bytes,
                          batch->items[0].length, NULL);
    ck_assert_uint_eq(part->log->offset, 1000);
    ck_assert_str_eq(part->log->source, "image");
    ck_assert_uint_eq(part->log->data.len, 7);
    message_free(part);
    journal_batch_destroy(batch);
}
END_TEST

CHECK_MAIN("report_spool", what_is_no_report_is_refused,
           what_it_says_of_its_verdict_is_kept_and_cut, digest_is_of_the_bytes_as_they_came,
           report_is_cut_at_48_kib_and_names_its_whole, log_keeps_its_offset)
