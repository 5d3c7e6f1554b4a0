/* order_read.c - see order_read.h. Rows stay alive beside the message, which borrows their text. */
#include "controller/dispatch/order_read.h"

#include <inttypes.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/dispatch/task_sender.sql.h"
#include "proto/features.h"
#include "proto/frame.h"
#include "proto/sealed_secret.h"

#define MACS_MAX 16
#define FILES_MAX 2
#define PARAMS_MAX 64
#define NAMES_MAX 64 /* checks, firmware */

/* Columns of SQL_ORDER_TASK. */
enum {
    AT_MACHINE,
    AT_MACHINE_NAME,
    AT_SMBIOS,
    AT_SERIAL,
    AT_MEMORY,
    AT_CPUS,
    AT_BMC,
    AT_DRIVER,
    AT_ADDRESS,
    AT_PORT,
    AT_USERNAME,
    AT_SUITE,
    AT_PASSWORD,
    AT_VERSION_ID,
    AT_IMAGE,
    AT_VERSION,
    AT_DIGEST,
    AT_DOCUMENT,
    AT_PARAMS,
    AT_AFTER,
    AT_SCHEDULE,
    AT_EXPIRES,
    AT_DEADLINE,
    AT_RULE,
    AT_RULE_VERSION,
    AT_DECISION,
    AT_ALERT
};

struct order {
    Muster__BootTask boot;
    Muster__BmcAccount bmc;
    Muster__ImageVersion image;
    Muster__MachineRecord record;
    Muster__RuleRef rule;
    Muster__ImageFile files[FILES_MAX], *file_list[FILES_MAX];
    Muster__Param params[PARAMS_MAX], *param_list[PARAMS_MAX];
    struct mac macs[MACS_MAX];
    ProtobufCBinaryData mac_list[MACS_MAX];
    char *checks[NAMES_MAX], *firmware[NAMES_MAX], *requires[1];
    struct uuid tenant, task, site, agent, machine, smbios, bmc_id, version, decision, alert;
    uint8_t nonce[32];
    uint8_t sealed[SEALED_SECRET_OVERHEAD + SEALED_SECRET_PLAIN_MAX];
    struct db_rows *row, *file_rows;
    json_t *document, *values;
};

void order_destroy(struct order *order)
{
    if (!order)
        return;
    db_rows_destroy(order->row);
    db_rows_destroy(order->file_rows);
    json_decref(order->document);
    json_decref(order->values);
    free(order);
}

const Muster__BootTask *order_message(const struct order *order)
{
    return &order->boot;
}

/* protobuf-c's fields are not const; messages made here are only packed. */
static char *text(const struct order *order, int column)
{
    const char *value = db_text(order->row, 0, column);

    return (char *)(value ? value : "");
}

static ProtobufCBinaryData keep_uuid(const struct order *order, int column, struct uuid *place)
{
    *place = db_uuid(order->row, 0, column);
    return db_is_null(order->row, 0, column) ? (ProtobufCBinaryData){0, NULL}
                                             : message_from_uuid(place);
}

static int read_macs(struct db *db, struct order *order, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_ORDER_MACS, err, "u", &order->machine);

    if (!rows)
        return -1;
    for (size_t i = 0; i < db_rows_count(rows) && i < MACS_MAX; i++) {
        order->macs[i] = db_mac(rows, i, 0);
        order->mac_list[i] = (ProtobufCBinaryData){6, order->macs[i].bytes};
        order->boot.n_mac = i + 1;
    }
    order->boot.mac = order->mac_list;
    db_rows_destroy(rows);
    return order->boot.n_mac ? 0 : error_set_code(err, ERROR_INVALID, "the machine has no MAC");
}

static int read_files(struct db *db, struct order *order, struct error *err)
{
    order->file_rows = db_query(db, SQL_ORDER_FILES, err, "u", &order->version);
    if (!order->file_rows)
        return -1;
    for (size_t i = 0; i < db_rows_count(order->file_rows) && i < FILES_MAX; i++) {
        Muster__ImageFile *file = &order->files[i];
        size_t length;

        muster__image_file__init(file);
        file->role = (char *)db_text(order->file_rows, i, 0);
        file->name = (char *)db_text(order->file_rows, i, 1);
        file->sha256.data = (uint8_t *)db_blob(order->file_rows, i, 2, &length);
        file->sha256.len = length;
        file->size = (uint64_t)db_int(order->file_rows, i, 3);
        order->file_list[i] = file;
        order->image.n_file = i + 1;
    }
    order->image.file = order->file_list;
    return order->image.n_file
               ? 0
               : error_set_code(err, ERROR_INVALID, "the image version has no files");
}

static size_t read_names(const json_t *document, const char *key, char **names)
{
    const json_t *list = json_object_get(document, key), *item;
    size_t count = 0, at;

    json_array_foreach(list, at, item)
    {
        if (json_is_string(item) && count < NAMES_MAX)
            names[count++] = (char *)json_string_value(item);
    }
    return count;
}

static int read_image(struct db *db, struct order *order, struct error *err)
{
    Muster__ImageVersion *image = &order->image;
    const json_t *arguments;
    size_t length;

    muster__image_version__init(image);
    order->document = json_loads(text(order, AT_DOCUMENT), 0, NULL);
    arguments = json_object_get(order->document, "arguments");
    if (!order->document || (arguments && !json_is_string(arguments)))
        return error_set_code(err, ERROR_INVALID, "the image version's document cannot be read");
    image->image_version_id = keep_uuid(order, AT_VERSION_ID, &order->version);
    image->name = text(order, AT_IMAGE);
    image->version = text(order, AT_VERSION);
    image->digest.data = (uint8_t *)db_blob(order->row, 0, AT_DIGEST, &length);
    image->digest.len = length;
    if (arguments)
        image->arguments = (char *)json_string_value(arguments);
    image->n_check = read_names(order->document, "checks", order->checks);
    image->check = order->checks;
    image->n_firmware = read_names(order->document, "firmware", order->firmware);
    image->firmware = order->firmware;
    order->boot.image = image;
    return read_files(db, order, err);
}

static int read_params(struct order *order, struct error *err)
{
    const char *name;
    json_t *value;
    size_t count = 0;

    order->values = json_loads(text(order, AT_PARAMS), 0, NULL);
    json_object_foreach(order->values, name, value)
    {
        Muster__Param *param = &order->params[count];

        if (count == PARAMS_MAX || !json_is_string(value))
            return error_set_code(err, ERROR_INVALID, "parameter '%.64s' cannot be sent", name);
        muster__param__init(param);
        param->name = (char *)name;
        param->value = (char *)json_string_value(value);
        order->param_list[count++] = param;
    }
    order->boot.param = order->param_list;
    order->boot.n_param = count;
    return 0;
}

static int seal_password(struct order *order, const struct live_session *to,
                         dispatch_open_password open_password, void *open_context,
                         struct error *err)
{
    const struct sealed_place place = {order->tenant, order->machine, order->bmc_id};
    uint8_t plain[SEALED_SECRET_PLAIN_MAX];
    size_t length = 0, sealed_length;
    const uint8_t *stored = db_blob(order->row, 0, AT_PASSWORD, &sealed_length);
    int rc = 0;

    if (stored)
        rc =
            open_password(open_context, &order->bmc_id, stored, sealed_length, plain, &length, err);
    if (rc == 0)
        rc = sealed_secret_seal(to->seal_key, &place, plain, length, order->sealed, err);
    OPENSSL_cleanse(plain, sizeof(plain));
    order->bmc.sealed_password =
        (ProtobufCBinaryData){SEALED_SECRET_OVERHEAD + length, order->sealed};
    return rc;
}

static void read_machine(struct order *order)
{
    Muster__MachineRecord *record = &order->record;
    Muster__BmcAccount *bmc = &order->bmc;

    muster__machine_record__init(record);
    record->name = text(order, AT_MACHINE_NAME);
    record->serial = text(order, AT_SERIAL);
    record->memory_mib = (uint32_t)db_int(order->row, 0, AT_MEMORY);
    record->cpus = (uint32_t)db_int(order->row, 0, AT_CPUS);
    order->boot.record = record;
    order->boot.machine_id = keep_uuid(order, AT_MACHINE, &order->machine);
    order->boot.machine_uuid = keep_uuid(order, AT_SMBIOS, &order->smbios);
    muster__bmc_account__init(bmc);
    bmc->bmc_id = keep_uuid(order, AT_BMC, &order->bmc_id);
    bmc->driver = text(order, AT_DRIVER);
    bmc->address = text(order, AT_ADDRESS);
    bmc->port = (uint32_t)db_int(order->row, 0, AT_PORT);
    bmc->username = text(order, AT_USERNAME);
    bmc->cipher_suite = (uint32_t)db_int(order->row, 0, AT_SUITE);
    order->boot.bmc = bmc;
}

static void read_rule(struct order *order)
{
    Muster__RuleRef *rule = &order->rule;

    if (db_is_null(order->row, 0, AT_RULE))
        return; /* by a person */
    muster__rule_ref__init(rule);
    rule->id = text(order, AT_RULE);
    rule->version = (uint32_t)db_int(order->row, 0, AT_RULE_VERSION);
    rule->decision_id = keep_uuid(order, AT_DECISION, &order->decision);
    rule->alert_id = keep_uuid(order, AT_ALERT, &order->alert);
    order->boot.rule = rule;
}

static void fill_head(struct order *order, const struct live_session *to,
                      const struct task_lease *lease)
{
    Muster__BootTask *boot = &order->boot;

    muster__boot_task__init(boot);
    order->tenant = lease->tenant;
    order->task = lease->task;
    order->site = to->site;
    order->agent = to->agent;
    memcpy(order->nonce, to->nonce, sizeof(order->nonce));
    boot->tenant_id = message_from_uuid(&order->tenant);
    boot->task_id = message_from_uuid(&order->task);
    boot->site_id = message_from_uuid(&order->site);
    boot->agent_id = message_from_uuid(&order->agent);
    boot->epoch = lease->epoch;
    boot->action = (char *)"boot";
    boot->session_nonce = (ProtobufCBinaryData){sizeof(order->nonce), order->nonce};
    order->requires[0] = (char *)FEATURE_BOOT;
    boot->requires = order->requires;
    boot->n_requires = 1;
    boot->chainload_always = to->chainload_always;
}

static int fill(struct db *db, struct order *order, const struct live_session *to,
                dispatch_open_password open_password, void *open_context, struct error *err)
{
    Muster__BootTask *boot = &order->boot;

    read_machine(order);
    read_rule(order);
    boot->after = text(order, AT_AFTER);
    boot->not_before_us = db_time(order->row, 0, AT_SCHEDULE);
    boot->expires_at_us = db_time(order->row, 0, AT_EXPIRES);
    boot->deadline_s = (uint32_t)db_int(order->row, 0, AT_DEADLINE);
    if (read_macs(db, order, err) < 0 || read_image(db, order, err) < 0 ||
        read_params(order, err) < 0)
        return -1;
    return seal_password(order, to, open_password, open_context, err);
}

int order_read(struct db *db, const struct live_session *to, const struct task_lease *lease,
               dispatch_open_password open_password, void *open_context, struct order **ret_order,
               struct error *err)
{
    struct order *order = calloc(1, sizeof(*order));
    int rc = -1;

    if (!order)
        return error_set_code(err, ERROR_UNAVAILABLE, "out of memory for an order");
    if (db_begin_tenant(db, &lease->tenant, err) < 0) {
        order_destroy(order);
        return -1;
    }
    fill_head(order, to, lease);
    order->row = db_query(db, SQL_ORDER_TASK, err, "ui", &lease->task, (int64_t)lease->epoch);
    if (order->row)
        rc = db_rows_count(order->row) == 0                               ? 0
             : fill(db, order, to, open_password, open_context, err) == 0 ? 1
                                                                          : -1;
    db_rollback(db); /* it only read */
    if (rc == 1)
        *ret_order = order;
    else
        order_destroy(order);
    return rc;
}
