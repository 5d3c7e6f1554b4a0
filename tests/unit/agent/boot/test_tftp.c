/* The TFTP server on a loopback port: whole transfers, refusals, silence to strangers. */
#include "tests/unit/agent/boot/boot_bench.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "agent/boot/tftp.h"
#include "agent/boot/tftp_packet.h"
#include "tests/support/check_main.h"

#define MAC "52:54:00:77:00:01"

static uv_loop_t loop;
static uv_async_t stop;
static pthread_t thread;
static struct tftp *tftp;
static int server;
static struct sockaddr_in server_at;

static void close_all(uv_async_t *async)
{
    tftp_close(tftp);
    uv_close((uv_handle_t *)async, NULL);
}

static void *run(void *arg)
{
    uv_run(arg, UV_RUN_DEFAULT);
    return NULL;
}

static int bound(struct sockaddr_in *ret_at)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    if (ret_at)
        *ret_at = at;
    return fd;
}

static void before(void)
{
    bench_open();
    bench_neighbour("127.0.0.1", MAC);
    server = bound(&server_at);
    uv_loop_init(&loop);
    uv_async_init(&loop, &stop, close_all);
    tftp = tftp_create(&bench.site, NULL);
    ck_assert_int_eq(tftp_open(tftp, &loop, server, NULL), 0);
    pthread_create(&thread, NULL, run, &loop);
}

static void after(void)
{
    uv_async_send(&stop);
    pthread_join(thread, NULL);
    tftp_destroy(tftp);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    close(server);
    bench_close();
}

static void ask(int fd, const void *bytes, size_t length)
{
    ck_assert_int_eq(sendto(fd, bytes, length, 0, (struct sockaddr *)&server_at, sizeof(server_at)),
                     (ssize_t)length);
}

#define ASK(fd, text) ask(fd, text, sizeof(text) - 1)

/* The next message, or -1 after 'wait_ms'. */
static ssize_t hear(int fd, uint8_t *out, size_t room, struct sockaddr_in *from, int wait_ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    socklen_t size = sizeof(*from);

    if (poll(&wait, 1, wait_ms) != 1)
        return -1;
    return recvfrom(fd, out, room, 0, (struct sockaddr *)from, &size);
}

static void acknowledge(int fd, const struct sockaddr_in *to, uint16_t block)
{
    uint8_t ack[4] = {0, TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block};

    sendto(fd, ack, sizeof(ack), 0, (const struct sockaddr *)to, sizeof(*to));
}

/* Reads to the end from an answered request; returns the bytes got. */
static size_t fetch(int fd, size_t block_size, uint8_t *into)
{
    uint8_t bytes[2000];
    struct sockaddr_in from;
    size_t have = 0;
    uint16_t next = 1;
    ssize_t got;

    while ((got = hear(fd, bytes, sizeof(bytes), &from, 5000)) >= 4) {
        uint16_t block = (uint16_t)(bytes[2] << 8 | bytes[3]);

        if (bytes[1] == TFTP_OACK) {
            acknowledge(fd, &from, 0);
            continue;
        }
        ck_assert_int_eq(bytes[1], TFTP_DATA);
        if (block != next)
            continue;
        if (into)
            memcpy(into + have, bytes + 4, (size_t)got - 4);
        have += (size_t)got - 4;
        acknowledge(fd, &from, next++);
        if ((size_t)got - 4 < block_size)
            return have;
    }
    return have;
}

START_TEST(a_loader_arrives_whole_and_is_told)
{
    static uint8_t got[BENCH_UNDIONLY + 1];
    const struct loader *loader = loaders_find(bench.site.loaders, "undionly.kpxe");
    struct boot_sighting seen;
    int fd = bound(NULL);

    bench_publish();
    ASK(fd, "\0\1undionly.kpxe\0octet\0");
    ck_assert_uint_eq(fetch(fd, 512, got), BENCH_UNDIONLY);
    ck_assert_mem_eq(got, loader->bytes, loader->length);
    seen = bench_next();
    ck_assert_int_eq(seen.kind, SIGHTING_TFTP);
    ck_assert_str_eq(seen.detail, "undionly.kpxe, 74213 bytes");
    ck_assert_str_eq(seen.address, "127.0.0.1");
    ck_assert(address_table_runs_our_loader(bench.site.addresses, &bench.offer.macs[0], 1));
    close(fd);
}
END_TEST

START_TEST(options_are_granted_and_a_leading_slash_is_nothing)
{
    static uint8_t got[BENCH_SNPONLY + 1];
    const struct loader *loader = loaders_find(bench.site.loaders, "snponly.efi");
    int fd = bound(NULL);

    bench_publish();
    ASK(fd, "\0\1/snponly.efi\0octet\0blksize\0001428\0tsize\0000\0windowsize\0001\0");
    ck_assert_uint_eq(fetch(fd, 1428, got), BENCH_SNPONLY);
    ck_assert_mem_eq(got, loader->bytes, loader->length);
    ck_assert_int_eq(bench_next().kind, SIGHTING_TFTP);
    close(fd);
}
END_TEST

START_TEST(what_is_lost_is_sent_again)
{
    uint8_t first[2000], second[2000];
    struct sockaddr_in from;
    int fd = bound(NULL);
    ssize_t length;

    bench_publish();
    ASK(fd, "\0\1undionly.kpxe\0octet\0timeout\0001\0");
    length = hear(fd, first, sizeof(first), &from, 5000);
    ck_assert_int_eq(first[1], TFTP_OACK);
    ck_assert_int_eq(hear(fd, second, sizeof(second), &from, 5000), length);
    ck_assert_mem_eq(first, second, (size_t)length);
    close(fd);
}
END_TEST

/* The error answered to 'text', and the sighting of it. */
static int refusal(const void *text, size_t length, struct boot_sighting *ret_seen)
{
    uint8_t bytes[600];
    struct sockaddr_in from;
    int fd = bound(NULL);
    ssize_t got;

    ask(fd, text, length);
    got = hear(fd, bytes, sizeof(bytes), &from, 5000);
    close(fd);
    ck_assert_int_ge(got, 5);
    ck_assert_int_eq(bytes[1], TFTP_ERROR);
    ck_assert_int_eq(bytes[got - 1], 0);
    *ret_seen = bench_next();
    ck_assert_int_eq(ret_seen->kind, SIGHTING_REFUSED);
    return bytes[3];
}

#define REFUSAL(text, seen) refusal(text, sizeof(text) - 1, seen)

START_TEST(paths_foreign_files_and_writes_are_refused_and_told)
{
    struct boot_sighting seen;

    bench_publish();
    ck_assert_int_eq(REFUSAL("\0\1../../etc/passwd\0octet\0", &seen), TFTP_ERROR_ACCESS);
    ck_assert_ptr_nonnull(strstr(seen.detail, "../../etc/passwd"));
    ck_assert_int_eq(REFUSAL("\0\1x/../undionly.kpxe\0octet\0", &seen), TFTP_ERROR_ACCESS);
    ck_assert_int_eq(REFUSAL("\0\1//undionly.kpxe\0octet\0", &seen), TFTP_ERROR_NOT_FOUND);
    ck_assert_int_eq(REFUSAL("\0\1\0octet\0", &seen), TFTP_ERROR_NOT_FOUND);
    ck_assert_int_eq(REFUSAL("\0\1kernel\0octet\0", &seen), TFTP_ERROR_NOT_FOUND);
    ck_assert_int_eq(REFUSAL("\0\1a\x1b[31m\nb\0octet\0", &seen), TFTP_ERROR_NOT_FOUND);
    ck_assert_str_eq(seen.detail, "TFTP file a?[31m?b");
    ck_assert_int_eq(REFUSAL("\0\2undionly.kpxe\0octet\0", &seen), TFTP_ERROR_ACCESS);
    ck_assert_int_eq(REFUSAL("\0\1undionly.kpxe\0netascii\0", &seen), TFTP_ERROR_ILLEGAL);
    ck_assert_int_eq(REFUSAL("\0\1undionly.kpxe", &seen), TFTP_ERROR_ILLEGAL);
    ck_assert_ptr_nonnull(strstr(seen.detail, "malformed"));
}
END_TEST

/* Two questions from one socket are answered in order, so the second's answer proves the first had
 * none. */
START_TEST(a_stranger_hears_nothing)
{
    uint8_t bytes[600];
    struct sockaddr_in from;
    int fd = bound(NULL);

    ASK(fd, "\0\1undionly.kpxe\0octet\0");
    ASK(fd, "\0\1../../etc/passwd\0octet\0");
    while (sighting_book_strangers(bench.site.sightings) < 2)
        usleep(1000);
    bench_publish();
    ASK(fd, "\0\1armed\0octet\0");
    ck_assert_int_ge(hear(fd, bytes, sizeof(bytes), &from, 5000), 5);
    ck_assert_int_eq(bytes[1], TFTP_ERROR);
    ck_assert_int_eq(bytes[3], TFTP_ERROR_NOT_FOUND);
    ck_assert_int_eq(hear(fd, bytes, sizeof(bytes), &from, 0), -1);
    close(fd);
}
END_TEST

START_TEST(a_client_that_only_asks_the_size_ends_it)
{
    uint8_t bytes[600];
    struct sockaddr_in from;

    bench_publish();
    for (int i = 0; i < 3 * TFTP_TRANSFERS_PER_MACHINE; i++) {
        /* From a new port each time: the last one's end may not have been read yet. */
        int fd = bound(NULL);

        ASK(fd, "\0\1undionly.kpxe\0octet\0tsize\0000\0");
        ck_assert_int_gt(hear(fd, bytes, sizeof(bytes), &from, 5000), 0);
        ck_assert_int_eq(bytes[1], TFTP_OACK);
        ck_assert_int_eq(connect(fd, (struct sockaddr *)&from, sizeof(from)), 0);
        /* The transfer is over once its port is closed, which the kernel tells a connected socket.
         */
        while (send(fd, "\0\5\0\0", 5, 0) == 5)
            usleep(100);
        ck_assert_int_eq(errno, ECONNREFUSED);
        close(fd);
    }
    ck_assert(bench_silent());
}
END_TEST

START_TEST(one_machine_has_a_few_transfers_at_once)
{
    uint8_t bytes[600];
    struct sockaddr_in from;
    int fds[TFTP_TRANSFERS_PER_MACHINE + 1];

    bench_publish();
    for (int i = 0; i <= TFTP_TRANSFERS_PER_MACHINE; i++) {
        fds[i] = bound(NULL);
        ASK(fds[i], "\0\1undionly.kpxe\0octet\0timeout\000255\0");
        if (i < TFTP_TRANSFERS_PER_MACHINE)
            ck_assert_int_gt(hear(fds[i], bytes, sizeof(bytes), &from, 5000), 0);
    }
    /* A refusal asked after it is answered before it would be. */
    ASK(fds[0], "\0\1kernel\0octet\0");
    ck_assert_int_gt(hear(fds[0], bytes, sizeof(bytes), &from, 5000), 0);
    ck_assert_int_eq(hear(fds[TFTP_TRANSFERS_PER_MACHINE], bytes, sizeof(bytes), &from, 0), -1);
    for (int i = 0; i <= TFTP_TRANSFERS_PER_MACHINE; i++)
        close(fds[i]);
}
END_TEST

/* 127.x.y.z are all ours to send from: each is a machine of its own. */
START_TEST(hundreds_of_machines_are_served_at_once)
{
    enum { MACHINES = 300 };
    static int fds[MACHINES];
    const struct loader *loader = loaders_find(bench.site.loaders, "undionly.kpxe");
    static struct sockaddr_in from[MACHINES];
    uint8_t bytes[2000];

    bench_write(bench.neighbours, "", 0);
    for (int i = 0; i < MACHINES; i++) {
        struct sockaddr_in at = {.sin_family = AF_INET};

        bench.offer.task_id = uuid_make();
        bench.offer.machine_uuid.bytes[0] = (uint8_t)i;
        bench.offer.machine_uuid.bytes[1] = bench.offer.macs[0].bytes[4] = (uint8_t)(i / 256);
        bench.offer.macs[0].bytes[5] = (uint8_t)i;
        bench_publish();
        at.sin_addr.s_addr = htonl(0x7f010001u + (unsigned)i);
        address_table_observe(bench.site.addresses, &bench.offer.macs[0], true, at.sin_addr);
        fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(fds[i], (struct sockaddr *)&at, sizeof(at)), 0);
        ASK(fds[i], "\0\1undionly.kpxe\0octet\0blksize\0001428\0");
        ck_assert_int_ge(hear(fds[i], bytes, sizeof(bytes), &from[i], 5000), 4);
        ck_assert_int_eq(bytes[1], TFTP_OACK);
    }
    /* One block to each in turn, so that all are open at the same time. */
    for (size_t block = 0; block <= BENCH_UNDIONLY / 1428 + 1; block++) {
        for (int i = 0; i < MACHINES; i++) {
            ssize_t got;

            acknowledge(fds[i], &from[i], (uint16_t)block);
            if (block == BENCH_UNDIONLY / 1428 + 1)
                continue;
            got = hear(fds[i], bytes, sizeof(bytes), &from[i], 5000);
            ck_assert_int_ge(got, 4);
            ck_assert_int_eq(bytes[1], TFTP_DATA);
            ck_assert_mem_eq(bytes + 4, loader->bytes + block * 1428, (size_t)got - 4);
        }
    }
    for (int i = 0; i < MACHINES; i++) {
        ck_assert_int_eq(bench_next().kind, SIGHTING_TFTP);
        close(fds[i]);
    }
}
END_TEST

CHECK_MAIN_WITH("tftp", before, after, a_loader_arrives_whole_and_is_told,
                options_are_granted_and_a_leading_slash_is_nothing, what_is_lost_is_sent_again,
                paths_foreign_files_and_writes_are_refused_and_told, a_stranger_hears_nothing,
                a_client_that_only_asks_the_size_ends_it, one_machine_has_a_few_transfers_at_once,
                hundreds_of_machines_are_served_at_once)
