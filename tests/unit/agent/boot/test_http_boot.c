/* Boot files over HTTP: for armed machines only, whole or in ranges, and what slow or crooked
 * clients get. */
#include "tests/unit/agent/boot/http_bench.h"

#include "common/clock.h"
#include "tests/support/check_main.h"

static char task[UUID_TEXT_SIZE], initrd_path[64];

static void before(void)
{
    http_open();
    uuid_format(&bench.offer.task_id, task);
    snprintf(initrd_path, sizeof(initrd_path), "/boot/initrd/%s", task);
}

#define KERNEL_PATH "/boot/file/" BENCH_DIGEST "/vmlinuz"

static void read_whole(const char *path, uint8_t *into, size_t length)
{
    FILE *file = fopen(path, "r");

    ck_assert_uint_eq(fread(into, 1, length, file), length);
    fclose(file);
}

START_TEST(nothing_is_served_to_a_machine_that_is_not_armed)
{
    static const char *const PATHS[] = {"/boot/script", KERNEL_PATH, "/boot/loader/snponly.efi",
                                        "/"};
    struct boot_sighting ring[1];

    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        ck_assert_int_eq(http_get(PATHS[i], ""), 404);
        ck_assert_uint_eq(http_body_length(), 0);
    }
    ck_assert(bench_silent());
    ck_assert_uint_eq(sighting_book_strangers(bench.site.sightings), 3);
    sighting_book_recent(bench.site.sightings, ring, 1);
    ck_assert_int_eq(ring[0].kind, SIGHTING_LOADER);
    ck_assert_str_eq(ring[0].address, "127.0.0.1");
}
END_TEST

START_TEST(other_paths_and_methods_are_not_there)
{
    static const char *const PATHS[] = {"/",
                                        "/boot",
                                        "/boot/",
                                        "/boot/scripts",
                                        "/boot/script/",
                                        "/boot/file/",
                                        "/boot/file/" BENCH_DIGEST "/other",
                                        "/boot/file/" BENCH_DIGEST "/vmlinuz/x",
                                        "/boot/file/abc/vmlinuz",
                                        "/boot/initrd/",
                                        "/boot/initrd/0192f3a0-1111-7222-8333-444455556666",
                                        "/boot/loader/",
                                        "/boot/loader/../../etc/passwd",
                                        "/boot/loader/..%2fsnponly.efi",
                                        "/boot/loader/snponly.efi%00x/",
                                        "/boot/script%00",
                                        "/v1/phone-home",
                                        "/etc/passwd"};

    bench_publish();
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        ck_assert_msg(http_get(PATHS[i], "") == 404, "%s", PATHS[i]);
        ck_assert_uint_eq(http_body_length(), 0);
    }
    ck_assert_int_eq(http_say("POST /boot/script HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                              "Content-Length: 0\r\n\r\n"),
                     404);
    ck_assert(bench_silent());
}
END_TEST

START_TEST(the_script_names_kernel_initrd_and_arguments)
{
    char wanted[512];

    bench_publish();
    ck_assert_int_eq(http_get("/boot/script", ""), 200);
    ck_assert(http_says("Cache-Control: no-store"));
    snprintf(wanted, sizeof(wanted),
             "\nkernel http://127.0.0.1:8480" KERNEL_PATH
             " initrd=initrd quiet panic=5 && goto initrd ||\n");
    ck_assert(http_says(wanted));
    snprintf(wanted, sizeof(wanted),
             "\ninitrd --name initrd http://127.0.0.1:8480%s && goto start ||\n", initrd_path);
    ck_assert(http_says(wanted));
    ck_assert_str_eq(http.answer + http.length - 7, "exit 1\n");
    ck_assert_int_eq(bench_next().kind, SIGHTING_SCRIPT);
}
END_TEST

START_TEST(arguments_no_script_can_say_are_refused_and_told)
{
    static char bad[] = "quiet ${net0/ip}";
    struct boot_sighting seen;

    bench.offer.arguments = bad;
    bench_publish();
    ck_assert_int_eq(http_get("/boot/script", ""), 500);
    ck_assert_uint_eq(http_body_length(), 0);
    seen = bench_next();
    ck_assert_int_eq(seen.kind, SIGHTING_REFUSED);
    ck_assert_ptr_nonnull(strstr(seen.detail, "${"));
}
END_TEST

START_TEST(the_kernel_comes_whole_in_ranges_and_not_twice)
{
    static uint8_t kernel[300001];
    struct boot_sighting seen;

    bench_publish();
    read_whole(bench.kernel, kernel, sizeof(kernel));
    ck_assert_int_eq(http_get(KERNEL_PATH, ""), 200);
    ck_assert_uint_eq(http_body_length(), sizeof(kernel));
    ck_assert_mem_eq(http.answer + http.body_at, kernel, sizeof(kernel));
    ck_assert(http_says("ETag: \"" BENCH_DIGEST "\""));
    seen = bench_next();
    ck_assert_int_eq(seen.kind, SIGHTING_KERNEL);
    ck_assert_str_eq(seen.detail, "vmlinuz, 300001 bytes");

    ck_assert_int_eq(http_get(KERNEL_PATH, "Range: bytes=10-19\r\n"), 206);
    ck_assert_uint_eq(http_body_length(), 10);
    ck_assert_mem_eq(http.answer + http.body_at, kernel + 10, 10);
    ck_assert(http_says("Content-Range: bytes 10-19/300001"));
    ck_assert(bench_silent());
    ck_assert_int_eq(http_get(KERNEL_PATH, "Range: bytes=-5\r\n"), 206);
    ck_assert_mem_eq(http.answer + http.body_at, kernel + sizeof(kernel) - 5, 5);
    ck_assert_int_eq(bench_next().kind, SIGHTING_KERNEL); /* the last byte went out */

    ck_assert_int_eq(http_get(KERNEL_PATH, "Range: bytes=300001-\r\n"), 416);
    ck_assert(http_says("Content-Range: bytes */300001"));
    ck_assert_int_eq(http_get(KERNEL_PATH, "If-None-Match: \"x\", \"" BENCH_DIGEST "\"\r\n"), 304);
    ck_assert_uint_eq(http_body_length(), 0);
    ck_assert_int_eq(http_get(KERNEL_PATH, "Range: bytes=1-2\r\nIf-Range: \"other\"\r\n"), 200);
    ck_assert_uint_eq(http_body_length(), sizeof(kernel));
    ck_assert_int_eq(
        http_say("HEAD " KERNEL_PATH " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), 200);
    ck_assert(http_says("Content-Length: 300001"));
    ck_assert_uint_eq(http_body_length(), 0);
    ck_assert_int_eq(bench_next().kind,
                     SIGHTING_KERNEL); /* of the 200 above; HEAD and 304 are silent */
    ck_assert(bench_silent());
}
END_TEST

START_TEST(the_initrd_has_padding_and_the_tail)
{
    static uint8_t wanted[4100 + 15];
    char headers[64];

    bench_publish();
    read_whole(bench.initrd, wanted, 4099);
    memcpy(wanted + 4100, "070701 the tail", 15);
    ck_assert_int_eq(http_get(initrd_path, ""), 200);
    ck_assert_uint_eq(http_body_length(), sizeof(wanted));
    ck_assert_mem_eq(http.answer + http.body_at, wanted, sizeof(wanted));
    ck_assert_int_eq(bench_next().kind, SIGHTING_INITRD);
    /* Ranges that begin and end in the file, the padding and the tail. */
    for (size_t from = 4090; from < sizeof(wanted); from++) {
        snprintf(headers, sizeof(headers), "Range: bytes=%zu-%zu\r\n", from, from + 3);
        ck_assert_int_eq(http_get(initrd_path, headers), 206);
        ck_assert_mem_eq(http.answer + http.body_at, wanted + from, http_body_length());
        ck_assert_uint_eq(http_body_length(),
                          from + 4 > sizeof(wanted) ? sizeof(wanted) - from : 4);
    }
}
END_TEST

START_TEST(a_boot_file_that_is_gone_is_not_found)
{
    bench_publish();
    unlink(bench.kernel);
    ck_assert_int_eq(http_get(KERNEL_PATH, ""), 404);
    ck_assert_uint_eq(http_body_length(), 0);
    ck_assert(bench_silent());
}
END_TEST

START_TEST(the_loader_comes_by_http_and_is_remembered)
{
    const struct loader *loader = loaders_find(bench.site.loaders, "snponly.efi");

    bench_publish();
    ck_assert_int_eq(http_get("/boot/loader/snponly.efi", ""), 200);
    ck_assert_mem_eq(http.answer + http.body_at, loader->bytes, loader->length);
    ck_assert_int_eq(bench_next().kind, SIGHTING_LOADER);
    ck_assert(address_table_runs_our_loader(bench.site.addresses, &bench.offer.macs[0],
                                            clock_monotonic_ms()));
    http_get("/boot/script", "");
    ck_assert_int_eq(bench_next().kind, SIGHTING_SCRIPT);
    ck_assert(!address_table_runs_our_loader(bench.site.addresses, &bench.offer.macs[0],
                                             clock_monotonic_ms()));
}
END_TEST

START_TEST(a_second_address_in_one_stage_is_a_conflict)
{
    struct boot_sighting seen;
    struct in_addr first = {.s_addr = inet_addr("127.0.0.9")}, earlier;

    bench_publish();
    address_table_use(bench.site.addresses, &bench.offer.macs[0], STAGE_LOADER, first, &earlier);
    ck_assert_int_eq(http_get("/boot/script", ""), 404);
    seen = bench_next();
    ck_assert_int_eq(seen.kind, SIGHTING_CONFLICT);
    ck_assert_str_eq(seen.detail, "a second address in stage loader, the first was 127.0.0.9");
    /* Another stage may have another address. */
    ck_assert_int_eq(http_get("/boot/loader/snponly.efi", ""), 200);
}
END_TEST

START_TEST(an_address_that_dhcp_gave_to_another_is_a_conflict)
{
    struct in_addr here = {.s_addr = htonl(INADDR_LOOPBACK)};
    struct boot_sighting seen;

    bench_publish();
    address_table_observe(bench.site.addresses, &bench.offer.macs[0], true, here);
    bench_neighbour("127.0.0.1", "52:54:00:00:00:99");
    ck_assert_int_eq(http_get("/boot/script", ""), 404);
    seen = bench_next();
    ck_assert_int_eq(seen.kind, SIGHTING_CONFLICT);
    ck_assert_ptr_nonnull(strstr(seen.detail, "52:54:00:00:00:99 asks from the address"));
}
END_TEST

START_TEST(crooked_requests_are_refused_and_the_connection_closed)
{
    static const char *const REQUESTS[] = {
        "GET /boot/script HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /boot/script HTTP/1.1\r\n\r\n",
        "POST /v1/phone-home HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/phone-home HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: "
        "4\r\n\r\nabc",
    };

    bench_publish();
    for (size_t i = 0; i < sizeof(REQUESTS) / sizeof(REQUESTS[0]); i++)
        ck_assert_msg(http_say(REQUESTS[i]) == 400, "%zu: %s", i, http.answer);
    ck_assert(bench_silent());
}
END_TEST

START_TEST(endless_headers_end)
{
    char line[1024];
    int fd = http_connect();

    memset(line, 'x', sizeof(line));
    line[1] = ':';
    line[sizeof(line) - 2] = '\r';
    line[sizeof(line) - 1] = '\n';
    http_send(fd, "GET /boot/script HTTP/1.1\r\nHost: a\r\n", 36);
    for (size_t sent = 0; sent < 2 * HTTP_CONNECTION_MEMORY; sent += sizeof(line))
        http_send(fd, line, sizeof(line));
    /* An error or a closed connection, as the last bytes cross; never 200. */
    ck_assert_int_ne(http_receive(fd), 200);
}
END_TEST

#define SLOW_POST                                                                                  \
    "POST /v1/session/report HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "      \
    "100\r\n\r\n"

/* A connection that has had one answer: it is accepted, and waits for the next request. */
static int connect_and_ask(void)
{
    int fd = http_connect();
    static const char REQUEST[] = "GET /boot/script HTTP/1.1\r\nHost: a\r\n\r\n";
    char answer[1024] = "";
    ssize_t have = 0, got;

    http_send(fd, REQUEST, sizeof(REQUEST) - 1);
    while (!strstr(answer, "\nexit 1\n")) {
        got = recv(fd, answer + have, sizeof(answer) - 1 - (size_t)have, 0);
        ck_assert_int_gt(got, 0);
        have += got;
    }
    ck_assert_int_eq(bench_next().kind, SIGHTING_SCRIPT);
    return fd;
}

/* The clock is handed in: ten seconds go by at once. */
START_TEST(slow_headers_are_cut_and_a_waiting_connection_too)
{
    int slow, idle;
    char byte;

    bench_publish();
    slow = connect_and_ask();
    idle = connect_and_ask();
    http_send(slow, "GET /boot/scr", 13);
    http_boot_tick(http.http, clock_monotonic_ms() + 5000);
    ck_assert_int_eq(recv(slow, &byte, 1, MSG_DONTWAIT), -1);
    http_boot_tick(http.http, clock_monotonic_ms() + 10001);
    ck_assert_int_eq(recv(slow, &byte, 1, 0), 0);
    ck_assert_int_eq(recv(idle, &byte, 1, 0), 0);
    close(slow);
    close(idle);
    ck_assert_int_eq(http_get("/boot/script", ""), 200);
}
END_TEST

START_TEST(a_body_that_drips_is_cut_after_a_minute)
{
    int fd;
    char byte;

    bench_publish();
    fd = connect_and_ask();
    /* 100 Continue is said once the headers are read, so the body's minute has begun. */
    http_send(fd, SLOW_POST, sizeof(SLOW_POST) - 1);
    ck_assert_int_eq(recv(fd, &byte, 1, 0), 1);
    while (recv(fd, &byte, 1, MSG_DONTWAIT) == 1)
        ;
    http_send(fd, "{", 1);
    http_boot_tick(http.http, clock_monotonic_ms() + 50000);
    ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    http_boot_tick(http.http, clock_monotonic_ms() + 60001);
    ck_assert_int_eq(recv(fd, &byte, 1, 0), 0);
    close(fd);
}
END_TEST

START_TEST(one_address_has_a_few_connections)
{
    int fds[HTTP_CONNECTIONS_PER_ADDRESS + 1];
    char byte;

    for (int i = 0; i <= HTTP_CONNECTIONS_PER_ADDRESS; i++)
        fds[i] = http_connect();
    /* The one too many is closed; those before it stay. */
    ck_assert_int_le(recv(fds[HTTP_CONNECTIONS_PER_ADDRESS], &byte, 1, 0), 0);
    ck_assert_int_eq(recv(fds[0], &byte, 1, MSG_DONTWAIT), -1);
    for (int i = 0; i <= HTTP_CONNECTIONS_PER_ADDRESS; i++)
        close(fds[i]);
}
END_TEST

CHECK_MAIN_WITH("http_boot", before, http_close, nothing_is_served_to_a_machine_that_is_not_armed,
                other_paths_and_methods_are_not_there, the_script_names_kernel_initrd_and_arguments,
                arguments_no_script_can_say_are_refused_and_told,
                the_kernel_comes_whole_in_ranges_and_not_twice, the_initrd_has_padding_and_the_tail,
                a_boot_file_that_is_gone_is_not_found, the_loader_comes_by_http_and_is_remembered,
                a_second_address_in_one_stage_is_a_conflict,
                an_address_that_dhcp_gave_to_another_is_a_conflict,
                crooked_requests_are_refused_and_the_connection_closed, endless_headers_end,
                slow_headers_are_cut_and_a_waiting_connection_too,
                a_body_that_drips_is_cut_after_a_minute, one_address_has_a_few_connections)
