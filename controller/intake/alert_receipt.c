/* alert_receipt.c - see alert_receipt.h. */
#include "controller/intake/alert_receipt.h"

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/intake/alert_receipt.sql.h"
#include "controller/intake/alert_store.h"

static int find(struct db *db, const struct alert_origin *origin, struct alert_receipt *receipt,
                struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_ALERT_RECEIPT_FIND, err, "uuy", &origin->tenant,
                                    &origin->source, receipt->digest, sizeof(receipt->digest));

    if (!rows)
        return -1;
    if (db_rows_count(rows) > 0) {
        receipt->received_us = db_time(rows, 0, 0);
        receipt->alerts = db_int(rows, 0, 1);
    }
    db_rows_destroy(rows);
    return 0;
}

int alert_receipt_take(struct db *db, const struct alert_origin *origin,
                       struct alert_receipt *receipt, struct error *err)
{
    int64_t horizon_us = receipt->received_us - ALERT_RECEIPT_S * INT64_C(1000000);
    struct db_rows *rows =
        db_query(db, SQL_ALERT_RECEIPT_INSERT, err, "uuytii", &origin->tenant, &origin->source,
                 receipt->digest, sizeof(receipt->digest), receipt->received_us, receipt->alerts,
                 (int64_t)ALERT_RECEIPT_S);
    int rc;

    if (!rows)
        return -1;
    rc = db_rows_count(rows) > 0;
    db_rows_destroy(rows);
    if (rc == 0)
        return find(db, origin, receipt, err);
    return db_execute(db, SQL_ALERT_RECEIPT_FORGET, err, "uut", &origin->tenant, &origin->source,
                      horizon_us) < 0
               ? -1
               : 1;
}
