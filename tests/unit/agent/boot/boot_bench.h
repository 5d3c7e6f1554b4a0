/* boot_bench.h - a site for unit tests of the boot services: one offer for the machine of
 * dhcp_captures.h, loader files, a neighbour table that the test writes, and the sightings in hand.
 */
#pragma once

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/boot/address_table.h"
#include "agent/boot/boot_offers.h"
#include "agent/boot/boot_sighting.h"
#include "agent/boot/boot_site.h"
#include "agent/boot/loaders.h"
#include "agent/boot/sighting_book.h"
#include "common/error.h"
#include "common/handover.h"
#include "common/ids.h"

#define BENCH_UNDIONLY 74213
#define BENCH_SNPONLY 173792
#define BENCH_DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct bench {
    char folder[32], neighbours[64], kernel[64], initrd[64];
    struct boot_site site;
    struct boot_offer offer;
    struct handover *sightings;
} bench;

static inline void bench_write(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

/* 'length' bytes that differ from block to block. */
static inline void bench_fill(const char *path, size_t length)
{
    uint8_t *bytes = malloc(length);

    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    bench_write(path, bytes, length);
    free(bytes);
}

static inline void bench_neighbour(const char *address, const char *mac)
{
    char line[256];
    int length = snprintf(line, sizeof(line),
                          "IP address       HW type     Flags       HW address            Mask     "
                          "Device\n%-16s 0x1         0x2         %s     *        lo\n",
                          address, mac);

    bench_write(bench.neighbours, line, (size_t)length);
}

static inline void bench_publish(void)
{
    ck_assert_int_eq(boot_offers_publish(bench.site.offers, &bench.offer, NULL), 0);
}

static inline void bench_open(void)
{
    static char kernel_name[] = "vmlinuz", digest[] = BENCH_DIGEST, arguments[] = "quiet panic=5";
    static uint8_t tail[] = "070701 the tail";
    char path[64];

    memset(&bench, 0, sizeof(bench));
    snprintf(bench.folder, sizeof(bench.folder), "/tmp/muster-boot-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(bench.folder));
    snprintf(bench.neighbours, sizeof(bench.neighbours), "%s/arp", bench.folder);
    snprintf(bench.kernel, sizeof(bench.kernel), "%s/kernel", bench.folder);
    snprintf(bench.initrd, sizeof(bench.initrd), "%s/initrd", bench.folder);
    bench_write(bench.neighbours, "", 0);
    bench_fill(bench.kernel, 300001);
    bench_fill(bench.initrd, 4099);
    snprintf(path, sizeof(path), "%s/undionly.kpxe", bench.folder);
    bench_fill(path, BENCH_UNDIONLY);
    snprintf(path, sizeof(path), "%s/snponly.efi", bench.folder);
    bench_fill(path, BENCH_SNPONLY);

    bench.sightings = handover_create(1024, free, NULL);
    bench.site.interface = "lo";
    bench.site.address.s_addr = inet_addr("127.0.0.1");
    bench.site.url = "http://127.0.0.1:8480";
    bench.site.offers = boot_offers_create(NULL);
    bench.site.addresses = address_table_create("lo", bench.neighbours, NULL);
    bench.site.sightings = sighting_book_create(bench.sightings, NULL);
    bench.site.loaders = loaders_read(bench.folder, NULL);
    ck_assert_ptr_nonnull(bench.site.loaders);

    bench.offer.task_id = uuid_make();
    bench.offer.attempt = 1;
    bench.offer.mac_count = 1;
    mac_parse("52:54:00:77:00:01", &bench.offer.macs[0]);
    uuid_parse("6d757374-6572-4000-8000-0000b0070001", &bench.offer.machine_uuid);
    bench.offer.kernel_name = kernel_name;
    bench.offer.kernel_path = bench.kernel;
    bench.offer.kernel_sha256 = bench.offer.initrd_sha256 = digest;
    bench.offer.initrd_path = bench.initrd;
    bench.offer.initrd_tail = tail;
    bench.offer.initrd_tail_length = sizeof(tail) - 1;
    bench.offer.arguments = arguments;
}

static inline void bench_close(void)
{
    static const char *const FILES[] = {"arp", "kernel", "initrd", "undionly.kpxe", "snponly.efi"};
    char path[64];

    boot_offers_destroy(bench.site.offers);
    address_table_destroy(bench.site.addresses);
    sighting_book_destroy(bench.site.sightings);
    loaders_destroy((struct loaders *)bench.site.loaders);
    handover_destroy(bench.sightings);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", bench.folder, FILES[i]);
        unlink(path);
    }
    rmdir(bench.folder);
}

/* The next sighting within 5 s; a kind of -1: there was none. */
static inline struct boot_sighting bench_next(void)
{
    struct boot_sighting *seen = handover_receive(bench.sightings, 5000), copy = {.kind = -1};

    if (seen)
        copy = *seen;
    free(seen);
    return copy;
}

static inline bool bench_silent(void)
{
    struct boot_sighting *seen = handover_try_receive(bench.sightings);

    free(seen);
    return !seen;
}
