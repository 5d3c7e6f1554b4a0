/* task_book_inside.h - the inside of a book of tasks, shared by task_book.c (reading) and
 * task_book_write.c (what waits to be written) only. */
#pragma once

#include "controller/audit/audit_log.h"
#include "controller/tasks/task_book.h"

struct book_event {
    struct task_event of;
    struct uuid id;
};
struct book_audit {
    struct uuid tenant;
    struct audit_entry entry;
};
struct book_block {
    struct book_block *next;
    size_t used, room;
    char bytes[];
};
struct task_book {
    struct db *db; /* borrowed */
    struct uuid tenant;
    bool named;                      /* the transaction names 'tenant' */
    void *grants, *tasks, *machines; /* tsearch(3): what was looked up; pages by task, by machine */
    struct task_page *first;
    struct task_page *waiting; /* those to be written: what is written often costs what is new */
    struct book_event *events;
    size_t event_count, event_room;
    struct book_audit *audits;
    size_t audit_count, audit_room;
    struct book_block *blocks;
};

/* task_book_write.c: nothing waits of this page, which is in no list of those that wait. */
void task_page_clean(struct task_page *page);
