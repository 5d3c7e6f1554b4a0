/* audit_log.c - see audit_log.h. Invariant: a row and its body are written by one statement, and
 * leaf_hash is over exactly what both hold. */
#include "controller/audit/audit_log.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "controller/audit/audit_leaf.h"
#include "controller/audit/audit_log.sql.h"
#include "controller/db/db.h"

#define DETAILS_MAX (256 * 1024)

const struct uuid PLATFORM_TENANT = {{0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}};

static int put_details(json_t *body, const struct audit_entry *entry, struct error *err)
{
    json_t *details = json_parse(entry->details, strlen(entry->details), DETAILS_MAX, err);

    if (!details)
        return error_prefix(err, "details of audit row %s", entry->action);
    if (json_object_set_new(body, "details", details) < 0)
        return error_no_memory(err);
    return 0;
}

/* A reason is a message, and messages are cut to fit: what is not UTF-8 any more becomes '?'. */
static json_t *make_reason(const char *why)
{
    char *copy = strdup(why);
    json_t *reason;

    for (char *p = copy; copy && !text_is_utf8(copy, strlen(copy)) && *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    reason = copy ? json_string(copy) : NULL;
    free(copy);
    return reason;
}

/* {"details": ..., "why": ...}, members sorted, no white space. The caller frees. */
static char *make_body(const struct audit_entry *entry, struct error *err)
{
    json_t *body = json_object();
    char *text = NULL;

    if (!body)
        error_no_memory(err);
    else if (entry->details && put_details(body, entry, err) < 0)
        ; /* said */
    else if (entry->why && json_object_set_new(body, "why", make_reason(entry->why)) < 0)
        error_no_memory(err);
    else if (!(text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS)))
        error_no_memory(err);
    json_decref(body);
    return text;
}

static int draw_salt(uint8_t salt[AUDIT_SALT_BYTES], struct error *err)
{
    if (getrandom(salt, AUDIT_SALT_BYTES, 0) != AUDIT_SALT_BYTES)
        return error_set(err, "the kernel gives no random bytes");
    return 0;
}

/* The row and its body; *ret_body is the caller's to free, leaf->body borrows it. */
static int make_leaf(const struct uuid *tenant, const struct audit_entry *entry,
                     struct audit_leaf *leaf, uint8_t ret_hash[32], char **ret_body,
                     struct error *err)
{
    *leaf = (struct audit_leaf){.tenant = *tenant,
                                .id = uuid_make(),
                                .at_us = clock_realtime_us(),
                                .who = entry->who,
                                .action = entry->action,
                                .object = entry->object ? entry->object : "",
                                .outcome = entry->outcome};
    if (!(*ret_body = make_body(entry, err)))
        return -1;
    leaf->body = *ret_body;
    if (draw_salt(leaf->salt, err) < 0)
        return -1;
    return audit_leaf_hash(leaf, ret_hash) < 0 ? error_no_memory(err) : 0;
}

int audit_append(struct db *db, const struct uuid *tenant, const struct audit_entry *entry,
                 struct error *err)
{
    struct audit_leaf leaf;
    char *body = NULL;
    uint8_t hash[32];
    int rc = make_leaf(tenant, entry, &leaf, hash, &body, err);

    if (rc == 0 && db_execute(db, SQL_AUDIT_APPEND, err, "uutssssyys", tenant, &leaf.id, leaf.at_us,
                              leaf.who, leaf.action, leaf.object, leaf.outcome, hash, sizeof(hash),
                              leaf.salt, sizeof(leaf.salt), body) < 0)
        rc = error_prefix(err, "audit row %s", entry->action);
    free(body);
    return rc;
}

/* ---- several at once ---- */

struct columns {
    struct audit_leaf *leaves;
    uint8_t (*hash_bytes)[32];
    struct uuid *ids;
    int64_t *times;
    const char **whos, **actions, **objects, **outcomes;
    struct db_bytes *hashes, *salts;
    char **bodies;
};

static void columns_clear(struct columns *columns, size_t count)
{
    for (size_t i = 0; columns->bodies && i < count; i++)
        free(columns->bodies[i]);
    free(columns->leaves);
    free(columns->hash_bytes);
    free(columns->ids);
    free(columns->times);
    free(columns->whos);
    free(columns->actions);
    free(columns->objects);
    free(columns->outcomes);
    free(columns->hashes);
    free(columns->salts);
    free(columns->bodies);
}

static int columns_make(struct columns *columns, size_t count, struct error *err)
{
    *columns = (struct columns){
        calloc(count, sizeof(*columns->leaves)),  calloc(count, sizeof(*columns->hash_bytes)),
        calloc(count, sizeof(*columns->ids)),     calloc(count, sizeof(*columns->times)),
        calloc(count, sizeof(*columns->whos)),    calloc(count, sizeof(*columns->actions)),
        calloc(count, sizeof(*columns->objects)), calloc(count, sizeof(*columns->outcomes)),
        calloc(count, sizeof(*columns->hashes)),  calloc(count, sizeof(*columns->salts)),
        calloc(count, sizeof(*columns->bodies))};
    if (columns->leaves && columns->hash_bytes && columns->ids && columns->times && columns->whos &&
        columns->actions && columns->objects && columns->outcomes && columns->hashes &&
        columns->salts && columns->bodies)
        return 0;
    return error_set_code(err, ERROR_UNAVAILABLE, "out of memory for audit rows");
}

static int columns_fill(struct columns *columns, const struct uuid *tenant,
                        const struct audit_entry *entries, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct audit_leaf *leaf = &columns->leaves[i];

        if (make_leaf(tenant, &entries[i], leaf, columns->hash_bytes[i], &columns->bodies[i], err) <
            0)
            return -1;
        columns->ids[i] = leaf->id;
        columns->times[i] = leaf->at_us;
        columns->whos[i] = leaf->who;
        columns->actions[i] = leaf->action;
        columns->objects[i] = leaf->object;
        columns->outcomes[i] = leaf->outcome;
        columns->hashes[i] = (struct db_bytes){columns->hash_bytes[i], 32};
        columns->salts[i] = (struct db_bytes){leaf->salt, sizeof(leaf->salt)};
    }
    return 0;
}

int audit_append_many(struct db *db, const struct uuid *tenant, const struct audit_entry *entries,
                      size_t count, struct error *err)
{
    struct columns columns;
    int rc;

    if (count == 0)
        return 0;
    rc = columns_make(&columns, count, err);
    if (rc == 0)
        rc = columns_fill(&columns, tenant, entries, count, err);
    if (rc == 0 &&
        db_execute(db, SQL_AUDIT_APPEND_MANY, err, "uUTSSSSYYS", tenant, count, columns.ids, count,
                   columns.times, count, columns.whos, count, columns.actions, count,
                   columns.objects, count, columns.outcomes, count, columns.hashes, count,
                   columns.salts, count, columns.bodies) < 0)
        rc = error_prefix(err, "%zu audit rows", count);
    columns_clear(&columns, count);
    return rc;
}

int audit_refusal(struct db *db, const struct uuid *tenant, const struct audit_entry *entry,
                  struct error *err)
{
    if (db_begin_tenant(db, tenant, err) < 0)
        return -1;
    if (audit_append(db, tenant, entry, err) == 0 && db_commit(db, err) == 0)
        return 0;
    db_rollback(db);
    return -1;
}
