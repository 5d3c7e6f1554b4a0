/* task_chain.c - see task_chain.h. Invariant: a chain moves with the stream's position, so that the
 * same record never counts twice. */
#include "controller/tasks/task_chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/audit/audit_log.h"
#include "controller/tasks/task_book.h"
#include "controller/tasks/task_facts.h"
#include "proto/sha256.h"

/* Of another journal nothing counts. */
void task_chain_read(const struct task_page *page, const struct uuid *journal, uint8_t ret[32])
{
    if (uuid_equal(&page->now.facts_journal, journal))
        memcpy(ret, page->now.facts_chain, sizeof(page->now.facts_chain));
    else
        memset(ret, 0, sizeof(page->now.facts_chain));
}

int task_chain_grow(struct task_page *page, const struct uuid *journal, const void *record,
                    size_t length, struct error *err)
{
    struct task_now *now = &page->now;
    uint8_t *bytes = malloc(sizeof(now->facts_chain) + length);

    if (!bytes)
        return error_no_memory(err);
    task_chain_read(page, journal, bytes);
    memcpy(bytes + sizeof(now->facts_chain), record, length);
    sha256_of(bytes, sizeof(now->facts_chain) + length, now->facts_chain);
    free(bytes);
    now->facts_journal = page->row.facts_journal = *journal;
    memcpy(page->row.facts_chain, now->facts_chain, sizeof(now->facts_chain));
    task_page_touch(page);
    return 0;
}

int task_chain_judge(struct task_book *book, const struct task_fact *fact, bool agrees,
                     struct error *err)
{
    static const char why[] =
        "the agent signed for other facts than came: compare with its own journal";
    const struct task_change said = {.why = why,
                                     .at_us = fact->at_us,
                                     .epoch = (int64_t)fact->epoch,
                                     .agent = fact->agent,
                                     .sequence = fact->sequence};
    struct task_page *page = task_book_page(book, &fact->tenant, &fact->task, err);
    char object[UUID_TEXT_SIZE + 8] = "task ", who[80];
    const struct audit_entry entry = {.who = who,
                                      .action = "task.facts_differ",
                                      .object = object,
                                      .outcome = "failed",
                                      .why = why};

    if (!page)
        return -1;
    page->row.facts_agree = agrees;
    task_page_touch(page);
    if (agrees)
        return 0;
    uuid_format(&fact->task, object + strlen(object));
    snprintf(who, sizeof(who), "agent %s", fact->agent_name);
    return task_book_note(book, page, &said, "facts differ", err) < 0
               ? -1
               : task_book_audit(book, &fact->tenant, &entry, err);
}
