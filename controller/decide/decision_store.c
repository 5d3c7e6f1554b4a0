/* decision_store.c - see decision_store.h. */
#include "controller/decide/decision_store.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/decide/decision_store.sql.h"

#define STATEMENT_MAX 1000 /* rows */

int decision_rows_add(struct decision_rows *rows, const struct decision_row *row,
                      const char *trigger, const char *reason, const char *words, struct error *err)
{
    struct decision_row *added;

    if (rows->count == rows->room) {
        size_t room = rows->room ? 2 * rows->room : 64;
        struct decision_row *grown = realloc(rows->rows, room * sizeof(*grown));

        if (!grown)
            return error_no_memory(err);
        rows->rows = grown;
        rows->room = room;
    }
    added = &rows->rows[rows->count++];
    *added = *row;
    added->trigger = strdup(trigger);
    added->reason = strdup(reason);
    added->words = strdup(words);
    return added->trigger && added->reason && added->words ? 0 : error_no_memory(err);
}

void decision_rows_clear(struct decision_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->rows[i].trigger);
        free(rows->rows[i].reason);
        free(rows->rows[i].words);
    }
    free(rows->rows);
    memset(rows, 0, sizeof(*rows));
}

/* One block a type; the columns stand one behind another in it. */
struct columns {
    struct uuid *ids, *alerts, *rules, *tasks;
    int64_t *versions, *documents, *untils, *evaluated, *shadows;
    const char **keys, **triggers, **kinds, **outcomes, **endings, **reasons, **words;
};

static int columns_create(struct columns *c, size_t n, struct error *err)
{
    c->ids = calloc(4 * n, sizeof(*c->ids));
    c->versions = calloc(5 * n, sizeof(*c->versions));
    c->keys = calloc(7 * n, sizeof(*c->keys));
    if (!c->ids || !c->versions || !c->keys)
        return error_no_memory(err);
    c->alerts = c->ids + n;
    c->rules = c->alerts + n;
    c->tasks = c->rules + n;
    c->documents = c->versions + n;
    c->untils = c->documents + n;
    c->evaluated = c->untils + n;
    c->shadows = c->evaluated + n;
    c->triggers = c->keys + n;
    c->kinds = c->triggers + n;
    c->outcomes = c->kinds + n;
    c->endings = c->outcomes + n;
    c->reasons = c->endings + n;
    c->words = c->reasons + n;
    return 0;
}

static void columns_clear(struct columns *c)
{
    free(c->ids);
    free(c->versions);
    free(c->keys);
}

static void fill(struct columns *c, size_t i, const struct decision_row *row)
{
    c->ids[i] = row->id;
    c->alerts[i] = row->alert;
    c->rules[i] = row->rule;
    c->tasks[i] = row->task;
    c->versions[i] = row->rule_version;
    c->documents[i] = row->document_version;
    c->untils[i] = row->until_us ? row->until_us : INT64_MIN;
    c->evaluated[i] = row->evaluated_us;
    c->shadows[i] = row->shadow;
    c->keys[i] = row->key;
    c->triggers[i] = row->trigger;
    c->kinds[i] = row->kind;
    c->outcomes[i] = row->outcome;
    c->endings[i] = row->ending;
    c->reasons[i] = row->reason;
    c->words[i] = row->words;
}

static int insert(struct db *db, const struct uuid *tenant, const struct decision_row *rows,
                  size_t n, struct error *err)
{
    struct columns c = {0};
    int rc = columns_create(&c, n, err);

    for (size_t i = 0; rc == 0 && i < n; i++)
        fill(&c, i, &rows[i]);
    if (rc == 0)
        rc = db_execute(db, SQL_DECISION_INSERT, err, "uUUUUIITTISSSSSSS", tenant, n, c.ids, n,
                        c.alerts, n, c.rules, n, c.tasks, n, c.versions, n, c.documents, n,
                        c.untils, n, c.evaluated, n, c.shadows, n, c.keys, n, c.triggers, n,
                        c.kinds, n, c.outcomes, n, c.endings, n, c.reasons, n, c.words);
    columns_clear(&c);
    return rc < 0 ? -1 : 0;
}

int decision_store(struct db *db, const struct uuid *tenant, const struct decision_rows *rows,
                   struct error *err)
{
    for (size_t at = 0; at < rows->count; at += STATEMENT_MAX) {
        size_t n = rows->count - at < STATEMENT_MAX ? rows->count - at : STATEMENT_MAX;

        if (insert(db, tenant, rows->rows + at, n, err) < 0)
            return -1;
    }
    return 0;
}
