/* report_spool.c - see report_spool.h. */
#include "agent/report/report_spool.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "agent/report/phone_home.h"
#include "common/json.h"
#include "common/text.h"
#include "proto/sha256.h"

void report_spool_log(struct journal_batch *batch, Muster__Record record, uint64_t offset,
                      const char *bytes, size_t length)
{
    Muster__LogChunk chunk = MUSTER__LOG_CHUNK__INIT;

    chunk.source = (char *)"image";
    record.kind_case = MUSTER__RECORD__KIND_LOG;
    record.log = &chunk;
    for (size_t at = 0; at < length; at += chunk.data.len) {
        size_t left = length - at;

        chunk.offset = offset + at;
        chunk.data.data = (uint8_t *)bytes + at;
        chunk.data.len = left < SPOOL_CHUNK_MAX ? left : SPOOL_CHUNK_MAX;
        journal_batch_record(batch, JOURNAL_BULK, &record);
    }
}

void report_spool_report(struct journal_batch *batch, Muster__Record record, const char *bytes,
                         size_t length, const uint8_t sha256[32])
{
    Muster__ReportChunk chunk = MUSTER__REPORT_CHUNK__INIT;

    chunk.size = length;
    chunk.sha256 = (ProtobufCBinaryData){32, (uint8_t *)sha256};
    record.kind_case = MUSTER__RECORD__KIND_REPORT;
    record.report = &chunk;
    for (size_t at = 0; at < length; at += chunk.data.len) {
        size_t left = length - at;

        chunk.offset = at;
        chunk.data.data = (uint8_t *)bytes + at;
        chunk.data.len = left < SPOOL_CHUNK_MAX ? left : SPOOL_CHUNK_MAX;
        journal_batch_record(batch, JOURNAL_BULK, &record);
    }
}

static int read_verdict(const json_t *report, struct report_facts *facts, struct error *err)
{
    static const char *const verdicts[] = {"passed", "degraded", "failed"};
    const char *verdict = NULL;

    if (!json_is_object(report))
        return error_set_code(err, ERROR_INVALID, "the report is not an object");
    if (json_read_string(report, "verdict", sizeof(facts->verdict) - 1, &verdict, err) < 0)
        return -1;
    for (size_t i = 0; verdict && i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
        if (strcmp(verdicts[i], verdict) == 0) {
            strcpy(facts->verdict, verdict);
            return 0;
        }
    return error_set_code(err, ERROR_INVALID,
                          "the report's verdict must be passed, degraded or failed");
}

static void read_words(const json_t *report, const char *key, char *out, size_t room)
{
    const char *words = json_string_value(json_object_get(report, key));

    snprintf(out, room, "%s", words ? words : "");
    text_mend_utf8(out);
}

int report_spool_read(const char *bytes, size_t length, struct report_facts *ret_facts,
                      struct error *err)
{
    json_t *report = json_parse(bytes, length, PHONE_HOME_REPORT_MAX, err);
    int rc;

    if (!report)
        return -1;
    memset(ret_facts, 0, sizeof(*ret_facts));
    rc = read_verdict(report, ret_facts, err);
    if (rc == 0) {
        read_words(report, "reason", ret_facts->reason, sizeof(ret_facts->reason));
        read_words(report, "remedy", ret_facts->remedy, sizeof(ret_facts->remedy));
    }
    json_decref(report);
    if (rc == 0)
        sha256_of(bytes, length, ret_facts->sha256);
    return rc;
}
