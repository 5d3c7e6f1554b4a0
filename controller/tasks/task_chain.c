/* task_chain.c - see task_chain.h. Invariant: a chain moves with the stream's position, so that the
 * same record never counts twice. */
#include "controller/tasks/task_chain.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_chain.sql.h"
#include "controller/tasks/task_facts.h"
#include "controller/tasks/task_state.h"
#include "proto/sha256.h"

static struct task_chain *add(struct task_chains *chains, struct error *err)
{
    if (chains->count == chains->room) {
        size_t room = chains->room ? chains->room * 2 : 16;
        struct task_chain *items = realloc(chains->items, room * sizeof(*items));

        if (!items) {
            error_set_code(err, ERROR_UNAVAILABLE, "out of memory for digests");
            return NULL;
        }
        chains->items = items;
        chains->room = room;
    }
    memset(&chains->items[chains->count], 0, sizeof(*chains->items));
    return &chains->items[chains->count];
}

struct task_chain *task_chains_of(struct task_chains *chains, struct db *db,
                                  const struct task_fact *fact, const struct uuid *journal,
                                  struct error *err)
{
    struct task_chain *chain;
    struct db_rows *rows;
    const uint8_t *digest;
    size_t length = 0;

    /* The newest first: runs of one task's records are the rule. */
    for (size_t i = chains->count; i > 0; i--)
        if (uuid_equal(&chains->items[i - 1].task, &fact->task))
            return &chains->items[i - 1];
    if (!(chain = add(chains, err)) ||
        !(rows = db_query(db, SQL_CHAIN_READ, err, "uuu", &fact->tenant, &fact->task, journal)))
        return NULL;
    chain->tenant = fact->tenant;
    chain->task = fact->task;
    digest = db_rows_count(rows) ? db_blob(rows, 0, 0, &length) : NULL;
    if (digest && length == sizeof(chain->digest))
        memcpy(chain->digest, digest, length);
    db_rows_destroy(rows);
    chains->count++;
    return chain;
}

int task_chain_grow(struct task_chain *chain, const void *record, size_t length, struct error *err)
{
    uint8_t *bytes = malloc(sizeof(chain->digest) + length);

    if (!bytes)
        return error_set_code(err, ERROR_UNAVAILABLE, "out of memory for a digest");
    memcpy(bytes, chain->digest, sizeof(chain->digest));
    memcpy(bytes + sizeof(chain->digest), record, length);
    sha256_of(bytes, sizeof(chain->digest) + length, chain->digest);
    free(bytes);
    chain->grown = true;
    return 0;
}

/* Those of one tenant, from 'first' on; they are not grown any more. */
static int save_tenant(struct task_chains *chains, size_t first, struct db *db,
                       const struct uuid *journal, struct uuid *tasks, struct db_bytes *digests,
                       struct error *err)
{
    const struct uuid tenant = chains->items[first].tenant;
    size_t count = 0;

    for (size_t i = first; i < chains->count; i++) {
        struct task_chain *chain = &chains->items[i];

        if (!chain->grown || !uuid_equal(&chain->tenant, &tenant))
            continue;
        tasks[count] = chain->task;
        digests[count++] = (struct db_bytes){chain->digest, sizeof(chain->digest)};
        chain->grown = false;
    }
    if (db_set_tenant(db, &tenant, err) < 0 ||
        db_execute(db, SQL_CHAIN_SAVE, err, "uuUY", &tenant, journal, count, tasks, count,
                   digests) < 0)
        return -1;
    return 0;
}

int task_chains_save(struct task_chains *chains, struct db *db, const struct uuid *journal,
                     struct error *err)
{
    struct uuid *tasks = calloc(chains->count + 1, sizeof(*tasks));
    struct db_bytes *digests = calloc(chains->count + 1, sizeof(*digests));
    int rc =
        tasks && digests ? 0 : error_set_code(err, ERROR_UNAVAILABLE, "out of memory for digests");

    for (size_t i = 0; rc == 0 && i < chains->count; i++)
        if (chains->items[i].grown)
            rc = save_tenant(chains, i, db, journal, tasks, digests, err);
    free(tasks);
    free(digests);
    return rc;
}

void task_chains_clear(struct task_chains *chains)
{
    free(chains->items);
    memset(chains, 0, sizeof(*chains));
}

int task_chain_judge(struct db *db, const struct task_fact *fact, bool agrees, const char *who,
                     struct error *err)
{
    static const char why[] =
        "the agent signed for other facts than came: compare with its own journal";
    const struct task_change said = {.why = why,
                                     .at_us = fact->at_us,
                                     .epoch = (int64_t)fact->epoch,
                                     .agent = fact->agent,
                                     .sequence = fact->sequence};
    const struct task_now now = {.tenant = fact->tenant, .task = fact->task};
    char object[UUID_TEXT_SIZE + 8] = "task ";
    const struct audit_entry entry = {.who = who,
                                      .action = "task.facts_differ",
                                      .object = object,
                                      .outcome = "failed",
                                      .why = why};

    if (db_execute(db, SQL_CHAIN_JUDGE, err, "uub", &fact->tenant, &fact->task, (int)agrees) < 0)
        return -1;
    if (agrees)
        return 0;
    uuid_format(&fact->task, object + strlen(object));
    if (task_state_note(db, &now, &said, "facts differ", err) < 0)
        return -1;
    return audit_append(db, &fact->tenant, &entry, err);
}
