/* alert_batch.c - see alert_batch.h. Invariant: the cursor row is locked first and moved last in
 * each transaction, so that what is kept and how far was read can never differ.
 * A request has a receipt in the cursor's place: it is kept once, and is not parted.
 * Locks: cursor row or receipt, rule book (shared: behind a disarm's answer nothing is decided by
 * what was disarmed), what claims and tasks write, audit.
 *
 * A batch that collides (40001, 40P01) is tried again. One that holds a record which the database
 * refuses (SQLSTATE class 22 or 23) is halved until that record stands alone, and it is kept as
 * `rejected` with its SQLSTATE. A missing partition, or REFUSED_IN_ROW_MAX such records one after
 * the other, is no fault of the records: the partition halts.
 */
#include "controller/intake/alert_batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "common/fault_point.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/decision_carry.h"
#include "controller/decide/rule_book.h"
#include "controller/fleet/machine_cache.h"
#include "controller/intake/alert_batch.sql.h"
#include "controller/intake/alert_decide.h"
#include "controller/intake/alert_item.h"
#include "controller/intake/alert_receipt.h"

#define REFUSED_IN_ROW_MAX 5
#define TRIES_MAX 8
#define PAUSE_MS 10 /* doubled with each try: 1.3 s in all, less than a person notices */

struct alert_batch {
    struct alert_decide *decide;
    struct machine_cache *machines;
};

/* One attempt's surroundings. */
struct attempt {
    struct alert_batch *batch;
    struct db *db;
    struct alert_partition *partition;
    struct alert_item **items; /* those at and above the cursor */
    size_t count;
    const struct error *rejected; /* why the database refused the only record; NULL: it did not */
    int64_t now_us;
    uint64_t tasks, refused;
    struct decision_carry *carry; /* of the open transaction */
};

struct alert_batch *alert_batch_create(struct error *err)
{
    struct alert_batch *batch = calloc(1, sizeof(*batch));

    if (!batch) {
        error_no_memory(err);
        return NULL;
    }
    batch->decide = alert_decide_create(err);
    batch->machines = batch->decide ? machine_cache_create(err) : NULL;
    if (!batch->machines) {
        alert_batch_destroy(batch);
        return NULL;
    }
    return batch;
}

void alert_batch_destroy(struct alert_batch *batch)
{
    if (!batch)
        return;
    alert_decide_destroy(batch->decide);
    machine_cache_destroy(batch->machines);
    free(batch);
}

static int find_machines(struct attempt *attempt, struct error *err)
{
    struct machine_claim *claims = calloc(attempt->count + 1, sizeof(*claims));
    struct machine_found *found = calloc(attempt->count + 1, sizeof(*found));
    int rc = -1;

    if (!claims || !found) {
        error_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < attempt->count; i++) {
        const struct alert_item *item = attempt->items[i];

        claims[i] = (struct machine_claim){item->mac[0] ? item->mac : NULL, item->alert.serial,
                                           item->alert.asset_tag, item->alert.name};
    }
    rc = machine_cache_find(attempt->batch->machines, attempt->db,
                            &attempt->partition->origin.tenant, claims, attempt->count, found, err);
    for (size_t i = 0; rc == 0 && i < attempt->count; i++)
        attempt->items[i]->machine = found[i];
out:
    free(claims);
    free(found);
    return rc;
}

static const char *const refusals[] = {
    "undecodable", "too_large", "unknown_machine", "too_old", "rule_error", "rejected", NULL};

/* One audit row for all that a batch did not act on though it might have been meant to. */
static int audit_refusals(struct attempt *attempt, struct error *err)
{
    const struct alert_origin *origin = &attempt->partition->origin;
    char object[128], where[32], why[256], details[512];
    struct audit_entry entry = {.who = "musterd",
                                .action = "alert.refuse",
                                .object = object,
                                .outcome = "refused",
                                .why = why,
                                .details = details};
    size_t at = (size_t)snprintf(
        details, sizeof(details), "{\"first_offset\":%" PRId64 ",\"last_offset\":%" PRId64,
        attempt->items[0]->record->offset, attempt->items[attempt->count - 1]->record->offset);

    attempt->refused = 0;
    for (int r = 0; refusals[r]; r++) {
        size_t count = 0;

        for (size_t i = 0; i < attempt->count; i++)
            count += strcmp(attempt->items[i]->disposition, refusals[r]) == 0;
        if (count)
            at += (size_t)snprintf(details + at, sizeof(details) - at, ",\"%s\":%zu", refusals[r],
                                   count);
        attempt->refused += count;
    }
    if (attempt->refused == 0)
        return 0;
    snprintf(details + at, sizeof(details) - at, "}");
    snprintf(object, sizeof(object), "source %s", origin->source_name);
    snprintf(where, sizeof(where), "partition %" PRId32, origin->partition);
    snprintf(why, sizeof(why), "%" PRIu64 " of %zu alerts of %s could not be acted on",
             attempt->refused, attempt->count, origin->receipt ? "a request" : where);
    return audit_append(attempt->db, &origin->tenant, &entry, err);
}

/* Forgets what an earlier attempt decided; what a record says by itself stays. */
static void begin_items(struct attempt *attempt)
{
    attempt->tasks = 0;
    for (size_t i = 0; i < attempt->count; i++) {
        struct alert_item *item = attempt->items[i];

        memset(&item->machine, 0, sizeof(item->machine));
        if (item->decoded)
            item->disposition = NULL;
        if (attempt->rejected) {
            alert_item_settle(item, "rejected", "the database refused this record: %s",
                              error_text(attempt->rejected));
            memcpy(item->sqlstate, attempt->rejected->sqlstate, sizeof(item->sqlstate));
            item->decoded = false; /* its words are not tried again; the raw bytes are kept */
        }
    }
}

static int fill_transaction(struct attempt *attempt, struct error *err)
{
    const struct alert_origin *origin = &attempt->partition->origin;

    begin_items(attempt);
    if (db_execute(attempt->db, SQL_ALERT_BATCH_PLAN, err, "") < 0)
        return -1;
    if (!attempt->rejected &&
        (rule_book_hold(attempt->db, &origin->tenant, err) < 0 || find_machines(attempt, err) < 0 ||
         alert_store_claim(attempt->db, origin, attempt->items, attempt->count, err) < 0 ||
         alert_decide_batch(attempt->batch->decide, attempt->db, origin, attempt->items,
                            attempt->count, attempt->now_us, &attempt->carry, &attempt->tasks,
                            err) < 0))
        return -1;
    if (alert_store_alerts(attempt->db, origin, attempt->items, attempt->count, attempt->now_us,
                           err) < 0 ||
        (attempt->carry && decision_carry_store(attempt->carry, err) < 0) ||
        audit_refusals(attempt, err) < 0)
        return -1;
    if (origin->receipt)
        return 0;
    return kafka_cursor_advance(attempt->db, &attempt->partition->cursor,
                                attempt->items[attempt->count - 1]->record, err);
}

static int commit(struct attempt *attempt, struct error *err)
{
    FAULT_POINT("musterd_batch_before_commit");
    if (db_commit(attempt->db, err) < 0)
        return -1;
    FAULT_POINT("musterd_batch_committed");
    if (attempt->carry)
        decision_carry_count(attempt->carry);
    return 0;
}

/* A commit whose answer was lost, or the first half of a batch, was kept. 1: the rest is to be. 0:
 * nothing is, now or before. */
static int begin_partition(struct attempt *attempt, struct error *err)
{
    const struct kafka_cursor *cursor = &attempt->partition->cursor;
    int rc = kafka_cursor_lock(attempt->db, &attempt->partition->cursor, err);

    while (rc > 0 && attempt->count > 0 && attempt->items[0]->record->offset < cursor->next) {
        attempt->items++;
        attempt->count--;
    }
    return rc;
}

/* As alert_batch_keep(), for one transaction. */
static int try_once(struct attempt *attempt, struct error *err)
{
    const struct alert_origin *origin = &attempt->partition->origin;
    int rc;

    FAULT_POINT("musterd_batch_begin");
    if (db_begin_tenant(attempt->db, &origin->tenant, err) < 0)
        return -1;
    rc = origin->receipt ? alert_receipt_take(attempt->db, origin, origin->receipt, err)
                         : begin_partition(attempt, err);
    if (rc <= 0 || attempt->count == 0)
        goto out;
    rc = fill_transaction(attempt, err) < 0 || commit(attempt, err) < 0 ? -1 : 1;
    if (rc > 0)
        attempt->partition->cursor.next = attempt->items[attempt->count - 1]->record->offset + 1;
out:
    db_rollback(attempt->db);
    decision_carry_destroy(attempt->carry);
    attempt->carry = NULL;
    return rc;
}

static bool collided(const struct error *err)
{
    return strcmp(err->sqlstate, "40001") == 0 || strcmp(err->sqlstate, "40P01") == 0;
}

static void pause_ms(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};

    nanosleep(&time, NULL);
}

static int try_again(struct attempt *attempt, struct alert_counts *counts, struct error *err)
{
    int rc;

    for (int i = 0;; i++) {
        struct attempt fresh = *attempt;

        error_clear(err);
        rc = try_once(&fresh, err);
        if (rc >= 0 || !collided(err) || i == TRIES_MAX - 1) {
            *attempt = fresh;
            break;
        }
        counts->retries++;
        pause_ms(PAUSE_MS << i);
    }
    if (rc > 0 && attempt->count > 0) {
        counts->batches++;
        counts->alerts += attempt->count;
        counts->tasks += attempt->tasks;
        counts->refused += attempt->refused;
    }
    return rc;
}

/* Is it something in a record that the database refuses? */
static bool blames_record(const struct error *err)
{
    if (strcmp(err->sqlstate, "23514") == 0 && strstr(err->text, "no partition of relation"))
        return false;
    return strncmp(err->sqlstate, "22", 2) == 0 || strncmp(err->sqlstate, "23", 2) == 0;
}

static int keep_refused(struct attempt *attempt, struct alert_counts *counts, struct error *err)
{
    struct error why = *err;

    if (++attempt->partition->refused_in_row >= REFUSED_IN_ROW_MAX)
        return error_set(
            err, "the database refused %d records one after the other, the last with %s: %.200s",
            REFUSED_IN_ROW_MAX, why.sqlstate, why.text);
    attempt->rejected = &why;
    return try_again(attempt, counts, err);
}

/* Where the second half begins: between two records. 0: it is one record. */
static size_t half_of(const struct attempt *attempt)
{
    const struct kafka_record *first = attempt->items[0]->record;
    size_t at = attempt->count / 2;

    while (at > 0 && attempt->items[at - 1]->record == attempt->items[at]->record)
        at--;
    if (at == 0) /* the first one reaches over the middle */
        while (at < attempt->count && attempt->items[at]->record == first)
            at++;
    return at == attempt->count ? 0 : at;
}

static int keep(struct attempt attempt, struct alert_counts *counts, struct error *err)
{
    const struct attempt whole = attempt;
    size_t half;
    int rc = try_again(&attempt, counts, err);

    if (rc >= 0) {
        if (attempt.count > 0)
            attempt.partition->refused_in_row = 0;
        return rc;
    }
    if (!blames_record(err))
        return -1;
    attempt = whole;
    half = half_of(&whole);
    if (half == 0)
        return keep_refused(&attempt, counts, err);
    attempt.count = half;
    rc = keep(attempt, counts, err);
    if (rc <= 0)
        return rc;
    attempt = whole;
    attempt.items += half;
    attempt.count -= half;
    return keep(attempt, counts, err);
}

int alert_batch_keep(struct alert_batch *batch, struct db *db, struct alert_partition *partition,
                     struct alert_item **items, size_t count, int64_t now_us,
                     struct alert_counts *counts, struct error *err)
{
    struct error why = {0};
    int rc = count == 0 ? 1
                        : keep((struct attempt){.batch = batch,
                                                .db = db,
                                                .partition = partition,
                                                .items = items,
                                                .count = count,
                                                .now_us = now_us},
                               counts, &why);

    if (rc < 0 && err)
        *err = why;
    return rc;
}
