/* machine_document.h - what rules see of a machine: the members of asset.* as one JSON object, one
 * for every version that its holder's rules could have decided by. Table machine_document, written
 * in the transaction of whatever changes one (a label, the site's zone, who holds it), never
 * changed. Spec: docs/rule-language.md, "Names".
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

/* One document, parsed when it is first asked for. It belongs to one thread; what it is parsed to
 * is for reading only. */
struct machine_document {
    const char *text; /* borrowed */
    json_t *json;     /* NULL: not asked for yet */
    size_t *parsed;   /* NULL, or a sum to which what parsing takes is added, in bytes */
};

/* Borrowed from the document; NULL with 'err'. */
const json_t *machine_document_json(struct machine_document *document, struct error *err);
/* Forgets what was parsed, not the text. */
void machine_document_clear(struct machine_document *document);

/* All in a transaction of 'tenant', and only what was told to it. The caller's rows; those that are
 * not there have none. */

/* For replay. Columns: which (of 'count', from 0), the document. */
struct db_rows *machine_document_at(struct db *db, const struct uuid *tenant,
                                    const struct uuid *machines, const int64_t *versions,
                                    size_t count, struct error *err);
/* One for people, as JSON in column 0; 'version' 0: the one in force. */
struct db_rows *machine_document_show(struct db *db, const struct uuid *tenant,
                                      const struct uuid *machine, int64_t version,
                                      struct error *err);
/* As they are now, of what the tenant holds now. Columns: which, the version, the document, the
 * holding. */
struct db_rows *machine_document_now(struct db *db, const struct uuid *tenant,
                                     const struct uuid *machines, size_t count, struct error *err);
