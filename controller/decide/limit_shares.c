/* limit_shares.c - see limit_shares.h. Invariant: the groups of a count are sorted, each once. */
#include "controller/decide/limit_shares.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/json.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/limit_shares.sql.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"

#define KEPT_MS 60000
/* A document of a machine is a few KiB; its parts are bounded where they are written. */
#define DOCUMENT_BYTES_MAX ((size_t)1024 * 1024)

struct group {
    char *name;
    size_t machines;
};

/* One limit of one rule. */
struct count {
    struct count *next;
    uint32_t rule;
    size_t entry;
    int64_t made_ms;
    struct group *groups;
    size_t used;
};

struct limit_shares {
    struct count *counts;
};

struct limit_shares *limit_shares_create(struct error *err)
{
    struct limit_shares *shares = calloc(1, sizeof(*shares));

    if (!shares)
        error_no_memory(err);
    return shares;
}

static void forget(struct count *count)
{
    for (size_t i = 0; i < count->used; i++)
        free(count->groups[i].name);
    free(count->groups);
    count->groups = NULL;
    count->used = 0;
}

void limit_shares_destroy(struct limit_shares *shares)
{
    if (!shares)
        return;
    for (struct count *count = shares->counts, *next; count; count = next) {
        next = count->next;
        forget(count);
        free(count);
    }
    free(shares);
}

/* ---- counting ---- */

static int by_name(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* Equal names become one. */
static void fold(struct count *count)
{
    size_t kept = 0;

    qsort(count->groups, count->used, sizeof(*count->groups), by_name);
    for (size_t i = 0; i < count->used; i++) {
        if (kept > 0 && strcmp(count->groups[kept - 1].name, count->groups[i].name) == 0) {
            count->groups[kept - 1].machines++;
            free(count->groups[i].name);
        } else {
            count->groups[kept++] = count->groups[i];
        }
    }
    count->used = kept;
}

/* One machine; one for which the expression has no value is in no group. */
static int add_machine(struct count *count, struct rule_engine *engine, struct rule_moment *moment,
                       const struct rule_expression *by, const char *document, struct error *err)
{
    json_t *asset = json_parse(document, strlen(document), DOCUMENT_BYTES_MAX, err);
    const char *name;
    int rc = -1;

    if (!asset)
        return error_prefix(err, "a machine's document");
    if (rule_moment_fill(moment, NULL, asset, 0, RULE_ALL_NAMES, err) < 0)
        goto out;
    rc = 0;
    if (rule_engine_group(engine, count->rule, moment, by, &name)) {
        struct group *group = &count->groups[count->used];

        *group = (struct group){.name = strdup(name), .machines = 1};
        if (group->name)
            count->used++;
        else
            rc = error_no_memory(err);
    }
out:
    json_decref(asset);
    return rc;
}

static int make(struct count *count, struct db *db, const struct uuid *tenant,
                struct rule_engine *engine, const struct rule_expression *by, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_LIMIT_SHARES_MACHINES, err, "u", tenant);
    struct rule_moment *moment = rule_moment_create();
    int rc = rows ? 0 : -1;

    forget(count);
    if (rc == 0)
        count->groups = calloc(db_rows_count(rows) + 1, sizeof(*count->groups));
    if (rc == 0 && (!moment || !count->groups))
        rc = error_no_memory(err);
    for (size_t i = 0; rc == 0 && i < db_rows_count(rows); i++)
        rc = add_machine(count, engine, moment, by, db_text(rows, i, 0), err);
    if (rc == 0) {
        fold(count);
        count->made_ms = clock_monotonic_ms();
    } else {
        forget(count);
    }
    rule_moment_destroy(moment);
    db_rows_destroy(rows);
    return rc;
}

static struct count *count_of(struct limit_shares *shares, uint32_t rule, size_t entry,
                              struct error *err)
{
    struct count *count = shares->counts;

    while (count && (count->rule != rule || count->entry != entry))
        count = count->next;
    if (count)
        return count;
    if (!(count = calloc(1, sizeof(*count)))) {
        error_no_memory(err);
        return NULL;
    }
    *count = (struct count){.next = shares->counts, .rule = rule, .entry = entry};
    return shares->counts = count;
}

int limit_shares_count(struct limit_shares *shares, struct db *db, const struct uuid *tenant,
                       struct rule_engine *engine, const struct rule_document *document,
                       uint32_t rule, size_t entry, const char *group, size_t *ret,
                       struct error *err)
{
    const struct group wanted = {.name = (char *)group};
    struct count *count = count_of(shares, rule, entry, err);
    const struct group *found;

    if (!count)
        return -1;
    if ((!count->groups || clock_monotonic_ms() - count->made_ms > KEPT_MS) &&
        make(count, db, tenant, engine, &document->limits[entry].by, err) < 0)
        return -1;
    found = bsearch(&wanted, count->groups, count->used, sizeof(*count->groups), by_name);
    *ret = found ? found->machines : 0;
    return 0;
}
