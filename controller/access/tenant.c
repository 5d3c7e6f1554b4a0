/* tenant.c - see tenant.h. Owns table tenant. */
#include "controller/access/tenant.h"

#include "common/error.h"
#include "controller/access/tenant.sql.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"

int tenant_add(struct db *db, const char *name, const char *title, struct uuid *ret_id,
               struct error *err)
{
    struct uuid id = uuid_make();

    if (db_execute(db, SQL_TENANT_INSERT, err, "uss", &id, name, title) < 0)
        return -1;
    *ret_id = id;
    return 0;
}

int tenant_find(struct db *db, const char *name, struct uuid *ret_id, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_TENANT_FIND, err, "s", name);
    int count;

    if (!rows)
        return -1;
    if ((count = (int)db_rows_count(rows)) > 0)
        *ret_id = db_uuid(rows, 0, 0);
    db_rows_destroy(rows);
    return count;
}

struct db_rows *tenant_list(struct db *db, const char *only, const char *after, int64_t limit,
                            struct error *err)
{
    return db_query(db, SQL_TENANT_LIST, err, "sis", after, limit, only);
}
