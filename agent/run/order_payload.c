/* order_payload.c - see order_payload.h. The controller is believed, its bugs are not: a name with
 * a slash or an argument with a newline stops here and not in a script that some firmware runs.
 */
#include "agent/run/order_payload.h"

#include <ctype.h>
#include <string.h>

#include "agent/boot/boot_offers.h"
#include "proto/frame.h"

#define TEXT_MAX 2048

static int bad(struct error *err, const char *field, const char *why)
{
    return error_set_code(err, ERROR_INVALID, "field %s %s", field, why);
}

/* Printable ASCII, no control characters: it may end in a script, an argument or a log line. */
static bool is_plain(const char *text, size_t max)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return length <= max;
}

static bool is_name(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
            return false;
    return length > 0 && length <= 100 && text[0] != '.';
}

/* ${mac} and ${agent_url} are all that a template may ask for. */
static bool is_template(const char *text)
{
    for (const char *at = text; (at = strstr(at, "${")); at += 2)
        if (strncmp(at, "${mac}", 6) != 0 && strncmp(at, "${agent_url}", 12) != 0)
            return false;
    return is_plain(text, TEXT_MAX);
}

static int check_macs(const Muster__BootTask *boot, struct error *err)
{
    if (boot->n_mac == 0 || boot->n_mac > BOOT_OFFER_MACS_MAX)
        return bad(err, "mac", "must hold 1 to 16 addresses");
    for (size_t i = 0; i < boot->n_mac; i++)
        if (boot->mac[i].len != 6)
            return bad(err, "mac", "is not 6 bytes long");
    return 0;
}

static int check_bmc(const Muster__BmcAccount *bmc, struct error *err)
{
    struct uuid id;

    if (!bmc)
        return bad(err, "bmc", "is missing");
    if (message_uuid(&bmc->bmc_id, "bmc.bmc_id", &id, err) < 0)
        return -1;
    if (!is_name(bmc->driver))
        return bad(err, "bmc.driver", "is not a name");
    /* A dash in front would be an option of ipmitool. */
    if (!is_plain(bmc->address, 255) || !*bmc->address || bmc->address[0] == '-' ||
        strchr(bmc->address, ' '))
        return bad(err, "bmc.address", "is not a host");
    if (!is_plain(bmc->username, 64) || bmc->username[0] == '-')
        return bad(err, "bmc.username", "is not a plain name of at most 64 characters");
    if (bmc->port > 65535)
        return bad(err, "bmc.port", "is above 65535");
    if (bmc->cipher_suite > 17)
        return bad(err, "bmc.cipher_suite", "is above 17");
    return 0;
}

const Muster__ImageFile *order_file(const Muster__BootTask *boot, const char *role)
{
    for (size_t i = 0; i < boot->image->n_file; i++)
        if (strcmp(boot->image->file[i]->role, role) == 0)
            return boot->image->file[i];
    return NULL;
}

static int check_image(const Muster__BootTask *boot, struct error *err)
{
    const Muster__ImageVersion *image = boot->image;

    if (!image)
        return bad(err, "image", "is missing");
    if (image->n_file > ORDER_FILES_MAX)
        return bad(err, "image.file", "holds more than 8 files");
    for (size_t i = 0; i < image->n_file; i++) {
        if (image->file[i]->sha256.len != 32)
            return bad(err, "image.file.sha256", "is not 32 bytes long");
        if (!is_name(image->file[i]->name))
            return bad(err, "image.file.name", "may hold letters, digits, '.', '_' and '-' only");
        if (image->file[i]->size == 0)
            return bad(err, "image.file.size", "is 0");
    }
    if (!order_file(boot, "kernel") || !order_file(boot, "initrd"))
        return bad(err, "image.file", "lacks a kernel or an initrd");
    if (!is_template(image->arguments))
        return bad(err, "image.arguments",
                   "must be printable ASCII and may use ${mac} and ${agent_url} only");
    for (size_t i = 0; i < image->n_check; i++)
        if (!is_name(image->check[i]))
            return bad(err, "image.check", "is not a name");
    for (size_t i = 0; i < image->n_firmware; i++)
        if (!is_name(image->firmware[i]))
            return bad(err, "image.firmware", "is not a name");
    return 0;
}

static int check_params(const Muster__BootTask *boot, struct error *err)
{
    if (boot->n_param > ORDER_PARAMS_MAX)
        return bad(err, "param", "holds more than 32 parameters");
    for (size_t i = 0; i < boot->n_param; i++) {
        if (!is_name(boot->param[i]->name))
            return bad(err, "param.name", "is not a name");
        if (strlen(boot->param[i]->value) > ORDER_PARAM_BYTES_MAX)
            return bad(err, "param.value", "is longer than 128 bytes");
    }
    return 0;
}

static bool is_after(const char *after)
{
    static const char *const known[] = {"as_found", "power_off", "local_disk", "stay"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i], after) == 0)
            return true;
    return false;
}

static int read_boot(const Muster__BootTask *boot, struct task_order *order,
                     struct order_claims *claims, struct error *err)
{
    struct uuid tenant;

    if (message_uuid(&boot->task_id, "task_id", &order->task_id, err) < 0 ||
        message_uuid(&boot->tenant_id, "tenant_id", &tenant, err) < 0 ||
        message_uuid(&boot->machine_id, "machine_id", &order->machine_id, err) < 0 ||
        message_uuid(&boot->site_id, "site_id", &claims->site_id, err) < 0 ||
        message_uuid(&boot->agent_id, "agent_id", &claims->agent_id, err) < 0)
        return -1;
    order->epoch = boot->epoch;
    claims->nonce = boot->session_nonce;
    claims->not_before_us = boot->not_before_us;
    claims->expires_at_us = boot->expires_at_us;
    if (boot->epoch == 0 || boot->epoch > INT64_MAX)
        return bad(err, "epoch", "is out of range");
    if (boot->machine_uuid.len != 0 && boot->machine_uuid.len != 16)
        return bad(err, "machine_uuid", "is not 16 bytes long");
    if (boot->deadline_s == 0 || boot->deadline_s > ORDER_DEADLINE_MAX_S)
        return bad(err, "deadline_s", "must be 1 s to 24 h");
    if (!is_after(boot->after))
        return bad(err, "after", "must be as_found, power_off, local_disk or stay");
    if (check_macs(boot, err) < 0 || check_bmc(boot->bmc, err) < 0 || check_image(boot, err) < 0)
        return -1;
    return check_params(boot, err);
}

static int read_cancel(const Muster__CancelTask *cancel, struct task_order *order,
                       struct order_claims *claims, struct error *err)
{
    order->epoch = cancel->epoch;
    claims->nonce = cancel->session_nonce;
    claims->expires_at_us = cancel->expires_at_us;
    if (message_uuid(&cancel->task_id, "task_id", &order->task_id, err) < 0 ||
        message_uuid(&cancel->site_id, "site_id", &claims->site_id, err) < 0)
        return -1;
    return message_uuid(&cancel->agent_id, "agent_id", &claims->agent_id, err);
}

static int read_release(const Muster__ReleaseMachine *release, struct task_order *order,
                        struct order_claims *claims, struct error *err)
{
    order->epoch = release->epoch;
    claims->nonce = release->session_nonce;
    claims->expires_at_us = release->expires_at_us;
    if (message_uuid(&release->machine_id, "machine_id", &order->machine_id, err) < 0 ||
        message_uuid(&release->site_id, "site_id", &claims->site_id, err) < 0)
        return -1;
    return message_uuid(&release->agent_id, "agent_id", &claims->agent_id, err);
}

static int read_settle(const Muster__SettleTask *settle, struct task_order *order,
                       struct order_claims *claims, struct error *err)
{
    order->epoch = settle->epoch;
    claims->nonce = settle->session_nonce;
    claims->expires_at_us = settle->expires_at_us;
    if (strcmp(settle->outcome, "succeeded") != 0 && strcmp(settle->outcome, "failed") != 0 &&
        strcmp(settle->outcome, "cancelled") != 0)
        return bad(err, "outcome", "must be succeeded, failed or cancelled");
    if (message_uuid(&settle->task_id, "task_id", &order->task_id, err) < 0 ||
        message_uuid(&settle->site_id, "site_id", &claims->site_id, err) < 0)
        return -1;
    return message_uuid(&settle->agent_id, "agent_id", &claims->agent_id, err);
}

static const ProtobufCMessageDescriptor *payload_type(enum envelope_domain domain)
{
    switch (domain) {
    case DOMAIN_TASK:
        return &muster__boot_task__descriptor;
    case DOMAIN_CANCEL:
        return &muster__cancel_task__descriptor;
    case DOMAIN_RELEASE:
        return &muster__release_machine__descriptor;
    case DOMAIN_SETTLE:
        return &muster__settle_task__descriptor;
    default:
        return NULL;
    }
}

int order_payload_read(enum envelope_domain domain, const void *bytes, size_t length,
                       struct task_order *order, struct order_claims *ret_claims, struct error *err)
{
    const ProtobufCMessageDescriptor *type = payload_type(domain);

    memset(ret_claims, 0, sizeof(*ret_claims));
    if (!type)
        return error_set_code(err, ERROR_INVALID, "domain %d has no order in it", (int)domain);
    if (!(order->message = message_unpack(type, bytes, length, err)))
        return -1;
    order->domain = domain;
    if (domain == DOMAIN_TASK) {
        order->boot = order->message;
        return read_boot(order->boot, order, ret_claims, err);
    }
    if (domain == DOMAIN_CANCEL) {
        order->cancel = order->message;
        return read_cancel(order->cancel, order, ret_claims, err);
    }
    if (domain == DOMAIN_RELEASE) {
        order->release = order->message;
        return read_release(order->release, order, ret_claims, err);
    }
    order->settle = order->message;
    return read_settle(order->settle, order, ret_claims, err);
}
