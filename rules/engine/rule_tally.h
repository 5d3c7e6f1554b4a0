/* rule_tally.h - what came at which time, with its amount: the contents of a window, and the acts
 * that a throttle counts. Exact up to 256 entries; then two
 * neighbours become one, at the time of the later, where that makes the shortest stretch.
 * Spec: docs/rule-language.md, "How a rule decides".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;

#define RULE_TALLY_MAX 256
#define RULE_TALLY_ENTRY 20                    /* bytes: time, amount, count */
#define RULE_TALLY_HEAD 8                      /* the newest time that was seen */
#define RULE_TALLY_TIME_MAX (INT64_C(1) << 60) /* microseconds: no timestamp of CEL is beyond */
#define RULE_TALLY_BYTES_MAX (RULE_TALLY_HEAD + RULE_TALLY_MAX * RULE_TALLY_ENTRY)

struct rule_tally_entry {
    int64_t time_us;
    double amount;
    uint32_t count;
};

struct rule_tally {
    int64_t newest_us; /* INT64_MIN: nothing came yet; stays when entries go */
    size_t count;
    struct rule_tally_entry entries[RULE_TALLY_MAX + 1]; /* in the order of time */
};

void rule_tally_begin(struct rule_tally *tally);
/* -1: bytes that rule_tally_write() never made. */
int rule_tally_read(struct rule_tally *tally, const void *bytes, size_t length, struct error *err);
size_t rule_tally_write(const struct rule_tally *tally, unsigned char out[RULE_TALLY_BYTES_MAX]);

/* 'amount' is finite. */
void rule_tally_add(struct rule_tally *tally, int64_t time_us, double amount);
/* Takes off those of from <= time < to. */
void rule_tally_remove(struct rule_tally *tally, int64_t from_us, int64_t to_us);
