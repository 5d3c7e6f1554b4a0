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
        return error_set(err, "out of memory");
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
        error_set(err, "out of memory");
    else if (entry->details && put_details(body, entry, err) < 0)
        ; /* said */
    else if (entry->why && json_object_set_new(body, "why", make_reason(entry->why)) < 0)
        error_set(err, "out of memory");
    else if (!(text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS)))
        error_set(err, "out of memory");
    json_decref(body);
    return text;
}

static int draw_salt(uint8_t salt[AUDIT_SALT_BYTES], struct error *err)
{
    if (getrandom(salt, AUDIT_SALT_BYTES, 0) != AUDIT_SALT_BYTES)
        return error_set(err, "the kernel gives no random bytes");
    return 0;
}

int audit_append(struct db *db, const struct uuid *tenant, const struct audit_entry *entry,
                 struct error *err)
{
    struct audit_leaf leaf = {.tenant = *tenant,
                              .id = uuid_make(),
                              .at_us = clock_realtime_us(),
                              .who = entry->who,
                              .action = entry->action,
                              .object = entry->object ? entry->object : "",
                              .outcome = entry->outcome};
    char *body = make_body(entry, err);
    uint8_t hash[32];
    int rc = -1;

    if (!body)
        return -1;
    leaf.body = body;
    if (draw_salt(leaf.salt, err) < 0)
        goto out;
    if (audit_leaf_hash(&leaf, hash) < 0) {
        error_set(err, "out of memory");
        goto out;
    }
    rc = db_execute(db, SQL_AUDIT_APPEND, err, "uutssssyys", tenant, &leaf.id, leaf.at_us, leaf.who,
                    leaf.action, leaf.object, leaf.outcome, hash, sizeof(hash), leaf.salt,
                    sizeof(leaf.salt), body) < 0
             ? error_prefix(err, "audit row %s", entry->action)
             : 0;
out:
    free(body);
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
