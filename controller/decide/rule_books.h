/* rule_books.h - rule books by tenant, kept between transactions, each with the engine of its
 * rules; and what one thread decides with: states, their keeper, a moment.
 */
#pragma once

#include "common/ids.h"

struct db;
struct error;
struct limit_shares;
struct rule_book;
struct rule_books;
struct rule_engine;
struct rule_keeper;
struct rule_moment;
struct rule_states;

struct rule_desk {
    const struct rule_book *book;
    struct rule_engine *engine;
    struct rule_states *states; /* of the transaction: rule_keeper_begin() empties them */
    struct rule_keeper *keeper;
    struct rule_moment *moment;
    struct limit_shares *shares;
};

struct rule_books *rule_books_create(struct error *err);
void rule_books_destroy(struct rule_books *books);

/* The tenant's, as the caller's transaction sees it; what changed since the last one is read. All
 * is borrowed until the next call. A rule that cannot be read is logged. */
int rule_books_open(struct rule_books *books, struct db *db, const struct uuid *tenant,
                    struct rule_desk *ret, struct error *err);
