/* A bounded array under a lock. When it is full the entry that was touched longest ago makes room:
 * 1024 machines booting at once on one site is far above what a site can power on.
 */
#include "agent/boot/address_table.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

#define ENTRIES 1024
#define LOADER_LIFE_MS (120 * 1000)

struct entry {
    struct mac mac;
    struct in_addr observed; /* by DHCP */
    struct in_addr used[STAGE_COUNT];
    int64_t loader_sent_ms; /* 0: not, or it has fetched its script */
    uint64_t touched;       /* 0: a free entry */
};

struct address_table {
    pthread_mutex_t lock;
    char interface[IFNAMSIZ];
    char *neighbours;
    uint64_t touches;
    struct entry entries[ENTRIES];
};

struct address_table *address_table_create(const char *interface, const char *neighbours,
                                           struct error *err)
{
    struct address_table *table = calloc(1, sizeof(*table));

    if (!table || !(table->neighbours = strdup(neighbours))) {
        free(table);
        error_no_memory(err);
        return NULL;
    }
    snprintf(table->interface, sizeof(table->interface), "%s", interface);
    pthread_mutex_init(&table->lock, NULL);
    return table;
}

void address_table_destroy(struct address_table *table)
{
    if (!table)
        return;
    pthread_mutex_destroy(&table->lock);
    free(table->neighbours);
    free(table);
}

static struct entry *find(struct address_table *table, const struct mac *mac)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &table->entries[i];

        if (entry->touched && mac_equal(&entry->mac, mac)) {
            entry->touched = ++table->touches;
            return entry;
        }
    }
    return NULL;
}

static struct entry *find_or_add(struct address_table *table, const struct mac *mac)
{
    struct entry *entry = find(table, mac), *oldest = &table->entries[0];

    if (entry)
        return entry;
    for (size_t i = 1; i < ENTRIES; i++)
        if (table->entries[i].touched < oldest->touched)
            oldest = &table->entries[i];
    memset(oldest, 0, sizeof(*oldest));
    oldest->mac = *mac;
    oldest->touched = ++table->touches;
    return oldest;
}

static struct entry *observed_at(struct address_table *table, struct in_addr address)
{
    for (size_t i = 0; i < ENTRIES; i++)
        if (table->entries[i].touched && table->entries[i].observed.s_addr == address.s_addr)
            return &table->entries[i];
    return NULL;
}

void address_table_observe(struct address_table *table, const struct mac *mac, bool armed,
                           struct in_addr address)
{
    struct entry *before;

    pthread_mutex_lock(&table->lock);
    before = observed_at(table, address);
    if (before)
        before->observed.s_addr = 0;
    if (armed)
        find_or_add(table, mac)->observed = address;
    pthread_mutex_unlock(&table->lock);
}

void address_table_begin(struct address_table *table, const struct mac *mac, enum boot_stage stage)
{
    struct entry *entry;

    pthread_mutex_lock(&table->lock);
    entry = find_or_add(table, mac);
    for (size_t i = stage; i < STAGE_COUNT; i++)
        entry->used[i].s_addr = 0;
    pthread_mutex_unlock(&table->lock);
}

/* "IP address HW type Flags HW address Mask Device", proc(5); only complete entries of our
 * interface. */
static bool read_neighbour(const struct address_table *table, struct in_addr address,
                           struct mac *ret_mac)
{
    char line[256], ip[64], hardware[64], device[64];
    unsigned flags;
    struct in_addr at;
    bool found = false;
    FILE *file = fopen(table->neighbours, "re");

    if (!file)
        return false;
    while (!found && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "%63s %*s %x %63s %*s %63s", ip, &flags, hardware, device) != 4)
            continue;
        found = (flags & ATF_COM) && strcmp(device, table->interface) == 0 &&
                inet_pton(AF_INET, ip, &at) == 1 && at.s_addr == address.s_addr &&
                mac_parse(hardware, ret_mac) == 0;
    }
    fclose(file);
    return found;
}

enum address_answer address_table_find(struct address_table *table, struct in_addr address,
                                       struct mac *ret_mac, struct mac *ret_other)
{
    struct mac neighbour, observed = {{0}};
    bool near = read_neighbour(table, address, &neighbour), told;
    struct entry *entry;

    pthread_mutex_lock(&table->lock);
    entry = address.s_addr ? observed_at(table, address) : NULL;
    told = entry;
    if (entry)
        observed = entry->mac;
    pthread_mutex_unlock(&table->lock);
    if (!near && !told)
        return ADDRESS_UNKNOWN;
    *ret_mac = near ? neighbour : observed;
    if (!near || !told || mac_equal(&neighbour, &observed))
        return ADDRESS_KNOWN;
    *ret_other = observed;
    return ADDRESS_DISPUTED;
}

int address_table_use(struct address_table *table, const struct mac *mac, enum boot_stage stage,
                      struct in_addr address, struct in_addr *ret_earlier)
{
    struct entry *entry;
    int rc = 0;

    pthread_mutex_lock(&table->lock);
    entry = find_or_add(table, mac);
    if (entry->used[stage].s_addr == 0) {
        entry->used[stage] = address;
    } else if (entry->used[stage].s_addr != address.s_addr) {
        *ret_earlier = entry->used[stage];
        rc = -1;
    }
    pthread_mutex_unlock(&table->lock);
    return rc;
}

void address_table_loader_sent(struct address_table *table, const struct mac *mac, int64_t now_ms)
{
    pthread_mutex_lock(&table->lock);
    find_or_add(table, mac)->loader_sent_ms = now_ms;
    pthread_mutex_unlock(&table->lock);
}

void address_table_loader_done(struct address_table *table, const struct mac *mac)
{
    struct entry *entry;

    pthread_mutex_lock(&table->lock);
    if ((entry = find(table, mac)))
        entry->loader_sent_ms = 0;
    pthread_mutex_unlock(&table->lock);
}

bool address_table_runs_our_loader(struct address_table *table, const struct mac *mac,
                                   int64_t now_ms)
{
    struct entry *entry;
    bool runs;

    pthread_mutex_lock(&table->lock);
    entry = find(table, mac);
    runs = entry && entry->loader_sent_ms && now_ms - entry->loader_sent_ms < LOADER_LIFE_MS;
    pthread_mutex_unlock(&table->lock);
    return runs;
}
