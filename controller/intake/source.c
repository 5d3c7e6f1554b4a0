/* source.c - see source.h. Owns table source; a halted partition's position changes here by a
 * person's word, and nowhere else without the cursor's epoch. */
#include "controller/intake/source.h"

#include <stdio.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/intake/kafka_cursor.sql.h"
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
                            const char *only, int64_t limit, struct error *err)
{
    return db_query(db, SQL_SOURCE_LIST, err, "ussi", tenant, after, only, limit);
}

/* What is kept of the last record belongs to the position: another position, another log. */
static int resume_at(struct db *db, const char *cluster, const char *topic,
                     const struct source_resume *resume, struct error *err)
{
    static const char *const marks[] = {[SOURCE_FROM_EARLIEST] = "earliest",
                                        [SOURCE_FROM_LATEST] = "latest",
                                        [SOURCE_FROM_OFFSET] = NULL};

    return db_execute(db, SQL_KAFKA_CURSOR_RESUME, err, "ssisib", cluster, topic, resume->partition,
                      marks[resume->from],
                      resume->from == SOURCE_FROM_OFFSET ? resume->offset : INT64_C(-1),
                      resume->from == SOURCE_FROM_WHERE_IT_STOOD);
}

static enum source_resumed resume_topic(struct db *db, const char *topic,
                                        const struct source_resume *resume,
                                        struct source_halt *ret_halt, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_KAFKA_CURSOR_FIND, err, "si", topic, resume->partition);
    enum source_resumed rc = SOURCE_RESUMED;

    if (!rows)
        return SOURCE_RESUME_FAILED;
    if (db_rows_count(rows) == 0) {
        rc = SOURCE_PARTITION_UNKNOWN;
    } else if (db_is_null(rows, 0, 2)) {
        rc = SOURCE_NOT_HALTED;
    } else {
        ret_halt->next = db_int(rows, 0, 1);
        snprintf(ret_halt->because, sizeof(ret_halt->because), "%s", db_text(rows, 0, 2));
        if (resume_at(db, db_text(rows, 0, 0), topic, resume, err) < 0)
            rc = SOURCE_RESUME_FAILED;
    }
    db_rows_destroy(rows);
    return rc;
}

enum source_resumed source_resume(struct db *db, const struct uuid *tenant,
                                  const struct source_resume *resume, struct source_halt *ret_halt,
                                  struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_SOURCE_TOPIC, err, "us", tenant, resume->name);
    enum source_resumed rc = SOURCE_UNKNOWN;

    if (!rows)
        return SOURCE_RESUME_FAILED;
    if (db_rows_count(rows) > 0)
        rc = resume_topic(db, db_text(rows, 0, 0), resume, ret_halt, err);
    db_rows_destroy(rows);
    return rc;
}
