/* alert_store.c - see alert_store.h. A batch is at most ALERT_BATCH_MAX records, which is one
 * statement. */
#include "controller/intake/alert_store.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/intake/alert_batch.h"
#include "controller/intake/alert_item.h"
#include "controller/intake/alert_receipt.h"
#include "controller/intake/alert_store.sql.h"

_Static_assert(ALERT_ITEMS_MAX < 4096, "an order number has 12 bits for the alert in its batch");

/* The last moment that clock_format() can write; a record may be stamped with any number. */
#define TIMESTAMP_MAX_MS INT64_C(253402300799999)

static int format_origin(const struct alert_origin *origin, const struct alert_item *item,
                         char out[ALERT_TRIGGER_SIZE])
{
    char source[UUID_TEXT_SIZE], digest[2 * ALERT_RECEIPT_DIGEST + 1];

    if (!origin->receipt)
        return snprintf(out, ALERT_TRIGGER_SIZE, "%s/%s/%" PRId32 "/%" PRId64, origin->cluster,
                        origin->topic, origin->partition, item->record->offset);
    uuid_format(&origin->source, source);
    text_hex(origin->receipt->digest, ALERT_RECEIPT_DIGEST, digest);
    return snprintf(out, ALERT_TRIGGER_SIZE, "webhook/%s/%" PRId64 "/%s", source,
                    origin->receipt->received_us, digest);
}

void alert_trigger_format(const struct alert_origin *origin, const struct alert_item *item,
                          char out[ALERT_TRIGGER_SIZE])
{
    int length = format_origin(origin, item, out);

    if (item->index > 0)
        snprintf(out + length, ALERT_TRIGGER_SIZE - (size_t)length, "#%u", item->index);
}

/* Source and id of an event as the tables of identities keep them. */
static int digest_of(const struct alert_item *item, struct uuid *ret, struct error *err)
{
    uint8_t digest[32];

    if (EVP_Digest(item->identity, strlen(item->identity), digest, NULL, EVP_sha256(), NULL) != 1)
        return error_set(err, "SHA-256 is not available");
    memcpy(ret->bytes, digest, sizeof(ret->bytes));
    return 0;
}

/* One event of the batch: which item, in the order in which its identity is taken. */
struct claim {
    struct uuid digest;
    size_t item;
};

/* The same order for every controller; of equal ones the first record comes first. */
static int by_digest(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;
    int rc = memcmp(a->digest.bytes, b->digest.bytes, sizeof(a->digest.bytes));

    if (rc)
        return rc;
    return a->item < b->item ? -1 : a->item > b->item;
}

static int by_id(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct uuid));
}

static int insert_claims(struct db *db, const struct alert_origin *origin,
                         struct alert_item **items, const struct claim *claims, size_t count,
                         struct uuid *digests, struct uuid *ids, struct error *err)
{
    struct db_rows *rows;
    size_t got, again = 0;

    for (size_t i = 0; i < count; i++) {
        digests[i] = claims[i].digest;
        ids[i] = items[claims[i].item]->id;
    }
    rows = db_query(db, SQL_ALERT_CLAIM, err, "uuUU", &origin->tenant, &origin->source, count,
                    digests, count, ids);
    if (!rows)
        return -1;
    got = db_rows_count(rows);
    for (size_t i = 0; i < got; i++)
        ids[i] = db_uuid(rows, i, 0);
    qsort(ids, got, sizeof(*ids), by_id);
    for (size_t i = 0; i < count && got < count; i++) {
        struct alert_item *item = items[claims[i].item];

        if (bsearch(&item->id, ids, got, sizeof(*ids), by_id))
            continue;
        alert_item_settle(item, "duplicate", "this source had event %s before", item->alert.id);
        digests[again++] = claims[i].digest;
    }
    db_rows_destroy(rows);
    if (again > 0 && db_execute(db, SQL_ALERT_SEEN_AGAIN, err, "uuU", &origin->tenant,
                                &origin->source, again, digests) < 0)
        return -1;
    return 0;
}

int alert_store_claim(struct db *db, const struct alert_origin *origin, struct alert_item **items,
                      size_t count, struct error *err)
{
    struct claim *claims = calloc(count + 1, sizeof(*claims));
    struct uuid *digests = calloc(2 * count + 1, sizeof(*digests));
    size_t n = 0;
    int rc = claims && digests ? 0 : error_no_memory(err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (items[i]->decoded) {
            claims[n].item = i;
            rc = digest_of(items[i], &claims[n++].digest, err);
        }
    if (rc == 0) {
        qsort(claims, n, sizeof(*claims), by_digest);
        rc = insert_claims(db, origin, items, claims, n, digests, digests + count, err);
    }
    free(claims);
    free(digests);
    return rc;
}

/* One array a column; 'texts' are those of the alert's words, in the statement's order. */
struct columns {
    struct uuid *ids, *machines;
    int64_t *offsets, *timestamps, *event_times, *document_versions, *lengths, *indexes;
    const char **dispositions, **reasons, **event_ids, **types, **statuses, **severities,
        **sqlstates, **events;
    struct db_bytes *raws, *digests;
};

static void *column(size_t count, size_t size, bool *ok)
{
    void *memory = calloc(count + 1, size);

    *ok = *ok && memory;
    return memory;
}

static int columns_create(struct columns *c, size_t count, struct error *err)
{
    bool ok = true;

    c->ids = column(count, sizeof(*c->ids), &ok);
    c->machines = column(count, sizeof(*c->machines), &ok);
    c->offsets = column(count, sizeof(*c->offsets), &ok);
    c->timestamps = column(count, sizeof(*c->timestamps), &ok);
    c->event_times = column(count, sizeof(*c->event_times), &ok);
    c->document_versions = column(count, sizeof(*c->document_versions), &ok);
    c->lengths = column(count, sizeof(*c->lengths), &ok);
    c->dispositions = column(count, sizeof(*c->dispositions), &ok);
    c->reasons = column(count, sizeof(*c->reasons), &ok);
    c->event_ids = column(count, sizeof(*c->event_ids), &ok);
    c->types = column(count, sizeof(*c->types), &ok);
    c->statuses = column(count, sizeof(*c->statuses), &ok);
    c->severities = column(count, sizeof(*c->severities), &ok);
    c->sqlstates = column(count, sizeof(*c->sqlstates), &ok);
    c->indexes = column(count, sizeof(*c->indexes), &ok);
    c->events = column(count, sizeof(*c->events), &ok);
    c->raws = column(count, sizeof(*c->raws), &ok);
    c->digests = column(count, sizeof(*c->digests), &ok);
    return ok ? 0 : error_no_memory(err);
}

static void columns_clear(struct columns *c)
{
    free(c->ids);
    free(c->machines);
    free(c->offsets);
    free(c->timestamps);
    free(c->event_times);
    free(c->document_versions);
    free(c->lengths);
    free(c->dispositions);
    free(c->reasons);
    free(c->event_ids);
    free(c->types);
    free(c->statuses);
    free(c->severities);
    free(c->sqlstates);
    free(c->indexes);
    free(c->events);
    free(c->raws);
    free(c->digests);
}

static int64_t timestamp_us(int64_t ms)
{
    if (ms < 0)
        return 0;
    return (ms > TIMESTAMP_MAX_MS ? TIMESTAMP_MAX_MS : ms) * 1000;
}

static void fill(struct columns *c, size_t i, const struct alert_item *item)
{
    const struct kafka_record *record = item->record;
    size_t kept = record->length > ALERT_BYTES_MAX ? ALERT_KEPT_WHEN_TOO_LARGE : record->length;

    c->ids[i] = item->id;
    c->offsets[i] = record->offset;
    c->timestamps[i] = timestamp_us(record->timestamp_ms);
    c->dispositions[i] = item->disposition;
    c->reasons[i] = item->reason;
    if (item->index == 0)
        c->raws[i] = (struct db_bytes){record->value, kept};
    c->indexes[i] = item->index;
    c->lengths[i] = (int64_t)record->length;
    c->digests[i] = (struct db_bytes){item->sha256, sizeof(item->sha256)};
    c->sqlstates[i] = item->sqlstate[0] ? item->sqlstate : NULL;
    c->event_times[i] = INT64_MIN;
    if (!item->decoded)
        return;
    c->events[i] = item->event;
    c->event_ids[i] = item->alert.id;
    c->types[i] = item->alert.type;
    c->statuses[i] = alert_status_name(item->alert.status);
    c->severities[i] = alert_severity_name(item->alert.severity);
    c->event_times[i] = item->alert.time_us;
    if (item->machine.found) {
        c->machines[i] = item->machine.machine;
        c->document_versions[i] = item->machine.document_version;
    }
}

static int insert(struct db *db, const struct alert_origin *origin, const struct columns *c,
                  size_t count, int64_t engine_time_us, struct error *err)
{
    return db_execute(db, SQL_ALERT_INSERT, err, "uussitUITSSSSSSTUIYIYS", &origin->tenant,
                      &origin->source, origin->cluster, origin->topic, (int64_t)origin->partition,
                      engine_time_us, count, c->ids, count, c->offsets, count, c->timestamps, count,
                      c->dispositions, count, c->reasons, count, c->event_ids, count, c->types,
                      count, c->statuses, count, c->severities, count, c->event_times, count,
                      c->machines, count, c->document_versions, count, c->raws, count, c->lengths,
                      count, c->digests, count, c->sqlstates);
}

/* The same with what only mappings give. */
static int insert_mapped(struct db *db, const struct alert_origin *origin, const struct columns *c,
                         size_t count, int64_t engine_time_us, struct error *err)
{
    return db_execute(db, SQL_ALERT_INSERT_MAPPED, err, "uussitUITSSSSSSTUIYIYSIS", &origin->tenant,
                      &origin->source, origin->cluster, origin->topic, (int64_t)origin->partition,
                      engine_time_us, count, c->ids, count, c->offsets, count, c->timestamps, count,
                      c->dispositions, count, c->reasons, count, c->event_ids, count, c->types,
                      count, c->statuses, count, c->severities, count, c->event_times, count,
                      c->machines, count, c->document_versions, count, c->raws, count, c->lengths,
                      count, c->digests, count, c->sqlstates, count, c->indexes, count, c->events);
}

int alert_store_alerts(struct db *db, const struct alert_origin *origin, struct alert_item **items,
                       size_t count, int64_t engine_time_us, struct error *err)
{
    struct columns c = {0};
    int rc = columns_create(&c, count, err);
    bool mapped = false;

    if (rc == 0) {
        for (size_t i = 0; i < count; i++) {
            fill(&c, i, items[i]);
            mapped = mapped || items[i]->event || items[i]->index > 0;
        }
        rc = (mapped ? insert_mapped : insert)(db, origin, &c, count, engine_time_us, err);
    }
    columns_clear(&c);
    return rc < 0 ? -1 : 0;
}
