/* machine.h - machines with their NICs and BMC accounts (platform), and which tenant holds them
 * (machine_holding: closed, never deleted). A BMC's password is sealed for its row before it is
 * stored.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;
struct secret_key;

#define MACHINE_NICS_MAX 16

struct machine_request {
    struct uuid site;
    const char *name;
    struct mac macs[MACHINE_NICS_MAX]; /* the first is the boot NIC */
    size_t mac_count;
    const struct uuid *smbios_uuid; /* NULL: not known */
    const json_t *facts;            /* machine_facts.h, checked */
    const char *bmc_driver, *bmc_address, *bmc_user;
    int64_t bmc_port, bmc_cipher_suite;
    const char *bmc_password; /* NULL: none */
};
/* ERROR_CONFLICT: name, MAC, UUID, serial or asset tag is another's. */
int machine_add(struct db *db, const struct secret_key *key, const struct machine_request *request,
                struct uuid *ret_id, struct error *err);

/* Its BMC account as 'request' has it, the password too (NULL: none). Orders that are sent from
 * then on carry it. */
int machine_set_bmc(struct db *db, const struct secret_key *key, const struct uuid *machine,
                    const struct machine_request *request, struct error *err);

/* What is said of it, and until the transaction's end nobody else changes it. The caller's. */
json_t *machine_facts_read(struct db *db, const struct uuid *machine, struct error *err);
/* All of them, checked. ERROR_CONFLICT: the serial or asset tag is another's. */
int machine_facts_write(struct db *db, const struct uuid *machine, const json_t *facts,
                        struct error *err);

/* Inside a transaction of 'tenant'. ERROR_CONFLICT: it is held already. */
int machine_hold(struct db *db, const struct uuid *tenant, const struct uuid *machine,
                 struct uuid *ret_holding, struct error *err);

struct machine_found {
    struct uuid id, site, holding; /* holding: nil unless looked up for a tenant */
    struct mac boot_mac;
    char name[64];
};
/* By name, MAC in any spelling, serial, asset tag or the start of the id (8 characters at least);
 * for a tenant only among what it holds now ('tenant' nil: all). 1: found; 0: none; -1: err,
 * ERROR_CONFLICT when several match. */
int machine_find(struct db *db, const struct uuid *tenant, const char *target,
                 struct machine_found *ret, struct error *err);

struct machine_filter {
    struct uuid tenant; /* nil: all machines */
    const char *site;   /* NULL: every */
    const char *after;  /* name, or NULL */
    int64_t limit;
    const struct uuid *id; /* only this one; NULL: every */
    bool with_bmc;         /* never for a tenant */
};
/* One JSON document a row (column 0) by name; column 1 is the name. */
struct db_rows *machine_list(struct db *db, const struct machine_filter *filter, struct error *err);
