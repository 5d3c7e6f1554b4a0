/* site.c - see site.h. Owns table site. */
#include "controller/fleet/site.h"

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/fleet/site.sql.h"

int site_add(struct db *db, const struct site_request *request, struct uuid *ret_id,
             struct error *err)
{
    struct uuid id = uuid_make();

    if (db_execute(db, SQL_SITE_INSERT, err, "ussb", &id, request->name, request->time_zone,
                   (int)request->chainload_always) < 0)
        return -1;
    *ret_id = id;
    return 0;
}

int site_find(struct db *db, const char *name, struct uuid *ret_id, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_SITE_FIND, err, "s", name);
    int count;

    if (!rows)
        return -1;
    if ((count = (int)db_rows_count(rows)) > 0)
        *ret_id = db_uuid(rows, 0, 0);
    db_rows_destroy(rows);
    return count;
}

json_t *site_read(struct db *db, const char *name, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_SITE_READ, err, "s", name);
    json_t *site = NULL;

    if (rows && db_rows_count(rows) == 0)
        error_set_code(err, ERROR_NOT_FOUND, "there is no site '%s'", name);
    else if (rows && !(site = json_pack("{s:s, s:b}", "time_zone", db_text(rows, 0, 0),
                                        "chainload_always", (int)db_bool(rows, 0, 1))))
        error_no_memory(err);
    db_rows_destroy(rows);
    return site;
}

int site_set(struct db *db, const struct site_request *request, struct error *err)
{
    return db_execute(db, SQL_SITE_SET, err, "ssb", request->name, request->time_zone,
                      (int)request->chainload_always) < 0
               ? -1
               : 0;
}

int site_release(struct db *db, const char *name, struct error *err)
{
    return db_execute(db, SQL_SITE_RELEASE, err, "s", name);
}

struct db_rows *site_list(struct db *db, const char *only, const char *after, int64_t limit,
                          struct error *err)
{
    return db_query(db, SQL_SITE_LIST, err, "sis", after, limit, only);
}
