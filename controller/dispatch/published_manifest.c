/* published_manifest.c - see published_manifest.h. */
#include "controller/dispatch/published_manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
    int added = db_execute(db, SQL_PUBLISHED_MANIFEST_INSERT, err, "iy", version, bytes, length);

    if (added < 0 || (added > 0 && db_execute(db, SQL_PUBLISHED_MANIFEST_NOTIFY, err, "") < 0) ||
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

int published_manifest_follow(struct db *db, const char *path, struct published_manifest_file *last,
                              struct error *err)
{
    struct stat info;

    if (stat(path, &info) < 0)
        return error_set(err, "%s: %s", path, strerror(errno));
    if (info.st_ino == last->inode && info.st_ctim.tv_sec == last->changed.tv_sec &&
        info.st_ctim.tv_nsec == last->changed.tv_nsec)
        return 0;
    if (published_manifest_store(db, path, err) < 0) {
        /* A database that is away is asked again; what is wrong with the file stays wrong. */
        if (err->code != ERROR_UNAVAILABLE && err->code != ERROR_TIMEOUT)
            *last = (struct published_manifest_file){info.st_ino, info.st_ctim};
        return -1;
    }
    *last = (struct published_manifest_file){info.st_ino, info.st_ctim};
    return 0;
}
