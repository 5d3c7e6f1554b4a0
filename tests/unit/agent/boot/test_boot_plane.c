/* The plane as one thing: refused by name where a port is taken, started, asked by all three
 * protocols, stopped. */
#include "tests/unit/agent/boot/http_bench.h"

#include "agent/boot/boot_plane.h"
#include "tests/support/check_main.h"
#include "tests/unit/agent/boot/dhcp_captures.h"

static struct boot_plane_settings settings;
static struct error err;

/* A port of 127.0.0.1 that was free just now. */
static uint16_t free_port(int type)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    getsockname(fd, (struct sockaddr *)&at, &size);
    close(fd);
    return ntohs(at.sin_port);
}

static void before(void)
{
    bench_open();
    memset(&http, 0, sizeof(http));
    http.answer = malloc(BENCH_ANSWER_MAX);
    http.requests = handover_create(4, drop_request, NULL);
    settings = (struct boot_plane_settings){.interface = "lo",
                                            .address = "127.0.0.1",
                                            .loader_folder = bench.folder,
                                            .dhcp_port = free_port(SOCK_DGRAM),
                                            .pxe_port = free_port(SOCK_DGRAM),
                                            .tftp_port = free_port(SOCK_DGRAM),
                                            .http_port = free_port(SOCK_STREAM)};
    error_clear(&err);
}

static void after(void)
{
    handover_destroy(http.requests);
    free(http.answer);
    bench_close();
}

static struct boot_plane *bind_plane(void)
{
    return boot_plane_bind(&settings, bench.site.offers, bench.sightings, http.requests, &err);
}

START_TEST(settings_that_cannot_work_are_refused_by_name)
{
    settings.address = "localhost";
    ck_assert_ptr_null(bind_plane());
    ck_assert_ptr_nonnull(strstr(err.text, "'localhost' is not an IPv4 address"));
    settings.address = "127.0.0.1";
    settings.interface = "none7";
    ck_assert_ptr_null(bind_plane());
    ck_assert_ptr_nonnull(strstr(err.text, "interface none7"));
    settings.interface = "lo";
    settings.loader_folder = "/nonexistent";
    ck_assert_ptr_null(bind_plane());
    ck_assert_ptr_nonnull(strstr(err.text, "package ipxe"));
}
END_TEST

START_TEST(a_dhcp_server_of_our_own_host_is_named)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(settings.dhcp_port)};
    int on = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char own[64];

    /* As DHCP servers do: any address, and shared if the other agrees. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_ptr_null(bind_plane());
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    snprintf(own, sizeof(own), "(pid %d)", (int)getpid());
    ck_assert_msg(strstr(err.text, own) != NULL, "%s", err.text);
    close(fd);
}
END_TEST

START_TEST(it_stops_and_goes_whether_it_was_started_or_not)
{
    struct boot_plane *plane = bind_plane();

    ck_assert_msg(plane != NULL, "%s", err.text);
    boot_plane_stop(plane);
    boot_plane_destroy(plane);
    boot_plane_destroy(NULL);
    plane = bind_plane();
    ck_assert_int_eq(boot_plane_start(plane, &err), 0);
    boot_plane_destroy(plane);
}
END_TEST

static void send_udp(uint16_t port, const void *bytes, size_t length)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(sendto(fd, bytes, length, 0, (struct sockaddr *)&to, sizeof(to)),
                     (ssize_t)length);
    close(fd);
}

/* The overheard DHCPREQUEST is the only witness here: loopback has no neighbours. */
START_TEST(what_dhcp_overheard_lets_the_machine_fetch)
{
    struct boot_plane *plane = bind_plane();
    uint8_t request[sizeof(OVMF_PXE_REQUEST)];
    const uint8_t here[4] = {127, 0, 0, 1};
    uint8_t *address =
        memmem(memcpy(request, OVMF_PXE_REQUEST, sizeof(request)), sizeof(request), "\x32\x04", 2);
    char url[64];

    bench_publish();
    ck_assert_int_eq(boot_plane_start(plane, &err), 0);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", settings.http_port);
    ck_assert_str_eq(boot_plane_url(plane), url);
    http.at.sin_family = AF_INET;
    http.at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    http.at.sin_port = htons(settings.http_port);
    ck_assert_int_eq(http_get("/boot/script", ""), 404);
    memcpy(address + 2, here, 4);
    send_udp(settings.dhcp_port, request, sizeof(request));
    send_udp(settings.dhcp_port, OVMF_PXE_DISCOVER, sizeof(OVMF_PXE_DISCOVER));
    /* Its sighting shows that the loop has read both. */
    ck_assert_int_eq(bench_next().kind, SIGHTING_DHCP_DISCOVER);
    ck_assert_int_eq(http_get("/boot/script", ""), 200);
    ck_assert(http_says(url));
    ck_assert_int_eq(bench_next().kind, SIGHTING_SCRIPT);
    send_udp(settings.tftp_port, "\0\1../x\0octet", 13);
    ck_assert_int_eq(bench_next().kind, SIGHTING_REFUSED);
    boot_plane_stop(plane);
    boot_plane_destroy(plane);
}
END_TEST

CHECK_MAIN_WITH("boot_plane", before, after, settings_that_cannot_work_are_refused_by_name,
                a_dhcp_server_of_our_own_host_is_named,
                it_stops_and_goes_whether_it_was_started_or_not,
                what_dhcp_overheard_lets_the_machine_fetch)
