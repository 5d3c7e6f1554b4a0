/* report_spool.h - logs and reports on their way into the bulk stream: cut into chunks of at most
 * 48 KiB. What a machine says is self-reported; of a report only its shape, its verdict and
 * what it says of that are looked at here.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/journal/journal_write.h"

#define SPOOL_CHUNK_MAX (48 * 1024)

/* 'record' is the task's, without a kind. Lines that begin at 'offset' of the task's log. */
void report_spool_log(struct journal_batch *batch, Muster__Record record, uint64_t offset,
                      const char *bytes, size_t length);
void report_spool_report(struct journal_batch *batch, Muster__Record record, const char *bytes,
                         size_t length, const uint8_t sha256[32]);

struct report_facts {
    char verdict[12]; /* passed | degraded | failed */
    /* Why, and what to do about it: "" where it says nothing, cut where it says too much. */
    char reason[400], remedy[400];
    uint8_t sha256[32];
};
/* -1: not JSON within its caps, or no verdict of ours. docs/report.schema.json */
int report_spool_read(const char *bytes, size_t length, struct report_facts *ret_facts,
                      struct error *err);
