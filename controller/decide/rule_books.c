/* rule_books.c - see rule_books.h. Invariant: an engine is of the book beside it, and of the one
 * set of states. */
#include "controller/decide/rule_books.h"

#include <stdlib.h>

#include "common/error.h"
#include "common/log.h"
#include "controller/decide/limit_shares.h"
#include "controller/decide/rule_book.h"
#include "controller/decide/rule_keeper.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_moment.h"

struct tenant_book {
    struct uuid tenant;
    struct rule_book *book;
    struct rule_engine *engine;
    struct limit_shares *shares;
    struct tenant_book *next;
};

struct rule_books {
    struct tenant_book *books;
    struct rule_states *states;
    struct rule_keeper *keeper;
    struct rule_moment *moment;
};

struct rule_books *rule_books_create(struct error *err)
{
    struct rule_books *books = calloc(1, sizeof(*books));

    if (books) {
        books->states = rule_states_create(true);
        books->keeper = books->states ? rule_keeper_create(books->states, err) : NULL;
        books->moment = rule_moment_create();
    }
    if (!books || !books->keeper || !books->moment) {
        rule_books_destroy(books);
        error_no_memory(err);
        return NULL;
    }
    return books;
}

void rule_books_destroy(struct rule_books *books)
{
    if (!books)
        return;
    while (books->books) {
        struct tenant_book *book = books->books;

        books->books = book->next;
        rule_engine_destroy(book->engine);
        limit_shares_destroy(book->shares);
        rule_book_destroy(book->book);
        free(book);
    }
    rule_moment_destroy(books->moment);
    rule_keeper_destroy(books->keeper);
    rule_states_destroy(books->states);
    free(books);
}

static struct tenant_book *book_at(struct rule_books *books, const struct uuid *tenant)
{
    struct tenant_book *at = books->books;

    while (at && !uuid_equal(&at->tenant, tenant))
        at = at->next;
    if (at || !(at = calloc(1, sizeof(*at))))
        return at;
    at->tenant = *tenant;
    at->next = books->books;
    return books->books = at;
}

static void tell_unread(const struct uuid *tenant, const char *why)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(tenant, id);
    log_error("decide", "an armed rule cannot be read and takes no part", "tenant=%s why=%s", id,
              log_quote(why));
}

int rule_books_open(struct rule_books *books, struct db *db, const struct uuid *tenant,
                    struct rule_desk *ret, struct error *err)
{
    struct tenant_book *at = book_at(books, tenant);
    char *why = NULL;
    int rc = at ? rule_book_refresh(db, tenant, &at->book, &why, err) : error_no_memory(err);

    if (rc < 0)
        return -1;
    if (why)
        tell_unread(tenant, why);
    free(why);
    if (rc > 0 || !at->engine || !at->shares) {
        rule_engine_destroy(at->engine);
        limit_shares_destroy(at->shares);
        at->engine = rule_engine_create(rule_book_rules(at->book), books->states, err);
        at->shares = at->engine ? limit_shares_create(err) : NULL;
    }
    *ret = (struct rule_desk){.book = at->book,
                              .engine = at->engine,
                              .states = books->states,
                              .keeper = books->keeper,
                              .moment = books->moment,
                              .shares = at->shares};
    return at->engine && at->shares ? 0 : -1;
}
