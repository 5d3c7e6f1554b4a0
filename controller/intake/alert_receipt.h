/* alert_receipt.h - a request that brought alerts, in table webhook_receipt: what a cursor is to a
 * partition. The same message within ALERT_RECEIPT_S is the first one's repetition, and is told so.
 */
#pragma once

#include <stdint.h>

struct alert_origin;
struct db;
struct error;

/* A sender that got no answer tries again within minutes; an equal message an hour later is news.
 */
#define ALERT_RECEIPT_S 3600
#define ALERT_RECEIPT_DIGEST 32

struct alert_receipt {
    uint8_t digest[ALERT_RECEIPT_DIGEST]; /* of the message and the headers that are part of it */
    int64_t received_us;
    int64_t alerts;
};

/* Inside the caller's transaction, for the origin's tenant. 1: it is new, the row is there. 0: it
 * came before, *receipt is what it was then. -1. */
int alert_receipt_take(struct db *db, const struct alert_origin *origin,
                       struct alert_receipt *receipt, struct error *err);
