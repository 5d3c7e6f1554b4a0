/* machine_cache.c - see machine_cache.h. Invariant: an entry was read in a transaction that had
 * seen its tenant's revision before, or an older one; so it is never older than the revision says.
 */
#include "controller/fleet/machine_cache.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/fleet/machine_cache.sql.h"
#include "controller/fleet/machine_document.h"

/* Beyond either, everything is forgotten and read anew. About 900 bytes each: 180 MB; documents may
 * have 64 KiB. */
#define ENTRIES_MAX 200000
#define ENTRY_BYTES_MAX ((size_t)256 << 20)
/* Beyond it, what documents were parsed to is forgotten: of 20,000 machines with usual ones. */
#define PARSED_BYTES_MAX ((size_t)128 << 20)
#define SLOTS_MIN 1024 /* a power of two */

/* More changes at once than these, and the whole tenant is forgotten. */
#define CHANGES_MAX 256

struct entry {
    uint64_t hash;
    size_t size;                /* bytes of all of it */
    bool stale;                 /* to be asked for again */
    struct machine_claim claim; /* as the strings below it, in 'text' */
    struct machine_found found;
    struct machine_document document;
    char text[];
};

struct tenant_machines {
    struct uuid tenant;
    int64_t revision;
    struct entry **slots; /* open addressing, at most half full */
    size_t slot_count, count, bytes;
    struct tenant_machines *next;
};

struct machine_cache {
    struct tenant_machines *tenants;
    size_t count, bytes; /* of all entries */
    size_t parsed;       /* bytes of what their documents were parsed to */
};

struct machine_cache *machine_cache_create(struct error *err)
{
    struct machine_cache *cache = calloc(1, sizeof(*cache));

    if (!cache)
        error_no_memory(err);
    return cache;
}

static void forget_parsed_of(struct tenant_machines *machines)
{
    for (size_t i = 0; i < machines->slot_count; i++)
        if (machines->slots[i])
            machine_document_clear(&machines->slots[i]->document);
}

static void forget_parsed(struct machine_cache *cache)
{
    for (struct tenant_machines *at = cache->tenants; at; at = at->next)
        forget_parsed_of(at);
}

static void forget(struct machine_cache *cache, struct tenant_machines *machines)
{
    forget_parsed_of(machines);
    for (size_t i = 0; i < machines->slot_count; i++)
        free(machines->slots[i]);
    free(machines->slots);
    cache->count -= machines->count;
    cache->bytes -= machines->bytes;
    machines->slots = NULL;
    machines->slot_count = machines->count = machines->bytes = 0;
}

static void forget_all(struct machine_cache *cache)
{
    while (cache->tenants) {
        struct tenant_machines *machines = cache->tenants;

        cache->tenants = machines->next;
        forget(cache, machines);
        free(machines);
    }
}

void machine_cache_destroy(struct machine_cache *cache)
{
    if (!cache)
        return;
    forget_all(cache);
    free(cache);
}

/* FNV-1a, with a mark behind each string and another for an absent one. */
static uint64_t add_string(uint64_t hash, const char *text)
{
    const uint64_t prime = UINT64_C(0x100000001b3);

    for (; text && *text; text++)
        hash = (hash ^ (uint8_t)*text) * prime;
    return (hash ^ (text ? 0x100 : 0x200)) * prime;
}

static uint64_t hash_of(const struct machine_claim *claim)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    hash = add_string(add_string(hash, claim->mac), claim->serial);
    return add_string(add_string(hash, claim->asset_tag), claim->name);
}

static bool same_string(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same(const struct machine_claim *a, const struct machine_claim *b)
{
    return same_string(a->mac, b->mac) && same_string(a->serial, b->serial) &&
           same_string(a->asset_tag, b->asset_tag) && same_string(a->name, b->name);
}

/* The claim's slot, filled or empty. */
static struct entry **slot_of(const struct tenant_machines *machines, uint64_t hash,
                              const struct machine_claim *claim)
{
    for (size_t i = (size_t)hash;; i++) {
        struct entry **slot = &machines->slots[i & (machines->slot_count - 1)];

        if (!*slot || ((*slot)->hash == hash && same(&(*slot)->claim, claim)))
            return slot;
    }
}

static int make_room(struct tenant_machines *machines)
{
    struct tenant_machines grown = *machines;

    if (machines->count * 2 < machines->slot_count)
        return 0;
    grown.slot_count = machines->slot_count ? machines->slot_count * 2 : SLOTS_MIN;
    grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
    if (!grown.slots)
        return -1;
    for (size_t i = 0; i < machines->slot_count; i++)
        if (machines->slots[i])
            *slot_of(&grown, machines->slots[i]->hash, &machines->slots[i]->claim) =
                machines->slots[i];
    free(machines->slots);
    *machines = grown;
    return 0;
}

static size_t room_of(const struct machine_claim *claim, const struct machine_found *found)
{
    return sizeof(struct entry) + text_room(claim->mac) + text_room(claim->serial) +
           text_room(claim->asset_tag) + text_room(claim->name) + text_room(found->name) +
           text_room(found->class) + text_room(found->site_name) + text_room(found->rack) +
           text_room(found->document_text);
}

static struct entry *entry_make(struct machine_cache *cache, const struct machine_claim *claim,
                                const struct machine_found *found)
{
    size_t size = room_of(claim, found);
    struct entry *entry = malloc(size);
    char *at;

    if (!entry)
        return NULL;
    entry->size = size;
    entry->stale = false;
    at = entry->text;
    entry->hash = hash_of(claim);
    entry->claim =
        (struct machine_claim){text_pack(&at, claim->mac), text_pack(&at, claim->serial),
                               text_pack(&at, claim->asset_tag), text_pack(&at, claim->name)};
    entry->found = *found;
    entry->found.name = text_pack(&at, found->name);
    entry->found.class = text_pack(&at, found->class);
    entry->found.site_name = text_pack(&at, found->site_name);
    entry->found.rack = text_pack(&at, found->rack);
    entry->found.document_text = text_pack(&at, found->document_text);
    entry->document =
        (struct machine_document){.text = entry->found.document_text, .parsed = &cache->parsed};
    entry->found.document = &entry->document;
    return entry;
}

static struct tenant_machines *tenant_of(struct machine_cache *cache, const struct uuid *tenant,
                                         struct error *err)
{
    struct tenant_machines *at = cache->tenants;

    while (at && !uuid_equal(&at->tenant, tenant))
        at = at->next;
    if (at)
        return at;
    at = calloc(1, sizeof(*at));
    if (!at) {
        error_no_memory(err);
        return NULL;
    }
    at->tenant = *tenant;
    at->next = cache->tenants;
    cache->tenants = at;
    return at;
}

static bool all_told(const struct db_rows *changes, int64_t from, int64_t to)
{
    int64_t seen = from;

    for (size_t i = 0; i < db_rows_count(changes); i++) {
        int64_t revision = db_int(changes, i, 0);

        if (db_bool(changes, i, 1) || revision > seen + 1)
            return false;
        seen = revision;
    }
    return seen == to;
}

static void mark_stale(struct tenant_machines *machines, const struct db_rows *changes)
{
    for (size_t c = 0; c < db_rows_count(changes); c++) {
        struct uuid machine = db_uuid(changes, c, 2);

        for (size_t i = 0; i < machines->slot_count; i++)
            if (machines->slots[i] && uuid_equal(&machines->slots[i]->found.machine, &machine))
                machines->slots[i]->stale = true;
    }
}

/* What has changed since is asked for again; everything, when it is not known what that is. */
static int catch_up(struct machine_cache *cache, struct tenant_machines *machines, struct db *db,
                    int64_t revision, struct error *err)
{
    struct db_rows *changes = NULL;

    if (machines->count > 0 && revision > machines->revision &&
        revision - machines->revision <= CHANGES_MAX &&
        !(changes = db_query(db, SQL_FLEET_CHANGES, err, "uii", &machines->tenant,
                             machines->revision, revision)))
        return -1;
    if (changes && db_rows_count(changes) <= CHANGES_MAX &&
        all_told(changes, machines->revision, revision))
        mark_stale(machines, changes);
    else
        forget(cache, machines);
    machines->revision = revision;
    db_rows_destroy(changes);
    return 0;
}

static int refresh(struct machine_cache *cache, struct tenant_machines *machines, struct db *db,
                   struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_FLEET_REVISION, err, "u", &machines->tenant);
    int64_t revision;

    if (!rows)
        return -1;
    revision = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    return revision == machines->revision ? 0 : catch_up(cache, machines, db, revision, err);
}

/* Into the claim's slot, in place of what may stand there. */
static void place(struct machine_cache *cache, struct tenant_machines *machines,
                  struct entry **slot, struct entry *entry)
{
    if (*slot) {
        machine_document_clear(&(*slot)->document);
        machines->bytes -= (*slot)->size;
        cache->bytes -= (*slot)->size;
        free(*slot);
    } else {
        machines->count++;
        cache->count++;
    }
    machines->bytes += entry->size;
    cache->bytes += entry->size;
    *slot = entry;
}

static int remember(struct machine_cache *cache, struct tenant_machines *machines,
                    const struct machine_claim *claim, struct machine_found *found,
                    struct error *err)
{
    struct entry **slot, *entry;

    if (make_room(machines) < 0)
        return error_no_memory(err);
    slot = slot_of(machines, hash_of(claim), claim);
    if (!*slot || (*slot)->stale) {
        entry = entry_make(cache, claim, found);
        if (!entry)
            return error_no_memory(err);
        place(cache, machines, slot, entry);
    }
    *found = (*slot)->found;
    return 0;
}

/* Those of 'claims' that 'missing' numbers. */
static int look_up(struct machine_cache *cache, struct tenant_machines *machines, struct db *db,
                   const struct machine_claim *claims, const size_t *missing, size_t count,
                   struct machine_found *ret, struct error *err)
{
    struct machine_claim *asked = calloc(count + 1, sizeof(*asked));
    struct machine_found *found = calloc(count + 1, sizeof(*found));
    struct db_rows *rows = NULL;
    int rc = asked && found ? 0 : error_no_memory(err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        asked[i] = claims[missing[i]];
    if (rc == 0)
        rc = machine_lookup(db, &machines->tenant, asked, count, found, &rows, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (found[i].found)
            rc = remember(cache, machines, &asked[i], &found[i], err);
        ret[missing[i]] = found[i];
    }
    db_rows_destroy(rows);
    free(asked);
    free(found);
    return rc;
}

int machine_cache_find(struct machine_cache *cache, struct db *db, const struct uuid *tenant,
                       const struct machine_claim *claims, size_t count, struct machine_found *ret,
                       struct error *err)
{
    size_t *missing = calloc(count + 1, sizeof(*missing)), n = 0;
    struct tenant_machines *machines;
    int rc = -1;

    if (cache->count > ENTRIES_MAX || cache->bytes > ENTRY_BYTES_MAX)
        forget_all(cache);
    if (cache->parsed > PARSED_BYTES_MAX)
        forget_parsed(cache);
    machines = tenant_of(cache, tenant, err);
    if (!missing)
        error_no_memory(err);
    if (!missing || !machines || refresh(cache, machines, db, err) < 0)
        goto out;
    for (size_t i = 0; i < count; i++) {
        struct entry *entry =
            machines->slot_count ? *slot_of(machines, hash_of(&claims[i]), &claims[i]) : NULL;

        if (entry && !entry->stale)
            ret[i] = entry->found;
        else if (claims[i].mac || claims[i].serial || claims[i].asset_tag || claims[i].name)
            missing[n++] = i;
        else
            memset(&ret[i], 0, sizeof(ret[i]));
    }
    rc = n == 0 ? 0 : look_up(cache, machines, db, claims, missing, n, ret, err);
out:
    free(missing);
    return rc;
}
