/* task_book.h - tasks as one transaction knows them: read and locked together, followed in memory,
 * written together. What agents say of many tasks then costs a few statements, not a few each
 * (task_facts.h). Invariant: what is not written yet is only the way forward (accepted, running, a
 * RESULT's end), events, audit rows and holds; everything else is done at once, behind
 * task_book_write().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/tasks/task_state.h"

struct audit_entry;
struct db;
struct error;
struct task_book;

/* A grant, as a record names it. */
struct task_named {
    struct uuid task, site;
    uint64_t epoch;
};
/* A task of the book. 'row' collects what its facts change; task_facts.c and task_chain.c fill it.
 */
struct task_page {
    struct task_now now; /* with all that was said so far */
    char was[24];        /* the state that its row has */
    struct task_write row;
    bool waits;               /* to be written: task_page_touch() */
    bool shares_machine;      /* with another page: neither knows the other's changes */
    const char *held_because; /* NULL: the machine is to be free of it */
    bool holds;               /* 'held_because' waits to be written */
    struct task_book *book;   /* borrowed */
    struct task_page *next, *next_waiting;
};
/* 'row' was changed. */
void task_page_touch(struct task_page *page);

/* For one open transaction of 'db', borrowed; afterwards it is of no use. NULL: memory. */
struct task_book *task_book_create(struct db *db, struct error *err);
void task_book_destroy(struct task_book *book);

/* Looks up what a batch names, and with 'lock' reads and locks those tasks, in one order. Whatever
 * it leaves out is looked up when it is asked for. */
int task_book_read(struct task_book *book, const struct task_named *named, size_t count, bool lock,
                   struct error *err);
/* 1 and whose task it is; 0: there is no such grant; -1. */
int task_book_grant(struct task_book *book, const struct task_named *named, struct uuid *ret_tenant,
                    struct error *err);
/* Borrowed; NULL: 'err'. */
struct task_page *task_book_page(struct task_book *book, const struct uuid *tenant,
                                 const struct uuid *task, struct error *err);

/* The connection, for a statement of that tenant; nothing is written first. NULL: 'err'. */
struct db *task_book_db(struct task_book *book, const struct uuid *tenant, struct error *err);
/* For what is asked across tenants. */
struct db *task_book_any_db(struct task_book *book);
/* Somebody else has named a tenant, or none. */
void task_book_forget_tenant(struct task_book *book);
/* All that waits. */
int task_book_write(struct task_book *book, struct error *err);
/* The page as its row is, behind what waited. */
int task_book_read_again(struct task_book *book, struct task_page *page, struct error *err);

/* As task_state_change() and task_state_note(). Only the way forward waits; any other change is
 * made at once. */
int task_book_change(struct task_book *book, struct task_page *page,
                     const struct task_change *change, struct error *err);
int task_book_note(struct task_book *book, const struct task_page *page,
                   const struct task_change *change, const char *name, struct error *err);
/* An event as it is; strings are copied. */
struct task_event {
    struct uuid tenant, task;
    int64_t epoch, at_us;
    const char *kind, *name, *state, *detail, *evidence;
    int64_t duration_ms, attempt; /* 0: none */
    struct uuid agent;            /* nil: none */
    uint64_t sequence;
};
int task_book_event(struct task_book *book, const struct task_event *event, struct error *err);
/* Strings are copied. */
int task_book_audit(struct task_book *book, const struct uuid *tenant,
                    const struct audit_entry *entry, struct error *err);
/* The machine is held by this task, or (NULL) not any more; what a person's hold says stays. */
int task_book_hold(struct task_book *book, struct task_page *page, const char *because,
                   struct error *err);
/* A copy that lives as long as the book; NULL: memory. NULL stays NULL, without 'err'. */
const char *task_book_keep(struct task_book *book, const char *string, struct error *err);
const void *task_book_keep_bytes(struct task_book *book, const void *bytes, size_t length,
                                 struct error *err);
