/* source.c - see source.h. Owns table source; a halted partition's position changes here by a
 * person's word, and nowhere else without the cursor's epoch. */
#include "controller/intake/source.h"

#include <stdio.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/intake/kafka_cursor.sql.h"
#include "controller/intake/source.sql.h"

static int keep_mapping(struct db *db, const struct uuid *tenant, const struct uuid *id,
                        const struct source_reading *reading, struct error *err)
{
    if (!reading->document)
        return 0;
    return db_execute(db, SQL_SOURCE_MAPPING_INSERT, err, "uuisss", tenant, id, reading->version,
                      reading->format, reading->document, reading->who);
}

int source_add(struct db *db, const struct uuid *tenant, const char *name, const char *topic,
               const struct source_reading *reading, struct uuid *ret_id, struct error *err)
{
    struct uuid id = uuid_make();

    /* A hint: who consumes looks every few seconds anyway. */
    if (db_execute(db, SQL_SOURCE_INSERT, err, "uusssi", tenant, &id, name, topic, reading->format,
                   reading->version) < 0 ||
        keep_mapping(db, tenant, &id, reading, err) < 0 ||
        (topic && db_execute(db, SQL_SOURCE_NOTIFY, err, "s", topic) < 0))
        return -1;
    *ret_id = id;
    return 0;
}

/* Versions rise; the same text again is no new one. */
static enum source_read check_version(struct db *db, const struct uuid *tenant,
                                      const struct uuid *id, const struct source_reading *reading,
                                      struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_SOURCE_MAPPING_SAME, err, "uuis", tenant, id,
                                    reading->version, reading->document);
    enum source_read rc = SOURCE_READ_NOT_HIGHER;
    bool there;

    if (!rows)
        return SOURCE_READ_FAILED;
    there = db_rows_count(rows) > 0;
    if (there && db_bool(rows, 0, 0))
        rc = SOURCE_READ;
    db_rows_destroy(rows);
    if (there)
        return rc;
    rows = db_query(db, SQL_SOURCE_MAPPING_NEWEST, err, "uu", tenant, id);
    if (!rows)
        return SOURCE_READ_FAILED;
    rc = db_int(rows, 0, 0) < reading->version ? SOURCE_READ : SOURCE_READ_NOT_HIGHER;
    db_rows_destroy(rows);
    return rc;
}

static enum source_read read_as(struct db *db, const struct uuid *tenant, const struct uuid *id,
                                const struct source_reading *reading, struct error *err)
{
    enum source_read rc =
        reading->document ? check_version(db, tenant, id, reading, err) : SOURCE_READ;

    if (rc != SOURCE_READ)
        return rc;
    return keep_mapping(db, tenant, id, reading, err) < 0 ||
                   db_execute(db, SQL_SOURCE_READ_AS, err, "uusi", tenant, id, reading->format,
                              reading->version) < 0
               ? SOURCE_READ_FAILED
               : SOURCE_READ;
}

enum source_read source_read_as(struct db *db, const struct uuid *tenant, const char *name,
                                const struct source_reading *reading, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_SOURCE_ID, err, "us", tenant, name);
    enum source_read rc = SOURCE_READ_UNKNOWN;
    struct uuid id;

    if (!rows)
        return SOURCE_READ_FAILED;
    if (db_rows_count(rows) > 0) {
        id = db_uuid(rows, 0, 0);
        rc = read_as(db, tenant, &id, reading, err);
    }
    db_rows_destroy(rows);
    return rc;
}

int source_secret_add(struct db *db, const struct uuid *tenant, const char *name,
                      const uint8_t hash[SOURCE_SECRET_HASH], const char *label,
                      struct uuid *ret_id, struct error *err)
{
    struct uuid id = uuid_make();
    int rc = db_execute(db, SQL_SOURCE_SECRET_INSERT, err, "usuys", tenant, name, &id, hash,
                        (size_t)SOURCE_SECRET_HASH, label);

    *ret_id = id;
    return rc;
}

int source_secret_revoke(struct db *db, const struct uuid *tenant, const char *name,
                         const struct uuid *id, struct error *err)
{
    return db_execute(db, SQL_SOURCE_SECRET_REVOKE, err, "usu", tenant, name, id);
}

int source_secret_find(struct db *db, const uint8_t hash[SOURCE_SECRET_HASH],
                       struct uuid *ret_tenant, struct uuid *ret_source, struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_SOURCE_SECRET_FIND, err, "y", hash, (size_t)SOURCE_SECRET_HASH);
    int rc;

    if (!rows)
        return -1;
    rc = db_rows_count(rows) > 0;
    if (rc) {
        *ret_tenant = db_uuid(rows, 0, 0);
        *ret_source = db_uuid(rows, 0, 1);
    }
    db_rows_destroy(rows);
    return rc;
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
