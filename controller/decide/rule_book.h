/* rule_book.h - the armed and shadow rules of one tenant at one revision: immutable once it is
 * made. Whoever decides asks for the book inside the deciding transaction, so that no alert is
 * decided by a rule that was disarmed before. Spec: docs/rule-language.md, "What decides".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;
struct rule_book;
struct rule_set;

/* Behind each rule of the set (struct rule_in_set, 'of'). */
struct rule_entry {
    struct uuid id;
    int64_t version; /* of the row, which is the document's */
};

/* A rule as it is kept; pointers are borrowed during the call. */
struct rule_source {
    struct uuid id;
    int64_t version;
    const char *name, *text;
    bool shadow;
};

/* A rule whose text this version cannot read or carry out takes no part, and is counted; *ret_why,
 * the caller's, is NULL or says which and why. 'killed_because': automation is switched off, NULL:
 * it is not. NULL: memory. */
struct rule_book *rule_book_create(int64_t revision, const char *killed_because,
                                   const struct rule_source *sources, size_t count, char **ret_why,
                                   struct error *err);
void rule_book_destroy(struct rule_book *book);

/* In the caller's transaction, before what it writes: whoever changes the book waits for its end,
 * so that nothing is decided by an older book behind the answer to a disarm or a stop. */
int rule_book_hold(struct db *db, const struct uuid *tenant, struct error *err);

/* In the caller's transaction, for its tenant: replaces *book (NULL at first) when its revision is
 * another than the database's. 1: replaced, *ret_why as above. 0: still right. */
int rule_book_refresh(struct db *db, const struct uuid *tenant, struct rule_book **book,
                      char **ret_why, struct error *err);

int64_t rule_book_revision(const struct rule_book *book);
const char *rule_book_killed(const struct rule_book *book); /* NULL: not */
size_t rule_book_size(const struct rule_book *book);        /* armed rules, without shadows */
const struct rule_set *rule_book_rules(const struct rule_book *book);
const struct rule_entry *rule_book_entry(const struct rule_book *book, uint32_t rule);
/* Whether any of its rules remembers something between alerts. */
bool rule_book_remembers(const struct rule_book *book);
