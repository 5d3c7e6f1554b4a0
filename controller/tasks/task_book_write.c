/* task_book_write.c - what waits in a book of tasks, and its writing: a few statements for each
 * tenant that it is of. See task_book.h. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "controller/db/db.h"
#include "controller/tasks/task_book.sql.h"
#include "controller/tasks/task_book_inside.h"

void task_page_clean(struct task_page *page)
{
    memcpy(page->was, page->now.state, sizeof(page->was));
    page->row = (struct task_write){
        .task = page->now.task, .started_us = INT64_MIN, .ended_us = INT64_MIN, .facts_agree = -1};
    page->waits = false;
    page->next_waiting = NULL;
    page->held_because = NULL;
    page->holds = false;
}

void task_page_touch(struct task_page *page)
{
    if (page->waits)
        return;
    page->waits = true;
    page->next_waiting = page->book->waiting;
    page->book->waiting = page;
}

/* ---- what waits ---- */

/* Room for one more of 'size'. */
static int grow(void *items, size_t count, size_t *room, size_t size, struct error *err)
{
    void **list = items, *more;

    if (count < *room)
        return 0;
    more = realloc(*list, (*room ? *room * 2 : 64) * size);
    if (!more)
        return error_no_memory(err);
    *list = more;
    *room = *room ? *room * 2 : 64;
    return 0;
}

/* *at becomes a copy. */
static int keep(struct task_book *book, const char **at, struct error *err)
{
    const char *given = *at;

    *at = task_book_keep(book, given, err);
    return *at || !given ? 0 : -1;
}

int task_book_event(struct task_book *book, const struct task_event *event, struct error *err)
{
    struct book_event *row;

    if (grow(&book->events, book->event_count, &book->event_room, sizeof(*book->events), err) < 0)
        return -1;
    row = &book->events[book->event_count];
    *row = (struct book_event){.of = *event, .id = uuid_make()};
    if (keep(book, &row->of.name, err) < 0 || keep(book, &row->of.state, err) < 0 ||
        keep(book, &row->of.detail, err) < 0 || keep(book, &row->of.evidence, err) < 0)
        return -1;
    book->event_count++;
    return 0;
}

int task_book_audit(struct task_book *book, const struct uuid *tenant,
                    const struct audit_entry *entry, struct error *err)
{
    struct book_audit *row;

    if (grow(&book->audits, book->audit_count, &book->audit_room, sizeof(*book->audits), err) < 0)
        return -1;
    row = &book->audits[book->audit_count];
    *row = (struct book_audit){.tenant = *tenant, .entry = *entry};
    if (keep(book, &row->entry.who, err) < 0 || keep(book, &row->entry.action, err) < 0 ||
        keep(book, &row->entry.object, err) < 0 || keep(book, &row->entry.outcome, err) < 0 ||
        keep(book, &row->entry.why, err) < 0 || keep(book, &row->entry.details, err) < 0)
        return -1;
    book->audit_count++;
    return 0;
}

static struct task_event event_of(const struct task_now *now, const struct task_change *change)
{
    return (struct task_event){.tenant = now->tenant,
                               .task = now->task,
                               .epoch = change->epoch ? change->epoch : now->epoch,
                               .at_us =
                                   change->at_us == INT64_MIN ? clock_realtime_us() : change->at_us,
                               .state = "",
                               .evidence = "",
                               .agent = change->agent,
                               .sequence = change->sequence};
}

int task_book_note(struct task_book *book, const struct task_page *page,
                   const struct task_change *change, const char *name, struct error *err)
{
    struct task_event event = event_of(&page->now, change);

    event.kind = "note";
    event.name = name;
    event.detail = change->why ? change->why : "";
    return task_book_event(book, &event, err);
}

int task_book_hold(struct task_book *book, struct task_page *page, const char *because,
                   struct error *err)
{
    page->held_because = task_book_keep(book, because, err);
    if (because && !page->held_because)
        return -1;
    page->holds = true;
    task_page_touch(page);
    return 0;
}

/* ---- changes ---- */

/* Of a task in one transaction these may follow each other in one written row. */
static bool is_way_forward(const struct task_change *change)
{
    return strcmp(change->to, "accepted") == 0 || strcmp(change->to, "running") == 0 ||
           strcmp(change->event, "result") == 0;
}

static int audit_change(struct task_book *book, const struct task_page *page,
                        const struct task_change *change, const char *name, const char *why,
                        struct error *err)
{
    struct task_change_words words;
    struct audit_entry entry;
    int rc;

    if (task_state_audit_words(&page->now, change, name, why, &words, &entry, err) < 0)
        return -1;
    rc = task_book_audit(book, &page->now.tenant, &entry, err);
    free(words.why);
    return rc;
}

/* The edge of each single step was looked up; the database judges the step that is written. */
static int go_forward(struct task_book *book, struct task_page *page,
                      const struct task_change *change, struct error *err)
{
    struct task_event event = event_of(&page->now, change);
    char name[TASK_CHANGE_NAME];

    if (task_state_words(&page->now, change, name, &event.detail, err) < 0)
        return -1;
    event.kind = "state";
    event.name = name;
    if (task_book_event(book, &event, err) < 0)
        return -1;
    if (strcmp(change->to, "running") == 0 && page->row.started_us == INT64_MIN)
        page->row.started_us = event.at_us;
    strcpy(page->now.state, change->to);
    page->row.to = strcmp(page->was, page->now.state) == 0 ? NULL : page->now.state;
    task_page_touch(page);
    return audit_change(book, page, change, name, event.detail, err);
}

int task_book_change(struct task_book *book, struct task_page *page,
                     const struct task_change *change, struct error *err)
{
    struct db *db;

    if (is_way_forward(change) &&
        (strcmp(page->was, change->to) == 0 || task_edge_find(page->was, change->to, NULL)))
        return go_forward(book, page, change, err);
    if (task_book_write(book, err) < 0 || !(db = task_book_db(book, &page->now.tenant, err)) ||
        task_state_change(db, &page->now, change, err) < 0)
        return -1;
    memcpy(page->was, page->now.state, sizeof(page->was));
    return 0;
}

/* ---- writing ---- */

static int write_tasks(struct task_book *book, struct db *db, const struct uuid *tenant,
                       struct error *err)
{
    struct task_write *rows;
    size_t count = 0;
    int rc = 0;

    for (const struct task_page *page = book->waiting; page; page = page->next_waiting)
        count += uuid_equal(&page->now.tenant, tenant);
    if (count == 0)
        return 0;
    if (!(rows = calloc(count, sizeof(*rows))))
        return error_no_memory(err);
    count = 0;
    for (struct task_page *page = book->waiting; page; page = page->next_waiting)
        if (uuid_equal(&page->now.tenant, tenant)) {
            page->row.was = page->was;
            rows[count++] = page->row;
        }
    rc = task_state_write_many(db, tenant, rows, count, err);
    free(rows);
    return rc;
}

static int by_machine(const void *a, const void *b)
{
    const struct task_page *const *x = a, *const *y = b;

    return memcmp(&(*x)->now.machine, &(*y)->now.machine, sizeof(struct uuid));
}

static int write_sorted_holds(struct db *db, struct task_page **pages, size_t count,
                              struct error *err)
{
    struct uuid *ids = calloc(2 * count, sizeof(*ids));
    const char **words = calloc(count, sizeof(*words));
    int rc = -1;

    qsort(pages, count, sizeof(struct task_page *), by_machine);
    for (size_t i = 0; ids && words && i < count; i++) {
        ids[i] = pages[i]->now.machine;
        ids[count + i] = pages[i]->now.task;
        words[i] = pages[i]->held_because;
    }
    if (!ids || !words)
        error_no_memory(err);
    else
        rc = db_execute(db, SQL_BOOK_HOLDS, err, "UUS", count, ids, count, ids + count, count,
                        words);
    free(ids);
    free(words);
    return rc < 0 ? -1 : 0;
}

/* Machines are no tenant's.. */
static int write_holds(struct task_book *book, struct error *err)
{
    struct task_page **pages;
    size_t count = 0;
    int rc;

    for (const struct task_page *page = book->waiting; page; page = page->next_waiting)
        count += page->holds;
    if (count == 0)
        return 0;
    if (!(pages = calloc(count, sizeof(struct task_page *))))
        return error_no_memory(err);
    count = 0;
    for (struct task_page *page = book->waiting; page; page = page->next_waiting)
        if (page->holds)
            pages[count++] = page;
    rc = write_sorted_holds(book->db, pages, count, err);
    free(pages);
    return rc;
}

struct event_columns {
    struct uuid *ids, *tasks, *agents;
    int64_t *epochs, *times, *durations, *attempts, *sequences;
    const char **kinds, **names, **states, **details, **evidences;
};

static int insert_events(struct db *db, const struct uuid *tenant, const struct event_columns *of,
                         size_t n, struct error *err)
{
    return db_execute(db, SQL_BOOK_EVENTS, err, "uUUITSSSSSIIUI", tenant, n, of->ids, n, of->tasks,
                      n, of->epochs, n, of->times, n, of->kinds, n, of->names, n, of->states, n,
                      of->details, n, of->evidences, n, of->durations, n, of->attempts, n,
                      of->agents, n, of->sequences) < 0
               ? -1
               : 0;
}

static void put_event(struct event_columns *to, size_t at, const struct book_event *event)
{
    to->ids[at] = event->id;
    to->tasks[at] = event->of.task;
    to->agents[at] = event->of.agent;
    to->epochs[at] = event->of.epoch;
    to->times[at] = event->of.at_us;
    to->durations[at] = event->of.duration_ms;
    to->attempts[at] = event->of.attempt;
    to->sequences[at] = (int64_t)event->of.sequence;
    to->kinds[at] = event->of.kind;
    to->names[at] = event->of.name;
    to->states[at] = event->of.state;
    to->details[at] = event->of.detail;
    to->evidences[at] = event->of.evidence;
}

static int write_events(struct task_book *book, struct db *db, const struct uuid *tenant,
                        struct error *err)
{
    size_t room = book->event_count, count = 0;
    struct uuid *ids = calloc(3 * room + 1, sizeof(*ids));
    int64_t *numbers = calloc(5 * room + 1, sizeof(*numbers));
    const char **words = calloc(5 * room + 1, sizeof(*words));
    int rc = 0;

    if (ids && numbers && words) {
        struct event_columns columns = {ids,
                                        ids + room,
                                        ids + 2 * room,
                                        numbers,
                                        numbers + room,
                                        numbers + 2 * room,
                                        numbers + 3 * room,
                                        numbers + 4 * room,
                                        words,
                                        words + room,
                                        words + 2 * room,
                                        words + 3 * room,
                                        words + 4 * room};

        for (size_t i = 0; i < room; i++)
            if (uuid_equal(&book->events[i].of.tenant, tenant))
                put_event(&columns, count++, &book->events[i]);
        if (count > 0)
            rc = insert_events(db, tenant, &columns, count, err);
    } else {
        rc = error_no_memory(err);
    }
    free(ids);
    free(numbers);
    free(words);
    return rc;
}

static int write_audits(struct task_book *book, struct db *db, const struct uuid *tenant,
                        struct error *err)
{
    struct audit_entry *entries = calloc(book->audit_count + 1, sizeof(*entries));
    size_t count = 0;
    int rc;

    if (!entries)
        return error_no_memory(err);
    for (size_t i = 0; i < book->audit_count; i++)
        if (uuid_equal(&book->audits[i].tenant, tenant))
            entries[count++] = book->audits[i].entry;
    rc = audit_append_many(db, tenant, entries, count, err);
    free(entries);
    return rc;
}

static int write_tenant(struct task_book *book, const struct uuid *tenant, struct error *err)
{
    struct db *db = task_book_db(book, tenant, err);

    return !db || write_tasks(book, db, tenant, err) < 0 ||
                   write_events(book, db, tenant, err) < 0 ||
                   write_audits(book, db, tenant, err) < 0
               ? -1
               : 0;
}

struct tenants {
    struct uuid *ids;
    size_t count, room;
};

static int add_tenant(struct tenants *tenants, const struct uuid *tenant, struct error *err)
{
    for (size_t i = tenants->count; i > 0; i--)
        if (uuid_equal(&tenants->ids[i - 1], tenant))
            return 0;
    if (grow(&tenants->ids, tenants->count, &tenants->room, sizeof(*tenants->ids), err) < 0)
        return -1;
    tenants->ids[tenants->count++] = *tenant;
    return 0;
}

/* Whose anything waits. */
static int tenants_waiting(const struct task_book *book, struct tenants *ret, struct error *err)
{
    int rc = 0;

    for (const struct task_page *page = book->waiting; rc == 0 && page; page = page->next_waiting)
        rc = add_tenant(ret, &page->now.tenant, err);
    for (size_t i = 0; rc == 0 && i < book->event_count; i++)
        rc = add_tenant(ret, &book->events[i].of.tenant, err);
    for (size_t i = 0; rc == 0 && i < book->audit_count; i++)
        rc = add_tenant(ret, &book->audits[i].tenant, err);
    return rc;
}

int task_book_write(struct task_book *book, struct error *err)
{
    struct tenants tenants = {0};
    int rc = tenants_waiting(book, &tenants, err);

    for (size_t i = 0; rc == 0 && i < tenants.count; i++)
        rc = write_tenant(book, &tenants.ids[i], err);
    free(tenants.ids);
    if (rc == 0)
        rc = write_holds(book, err);
    if (rc < 0)
        return -1;
    for (struct task_page *page = book->waiting, *next; page; page = next) {
        next = page->next_waiting;
        task_page_clean(page);
    }
    book->waiting = NULL;
    book->event_count = book->audit_count = 0;
    return 0;
}
