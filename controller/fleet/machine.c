/* machine.c - see machine.h. Owns tables machine, machine_nic, bmc_account, machine_holding.
 * Invariant: a password reaches SQL only sealed for the row that holds it.
 */
#include "controller/fleet/machine.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/access/secret.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/fleet/machine.sql.h"
#include "controller/fleet/machine_facts.h"

static int add_nics(struct db *db, const struct uuid *machine,
                    const struct machine_request *request, struct error *err)
{
    for (size_t i = 0; i < request->mac_count; i++)
        if (db_execute(db, SQL_MACHINE_NIC_INSERT, err, "mui", &request->macs[i], machine,
                       (int64_t)i) < 0)
            return -1;
    return 0;
}

/* Insert or update, by 'sql': the account's row is 'id'. */
static int write_bmc(struct db *db, const char *sql, const struct secret_key *key,
                     const struct uuid *id, const struct uuid *machine,
                     const struct machine_request *request, struct error *err)
{
    uint8_t sealed[SECRET_OVERHEAD + SECRET_PLAIN_MAX];
    size_t length = request->bmc_password ? strlen(request->bmc_password) : 0;

    if (request->bmc_password &&
        secret_seal(key, SECRET_BMC_PASSWORD, id, request->bmc_password, length, sealed, err) < 0)
        return -1;
    return db_execute(db, sql, err, "uussisiy", id, machine, request->bmc_driver,
                      request->bmc_address ? request->bmc_address : "", request->bmc_port,
                      request->bmc_user ? request->bmc_user : "", request->bmc_cipher_suite,
                      request->bmc_password ? sealed : NULL, length + SECRET_OVERHEAD);
}

static int add_bmc(struct db *db, const struct secret_key *key, const struct uuid *machine,
                   const struct machine_request *request, struct error *err)
{
    struct uuid id = uuid_make();

    return write_bmc(db, SQL_BMC_ACCOUNT_INSERT, key, &id, machine, request, err);
}

int machine_set_bmc(struct db *db, const struct secret_key *key, const struct uuid *machine,
                    const struct machine_request *request, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_BMC_ACCOUNT_OF, err, "u", machine);
    struct uuid id;

    if (!rows)
        return -1;
    if (db_rows_count(rows) == 0) {
        db_rows_destroy(rows);
        return add_bmc(db, key, machine, request, err) < 0 ? -1 : 0;
    }
    id = db_uuid(rows, 0, 0);
    db_rows_destroy(rows);
    return write_bmc(db, SQL_BMC_ACCOUNT_UPDATE, key, &id, machine, request, err) < 0 ? -1 : 0;
}

json_t *machine_facts_read(struct db *db, const struct uuid *machine, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_MACHINE_FACTS_READ, err, "u", machine);
    json_t *facts = NULL;

    if (rows && db_rows_count(rows) == 0)
        error_set_code(err, ERROR_NOT_FOUND, "the machine is gone");
    else if (rows && !(facts = json_loads(db_text(rows, 0, 0), 0, NULL)))
        error_set(err, "what is said of a machine cannot be read");
    db_rows_destroy(rows);
    return facts;
}

static const char *text_of(const json_t *facts, const char *name)
{
    return json_string_value(json_object_get(facts, name));
}

/* As table machine keeps them; the caller's. */
static char *attributes_of(const json_t *facts)
{
    json_t *attributes = json_object();
    char *text;

    for (size_t i = 0; i < machine_fact_count; i++) {
        json_t *value = json_object_get(facts, machine_facts[i].name);

        if (machine_facts[i].place == FACT_ATTRIBUTE && value)
            json_object_set(attributes, machine_facts[i].name, value);
    }
    text = json_dumps(attributes, JSON_COMPACT);
    json_decref(attributes);
    return text;
}

static char *labels_of(const json_t *facts)
{
    const json_t *labels = json_object_get(facts, "labels");

    return labels ? json_dumps(labels, JSON_COMPACT) : strdup("{}");
}

int machine_facts_write(struct db *db, const struct uuid *machine, const json_t *facts,
                        struct error *err)
{
    char *attributes = attributes_of(facts), *labels = labels_of(facts);
    int rc = attributes && labels
                 ? db_execute(db, SQL_MACHINE_FACTS_WRITE, err, "ussssiijj", machine,
                              text_of(facts, "serial"), text_of(facts, "asset_tag"),
                              text_of(facts, "rack"), text_of(facts, "class"),
                              (int64_t)json_integer_value(json_object_get(facts, "memory_mib")),
                              (int64_t)json_integer_value(json_object_get(facts, "cpus")),
                              attributes, labels)
                 : error_no_memory(err);

    free(attributes);
    free(labels);
    return rc < 0 ? -1 : 0;
}

int machine_add(struct db *db, const struct secret_key *key, const struct machine_request *request,
                struct uuid *ret_id, struct error *err)
{
    struct uuid id = uuid_make();

    if (db_execute(db, SQL_MACHINE_INSERT, err, "uusu", &id, &request->site, request->name,
                   request->smbios_uuid) < 0 ||
        machine_facts_write(db, &id, request->facts, err) < 0 ||
        add_nics(db, &id, request, err) < 0 || add_bmc(db, key, &id, request, err) < 0)
        return -1;
    *ret_id = id;
    return 0;
}

int machine_hold(struct db *db, const struct uuid *tenant, const struct uuid *machine,
                 struct uuid *ret_holding, struct error *err)
{
    struct uuid id = uuid_make();

    if (db_execute(db, SQL_MACHINE_HOLD, err, "uuu", tenant, &id, machine) < 0)
        return -1;
    *ret_holding = id;
    return 0;
}

/* A pattern for LIKE from what may be the start of an id; "" (matches nothing) for anything else.
 */
static void make_id_pattern(const char *target, char out[UUID_TEXT_SIZE + 1])
{
    size_t length = strlen(target);

    out[0] = '\0';
    if (length >= UUID_TEXT_SIZE || strspn(target, "0123456789abcdefABCDEF-") != length)
        return;
    for (size_t i = 0; i < length; i++)
        out[i] = (char)tolower((unsigned char)target[i]);
    out[length] = '%';
    out[length + 1] = '\0';
}

int machine_find(struct db *db, const struct uuid *tenant, const char *target,
                 struct machine_found *ret, struct error *err)
{
    char pattern[UUID_TEXT_SIZE + 1];
    struct db_rows *rows;
    struct mac mac;
    int count;

    make_id_pattern(target, pattern);
    rows = db_query(db, SQL_MACHINE_FIND, err, "usms", uuid_is_nil(tenant) ? NULL : tenant, target,
                    mac_parse(target, &mac) == 0 ? &mac : NULL, pattern);
    if (!rows)
        return -1;
    if ((count = (int)db_rows_count(rows)) == 1) {
        *ret = (struct machine_found){.id = db_uuid(rows, 0, 0),
                                      .site = db_uuid(rows, 0, 1),
                                      .holding = db_uuid(rows, 0, 3),
                                      .boot_mac = db_mac(rows, 0, 4)};
        snprintf(ret->name, sizeof(ret->name), "%s", db_text(rows, 0, 2));
    } else if (count > 1) {
        count = error_set_code(err, ERROR_CONFLICT, "'%s' means %s, %s and maybe others", target,
                               db_text(rows, 0, 2), db_text(rows, 1, 2));
    }
    db_rows_destroy(rows);
    return count;
}

struct db_rows *machine_list(struct db *db, const struct machine_filter *filter, struct error *err)
{
    return db_query(db, SQL_MACHINE_LIST, err, "ussiub",
                    uuid_is_nil(&filter->tenant) ? NULL : &filter->tenant, filter->site,
                    filter->after, filter->limit, filter->id, (int)filter->with_bmc);
}
