/* Sockets, one loop thread for DHCP and TFTP, and the HTTP daemon's threads. Invariant: between
 * bind and start nothing runs; after stop no thread of ours does.
 */
#include "agent/boot/boot_plane.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "agent/boot/address_table.h"
#include "agent/boot/boot_site.h"
#include "agent/boot/dhcp.h"
#include "agent/boot/http_boot.h"
#include "agent/boot/loaders.h"
#include "agent/boot/port_owner.h"
#include "agent/boot/sighting_book.h"
#include "agent/boot/tftp.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"

#define NEIGHBOURS "/proc/self/net/arp"

enum { SOCKET_DHCP, SOCKET_PXE, SOCKET_TFTP, SOCKET_HTTP, SOCKET_COUNT };

struct boot_plane {
    struct boot_site site;
    char *interface;
    char url[48];
    struct loaders *loaders;
    struct address_table *addresses;
    struct sighting_book *sightings;
    struct dhcp *dhcp;
    struct tftp *tftp;
    struct http_boot *http;
    int sockets[SOCKET_COUNT]; /* -1: not open */
    uv_loop_t loop;
    uv_async_t stop;
    uv_timer_t tick;
    pthread_t thread;
    bool has_loop, running;
};

struct socket_wish {
    const char *name;
    int type; /* SOCK_DGRAM, SOCK_STREAM */
    struct in_addr address;
    uint16_t port;
};

static int bind_failed(const struct socket_wish *wish, struct error *err)
{
    char owner[128];

    if (errno == EADDRINUSE && wish->type == SOCK_DGRAM) {
        port_owner_udp(wish->port, owner, sizeof(owner));
        return error_set_code(
            err, ERROR_CONFLICT,
            "%s: UDP port %u of this host is held by %s; a DHCP or TFTP server may "
            "not run beside the agent: move one of them to another host or network "
            "namespace",
            wish->name, wish->port, owner);
    }
    return error_set(err, "%s: port %u: %s%s", wish->name, wish->port, strerror(errno),
                     errno == EACCES ? " (ports below 1024 need root or CAP_NET_BIND_SERVICE)"
                                     : "");
}

/* A rack that is powered on asks all at once: the default of 208 KiB holds 270 small packets. More
 * than the host's limit needs CAP_NET_ADMIN; without it, what is lost is asked again. */
static void widen_buffer(int fd)
{
    int size = 1024 * 1024;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* No SO_REUSEADDR for UDP: two servers on one port would each get some of the packets. */
static int open_socket(const struct boot_plane *plane, const struct socket_wish *wish,
                       struct error *err)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(wish->port), .sin_addr = wish->address};
    int on = 1, fd = socket(AF_INET, wish->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return error_set(err, "%s: %s", wish->name, strerror(errno));
    if (wish->type == SOCK_DGRAM)
        widen_buffer(fd);
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, plane->interface,
                   (socklen_t)strlen(plane->interface) + 1) < 0)
        error_set(err, "%s: interface %s: %s", wish->name, plane->interface, strerror(errno));
    else if (setsockopt(fd, SOL_SOCKET, wish->type == SOCK_DGRAM ? SO_BROADCAST : SO_REUSEADDR, &on,
                        sizeof(on)) < 0)
        error_set(err, "%s: %s", wish->name, strerror(errno));
    else if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
        bind_failed(wish, err);
    else if (wish->type == SOCK_STREAM && listen(fd, 512) < 0)
        error_set(err, "%s: %s", wish->name, strerror(errno));
    else
        return fd;
    close(fd);
    return -1;
}

/* DHCP also hears broadcasts, which a socket bound to one address does not get. */
static int open_sockets(struct boot_plane *plane, const struct boot_plane_settings *settings,
                        struct error *err)
{
    struct in_addr any = {.s_addr = htonl(INADDR_ANY)}, own = plane->site.address;
    const struct socket_wish wishes[SOCKET_COUNT] = {
        [SOCKET_DHCP] = {"proxyDHCP", SOCK_DGRAM, any, settings->dhcp_port},
        [SOCKET_PXE] = {"PXE boot service", SOCK_DGRAM, any, settings->pxe_port},
        [SOCKET_TFTP] = {"TFTP", SOCK_DGRAM, own, settings->tftp_port},
        [SOCKET_HTTP] = {"boot HTTP", SOCK_STREAM, own, settings->http_port},
    };

    for (size_t i = 0; i < SOCKET_COUNT; i++)
        if ((plane->sockets[i] = open_socket(plane, &wishes[i], err)) < 0)
            return -1;
    return 0;
}

static int make_rooms(struct boot_plane *plane, const struct boot_plane_settings *settings,
                      struct handover *sightings, struct handover *requests, struct error *err)
{
    if (inet_pton(AF_INET, settings->address, &plane->site.address) != 1)
        return error_set_code(err, ERROR_INVALID, "address: '%s' is not an IPv4 address",
                              settings->address);
    if (!(plane->interface = strdup(settings->interface)))
        return error_no_memory(err);
    snprintf(plane->url, sizeof(plane->url), "http://%s:%u", settings->address,
             settings->http_port);
    if (!(plane->loaders = loaders_read(settings->loader_folder, err)) ||
        !(plane->addresses = address_table_create(plane->interface, NEIGHBOURS, err)) ||
        !(plane->sightings = sighting_book_create(sightings, err)))
        return -1;
    plane->site.interface = plane->interface;
    plane->site.url = plane->url;
    plane->site.chainload_always = settings->chainload_always;
    plane->site.addresses = plane->addresses;
    plane->site.sightings = plane->sightings;
    plane->site.loaders = plane->loaders;
    if (!(plane->dhcp = dhcp_create(&plane->site, err)) ||
        !(plane->tftp = tftp_create(&plane->site, err)) ||
        !(plane->http = http_boot_create(&plane->site, requests, err)))
        return -1;
    return 0;
}

struct boot_plane *boot_plane_bind(const struct boot_plane_settings *settings,
                                   struct boot_offers *offers, struct handover *sightings,
                                   struct handover *requests, struct error *err)
{
    struct boot_plane *plane = calloc(1, sizeof(*plane));

    if (!plane) {
        error_no_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < SOCKET_COUNT; i++)
        plane->sockets[i] = -1;
    plane->site.offers = offers;
    if (make_rooms(plane, settings, sightings, requests, err) < 0 ||
        open_sockets(plane, settings, err) < 0) {
        boot_plane_destroy(plane);
        return NULL;
    }
    return plane;
}

static void close_handles(struct boot_plane *plane)
{
    dhcp_close(plane->dhcp);
    tftp_close(plane->tftp);
    uv_close((uv_handle_t *)&plane->stop, NULL);
    uv_close((uv_handle_t *)&plane->tick, NULL);
}

static void stop_wanted(uv_async_t *async)
{
    close_handles(async->data);
}

static void ticked(uv_timer_t *timer)
{
    struct boot_plane *plane = timer->data;

    http_boot_tick(plane->http, clock_monotonic_ms());
}

static void *run_loop(void *arg)
{
    struct boot_plane *plane = arg;

    uv_run(&plane->loop, UV_RUN_DEFAULT);
    return NULL;
}

static int open_loop(struct boot_plane *plane, struct error *err)
{
    int rc = uv_loop_init(&plane->loop);

    if (rc < 0)
        return error_set(err, "boot plane: %s", uv_strerror(rc));
    plane->has_loop = true;
    uv_timer_init(&plane->loop, &plane->tick);
    uv_timer_start(&plane->tick, ticked, 1000, 1000);
    plane->stop.data = plane->tick.data = plane;
    if ((rc = uv_async_init(&plane->loop, &plane->stop, stop_wanted)) < 0) {
        uv_close((uv_handle_t *)&plane->tick, NULL);
        uv_run(&plane->loop, UV_RUN_DEFAULT);
        return error_set(err, "boot plane: %s", uv_strerror(rc));
    }
    if (dhcp_open(plane->dhcp, &plane->loop, plane->sockets[SOCKET_DHCP],
                  plane->sockets[SOCKET_PXE], err) == 0 &&
        tftp_open(plane->tftp, &plane->loop, plane->sockets[SOCKET_TFTP], err) == 0 &&
        http_boot_start(plane->http, plane->sockets[SOCKET_HTTP], err) == 0)
        return 0;
    close_handles(plane);
    uv_run(&plane->loop, UV_RUN_DEFAULT);
    return -1;
}

int boot_plane_start(struct boot_plane *plane, struct error *err)
{
    int rc;

    if (open_loop(plane, err) < 0)
        return -1;
    if ((rc = pthread_create(&plane->thread, NULL, run_loop, plane)) != 0) {
        http_boot_stop(plane->http);
        close_handles(plane);
        uv_run(&plane->loop, UV_RUN_DEFAULT);
        return error_set(err, "boot plane: thread: %s", strerror(rc));
    }
    plane->running = true;
    log_info("boot", "the boot plane runs", "interface=%s url=%s", log_quote(plane->interface),
             plane->url);
    return 0;
}

void boot_plane_stop(struct boot_plane *plane)
{
    if (!plane || !plane->running)
        return;
    plane->running = false;
    http_boot_stop(plane->http);
    uv_async_send(&plane->stop);
    pthread_join(plane->thread, NULL);
}

void boot_plane_destroy(struct boot_plane *plane)
{
    if (!plane)
        return;
    boot_plane_stop(plane);
    http_boot_destroy(plane->http);
    tftp_destroy(plane->tftp);
    dhcp_destroy(plane->dhcp);
    if (plane->has_loop)
        uv_loop_close(&plane->loop);
    sighting_book_destroy(plane->sightings);
    address_table_destroy(plane->addresses);
    loaders_destroy(plane->loaders);
    for (size_t i = 0; i < SOCKET_COUNT; i++)
        if (plane->sockets[i] >= 0)
            close(plane->sockets[i]);
    free(plane->interface);
    free(plane);
}

const char *boot_plane_url(const struct boot_plane *plane)
{
    return plane->url;
}
