/* alert_source.c - see alert_source.h. */
#include "controller/intake/alert_source.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/intake/alert_source.sql.h"

static int read_rows(const struct db_rows *rows, struct alert_sources *ret, struct error *err)
{
    size_t count = db_rows_count(rows);

    ret->items = calloc(count + 1, sizeof(*ret->items));
    if (!ret->items)
        return error_no_memory(err);
    for (; ret->count < count; ret->count++) {
        struct alert_source *source = &ret->items[ret->count];

        source->tenant = db_uuid(rows, ret->count, 0);
        source->id = db_uuid(rows, ret->count, 1);
        source->name = strdup(db_text(rows, ret->count, 2));
        source->topic = strdup(db_text(rows, ret->count, 3));
        if (!source->name || !source->topic) {
            free(source->name);
            free(source->topic);
            return error_no_memory(err);
        }
    }
    return 0;
}

static bool same(const struct alert_sources *a, const struct alert_sources *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!uuid_equal(&a->items[i].id, &b->items[i].id) ||
            !uuid_equal(&a->items[i].tenant, &b->items[i].tenant) ||
            strcmp(a->items[i].topic, b->items[i].topic) != 0)
            return false;
    return true;
}

int alert_sources_refresh(struct db *db, struct alert_sources *sources, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_ALERT_SOURCES, err, "");
    struct alert_sources fresh = {0};
    int rc;

    if (!rows)
        return -1;
    rc = read_rows(rows, &fresh, err);
    db_rows_destroy(rows);
    if (rc < 0 || (sources->items && same(sources, &fresh))) {
        alert_sources_clear(&fresh);
        return rc;
    }
    alert_sources_clear(sources);
    *sources = fresh;
    return 1;
}

const struct alert_source *alert_sources_find(const struct alert_sources *sources,
                                              const char *topic)
{
    for (size_t i = 0; i < sources->count; i++)
        if (strcmp(sources->items[i].topic, topic) == 0)
            return &sources->items[i];
    return NULL;
}

void alert_sources_clear(struct alert_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        free(sources->items[i].name);
        free(sources->items[i].topic);
    }
    free(sources->items);
    memset(sources, 0, sizeof(*sources));
}
