/* The published offers. Invariant: a MAC or a machine UUID stands in at most one task's offer, and
 * an offer that someone holds is neither changed nor freed. A list: a site has tens of live tasks,
 * not thousands.
 */
#include "agent/boot/boot_offers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

struct entry {
    struct boot_offer offer; /* first: a borrowed offer is its entry */
    unsigned holders;        /* the list counts as one */
    struct entry *next;
};

struct boot_offers {
    pthread_mutex_t lock;
    struct entry *first;
};

static void entry_free(struct entry *entry)
{
    if (!entry)
        return;
    free(entry->offer.kernel_path);
    free(entry->offer.kernel_name);
    free(entry->offer.kernel_sha256);
    free(entry->offer.initrd_path);
    free(entry->offer.initrd_sha256);
    free(entry->offer.arguments);
    if (entry->offer.initrd_tail)
        explicit_bzero(entry->offer.initrd_tail, entry->offer.initrd_tail_length);
    free(entry->offer.initrd_tail);
    free(entry);
}

static int copy_string(const char *from, char **to)
{
    *to = strdup(from ? from : "");
    return *to ? 0 : -1;
}

static struct entry *entry_copy(const struct boot_offer *from)
{
    struct entry *entry = calloc(1, sizeof(*entry));
    struct boot_offer *to;

    if (!entry)
        return NULL;
    to = &entry->offer;
    *to = *from;
    to->kernel_path = to->kernel_name = to->kernel_sha256 = NULL;
    to->initrd_path = to->initrd_sha256 = to->arguments = NULL;
    to->initrd_tail = malloc(from->initrd_tail_length ? from->initrd_tail_length : 1);
    if (!to->initrd_tail || copy_string(from->kernel_path, &to->kernel_path) < 0 ||
        copy_string(from->kernel_name, &to->kernel_name) < 0 ||
        copy_string(from->kernel_sha256, &to->kernel_sha256) < 0 ||
        copy_string(from->initrd_path, &to->initrd_path) < 0 ||
        copy_string(from->initrd_sha256, &to->initrd_sha256) < 0 ||
        copy_string(from->arguments, &to->arguments) < 0) {
        entry_free(entry);
        return NULL;
    }
    if (from->initrd_tail_length)
        memcpy(to->initrd_tail, from->initrd_tail, from->initrd_tail_length);
    entry->holders = 1;
    return entry;
}

struct boot_offers *boot_offers_create(struct error *err)
{
    struct boot_offers *offers = calloc(1, sizeof(*offers));

    if (!offers) {
        error_no_memory(err);
        return NULL;
    }
    pthread_mutex_init(&offers->lock, NULL);
    return offers;
}

void boot_offers_destroy(struct boot_offers *offers)
{
    struct entry *next;

    if (!offers)
        return;
    for (struct entry *entry = offers->first; entry; entry = next) {
        next = entry->next;
        entry_free(entry);
    }
    pthread_mutex_destroy(&offers->lock);
    free(offers);
}

static bool has_mac(const struct boot_offer *offer, const struct mac *mac)
{
    for (size_t i = 0; i < offer->mac_count; i++)
        if (mac_equal(&offer->macs[i], mac))
            return true;
    return false;
}

/* Names what the two offers share, or NULL. */
static const char *shared_identity(const struct boot_offer *a, const struct boot_offer *b,
                                   char *text)
{
    for (size_t i = 0; i < a->mac_count; i++) {
        if (has_mac(b, &a->macs[i])) {
            mac_format(&a->macs[i], text);
            return "MAC";
        }
    }
    if (!uuid_is_nil(&a->machine_uuid) && uuid_equal(&a->machine_uuid, &b->machine_uuid)) {
        uuid_format(&a->machine_uuid, text);
        return "UUID";
    }
    return NULL;
}

static int check(const struct boot_offer *offer, struct error *err)
{
    if (offer->mac_count == 0 || offer->mac_count > BOOT_OFFER_MACS_MAX)
        return error_set_code(err, ERROR_INVALID, "macs: %zu of them, needed are 1 to %d",
                              offer->mac_count, BOOT_OFFER_MACS_MAX);
    if (uuid_is_nil(&offer->task_id))
        return error_set_code(err, ERROR_INVALID, "task_id: nil");
    return 0;
}

static int check_conflicts(const struct boot_offers *offers, const struct boot_offer *offer,
                           struct error *err)
{
    char shared[UUID_TEXT_SIZE], task[UUID_TEXT_SIZE];
    const char *what;

    for (const struct entry *entry = offers->first; entry; entry = entry->next) {
        if (uuid_equal(&entry->offer.task_id, &offer->task_id))
            continue;
        what = shared_identity(offer, &entry->offer, shared);
        if (what) {
            uuid_format(&entry->offer.task_id, task);
            return error_set_code(err, ERROR_CONFLICT, "%s %s is offered to task %s already", what,
                                  shared, task);
        }
    }
    return 0;
}

/* The lock is held. */
static void let_go(struct entry *entry)
{
    if (--entry->holders == 0)
        entry_free(entry);
}

static void remove_task(struct boot_offers *offers, const struct uuid *task_id)
{
    struct entry *entry;

    for (struct entry **at = &offers->first; (entry = *at);) {
        if (!uuid_equal(&entry->offer.task_id, task_id)) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        let_go(entry);
    }
}

int boot_offers_publish(struct boot_offers *offers, const struct boot_offer *offer,
                        struct error *err)
{
    struct entry *entry;
    int rc;

    if (check(offer, err) < 0)
        return -1;
    if (!(entry = entry_copy(offer)))
        return error_no_memory(err);
    pthread_mutex_lock(&offers->lock);
    rc = check_conflicts(offers, offer, err);
    if (rc == 0) {
        /* A new attempt of the same task takes the place of the one before. */
        remove_task(offers, &offer->task_id);
        entry->next = offers->first;
        offers->first = entry;
        entry = NULL;
    }
    pthread_mutex_unlock(&offers->lock);
    entry_free(entry);
    return rc;
}

void boot_offers_withdraw(struct boot_offers *offers, const struct uuid *task_id)
{
    pthread_mutex_lock(&offers->lock);
    remove_task(offers, task_id);
    pthread_mutex_unlock(&offers->lock);
}

const struct boot_offer *boot_offers_find_mac(struct boot_offers *offers, const struct mac *mac)
{
    struct entry *entry;

    pthread_mutex_lock(&offers->lock);
    for (entry = offers->first; entry && !has_mac(&entry->offer, mac);)
        entry = entry->next;
    if (entry)
        entry->holders++;
    pthread_mutex_unlock(&offers->lock);
    return entry ? &entry->offer : NULL;
}

const struct boot_offer *boot_offers_find_task(struct boot_offers *offers, const struct uuid *task)
{
    struct entry *entry;

    pthread_mutex_lock(&offers->lock);
    for (entry = offers->first; entry && !uuid_equal(&entry->offer.task_id, task);)
        entry = entry->next;
    if (entry)
        entry->holders++;
    pthread_mutex_unlock(&offers->lock);
    return entry ? &entry->offer : NULL;
}

void boot_offers_release(struct boot_offers *offers, const struct boot_offer *offer)
{
    if (!offer)
        return;
    pthread_mutex_lock(&offers->lock);
    let_go((struct entry *)offer);
    pthread_mutex_unlock(&offers->lock);
}
