/* machine_document.c - see machine_document.h. */
#include "controller/fleet/machine_document.h"

#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/fleet/machine_document.sql.h"

/* A value takes some 100 bytes where its text takes 12. */
static size_t bytes_parsed(const struct machine_document *document)
{
    return 8 * strlen(document->text);
}

const json_t *machine_document_json(struct machine_document *document, struct error *err)
{
    json_error_t why;

    if (document->json)
        return document->json;
    document->json = json_loads(document->text, JSON_REJECT_DUPLICATES, &why);
    if (!document->json) {
        error_set(err, "a machine's document cannot be read: %s", why.text);
        return NULL;
    }
    if (document->parsed)
        *document->parsed += bytes_parsed(document);
    return document->json;
}

void machine_document_clear(struct machine_document *document)
{
    if (document->json && document->parsed)
        *document->parsed -= bytes_parsed(document);
    json_decref(document->json);
    document->json = NULL;
}

struct db_rows *machine_document_at(struct db *db, const struct uuid *tenant,
                                    const struct uuid *machines, const int64_t *versions,
                                    size_t count, struct error *err)
{
    return db_query(db, SQL_MACHINE_DOCUMENT_AT, err, "uUI", tenant, count, machines, count,
                    versions);
}

struct db_rows *machine_document_now(struct db *db, const struct uuid *tenant,
                                     const struct uuid *machines, size_t count, struct error *err)
{
    return db_query(db, SQL_MACHINE_DOCUMENT_NOW, err, "uU", tenant, count, machines);
}

struct db_rows *machine_document_show(struct db *db, const struct uuid *tenant,
                                      const struct uuid *machine, int64_t version,
                                      struct error *err)
{
    return db_query(db, SQL_MACHINE_DOCUMENT_SHOW, err, "uui", tenant, machine, version);
}
