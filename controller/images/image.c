/* image.c - see image.h. Owns tables image, image_version, image_file, image_grant. Invariant: a
 * version's document never changes; its digest is of the canonical text that is stored.
 */
#include "controller/images/image.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/images/image.sql.h"
#include "controller/images/image_document.h"
#include "proto/sha256.h"

/* Sorted and compact, so that one content has one digest. */
static char *canonical(const json_t *document, uint8_t ret_digest[SHA256_DIGEST_LENGTH])
{
    char *text = json_dumps(document, JSON_SORT_KEYS | JSON_COMPACT);

    if (text)
        sha256_of(text, strlen(text), ret_digest);
    return text;
}

static int add_files(struct db *db, const struct uuid *version, const json_t *files,
                     struct error *err)
{
    const json_t *file;
    size_t i;

    json_array_foreach(files, i, file)
    {
        uint8_t digest[32];

        if (text_unhex(json_string_value(json_object_get(file, "sha256")), digest, sizeof(digest)) <
                0 ||
            db_execute(db, SQL_IMAGE_FILE_INSERT, err, "ussyi", version,
                       json_string_value(json_object_get(file, "role")),
                       json_string_value(json_object_get(file, "name")), digest, sizeof(digest),
                       (int64_t)json_integer_value(json_object_get(file, "size"))) < 0)
            return -1;
    }
    return 0;
}

/* The version is there: is it this one? */
static int compare(struct db *db, const struct image_document *read, const uint8_t digest[32],
                   struct uuid *ret_version, struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_IMAGE_VERSION_DIGEST, err, "ss", read->name, read->version);
    size_t length = 0;
    int rc = -1;

    if (!rows)
        return -1;
    if (db_rows_count(rows) == 1 && memcmp(db_blob(rows, 0, 1, &length), digest, 32) == 0) {
        *ret_version = db_uuid(rows, 0, 0);
        rc = 0;
    } else {
        error_set_code(err, ERROR_CONFLICT,
                       "%s %s is there with other content: a version never changes, give it a new "
                       "one",
                       read->name, read->version);
    }
    db_rows_destroy(rows);
    return rc;
}

int image_register(struct db *db, const json_t *document, struct uuid *ret_version,
                   struct error *err)
{
    struct uuid image = uuid_make(), version = uuid_make();
    uint8_t digest[SHA256_DIGEST_LENGTH];
    struct image_document read;
    char *text = NULL;
    int rc = -1, added;

    if (image_document_read(document, &read, err) < 0)
        return -1;
    if (!(text = canonical(document, digest)))
        return error_no_memory(err);
    if (db_execute(db, SQL_IMAGE_ENSURE, err, "us", &image, read.name) < 0)
        goto out;
    added = db_execute(db, SQL_IMAGE_VERSION_INSERT, err, "ussys", &version, read.name,
                       read.version, digest, sizeof(digest), text);
    if (added < 0)
        goto out;
    if (added == 0) {
        rc = compare(db, &read, digest, ret_version, err);
    } else if (add_files(db, &version, read.files, err) == 0) {
        *ret_version = version;
        rc = 1;
    }
out:
    free(text);
    return rc;
}

void image_version_clear(struct image_version *version)
{
    free(version->document);
    *version = (struct image_version){0};
}

/* Of a bare name the newest row is first; of a name with a version there must be one. */
static int take(const struct db_rows *rows, const char *reference, struct image_version *ret,
                struct error *err)
{
    struct image_version version = {.id = db_uuid(rows, 0, 0), .grant = db_uuid(rows, 0, 1)};
    json_t *document;

    if (db_rows_count(rows) > 1 && db_int(rows, 0, 5) == 1)
        return error_set_code(err, ERROR_CONFLICT, "'%s' means %s:%s and %s:%s", reference,
                              db_text(rows, 0, 2), db_text(rows, 0, 3), db_text(rows, 1, 2),
                              db_text(rows, 1, 3));
    snprintf(version.name, sizeof(version.name), "%s", db_text(rows, 0, 2));
    snprintf(version.version, sizeof(version.version), "%s", db_text(rows, 0, 3));
    document = json_loads(db_text(rows, 0, 4), 0, NULL);
    version.deadline_s = json_integer_value(json_object_get(document, "deadline_s"));
    json_decref(document);
    if (!(version.document = strdup(db_text(rows, 0, 4))))
        return error_no_memory(err);
    *ret = version;
    return 1;
}

int image_version_find(struct db *db, const struct uuid *tenant, const char *reference,
                       struct image_version *ret, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_IMAGE_VERSION_FIND, err, "us",
                                    uuid_is_nil(tenant) ? NULL : tenant, reference);
    int rc = -1;

    if (rows)
        rc = db_rows_count(rows) == 0 ? 0 : take(rows, reference, ret, err);
    db_rows_destroy(rows);
    return rc;
}

int image_file_find(struct db *db, const char *name, const char *version, const char *role,
                    struct image_file *ret, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_IMAGE_FILE_FIND, err, "sss", name, version, role);
    int count = rows ? (int)db_rows_count(rows) : -1;
    size_t length = 0;

    if (count > 0) {
        memcpy(ret->sha256, db_blob(rows, 0, 0, &length), sizeof(ret->sha256));
        ret->size = db_int(rows, 0, 1);
    }
    db_rows_destroy(rows);
    return count;
}

int image_file_known(struct db *db, const uint8_t sha256[32], int64_t *ret_size, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_IMAGE_FILE_KNOWN, err, "y", sha256, (size_t)32);
    int count = rows ? (int)db_rows_count(rows) : -1;

    if (count > 0)
        *ret_size = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    return count;
}

struct db_rows *image_files(struct db *db, const struct uuid *version, struct error *err)
{
    return db_query(db, SQL_IMAGE_FILES, err, "u", version);
}

int image_grant(struct db *db, const struct uuid *tenant, const struct uuid *version,
                struct error *err)
{
    struct uuid id = uuid_make();

    return db_execute(db, SQL_IMAGE_GRANT, err, "uuu", tenant, &id, version);
}

struct db_rows *image_list(struct db *db, const struct uuid *tenant, const struct uuid *before,
                           int64_t limit, const struct uuid *only, struct error *err)
{
    return db_query(db, SQL_IMAGE_LIST, err, "uuiu", uuid_is_nil(tenant) ? NULL : tenant, before,
                    limit, only);
}
