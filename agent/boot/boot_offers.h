/* boot_offers.h - "who may boot what now": the one answer that DHCP, TFTP and HTTP all ask for.
 * The runner publishes an offer after `off` was seen and intent(on) is fsynced, and withdraws it when the
 * task ends. A machine without an offer gets no boot answer from us. Offers are immutable; every call is
 * safe from any thread (a lock held for a lookup; nobody waits inside it).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct error;
struct boot_offers;

#define BOOT_OFFER_MACS_MAX 16

struct boot_offer {
    struct uuid task_id;
    unsigned attempt;
    struct mac macs[BOOT_OFFER_MACS_MAX]; /* the machine's NICs; macs[0] is the boot NIC */
    size_t mac_count;
    struct uuid machine_uuid;   /* nil: the record holds none, then the MAC alone identifies */
    char *kernel_path, *kernel_name, *kernel_sha256; /* in the site's cache, digest verified */
    char *initrd_path, *initrd_sha256;
    char *arguments;            /* kernel command line, complete */
    uint8_t *initrd_tail;       /* the cpio with boot.json: holds the token, never logged */
    size_t initrd_tail_length;
    bool used;                  /* phoned home: identity only, nothing is booted from it any more */
    bool chainload_always;      /* serve our own iPXE even to a client that is iPXE already */
};

struct boot_offers *boot_offers_create(struct error *err);
void boot_offers_destroy(struct boot_offers *offers);

/* A deep copy of 'offer' is kept. -1: ERROR_CONFLICT when a MAC or UUID is offered to another task. */
int boot_offers_publish(struct boot_offers *offers, const struct boot_offer *offer, struct error *err);
void boot_offers_withdraw(struct boot_offers *offers, const struct uuid *task_id);

/* NULL when there is none; else release it. It stays valid after a withdrawal, until released. */
const struct boot_offer *boot_offers_find_mac(struct boot_offers *offers, const struct mac *mac);
const struct boot_offer *boot_offers_find_task(struct boot_offers *offers, const struct uuid *task);
void boot_offers_release(struct boot_offers *offers, const struct boot_offer *offer);
