/* From an address to an armed machine. */
#include "agent/boot/boot_client.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#include "agent/boot/boot_offers.h"
#include "agent/boot/boot_site.h"
#include "agent/boot/sighting_book.h"

static const char *const STAGES[] = {
    [STAGE_FIRMWARE] = "firmware", [STAGE_LOADER] = "loader", [STAGE_KERNEL] = "kernel"};

static void tell(const struct boot_site *site, struct boot_sighting *sighting,
                 struct in_addr address)
{
    inet_ntop(AF_INET, &address, sighting->address, sizeof(sighting->address));
    sighting_book_tell(site->sightings, sighting);
}

/* The neighbour table and DHCP name two machines for one address: the armed one of them must not
 * boot on what the other fetched. */
static int refuse_disputed(const struct boot_site *site, struct in_addr address,
                           const struct mac *speaks, const struct mac *holds)
{
    const struct mac *macs[] = {holds, speaks};
    char speaks_text[MAC_TEXT_SIZE], holds_text[MAC_TEXT_SIZE];
    struct boot_sighting sighting;

    mac_format(speaks, speaks_text);
    mac_format(holds, holds_text);
    for (size_t i = 0; i < 2; i++) {
        const struct boot_offer *offer = boot_offers_find_mac(site->offers, macs[i]);

        if (!offer)
            continue;
        sighting = sighting_of(SIGHTING_CONFLICT, offer, macs[i]);
        sighting_detail(&sighting, "%s asks from the address that DHCP gave to %s", speaks_text,
                        holds_text);
        tell(site, &sighting, address);
        boot_offers_release(site->offers, offer);
        return -1;
    }
    return 0;
}

static int refuse_second_address(const struct boot_site *site, const struct boot_client *client,
                                 enum boot_stage stage, struct in_addr earlier)
{
    char text[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &earlier, text, sizeof(text));
    boot_client_tell(site, client, SIGHTING_CONFLICT,
                     "a second address in stage %s, the first was %s", STAGES[stage], text);
    return -1;
}

int boot_client_find(const struct boot_site *site, struct in_addr address, enum boot_stage stage,
                     enum boot_sighting_kind kind, const char *what, struct boot_client *ret_client)
{
    struct boot_client client = {.address = address};
    struct mac other;
    struct in_addr earlier;
    enum address_answer answer;

    answer = address_table_find(site->addresses, address, &client.mac, &other);
    if (answer == ADDRESS_DISPUTED)
        return refuse_disputed(site, address, &client.mac, &other);
    if (answer == ADDRESS_KNOWN)
        client.offer = boot_offers_find_mac(site->offers, &client.mac);
    if (client.offer && client.offer->used && stage != STAGE_KERNEL)
        boot_client_release(site, &client);
    if (!client.offer) {
        boot_client_tell(site, &client, kind, "%s", what);
        return 0;
    }
    if (address_table_use(site->addresses, &client.mac, stage, address, &earlier) < 0) {
        refuse_second_address(site, &client, stage, earlier);
        boot_client_release(site, &client);
        return -1;
    }
    *ret_client = client;
    return 1;
}

void boot_client_release(const struct boot_site *site, struct boot_client *client)
{
    boot_offers_release(site->offers, client->offer);
    client->offer = NULL;
}

void boot_client_tell(const struct boot_site *site, const struct boot_client *client,
                      enum boot_sighting_kind kind, const char *format, ...)
{
    struct boot_sighting sighting = sighting_of(kind, client->offer, &client->mac);
    va_list args;

    va_start(args, format);
    vsnprintf(sighting.detail, sizeof(sighting.detail), format, args);
    va_end(args);
    tell(site, &sighting, client->address);
}
