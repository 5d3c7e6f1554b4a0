/* machine_lookup.c - see machine_lookup.h. */
#include "controller/fleet/machine_lookup.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/fleet/machine_lookup.sql.h"

struct columns {
    int64_t *numbers;
    const char **macs, **serials, **tags, **names;
};

static int build_columns(const struct machine_claim *claims, size_t count, struct columns *columns,
                         struct error *err)
{
    columns->numbers = calloc(count + 1, sizeof(*columns->numbers));
    columns->macs = calloc(count + 1, sizeof(*columns->macs));
    columns->serials = calloc(count + 1, sizeof(*columns->serials));
    columns->tags = calloc(count + 1, sizeof(*columns->tags));
    columns->names = calloc(count + 1, sizeof(*columns->names));
    if (!columns->numbers || !columns->macs || !columns->serials || !columns->tags ||
        !columns->names)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        columns->numbers[i] = (int64_t)i;
        columns->macs[i] = claims[i].mac;
        columns->serials[i] = claims[i].serial;
        columns->tags[i] = claims[i].asset_tag;
        columns->names[i] = claims[i].name;
    }
    return 0;
}

static void read_row(const struct db_rows *rows, size_t row, struct machine_found *ret)
{
    *ret = (struct machine_found){
        .found = true,
        .holding = db_uuid(rows, row, 1),
        .machine = db_uuid(rows, row, 2),
        .site = db_uuid(rows, row, 3),
        .document_version = db_int(rows, row, 4),
        .name = db_text(rows, row, 5),
        .class = db_text(rows, row, 6),
        .site_name = db_text(rows, row, 7),
        .rack = db_text(rows, row, 8),
        .document_text = db_text(rows, row, 9),
    };
}

int machine_lookup(struct db *db, const struct uuid *tenant, const struct machine_claim *claims,
                   size_t count, struct machine_found *ret, struct db_rows **ret_rows,
                   struct error *err)
{
    struct columns columns = {0};
    struct db_rows *rows = NULL;
    int rc = -1;

    if (build_columns(claims, count, &columns, err) < 0)
        goto out;
    rows =
        db_query(db, SQL_MACHINE_LOOKUP, err, "uISSSS", tenant, count, columns.numbers, count,
                 columns.macs, count, columns.serials, count, columns.tags, count, columns.names);
    if (!rows)
        goto out;
    memset(ret, 0, count * sizeof(*ret));
    for (size_t i = 0; i < db_rows_count(rows); i++)
        read_row(rows, i, &ret[db_int(rows, i, 0)]);
    *ret_rows = rows;
    rc = 0;
out:
    free(columns.numbers);
    free(columns.macs);
    free(columns.serials);
    free(columns.tags);
    free(columns.names);
    return rc;
}

int machine_lookup_ids(struct db *db, const struct uuid *tenant, const struct uuid *machines,
                       size_t count, struct machine_found *ret, struct db_rows **ret_rows,
                       struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_MACHINE_LOOKUP_IDS, err, "uU", tenant, count, machines);

    if (!rows)
        return -1;
    memset(ret, 0, count * sizeof(*ret));
    for (size_t i = 0; i < db_rows_count(rows); i++)
        read_row(rows, i, &ret[db_int(rows, i, 0)]);
    *ret_rows = rows;
    return 0;
}
