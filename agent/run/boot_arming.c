/* boot_arming.c - the offer of a run: what the machine may boot, from intent(on) until the restore.
 * The token travels in the tail of the initrd, in no argument and no URL.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "agent/boot/boot_offers.h"
#include "agent/boot/initrd_tail.h"
#include "agent/run/boot_run.h"
#include "agent/run/order_payload.h"
#include "common/text.h"

/* ${mac} and ${agent_url}; the ladder has refused every other. */
static char *fill_template(const struct boot_run *run)
{
    const char *at = run->order.boot->image->arguments;
    struct text text = {0};
    char mac[MAC_TEXT_SIZE];
    struct mac boot_nic;

    memcpy(boot_nic.bytes, run->order.boot->mac[0].data, 6);
    mac_format(&boot_nic, mac);
    while (*at) {
        size_t plain = strcspn(at, "$");

        text_append(&text, at, plain);
        at += plain;
        if (strncmp(at, "${mac}", 6) == 0) {
            text_append(&text, mac, strlen(mac));
            at += 6;
        } else if (strncmp(at, "${agent_url}", 12) == 0) {
            text_append(&text, run->runner->settings.agent_url,
                        strlen(run->runner->settings.agent_url));
            at += 12;
        } else if (*at) {
            text_append(&text, at++, 1);
        }
    }
    if (!text.bytes)
        text_append(&text, "", 0);
    return text.bytes ? text_take(&text) : strdup("");
}

static void fill(const struct boot_run *run, struct boot_offer *offer, char hex[2][65])
{
    const Muster__BootTask *boot = run->order.boot;
    const Muster__ImageFile *kernel = order_file(boot, "kernel"),
                            *initrd = order_file(boot, "initrd");

    offer->task_id = run->row.id;
    offer->attempt = run->row.attempt;
    offer->used = run->row.has_nonce;
    for (; offer->mac_count < boot->n_mac; offer->mac_count++)
        memcpy(offer->macs[offer->mac_count].bytes, boot->mac[offer->mac_count].data, 6);
    if (boot->machine_uuid.len == 16)
        memcpy(offer->machine_uuid.bytes, boot->machine_uuid.data, 16);
    text_hex(kernel->sha256.data, 32, hex[0]);
    text_hex(initrd->sha256.data, 32, hex[1]);
    offer->kernel_path = run->kernel_path;
    offer->kernel_name = kernel->name;
    offer->kernel_sha256 = hex[0];
    offer->initrd_path = run->initrd_path;
    offer->initrd_sha256 = hex[1];
    offer->chainload_always = boot->chainload_always || run->runner->link.chainload_always;
}

int boot_run_arm(struct boot_run *run, struct error *err)
{
    struct boot_offer offer = {0};
    char hex[2][65];
    int rc = -1;

    if (!run->kernel_path || !run->initrd_path)
        return error_set(err, "the image's files are not here");
    fill(run, &offer, hex);
    offer.arguments = fill_template(run);
    if (!offer.arguments) {
        error_no_memory(err);
        goto out;
    }
    if (!offer.used)
        offer.initrd_tail = initrd_tail_make(run->runner->settings.agent_url, &run->row.id,
                                             run->token, &offer.initrd_tail_length, err);
    if ((!offer.used && !offer.initrd_tail) ||
        boot_offers_publish(run->runner->rooms.offers, &offer, err) < 0)
        goto out;
    run->offered = true;
    rc = 0;
out:
    if (offer.initrd_tail)
        OPENSSL_cleanse(offer.initrd_tail, offer.initrd_tail_length);
    free(offer.initrd_tail);
    free(offer.arguments);
    return rc;
}

void boot_run_disarm(struct boot_run *run)
{
    if (run->offered)
        boot_offers_withdraw(run->runner->rooms.offers, &run->row.id);
    run->offered = false;
}
