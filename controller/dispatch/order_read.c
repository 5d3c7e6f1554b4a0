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
#include "controller/images/image_run.h"
#include "proto/features.h"
#include "proto/frame.h"
#include "proto/sealed_secret.h"

#define MACS_MAX 16
#define FILES_MAX 2
#define PARAMS_MAX 64
#define NAMES_MAX 64 /* checks, firmware */

/* Columns of SQL_ORDER_TASK. */
enum {
    AT_TASK,
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
    AT_ALERT,
    AT_PROFILE,
    AT_CHECKS,
    AT_ASKS
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
    const struct db_rows *rows; /* borrowed, and which of them it is */
    size_t row;
    json_t *document, *values;
    struct image_run run;
};

/* The wishes' rows: of tasks, of their machines' cards and of their images' files. */
struct orders {
    const struct order_wish *wishes; /* borrowed */
    struct db_rows *tasks, *macs, *files;
    struct order *order; /* the one whose message is lent out */
};

static void order_destroy(struct order *order)
{
    if (!order)
        return;
    json_decref(order->document);
    json_decref(order->values);
    image_run_clear(&order->run);
    free(order);
}

void orders_destroy(struct orders *orders)
{
    if (!orders)
        return;
    order_destroy(orders->order);
    db_rows_destroy(orders->tasks);
    db_rows_destroy(orders->macs);
    db_rows_destroy(orders->files);
    free(orders);
}

/* protobuf-c's fields are not const; messages made here are only packed. */
static char *text(const struct order *order, int column)
{
    const char *value = db_text(order->rows, order->row, column);

    return (char *)(value ? value : "");
}

static ProtobufCBinaryData keep_uuid(const struct order *order, int column, struct uuid *place)
{
    *place = db_uuid(order->rows, order->row, column);
    return db_is_null(order->rows, order->row, column) ? (ProtobufCBinaryData){0, NULL}
                                                       : message_from_uuid(place);
}

static int read_macs(const struct orders *orders, struct order *order, struct error *err)
{
    for (size_t i = 0; i < db_rows_count(orders->macs) && order->boot.n_mac < MACS_MAX; i++) {
        struct uuid machine = db_uuid(orders->macs, i, 0);
        size_t at = order->boot.n_mac;

        if (!uuid_equal(&machine, &order->machine))
            continue;
        order->macs[at] = db_mac(orders->macs, i, 1);
        order->mac_list[at] = (ProtobufCBinaryData){6, order->macs[at].bytes};
        order->boot.n_mac++;
    }
    order->boot.mac = order->mac_list;
    return order->boot.n_mac ? 0 : error_set_code(err, ERROR_INVALID, "the machine has no MAC");
}

static void read_file(const struct orders *orders, size_t row, Muster__ImageFile *file)
{
    size_t length;

    muster__image_file__init(file);
    file->role = (char *)db_text(orders->files, row, 1);
    file->name = (char *)db_text(orders->files, row, 2);
    file->sha256.data = (uint8_t *)db_blob(orders->files, row, 3, &length);
    file->sha256.len = length;
    file->size = (uint64_t)db_int(orders->files, row, 4);
}

static int read_files(const struct orders *orders, struct order *order, struct error *err)
{
    for (size_t i = 0; i < db_rows_count(orders->files) && order->image.n_file < FILES_MAX; i++) {
        struct uuid version = db_uuid(orders->files, i, 0);
        size_t at = order->image.n_file;

        if (!uuid_equal(&version, &order->version))
            continue;
        read_file(orders, i, &order->files[at]);
        order->file_list[at] = &order->files[at];
        order->image.n_file++;
    }
    order->image.file = order->file_list;
    return order->image.n_file
               ? 0
               : error_set_code(err, ERROR_INVALID, "the image version has no files");
}

static size_t read_names(const json_t *list, char **names)
{
    const json_t *item;
    size_t count = 0, at;

    json_array_foreach(list, at, item)
    {
        if (json_is_string(item) && count < NAMES_MAX)
            names[count++] = (char *)json_string_value(item);
    }
    return count;
}

/* What of the image the task runs. */
static int read_run(struct order *order, struct error *err)
{
    const char *checks = db_text(order->rows, order->row, AT_CHECKS), *names[NAMES_MAX];
    json_t *wished = checks ? json_loads(checks, 0, NULL) : NULL;
    struct image_wish wish = {.profile = db_text(order->rows, order->row, AT_PROFILE),
                              .checks = names};
    int rc;

    wish.check_count = read_names(wished, (char **)names);
    rc = image_run_make(order->document, &wish, &order->run, err);
    json_decref(wished);
    return rc;
}

static int read_image(const struct orders *orders, struct order *order, struct error *err)
{
    Muster__ImageVersion *image = &order->image;
    size_t length;

    muster__image_version__init(image);
    order->document = json_loads(text(order, AT_DOCUMENT), 0, NULL);
    if (!order->document)
        return error_set_code(err, ERROR_INVALID, "the image version's document cannot be read");
    if (read_run(order, err) < 0)
        return -1;
    image->image_version_id = keep_uuid(order, AT_VERSION_ID, &order->version);
    image->name = text(order, AT_IMAGE);
    image->version = text(order, AT_VERSION);
    image->digest.data = (uint8_t *)db_blob(order->rows, order->row, AT_DIGEST, &length);
    image->digest.len = length;
    image->arguments = order->run.arguments;
    image->profile = text(order, AT_PROFILE);
    image->n_check = read_names(order->run.checks, order->checks);
    image->check = order->checks;
    image->n_firmware = read_names(json_object_get(order->document, "firmware"), order->firmware);
    image->firmware = order->firmware;
    order->boot.image = image;
    return read_files(orders, order, err);
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
    const uint8_t *stored = db_blob(order->rows, order->row, AT_PASSWORD, &sealed_length);
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
    record->memory_mib = (uint32_t)db_int(order->rows, order->row, AT_MEMORY);
    record->cpus = (uint32_t)db_int(order->rows, order->row, AT_CPUS);
    order->boot.record = record;
    order->boot.machine_id = keep_uuid(order, AT_MACHINE, &order->machine);
    order->boot.machine_uuid = keep_uuid(order, AT_SMBIOS, &order->smbios);
    muster__bmc_account__init(bmc);
    bmc->bmc_id = keep_uuid(order, AT_BMC, &order->bmc_id);
    bmc->driver = text(order, AT_DRIVER);
    bmc->address = text(order, AT_ADDRESS);
    bmc->port = (uint32_t)db_int(order->rows, order->row, AT_PORT);
    bmc->username = text(order, AT_USERNAME);
    bmc->cipher_suite = (uint32_t)db_int(order->rows, order->row, AT_SUITE);
    order->boot.bmc = bmc;
}

static void read_rule(struct order *order)
{
    Muster__RuleRef *rule = &order->rule;

    if (db_is_null(order->rows, order->row, AT_RULE))
        return; /* by a person */
    muster__rule_ref__init(rule);
    rule->id = text(order, AT_RULE);
    rule->version = (uint32_t)db_int(order->rows, order->row, AT_RULE_VERSION);
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

static int fill(const struct orders *orders, struct order *order, const struct live_session *to,
                dispatch_open_password open_password, void *open_context, struct error *err)
{
    Muster__BootTask *boot = &order->boot;

    read_machine(order);
    read_rule(order);
    boot->after = text(order, AT_AFTER);
    boot->not_before_us = db_time(order->rows, order->row, AT_SCHEDULE);
    boot->expires_at_us = db_time(order->rows, order->row, AT_EXPIRES);
    boot->deadline_s = (uint32_t)db_int(order->rows, order->row, AT_DEADLINE);
    if (read_macs(orders, order, err) < 0 || read_image(orders, order, err) < 0 ||
        read_params(order, err) < 0)
        return -1;
    return seal_password(order, to, open_password, open_context, err);
}

/* ---- many at once ---- */

static struct db_rows *query_of(struct db *db, const char *sql, const struct db_rows *tasks,
                                int column, struct error *err)
{
    size_t count = db_rows_count(tasks);
    struct uuid *ids = calloc(count + 1, sizeof(*ids));
    struct db_rows *rows = NULL;

    for (size_t i = 0; ids && i < count; i++)
        ids[i] = db_uuid(tasks, i, column);
    if (ids)
        rows = db_query(db, sql, err, "U", count, ids);
    else
        error_no_memory(err);
    free(ids);
    return rows;
}

static int query_tasks(struct db *db, struct orders *orders, size_t count, struct error *err)
{
    struct uuid *tasks = calloc(count + 1, sizeof(*tasks));
    int64_t *epochs = calloc(count + 1, sizeof(*epochs));

    for (size_t i = 0; tasks && epochs && i < count; i++) {
        tasks[i] = orders->wishes[i].lease->task;
        epochs[i] = (int64_t)orders->wishes[i].lease->epoch;
    }
    if (tasks && epochs)
        orders->tasks = db_query(db, SQL_ORDER_TASKS, err, "UI", count, tasks, count, epochs);
    else
        error_no_memory(err);
    free(tasks);
    free(epochs);
    if (!orders->tasks ||
        !(orders->macs = query_of(db, SQL_ORDER_MACS, orders->tasks, AT_MACHINE, err)) ||
        !(orders->files = query_of(db, SQL_ORDER_FILES, orders->tasks, AT_VERSION_ID, err)))
        return -1;
    return 0;
}

int orders_read(struct db *db, const struct order_wish *wishes, size_t count,
                struct orders **ret_orders, struct error *err)
{
    struct orders *orders = calloc(1, sizeof(*orders));
    int rc = -1;

    if (!orders)
        return error_no_memory(err);
    orders->wishes = wishes;
    if (db_begin_tenant(db, &wishes[0].lease->tenant, err) == 0)
        rc = query_tasks(db, orders, count, err);
    db_rollback(db); /* it only read */
    if (rc == 0)
        *ret_orders = orders;
    else
        orders_destroy(orders);
    return rc;
}

/* Its row, or none. */
static bool find_row(const struct orders *orders, const struct uuid *task, size_t *ret_row)
{
    for (size_t i = 0; i < db_rows_count(orders->tasks); i++) {
        struct uuid found = db_uuid(orders->tasks, i, AT_TASK);

        if (uuid_equal(&found, task)) {
            *ret_row = i;
            return true;
        }
    }
    return false;
}

bool orders_ask(const struct orders *orders, size_t number)
{
    size_t row;

    return find_row(orders, &orders->wishes[number].lease->task, &row) &&
           db_bool(orders->tasks, row, AT_ASKS);
}

const Muster__BootTask *orders_message(struct orders *orders, size_t number,
                                       dispatch_open_password open_password, void *open_context,
                                       struct error *err)
{
    const struct order_wish *wish = &orders->wishes[number];
    size_t row;

    error_clear(err);
    order_destroy(orders->order);
    orders->order = NULL;
    if (!find_row(orders, &wish->lease->task, &row))
        return NULL;
    if (!(orders->order = calloc(1, sizeof(*orders->order)))) {
        error_no_memory(err);
        return NULL;
    }
    orders->order->rows = orders->tasks;
    orders->order->row = row;
    fill_head(orders->order, wish->to, wish->lease);
    return fill(orders, orders->order, wish->to, open_password, open_context, err) < 0
               ? NULL
               : &orders->order->boot;
}
