/* rule_book.c - see rule_book.h. Invariant: 'index' is sorted by type, then by order of acting, and
 * never changes after rule_book_create() returned.
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

struct place {
    const char *type;
    const struct rule_entry *entry;
};

struct rule_book {
    int64_t revision;
    char *killed_because;
    struct rule_entry *entries;
    size_t count;
    struct place *index;
    struct rule_candidate *in_order; /* of each place of the index */
    size_t places;
};

static int by_order(const struct rule_document *a, const struct rule_document *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return strcmp(a->id, b->id);
}

static int by_place(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    int rc = strcmp(a->type, b->type);

    return rc ? rc : by_order(a->entry->document, b->entry->document);
}

/* FNV-1a */
uint64_t rule_book_hash(const char *value)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *value; value++)
        hash = (hash ^ (uint8_t)*value) * UINT64_C(0x100000001b3);
    return hash;
}

/* The attributes of which there are most values come first. */
static struct rule_candidate candidate_of(const struct rule_entry *entry)
{
    static const enum rule_attribute order[] = {RULE_ASSET_NAME, RULE_ASSET_RACK,  RULE_SOURCE,
                                                RULE_ASSET_SITE, RULE_ASSET_CLASS, RULE_SEVERITY,
                                                RULE_STATUS};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        const struct rule_strings *values = &entry->document->scope[order[i]];

        if (values->count == 1)
            return (struct rule_candidate){entry, rule_book_hash(values->items[0]), (int)order[i]};
    }
    return (struct rule_candidate){.entry = entry, .attribute = -1};
}

static int build_index(struct rule_book *book, struct error *err)
{
    size_t places = 0, at = 0;

    for (size_t i = 0; i < book->count; i++)
        places += book->entries[i].document->scope[RULE_TYPE].count;
    book->index = calloc(places + 1, sizeof(*book->index));
    book->in_order = calloc(places + 1, sizeof(*book->in_order));
    if (!book->index || !book->in_order)
        return error_no_memory(err);
    for (size_t i = 0; i < book->count; i++) {
        const struct rule_strings *types = &book->entries[i].document->scope[RULE_TYPE];

        for (size_t n = 0; n < types->count; n++)
            book->index[at++] = (struct place){types->items[n], &book->entries[i]};
    }
    qsort(book->index, places, sizeof(*book->index), by_place);
    for (size_t i = 0; i < places; i++)
        book->in_order[i] = candidate_of(book->index[i].entry);
    book->places = places;
    return 0;
}

/* Rules that an older or newer version took may be beyond this one. */
static void read_rules(struct rule_book *book, const struct rule_source *sources, size_t count,
                       struct text *why)
{
    for (size_t i = 0; i < count; i++) {
        struct error err = {0};
        struct rule_document *document = rule_armed_parse(sources[i].name, sources[i].text, &err);

        if (!document) {
            text_format(why, "%s%s", why->length ? "; " : "", error_text(&err));
            continue;
        }
        book->entries[book->count++] =
            (struct rule_entry){sources[i].id, sources[i].version, document};
    }
}

struct rule_book *rule_book_create(int64_t revision, const char *killed_because,
                                   const struct rule_source *sources, size_t count, char **ret_why,
                                   struct error *err)
{
    struct rule_book *book = calloc(1, sizeof(*book));
    struct text why = {0};

    if (!book)
        goto nomem;
    book->revision = revision;
    book->entries = calloc(count + 1, sizeof(*book->entries));
    if (!book->entries || (killed_because && !(book->killed_because = strdup(killed_because))))
        goto nomem;
    read_rules(book, sources, count, &why);
    if (build_index(book, err) < 0)
        goto fail;
    *ret_why = why.length ? text_take(&why) : NULL;
    text_clear(&why);
    return book;
nomem:
    error_no_memory(err);
fail:
    text_clear(&why);
    rule_book_destroy(book);
    return NULL;
}

void rule_book_destroy(struct rule_book *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < book->count; i++)
        rule_document_destroy((struct rule_document *)book->entries[i].document);
    free(book->entries);
    free(book->index);
    free(book->in_order);
    free(book->killed_because);
    free(book);
}

static struct rule_book *load(struct db *db, const struct uuid *tenant, int64_t revision,
                              const char *killed_because, char **ret_why, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_RULE_BOOK_RULES, err, "u", tenant);
    struct rule_source *sources = NULL;
    struct rule_book *book = NULL;
    size_t count, armed = 0;

    if (!rows)
        return NULL;
    count = db_rows_count(rows);
    sources = calloc(count + 1, sizeof(*sources));
    if (!sources) {
        error_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        if (!db_bool(rows, i, 4))
            sources[armed++] = (struct rule_source){db_uuid(rows, i, 0), db_int(rows, i, 1),
                                                    db_text(rows, i, 2), db_text(rows, i, 3)};
    book = rule_book_create(revision, killed_because, sources, armed, ret_why, err);
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
    return book->count;
}

/* The first place whose type is not below 'type'. */
static size_t lower_bound(const struct rule_book *book, const char *type)
{
    size_t low = 0, high = book->places;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(book->index[middle].type, type) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t rule_book_candidates(const struct rule_book *book, const char *type,
                            const struct rule_candidate **ret)
{
    size_t first = lower_bound(book, type), end = first;

    while (end < book->places && strcmp(book->index[end].type, type) == 0)
        end++;
    *ret = book->in_order + first;
    return end - first;
}
