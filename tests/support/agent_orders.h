/* agent_orders.h - signed orders for tests of the agent: keys, a manifest, and a boot task whose
 * fields a test may change before it is signed. Everything lives until orders_end().
 */
#pragma once

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/ids.h"
#include "proto/envelope.h"
#include "proto/frame.h"
#include "proto/key_manifest.h"
#include "proto/sealed_secret.h"

#define ORDERS_NOW_US ((int64_t)1800000000 * 1000000)

struct orders {
    struct sign_key *root, *controller, *cancel_only, *stranger, *agent;
    struct key_manifest *manifest;
    uint8_t seal_secret[32], seal_public[32];
    struct uuid site, agent_id, tenant, machine, task, bmc_id, image, machine_uuid;
    struct mac mac;
    uint8_t nonce[32];
    /* What orders_boot() made: change, then orders_sign(). */
    Muster__BootTask boot;
    Muster__BmcAccount bmc;
    Muster__ImageVersion version;
    Muster__ImageFile kernel, initrd, *files[2];
    Muster__Param param, *params[1];
    Muster__MachineRecord record;
    ProtobufCBinaryData macs[1];
    char *checks[2];
    uint8_t kernel_sha256[32], initrd_sha256[32];
    uint8_t sealed[128];
};

static inline struct sign_key *orders_key(void)
{
    uint8_t secret[32], public_half[32];

    ck_assert_int_eq(sign_key_make(secret, public_half, NULL), 0);
    return sign_key_create(secret, NULL);
}

static inline struct key_manifest_entry orders_entry(const struct sign_key *key, unsigned domains)
{
    struct key_manifest_entry entry = {.domains = domains,
                                       .not_before_us = ORDERS_NOW_US - 1000000,
                                       .not_after_us = ORDERS_NOW_US + (int64_t)86400 * 1000000};

    memcpy(entry.public_key, sign_key_public(key), 32);
    return entry;
}

static inline void orders_begin(struct orders *o)
{
    struct key_manifest_entry entries[2];
    uint8_t *bytes;
    size_t length;
    struct error err = {0};

    memset(o, 0, sizeof(*o));
    o->root = orders_key();
    o->controller = orders_key();
    o->cancel_only = orders_key();
    o->stranger = orders_key();
    o->agent = orders_key();
    ck_assert_int_eq(seal_key_make(o->seal_secret, o->seal_public, NULL), 0);
    entries[0] = orders_entry(o->controller, 1u << DOMAIN_TASK | 1u << DOMAIN_CANCEL |
                                                 1u << DOMAIN_RELEASE | 1u << DOMAIN_SETTLE);
    entries[1] = orders_entry(o->cancel_only, 1u << DOMAIN_CANCEL);
    ck_assert_int_eq(key_manifest_make(o->root, 1, ORDERS_NOW_US - 1,
                                       ORDERS_NOW_US + (int64_t)86400 * 1000000, entries, 2, &bytes,
                                       &length, NULL),
                     0);
    o->manifest =
        key_manifest_read(bytes, length, sign_key_public(o->root), 0, ORDERS_NOW_US, &err);
    ck_assert_msg(o->manifest != NULL, "%s", error_text(&err));
    free(bytes);
    o->site = uuid_make();
    o->agent_id = uuid_make();
    o->tenant = uuid_make();
    o->bmc_id = uuid_make();
    o->image = uuid_make();
    memset(o->nonce, 0x5a, sizeof(o->nonce));
}

static inline void orders_end(struct orders *o)
{
    sign_key_destroy(o->root);
    sign_key_destroy(o->controller);
    sign_key_destroy(o->cancel_only);
    sign_key_destroy(o->stranger);
    sign_key_destroy(o->agent);
    key_manifest_release(o->manifest);
}

/* A good boot task of a fresh task id; machine and MAC are fresh too unless set before. */
static inline void orders_boot(struct orders *o, uint64_t epoch)
{
    struct sealed_place place;

    o->task = uuid_make();
    if (uuid_is_nil(&o->machine)) {
        o->machine = uuid_make();
        o->machine_uuid = uuid_make();
        o->mac = (struct mac){{0x52, 0x54, 0, 1, 2, 3}};
    }
    place = (struct sealed_place){o->tenant, o->machine, o->bmc_id};
    ck_assert_int_eq(sealed_secret_seal(o->seal_public, &place, "s3cret", 6, o->sealed, NULL), 0);
    muster__boot_task__init(&o->boot);
    muster__bmc_account__init(&o->bmc);
    muster__image_version__init(&o->version);
    muster__image_file__init(&o->kernel);
    muster__image_file__init(&o->initrd);
    muster__param__init(&o->param);
    muster__machine_record__init(&o->record);
    o->boot.task_id = message_from_uuid(&o->task);
    o->boot.tenant_id = message_from_uuid(&o->tenant);
    o->boot.site_id = message_from_uuid(&o->site);
    o->boot.agent_id = message_from_uuid(&o->agent_id);
    o->boot.machine_id = message_from_uuid(&o->machine);
    o->boot.machine_uuid = message_from_uuid(&o->machine_uuid);
    o->macs[0] = (ProtobufCBinaryData){6, o->mac.bytes};
    o->boot.mac = o->macs;
    o->boot.n_mac = 1;
    o->bmc.bmc_id = message_from_uuid(&o->bmc_id);
    o->bmc.driver = (char *)"noop";
    o->bmc.address = (char *)"127.0.0.1";
    o->bmc.port = 623;
    o->bmc.username = (char *)"admin";
    o->bmc.sealed_password = (ProtobufCBinaryData){SEALED_SECRET_OVERHEAD + 6, o->sealed};
    o->bmc.cipher_suite = 3;
    o->boot.bmc = &o->bmc;
    o->boot.epoch = epoch;
    o->boot.action = (char *)"boot";
    memset(o->kernel_sha256, 0x11, 32);
    memset(o->initrd_sha256, 0x22, 32);
    o->kernel.role = (char *)"kernel";
    o->kernel.name = (char *)"vmlinuz";
    o->kernel.sha256 = (ProtobufCBinaryData){32, o->kernel_sha256};
    o->kernel.size = 1000;
    o->initrd.role = (char *)"initrd";
    o->initrd.name = (char *)"initrd.gz";
    o->initrd.sha256 = (ProtobufCBinaryData){32, o->initrd_sha256};
    o->initrd.size = 2000;
    o->files[0] = &o->kernel;
    o->files[1] = &o->initrd;
    o->version.image_version_id = message_from_uuid(&o->image);
    o->version.name = (char *)"diagnostics";
    o->version.version = (char *)"1";
    o->version.file = o->files;
    o->version.n_file = 2;
    o->version.arguments = (char *)"console=ttyS0 BOOTIF=${mac} agent=${agent_url}";
    o->checks[0] = (char *)"dmi";
    o->checks[1] = (char *)"memory";
    o->version.check = o->checks;
    o->version.n_check = 2;
    o->version.profile = (char *)"short";
    o->boot.image = &o->version;
    o->param.name = (char *)"seconds";
    o->param.value = (char *)"2";
    o->params[0] = &o->param;
    o->boot.param = o->params;
    o->boot.n_param = 1;
    o->record.serial = (char *)"SN1";
    o->record.memory_mib = 192;
    o->record.cpus = 1;
    o->boot.record = &o->record;
    o->boot.not_before_us = ORDERS_NOW_US - 1000000;
    o->boot.expires_at_us = ORDERS_NOW_US + (int64_t)900 * 1000000;
    o->boot.deadline_s = 1800;
    o->boot.after = (char *)"as_found";
    o->boot.session_nonce = (ProtobufCBinaryData){32, o->nonce};
}

/* The caller frees *ret. */
static inline size_t orders_seal(const struct sign_key *key, enum envelope_domain domain,
                                 const ProtobufCMessage *message, uint8_t **ret)
{
    uint8_t *payload;
    size_t length;

    ck_assert_int_eq(message_pack(message, &payload, &length, NULL), 0);
    ck_assert_int_eq(envelope_sign(key, domain, payload, length, ret, &length, NULL), 0);
    free(payload);
    return length;
}

static inline size_t orders_sign(struct orders *o, uint8_t **ret)
{
    return orders_seal(o->controller, DOMAIN_TASK, &o->boot.base, ret);
}
