/* timer_shard.c - see timer_shard.h. */
#include "controller/timer_shard.h"

#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/timer_shard.sql.h"

int timer_shard_hold(struct timer_shard *shard, struct db *db, const struct uuid *controller,
                     int64_t now_ms, struct error *err)
{
    struct db_rows *rows;

    if (shard->asked_ms && now_ms - shard->asked_ms < TIMER_SHARD_LIFE_S * 1000 / 3)
        return shard->ours;
    rows = db_query(db, SQL_TIMER_SHARD_CLAIM, err, "sui", shard->name, controller,
                    (int64_t)TIMER_SHARD_LIFE_S);
    shard->ours = false; /* until the database says so */
    if (!rows)
        return -1;
    shard->asked_ms = now_ms;
    shard->ours = db_rows_count(rows) == 1;
    if (shard->ours)
        shard->fence = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    return shard->ours;
}

int timer_shard_give_up(struct timer_shard *shard, struct db *db, const struct uuid *controller,
                        struct error *err)
{
    if (!shard->ours)
        return 0;
    shard->ours = false;
    return db_execute(db, SQL_TIMER_SHARD_GIVE_UP, err, "sui", shard->name, controller,
                      shard->fence) < 0
               ? -1
               : 0;
}
