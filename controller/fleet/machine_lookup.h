/* machine_lookup.h - from what a message says about its machine to a machine that the tenant holds
 * now. Anybody else's machine is not found, in no other way than one that does not exist.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;
struct machine_document;

/* What is given must agree: all name the same machine. Strings are borrowed; NULL is not given. */
struct machine_claim {
    const char *mac; /* as mac_format() writes it */
    const char *serial, *asset_tag;
    const char *name; /* what people call it, in whatever case */
};

struct machine_found {
    bool found;
    struct uuid holding, machine, site;
    int64_t document_version;
    const char *name, *class, *site_name; /* borrowed from the rows */
    const char *rack;                     /* NULL: none recorded */
    const char *document_text;            /* asset.* at that version, borrowed from the rows */
    struct machine_document *document;    /* the same, of machine_cache.h: to be parsed once */
};

/* In the caller's transaction, for its tenant: ret[i] answers claims[i]. *ret_rows, the caller's,
 * holds the strings. */
int machine_lookup(struct db *db, const struct uuid *tenant, const struct machine_claim *claims,
                   size_t count, struct machine_found *ret, struct db_rows **ret_rows,
                   struct error *err);
/* The same of machines that are known: as they are now. 'document' is not set. */
int machine_lookup_ids(struct db *db, const struct uuid *tenant, const struct uuid *machines,
                       size_t count, struct machine_found *ret, struct db_rows **ret_rows,
                       struct error *err);
