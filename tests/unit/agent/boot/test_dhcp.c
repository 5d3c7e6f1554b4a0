/* What proxyDHCP answers, to whom, and where. */
#include "tests/unit/agent/boot/boot_bench.h"

#include "agent/boot/dhcp.h"
#include "agent/boot/dhcp_packet.h"
#include "tests/support/check_main.h"
#include "tests/unit/agent/boot/dhcp_captures.h"

static uint8_t out[DHCP_PACKET_MAX];
static struct sockaddr_in to;
static const struct sockaddr_in NOBODY = {.sin_family = AF_INET};
static int64_t now_ms;

static size_t send_to(enum dhcp_port port, const uint8_t *bytes, size_t length)
{
    memset(out, 0, sizeof(out));
    memset(&to, 0, sizeof(to));
    return dhcp_handle(&bench.site, port, now_ms, &NOBODY, bytes, length, out, sizeof(out), &to);
}

#define SEND(capture) send_to(DHCP_PORT_SERVER, capture, sizeof(capture))

static const char *file(void)
{
    return (const char *)out + 108;
}

/* A copy of a capture with one thing changed. */
static uint8_t changed[DHCP_PACKET_MAX];

static uint8_t *find_option(uint8_t *bytes, uint8_t code)
{
    uint8_t *at = bytes + 240;

    while (*at != code) {
        ck_assert(*at != 255);
        at += *at ? 2 + at[1] : 1;
    }
    return at + 2;
}

static void before(void)
{
    now_ms = 1000;
    bench_open();
}

START_TEST(nobody_without_an_offer_is_answered)
{
    struct boot_sighting ring[4];

    ck_assert_uint_eq(SEND(IPXE_ROM_DISCOVER), 0);
    ck_assert_uint_eq(SEND(OVMF_PXE_DISCOVER), 0);
    ck_assert_uint_eq(SEND(OVMF_HTTP_DISCOVER), 0);
    ck_assert_uint_eq(SEND(UDHCPC_DISCOVER), 0);
    ck_assert(bench_silent());
    /* But whoever looks finds them: three boot clients; an operating system's DHCP is not our
     * affair. */
    ck_assert_uint_eq(sighting_book_strangers(bench.site.sightings), 3);
    ck_assert_uint_eq(sighting_book_recent(bench.site.sightings, ring, 4), 3);
    ck_assert_int_eq(ring[0].arch, 16);
    ck_assert_int_eq(ring[2].arch, 0);
}
END_TEST

START_TEST(a_withdrawn_offer_is_answered_no_more)
{
    bench_publish();
    ck_assert_uint_gt(SEND(OVMF_PXE_DISCOVER), 0);
    boot_offers_withdraw(bench.site.offers, &bench.offer.task_id);
    ck_assert_uint_eq(SEND(OVMF_PXE_DISCOVER), 0);
}
END_TEST

START_TEST(a_used_offer_is_not_answered_and_says_that_the_machine_starts_again)
{
    struct boot_sighting *sighting;

    bench.offer.used = true;
    bench_publish();
    ck_assert_uint_eq(SEND(OVMF_PXE_DISCOVER), 0);
    sighting = handover_try_receive(bench.sightings);
    ck_assert_ptr_nonnull(sighting);
    ck_assert_int_eq(sighting->kind, SIGHTING_AGAIN);
    free(sighting);
    ck_assert_uint_eq(SEND(UDHCPC_DISCOVER), 0); /* the image's own DHCP is no second boot */
    ck_assert(bench_silent());
}
END_TEST

START_TEST(an_armed_machines_operating_system_is_not_answered)
{
    bench_publish();
    ck_assert_uint_eq(SEND(UDHCPC_DISCOVER), 0);
    ck_assert_uint_eq(SEND(UDHCPC_REQUEST), 0);
    ck_assert(bench_silent());
}
END_TEST

START_TEST(each_architecture_gets_its_loader)
{
    static const struct {
        int arch;
        const char *file;
    } ARCHITECTURES[] = {{0, "undionly.kpxe"}, {6, "snponly.efi"}, {7, "snponly.efi"},
                         {9, "snponly.efi"},   {1, NULL},          {2, NULL},
                         {10, NULL},           {11, NULL},         {16, NULL},
                         {65535, NULL}};
    struct boot_sighting seen;

    bench_publish();
    for (size_t i = 0; i < sizeof(ARCHITECTURES) / sizeof(ARCHITECTURES[0]); i++) {
        uint8_t *arch;
        size_t length;

        memcpy(changed, OVMF_PXE_DISCOVER, sizeof(OVMF_PXE_DISCOVER));
        arch = find_option(changed, 93);
        arch[0] = (uint8_t)(ARCHITECTURES[i].arch >> 8);
        arch[1] = (uint8_t)ARCHITECTURES[i].arch;
        length = send_to(DHCP_PORT_SERVER, changed, sizeof(OVMF_PXE_DISCOVER));
        seen = bench_next();
        ck_assert_int_eq(seen.arch, ARCHITECTURES[i].arch);
        if (ARCHITECTURES[i].file) {
            ck_assert_uint_gt(length, 0);
            ck_assert_str_eq(file(), ARCHITECTURES[i].file);
            ck_assert_int_eq(seen.kind, SIGHTING_DHCP_DISCOVER);
            ck_assert(uuid_equal(&seen.task_id, &bench.offer.task_id));
        } else {
            ck_assert_uint_eq(length, 0);
            ck_assert_int_eq(seen.kind, SIGHTING_REFUSED);
        }
    }
}
END_TEST

START_TEST(http_boot_gets_a_url)
{
    bench_publish();
    ck_assert_uint_gt(SEND(OVMF_HTTP_DISCOVER), 0);
    ck_assert_str_eq(file(), "http://127.0.0.1:8480/boot/loader/snponly.efi");
    ck_assert_int_eq(bench_next().kind, SIGHTING_DHCP_DISCOVER);
}
END_TEST

START_TEST(ipxe_gets_the_script)
{
    struct boot_sighting seen;

    bench_publish();
    ck_assert_uint_gt(SEND(IPXE_ROM_DISCOVER), 0);
    ck_assert_str_eq(file(), "http://127.0.0.1:8480/boot/script");
    ck_assert_uint_eq(to.sin_addr.s_addr, INADDR_BROADCAST);
    ck_assert_uint_eq(ntohs(to.sin_port), 68);
    seen = bench_next();
    ck_assert_int_eq(seen.kind, SIGHTING_DHCP_DISCOVER);
    ck_assert(seen.ipxe);
}
END_TEST

START_TEST(chainload_always_gives_ours_first_and_ours_the_script)
{
    const struct mac *mac = &bench.offer.macs[0];

    bench.offer.chainload_always = true;
    bench_publish();
    SEND(IPXE_ROM_DISCOVER);
    ck_assert_str_eq(file(), "undionly.kpxe");
    ck_assert_int_eq(bench_next().kind, SIGHTING_DHCP_DISCOVER);
    address_table_loader_sent(bench.site.addresses, mac, now_ms);
    SEND(UNDIONLY_DISCOVER);
    ck_assert_str_eq(file(), "http://127.0.0.1:8480/boot/script");
    ck_assert_int_eq(bench_next().kind, SIGHTING_DHCP_REQUEST);
    /* It fetched its script: who asks next is the firmware of a new boot. */
    address_table_loader_done(bench.site.addresses, mac);
    SEND(IPXE_ROM_DISCOVER);
    ck_assert_str_eq(file(), "undionly.kpxe");
    /* A loader that never came back is not waited for. */
    address_table_loader_sent(bench.site.addresses, mac, now_ms);
    now_ms += 120 * 1000;
    SEND(IPXE_ROM_DISCOVER);
    ck_assert_str_eq(file(), "undionly.kpxe");
}
END_TEST

START_TEST(a_byte_swapped_uuid_is_accepted_and_noted)
{
    uint8_t *uuid;

    bench_publish();
    ck_assert_uint_gt(SEND(OVMF_PXE_DISCOVER), 0);
    ck_assert(bench_next().uuid_swapped);
    memcpy(changed, OVMF_PXE_DISCOVER, sizeof(OVMF_PXE_DISCOVER));
    uuid = find_option(changed, 97);
    memcpy(uuid + 1, bench.offer.machine_uuid.bytes, 16);
    ck_assert_uint_gt(send_to(DHCP_PORT_SERVER, changed, sizeof(OVMF_PXE_DISCOVER)), 0);
    ck_assert(!bench_next().uuid_swapped);
}
END_TEST

START_TEST(a_foreign_uuid_is_a_conflict_and_not_answered)
{
    struct boot_sighting seen;

    bench.offer.machine_uuid.bytes[15] ^= 1;
    bench_publish();
    ck_assert_uint_eq(SEND(OVMF_PXE_DISCOVER), 0);
    seen = bench_next();
    ck_assert_int_eq(seen.kind, SIGHTING_CONFLICT);
    ck_assert_ptr_nonnull(strstr(seen.detail, "option 97"));
    ck_assert_ptr_nonnull(strstr(seen.detail, "0000b0070000"));
}
END_TEST

START_TEST(without_a_recorded_uuid_the_mac_alone_counts)
{
    memset(&bench.offer.machine_uuid, 0, sizeof(bench.offer.machine_uuid));
    bench_publish();
    ck_assert_uint_gt(SEND(OVMF_PXE_DISCOVER), 0);
    ck_assert(!bench_next().uuid_swapped);
}
END_TEST

START_TEST(a_relays_client_is_answered_through_the_relay)
{
    bench_publish();
    memcpy(changed, OVMF_PXE_DISCOVER, sizeof(OVMF_PXE_DISCOVER));
    memcpy(changed + 24, "\x0a\1\2\3", 4);
    ck_assert_uint_gt(send_to(DHCP_PORT_SERVER, changed, sizeof(OVMF_PXE_DISCOVER)), 0);
    ck_assert_uint_eq(to.sin_addr.s_addr, inet_addr("10.1.2.3"));
    ck_assert_uint_eq(ntohs(to.sin_port), 67);
}
END_TEST

START_TEST(the_boot_service_answers_requests_to_us_only)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(4011)};
    uint8_t *server;
    size_t length = sizeof(OVMF_PXE_REQUEST);

    from.sin_addr.s_addr = inet_addr("10.77.0.113");
    bench_publish();
    /* The client's word to the site's own server is not for us. */
    ck_assert_uint_eq(SEND(OVMF_PXE_REQUEST), 0);
    ck_assert_uint_eq(send_to(DHCP_PORT_BOOT_SERVICE, OVMF_PXE_REQUEST, length), 0);
    memcpy(changed, OVMF_PXE_REQUEST, length);
    server = find_option(changed, 54);
    memcpy(server, &bench.site.address, 4);
    ck_assert_uint_gt(dhcp_handle(&bench.site, DHCP_PORT_BOOT_SERVICE, now_ms, &from, changed,
                                  length, out, sizeof(out), &to),
                      0);
    ck_assert_str_eq(file(), "snponly.efi");
    ck_assert_int_eq(find_option(out, 53)[0], DHCP_ACK);
    ck_assert_mem_eq(&to, &from, sizeof(from));
    ck_assert_int_eq(bench_next().kind, SIGHTING_DHCP_REQUEST);
    /* A DISCOVER has no business on 4011. */
    ck_assert_uint_eq(send_to(DHCP_PORT_BOOT_SERVICE, OVMF_PXE_DISCOVER, sizeof(OVMF_PXE_DISCOVER)),
                      0);
}
END_TEST

START_TEST(a_request_tells_who_has_the_address)
{
    struct mac mac, other;
    struct in_addr address = {.s_addr = inet_addr("10.77.0.113")};

    bench_publish();
    ck_assert_int_eq(address_table_find(bench.site.addresses, address, &mac, &other),
                     ADDRESS_UNKNOWN);
    SEND(OVMF_PXE_REQUEST);
    ck_assert_int_eq(address_table_find(bench.site.addresses, address, &mac, &other),
                     ADDRESS_KNOWN);
    ck_assert(mac_equal(&mac, &bench.offer.macs[0]));
    /* A stranger takes it over. */
    memcpy(changed, OVMF_PXE_REQUEST, sizeof(OVMF_PXE_REQUEST));
    changed[28 + 5] = 99;
    send_to(DHCP_PORT_SERVER, changed, sizeof(OVMF_PXE_REQUEST));
    ck_assert_int_eq(address_table_find(bench.site.addresses, address, &mac, &other),
                     ADDRESS_UNKNOWN);
}
END_TEST

START_TEST(broken_packets_are_told_of_armed_machines_only)
{
    struct boot_sighting seen;

    ck_assert_uint_eq(send_to(DHCP_PORT_SERVER, OVMF_PXE_DISCOVER, 250), 0);
    ck_assert(bench_silent());
    bench_publish();
    ck_assert_uint_eq(send_to(DHCP_PORT_SERVER, OVMF_PXE_DISCOVER, 250), 0);
    seen = bench_next();
    ck_assert_int_eq(seen.kind, SIGHTING_REFUSED);
    ck_assert_ptr_nonnull(strstr(seen.detail, "malformed"));
    for (size_t length = 0; length < sizeof(OVMF_PXE_DISCOVER) - 1; length++)
        ck_assert_uint_eq(send_to(DHCP_PORT_SERVER, OVMF_PXE_DISCOVER, length), 0);
}
END_TEST

CHECK_MAIN_WITH("dhcp", before, bench_close, nobody_without_an_offer_is_answered,
                a_used_offer_is_not_answered_and_says_that_the_machine_starts_again,
                a_withdrawn_offer_is_answered_no_more,
                an_armed_machines_operating_system_is_not_answered,
                each_architecture_gets_its_loader, http_boot_gets_a_url, ipxe_gets_the_script,
                chainload_always_gives_ours_first_and_ours_the_script,
                a_byte_swapped_uuid_is_accepted_and_noted,
                a_foreign_uuid_is_a_conflict_and_not_answered,
                without_a_recorded_uuid_the_mac_alone_counts,
                a_relays_client_is_answered_through_the_relay,
                the_boot_service_answers_requests_to_us_only, a_request_tells_who_has_the_address,
                broken_packets_are_told_of_armed_machines_only)
