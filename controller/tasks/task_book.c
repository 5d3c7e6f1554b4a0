/* task_book.c - see task_book.h. Grants and pages are found by two balanced trees (tsearch(3)). */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_book.sql.h"
#include "controller/tasks/task_book_inside.h"

#define BLOCK_BYTES 65536

/* What task_grant says of a name. */
struct grant {
    struct task_named named;
    struct uuid tenant; /* nil: there is no such grant */
};

/* ---- life ---- */

struct task_book *task_book_create(struct db *db, struct error *err)
{
    struct task_book *book = calloc(1, sizeof(*book));

    if (!book) {
        error_no_memory(err);
        return NULL;
    }
    book->db = db;
    return book;
}

static void keep_node(void *node)
{
    (void)node; /* the list frees it */
}

void task_book_destroy(struct task_book *book)
{
    if (!book)
        return;
    tdestroy(book->grants, free);
    tdestroy(book->tasks, keep_node);
    tdestroy(book->machines, keep_node);
    for (struct task_page *page = book->first, *next; page; page = next) {
        next = page->next;
        free(page);
    }
    for (struct book_block *block = book->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(book->events);
    free(book->audits);
    free(book);
}

/* ---- what lives as long as the book ---- */

static void *take_room(struct task_book *book, size_t length, struct error *err)
{
    struct book_block *block = book->blocks;

    if (!block || block->room - block->used < length) {
        size_t room = length > BLOCK_BYTES ? length : BLOCK_BYTES;

        if (!(block = malloc(sizeof(*block) + room))) {
            error_no_memory(err);
            return NULL;
        }
        *block = (struct book_block){.next = book->blocks, .room = room};
        book->blocks = block;
    }
    block->used += length;
    return block->bytes + block->used - length;
}

const void *task_book_keep_bytes(struct task_book *book, const void *bytes, size_t length,
                                 struct error *err)
{
    void *kept = take_room(book, length, err);

    return kept ? memcpy(kept, bytes, length) : NULL;
}

const char *task_book_keep(struct task_book *book, const char *string, struct error *err)
{
    return string ? task_book_keep_bytes(book, string, strlen(string) + 1, err) : NULL;
}

/* ---- whose transaction it is ---- */

struct db *task_book_db(struct task_book *book, const struct uuid *tenant, struct error *err)
{
    if (book->named && uuid_equal(&book->tenant, tenant))
        return book->db;
    if (db_set_tenant(book->db, tenant, err) < 0)
        return NULL;
    book->tenant = *tenant;
    book->named = true;
    return book->db;
}

struct db *task_book_any_db(struct task_book *book)
{
    return book->db;
}

void task_book_forget_tenant(struct task_book *book)
{
    book->named = false;
}

/* ---- grants ---- */

static int compare_named(const void *a, const void *b)
{
    const struct grant *x = a, *y = b;
    int order = memcmp(&x->named.task, &y->named.task, sizeof(struct uuid));

    if (order == 0)
        order = memcmp(&x->named.site, &y->named.site, sizeof(struct uuid));
    if (order == 0)
        order = x->named.epoch < y->named.epoch ? -1 : x->named.epoch > y->named.epoch;
    return order;
}

static struct grant *find_grant(const struct task_book *book, const struct task_named *named)
{
    const struct grant wanted = {.named = *named};
    struct grant **at = tfind(&wanted, &book->grants, compare_named);

    return at ? *at : NULL;
}

/* In the tree, as not there. NULL: memory. */
static struct grant *add_grant(struct task_book *book, const struct task_named *named,
                               struct error *err)
{
    struct grant *grant = calloc(1, sizeof(*grant));

    if (grant)
        grant->named = *named;
    if (!grant || !tsearch(grant, &book->grants, compare_named)) {
        free(grant);
        error_no_memory(err);
        return NULL;
    }
    return grant;
}

/* 'names' are not in the tree and each stands there once; they are its by 'grants'. */
static int look_up(struct task_book *book, struct grant **grants, size_t count, struct error *err)
{
    struct uuid *ids = calloc(2 * count + 1, sizeof(*ids));
    int64_t *epochs = calloc(count + 1, sizeof(*epochs));
    struct db_rows *rows = NULL;

    for (size_t i = 0; ids && epochs && i < count; i++) {
        ids[i] = grants[i]->named.task;
        ids[count + i] = grants[i]->named.site;
        epochs[i] = (int64_t)grants[i]->named.epoch;
    }
    if (ids && epochs)
        rows = db_query(book->db, SQL_BOOK_GRANTS, err, "UUI", count, ids, count, ids + count,
                        count, epochs);
    else
        error_no_memory(err);
    for (size_t i = 0; rows && i < db_rows_count(rows); i++)
        grants[db_int(rows, i, 0) - 1]->tenant = db_uuid(rows, i, 1);
    free(ids);
    free(epochs);
    if (!rows)
        return -1;
    db_rows_destroy(rows);
    return 0;
}

static int read_grants(struct task_book *book, const struct task_named *named, size_t count,
                       struct error *err)
{
    struct grant **grants = calloc(count + 1, sizeof(struct grant *));
    size_t added = 0;
    int rc = grants ? 0 : error_no_memory(err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (!find_grant(book, &named[i]) && !(grants[added++] = add_grant(book, &named[i], err)))
            rc = -1;
    if (rc == 0 && added > 0)
        rc = look_up(book, grants, added, err);
    free(grants);
    return rc;
}

int task_book_grant(struct task_book *book, const struct task_named *named, struct uuid *ret_tenant,
                    struct error *err)
{
    const struct grant *grant = find_grant(book, named);

    if (!grant) {
        if (read_grants(book, named, 1, err) < 0)
            return -1;
        grant = find_grant(book, named);
    }
    if (uuid_is_nil(&grant->tenant))
        return 0;
    *ret_tenant = grant->tenant;
    return 1;
}

/* ---- pages ---- */

static int compare_task(const void *a, const void *b)
{
    const struct task_page *x = a, *y = b;

    return memcmp(&x->now.task, &y->now.task, sizeof(struct uuid));
}

static int compare_machine(const void *a, const void *b)
{
    const struct task_page *x = a, *y = b;

    return memcmp(&x->now.machine, &y->now.machine, sizeof(struct uuid));
}

static struct task_page *find_page(const struct task_book *book, const struct uuid *task)
{
    const struct task_page wanted = {.now.task = *task};
    struct task_page **at = tfind(&wanted, &book->tasks, compare_task);

    return at ? *at : NULL;
}

static int add_page(struct task_book *book, const struct task_now *now, struct error *err)
{
    struct task_page *page = calloc(1, sizeof(*page)), **same;

    if (!page)
        return error_no_memory(err);
    page->book = book;
    page->now = *now;
    task_page_clean(page);
    page->next = book->first;
    book->first = page; /* freed with the list from here on */
    if (!tsearch(page, &book->tasks, compare_task) ||
        !(same = tsearch(page, &book->machines, compare_machine)))
        return error_no_memory(err);
    if (*same != page)
        (*same)->shares_machine = page->shares_machine = true;
    return 0;
}

/* Of one tenant; none has a page yet. */
static int read_pages(struct task_book *book, const struct uuid *tenant, const struct uuid *tasks,
                      size_t count, struct error *err)
{
    struct task_now *now = calloc(count + 1, sizeof(*now));
    struct db *db = task_book_db(book, tenant, err);
    int found = -1, rc = 0;

    if (!now)
        error_no_memory(err);
    else if (db)
        found = task_state_lock_many(db, tenant, tasks, count, now, err);
    for (int i = 0; rc == 0 && i < found; i++)
        rc = add_page(book, &now[i], err);
    free(now);
    return found < 0 ? -1 : rc;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

/* Those of the tenant of named[first] from there on, each once. */
static int read_of_tenant(struct task_book *book, const struct task_named *named, size_t first,
                          size_t count, struct error *err)
{
    const struct uuid tenant = find_grant(book, &named[first])->tenant;
    struct uuid *tasks = calloc(count - first, sizeof(*tasks));
    size_t used = 0, kept = 0;
    int rc = 0;

    if (!tasks)
        return error_no_memory(err);
    for (size_t i = first; i < count; i++)
        if (uuid_equal(&find_grant(book, &named[i])->tenant, &tenant) &&
            !find_page(book, &named[i].task))
            tasks[used++] = named[i].task;
    qsort(tasks, used, sizeof(*tasks), by_bytes);
    for (size_t i = 0; i < used; i++)
        if (kept == 0 || !uuid_equal(&tasks[kept - 1], &tasks[i]))
            tasks[kept++] = tasks[i];
    if (kept > 0)
        rc = read_pages(book, &tenant, tasks, kept, err);
    free(tasks);
    return rc;
}

int task_book_read(struct task_book *book, const struct task_named *named, size_t count, bool lock,
                   struct error *err)
{
    if (count == 0)
        return 0;
    if (read_grants(book, named, count, err) < 0)
        return -1;
    for (size_t i = 0; lock && i < count; i++)
        if (!uuid_is_nil(&find_grant(book, &named[i])->tenant) &&
            !find_page(book, &named[i].task) && read_of_tenant(book, named, i, count, err) < 0)
            return -1;
    return 0;
}

struct task_page *task_book_page(struct task_book *book, const struct uuid *tenant,
                                 const struct uuid *task, struct error *err)
{
    struct task_page *page = find_page(book, task);

    if (page || read_pages(book, tenant, task, 1, err) < 0)
        return page;
    page = find_page(book, task);
    if (!page)
        error_set(err, "the task of a grant is not there");
    return page;
}

int task_book_read_again(struct task_book *book, struct task_page *page, struct error *err)
{
    const struct uuid tenant = page->now.tenant, task = page->now.task;
    struct db *db;
    int found;

    if (task_book_write(book, err) < 0 || !(db = task_book_db(book, &tenant, err)))
        return -1;
    found = task_state_lock(db, &tenant, &task, &page->now, err);
    if (found == 0)
        return error_set(err, "the task of a grant is not there");
    task_page_clean(page);
    return found < 0 ? -1 : 0;
}
