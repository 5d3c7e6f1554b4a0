/* published_manifest.c - see published_manifest.h. */
#include "controller/dispatch/published_manifest.h"

#include <stdlib.h>

#include "common/error.h"
#include "common/file.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/dispatch/published_manifest.sql.h"
#include "proto/envelope.h"
#include "proto/frame.h"

static int version_of(const void *bytes, size_t length, int64_t *ret_version, struct error *err)
{
    struct envelope_view view;
    Muster__KeyManifest *manifest;

    if (envelope_open(bytes, length, &view, err) < 0)
        return -1;
    if (view.domain != DOMAIN_MANIFEST)
        return error_set_code(err, ERROR_INVALID, "is signed for another purpose than a manifest");
    manifest =
        message_unpack(&muster__key_manifest__descriptor, view.payload, view.payload_length, err);
    if (!manifest)
        return -1;
    *ret_version = (int64_t)manifest->version;
    message_free(manifest);
    return 0;
}

static int store(struct db *db, int64_t version, const void *bytes, size_t length,
                 struct error *err)
{
    struct db_rows *rows;
    bool same;

    if (db_execute(db, SQL_PUBLISHED_MANIFEST_INSERT, err, "iy", version, bytes, length) < 0 ||
        !(rows = db_query(db, SQL_PUBLISHED_MANIFEST_SAME, err, "iy", version, bytes, length)))
        return -1;
    same = db_rows_count(rows) == 1 && db_bool(rows, 0, 0);
    db_rows_destroy(rows);
    return same ? 0
                : error_set_code(err, ERROR_CONFLICT,
                                 "version %lld is known with other content: sign a higher version",
                                 (long long)version);
}

int published_manifest_store(struct db *db, const char *path, struct error *err)
{
    size_t length;
    char *bytes = file_read(path, ENVELOPE_MAX, &length, err);
    int64_t version = 0;
    int rc = -1;

    if (!bytes)
        return -1;
    if (version_of(bytes, length, &version, err) == 0)
        rc = store(db, version, bytes, length, err);
    if (rc < 0)
        error_prefix(err, "%s", path);
    free(bytes);
    return rc;
}
