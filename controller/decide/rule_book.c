/* rule_book.c - see rule_book.h. Invariant: nothing of it changes after rule_book_create()
 * returned.
 */
#include "controller/decide/rule_book.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/rule_armed.h"
#include "controller/decide/rule_book.sql.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_set.h"

struct rule_book {
    int64_t revision;
    char *killed_because;
    struct rule_entry *entries;
    struct rule_set *rules;
    size_t armed;
    bool remembers;
};

static bool remembers(const struct rule_document *rule)
{
    for (size_t i = 0; i < rule->suppress_count; i++)
        if (rule->suppress[i].type.count)
            return true;
    return rule->hold_ms || rule->window.kind != RULE_WINDOW_NONE || rule->dedup_ms ||
           rule->throttle_ms || rule->absent_count;
}

/* How many could be read into 'members': rules that an older or newer version took may be beyond
 * this one. */
static size_t read_rules(struct rule_book *book, const struct rule_source *sources, size_t count,
                         struct rule_member *members, struct text *why)
{
    size_t read = 0;

    for (size_t i = 0; i < count; i++) {
        struct error err = {0};
        struct rule_document *document = rule_armed_parse(sources[i].name, sources[i].text, &err);

        if (!document) {
            text_format(why, "%s%s", why->length ? "; " : "", error_text(&err));
            continue;
        }
        book->entries[read] = (struct rule_entry){sources[i].id, sources[i].version};
        members[read] = (struct rule_member){document, sources[i].shadow, &book->entries[read]};
        book->armed += !sources[i].shadow;
        book->remembers = book->remembers || remembers(document);
        read++;
    }
    return read;
}

struct rule_book *rule_book_create(int64_t revision, const char *killed_because,
                                   const struct rule_source *sources, size_t count, char **ret_why,
                                   struct error *err)
{
    struct rule_member *members = calloc(count + 1, sizeof(*members));
    struct rule_book *book = calloc(1, sizeof(*book));
    struct text why = {0};

    if (!book || !members)
        goto nomem;
    book->revision = revision;
    book->entries = calloc(count + 1, sizeof(*book->entries));
    if (!book->entries || (killed_because && !(book->killed_because = strdup(killed_because))))
        goto nomem;
    book->rules = rule_set_create(members, read_rules(book, sources, count, members, &why), err);
    if (!book->rules)
        goto fail;
    free(members);
    *ret_why = why.length ? text_take(&why) : NULL;
    text_clear(&why);
    return book;
nomem:
    error_no_memory(err);
fail:
    free(members);
    text_clear(&why);
    rule_book_destroy(book);
    return NULL;
}

void rule_book_destroy(struct rule_book *book)
{
    if (!book)
        return;
    rule_set_destroy(book->rules);
    free(book->entries);
    free(book->killed_because);
    free(book);
}

static struct rule_book *load(struct db *db, const struct uuid *tenant, int64_t revision,
                              const char *killed_because, char **ret_why, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_RULE_BOOK_RULES, err, "u", tenant);
    struct rule_source *sources = NULL;
    struct rule_book *book = NULL;
    size_t count;

    if (!rows)
        return NULL;
    count = db_rows_count(rows);
    sources = calloc(count + 1, sizeof(*sources));
    if (!sources) {
        error_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        sources[i] =
            (struct rule_source){db_uuid(rows, i, 0), db_int(rows, i, 1), db_text(rows, i, 2),
                                 db_text(rows, i, 3), db_bool(rows, i, 4)};
    book = rule_book_create(revision, killed_because, sources, count, ret_why, err);
out:
    free(sources);
    db_rows_destroy(rows);
    return book;
}

int rule_book_hold(struct db *db, const struct uuid *tenant, struct error *err)
{
    return db_execute(db, SQL_RULE_BOOK_LOCK_SHARED, err, "u", tenant) < 0 ? -1 : 0;
}

int rule_book_refresh(struct db *db, const struct uuid *tenant, struct rule_book **book,
                      char **ret_why, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_RULE_BOOK_REVISION, err, "u", tenant);
    struct rule_book *fresh;
    int rc = -1;

    if (!rows)
        return -1;
    *ret_why = NULL;
    if (*book && (*book)->revision == db_int(rows, 0, 0)) {
        rc = 0;
        goto out;
    }
    fresh = load(db, tenant, db_int(rows, 0, 0), db_text(rows, 0, 1), ret_why, err);
    if (!fresh)
        goto out;
    rule_book_destroy(*book);
    *book = fresh;
    rc = 1;
out:
    db_rows_destroy(rows);
    return rc;
}

int64_t rule_book_revision(const struct rule_book *book)
{
    return book->revision;
}

const char *rule_book_killed(const struct rule_book *book)
{
    return book->killed_because;
}

size_t rule_book_size(const struct rule_book *book)
{
    return book->armed;
}

const struct rule_set *rule_book_rules(const struct rule_book *book)
{
    return book->rules;
}

const struct rule_entry *rule_book_entry(const struct rule_book *book, uint32_t rule)
{
    return rule_set_at(book->rules, rule)->of;
}

bool rule_book_remembers(const struct rule_book *book)
{
    return book->remembers;
}
