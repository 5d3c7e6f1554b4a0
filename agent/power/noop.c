/* noop.c - a BMC that is none: remembers what it was told, for a machine that a person switches,
 * and for trying a site out without touching hardware; how often it was told on stands in the
 * agent's log. Invariant: the state of an address is what
 * was last set in this life of the agent; before that it is off with no boot device.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agent/power/drivers.h"
#include "common/error.h"
#include "common/log.h"

struct noop {
    char *address;
    uint16_t port;
    enum power_state power;
    enum boot_device device;
    unsigned ons;
    struct noop *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct noop *all; /* as many as the site has such machines; never freed */

/* With the lock held. */
static struct noop *find(const struct bmc_access *bmc, struct error *err)
{
    struct noop *noop;

    for (noop = all; noop; noop = noop->next)
        if (noop->port == bmc->port && strcmp(noop->address, bmc->address) == 0)
            return noop;
    if (!(noop = calloc(1, sizeof(*noop))) || !(noop->address = strdup(bmc->address))) {
        free(noop);
        error_no_memory(err);
        return NULL;
    }
    noop->port = bmc->port;
    noop->power = POWER_OFF;
    noop->next = all;
    all = noop;
    return noop;
}

/* With the lock held. */
static void turn(struct noop *noop, enum power_state power)
{
    noop->power = power;
    if (power == POWER_ON)
        log_info("power", "a person is to switch it on", "bmc=%s times=%u",
                 log_quote(noop->address), ++noop->ons);
}

enum access { GET_POWER, SET_POWER, GET_DEVICE, SET_DEVICE };

static int reach(const struct bmc_access *bmc, enum access what, enum power_state *power,
                 enum boot_device *device, struct error *err)
{
    struct noop *noop;

    pthread_mutex_lock(&lock);
    noop = find(bmc, err);
    if (noop && what == GET_POWER)
        *power = noop->power;
    else if (noop && what == SET_POWER)
        turn(noop, *power);
    else if (noop && what == GET_DEVICE)
        *device = noop->device;
    else if (noop)
        noop->device = *device;
    pthread_mutex_unlock(&lock);
    return noop ? 0 : -1;
}

static int get_power(const struct bmc_access *bmc, enum power_state *ret, struct error *err)
{
    return reach(bmc, GET_POWER, ret, NULL, err);
}

static int set_power(const struct bmc_access *bmc, enum power_state state, struct error *err)
{
    return reach(bmc, SET_POWER, &state, NULL, err);
}

static int get_boot_device(const struct bmc_access *bmc, enum boot_device *ret, struct error *err)
{
    return reach(bmc, GET_DEVICE, NULL, ret, err);
}

static int set_boot_device(const struct bmc_access *bmc, enum boot_device device, bool uefi,
                           struct error *err)
{
    (void)uefi;
    return reach(bmc, SET_DEVICE, NULL, &device, err);
}

static int reset_bmc(const struct bmc_access *bmc, struct error *err)
{
    (void)bmc;
    (void)err;
    return 0;
}

const struct power_driver power_driver_noop = {.name = "noop",
                                               .remembers_only = true,
                                               .get_power = get_power,
                                               .set_power = set_power,
                                               .get_boot_device = get_boot_device,
                                               .set_boot_device = set_boot_device,
                                               .reset_bmc = reset_bmc};
