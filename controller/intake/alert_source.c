/* alert_source.c - see alert_source.h. */
#include "controller/intake/alert_source.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/intake/alert_source.sql.h"
#include "controller/intake/source_format.h"

/* As it was read before, when nothing of it has changed. */
static struct source_format *format_before(const struct alert_sources *sources,
                                           const struct uuid *id, const char *name, int64_t version)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct source_format *format = sources->items[i].format;

        if (format && uuid_equal(&sources->items[i].id, id) &&
            strcmp(source_format_name(format), name) == 0 &&
            source_format_version(format) == version)
            return format;
    }
    return NULL;
}

struct source_format *alert_source_format(struct db *db, const struct uuid *tenant,
                                          const struct uuid *id, const char *name, int64_t version,
                                          struct error *err)
{
    struct source_format *format;
    struct db_rows *rows;

    if (version == 0)
        return source_format_create(name, 0, NULL, err);
    rows = db_query(db, SQL_ALERT_SOURCE_MAPPING, err, "uui", tenant, id, version);
    if (!rows)
        return NULL;
    format =
        source_format_create(name, version, db_rows_count(rows) ? db_text(rows, 0, 0) : NULL, err);
    db_rows_destroy(rows);
    return format;
}

/* Mappings that are new to us, each by a statement of its own: they change rarely. */
static int read_formats(struct db *db, const struct db_rows *rows,
                        const struct alert_sources *before, struct alert_sources *ret,
                        struct error *err)
{
    for (size_t i = 0; i < ret->count; i++) {
        struct alert_source *source = &ret->items[i];
        const char *name = db_text(rows, i, 4);
        int64_t version = db_is_null(rows, i, 5) ? 0 : db_int(rows, i, 5);

        if (strcmp(name, "muster") == 0)
            continue;
        source->format = source_format_hold(format_before(before, &source->id, name, version));
        if (!source->format && !(source->format = alert_source_format(
                                     db, &source->tenant, &source->id, name, version, err)))
            return -1;
    }
    return 0;
}

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
    if (rc == 0)
        rc = read_formats(db, rows, sources, &fresh, err);
    db_rows_destroy(rows);
    if (rc < 0) {
        alert_sources_clear(&fresh);
        return -1;
    }
    rc = !sources->items || !same(sources, &fresh);
    alert_sources_clear(sources);
    *sources = fresh;
    return rc;
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
        source_format_drop(sources->items[i].format);
    }
    free(sources->items);
    memset(sources, 0, sizeof(*sources));
}
