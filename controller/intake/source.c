/* source.c - see source.h. Owns table source. */
#include "controller/intake/source.h"

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/intake/source.sql.h"

int source_add(struct db *db, const struct uuid *tenant, const char *name, const char *topic,
               struct uuid *ret_id, struct error *err)
{
    struct uuid id = uuid_make();

    /* A hint: who consumes looks every few seconds anyway. */
    if (db_execute(db, SQL_SOURCE_INSERT, err, "uuss", tenant, &id, name, topic) < 0 ||
        db_execute(db, SQL_SOURCE_NOTIFY, err, "s", topic) < 0)
        return -1;
    *ret_id = id;
    return 0;
}

struct db_rows *source_list(struct db *db, const struct uuid *tenant, const char *after,
                            int64_t limit, struct error *err)
{
    return db_query(db, SQL_SOURCE_LIST, err, "usi", tenant, after, limit);
}
