/* agent.c - see agent.h. Owns table agent. */
#include "controller/fleet/agent.h"

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/fleet/agent.sql.h"

int agent_add(struct db *db, const struct uuid *site, const char *name,
              const struct agent_public_keys *keys, struct uuid *ret_id, struct error *err)
{
    struct uuid id = uuid_make();
    const size_t size = KEY_BYTES;

    if (db_execute(db, SQL_AGENT_INSERT, err, "uusyyy", &id, site, name, keys->curve, size,
                   keys->sign, size, keys->seal, size) < 0 ||
        db_execute(db, SQL_AGENT_NOTIFY, err, "s", name) < 0)
        return -1;
    *ret_id = id;
    return 0;
}

int agent_revoke(struct db *db, const char *name, struct error *err)
{
    struct db_rows *site = db_query(db, SQL_AGENT_LOCK_SITE, err, "s", name);
    int changed = site ? db_execute(db, SQL_AGENT_REVOKE, err, "s", name) : -1;

    db_rows_destroy(site);
    if (changed > 0 && (db_execute(db, SQL_AGENT_SESSION_END, err, "s", name) < 0 ||
                        db_execute(db, SQL_AGENT_NOTIFY, err, "s", name) < 0))
        return -1;
    return changed;
}

int agent_is_active(struct db *db, const struct uuid *id, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_AGENT_IS_ACTIVE, err, "u", id);
    int count = rows ? (int)db_rows_count(rows) : -1;

    db_rows_destroy(rows);
    return count;
}

struct db_rows *agent_list(struct db *db, const char *only, const char *after, int64_t limit,
                           struct error *err)
{
    return db_query(db, SQL_AGENT_LIST, err, "sis", after, limit, only);
}
