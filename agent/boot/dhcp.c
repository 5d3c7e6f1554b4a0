/* Deciding on DHCP messages, and the two sockets they come by. */
#include "agent/boot/dhcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/boot/address_table.h"
#include "agent/boot/boot_offers.h"
#include "agent/boot/boot_site.h"
#include "agent/boot/dhcp_packet.h"
#include "agent/boot/loaders.h"
#include "agent/boot/sighting_book.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"

enum { SERVER_PORT = 67, CLIENT_PORT = 68 };

/* One message on its way through the rules. */
struct round {
    const struct boot_site *site;
    const struct dhcp_packet *packet;
    const struct boot_offer *offer; /* NULL: not armed */
    enum dhcp_port port;
    bool our_loader; /* an iPXE that we sent, not the firmware's */
    bool swapped;    /* its UUID is the record's, byte-swapped */
    struct sockaddr_in from;
};

static void tell(const struct round *round, enum boot_sighting_kind kind, const char *detail)
{
    struct boot_sighting sighting = sighting_of(kind, round->offer, &round->packet->mac);
    struct in_addr address = round->packet->ciaddr;

    sighting.arch = round->packet->arch;
    sighting.ipxe = round->packet->ipxe;
    sighting.uuid_swapped = round->swapped;
    if (address.s_addr)
        inet_ntop(AF_INET, &address, sighting.address, sizeof(sighting.address));
    sighting_detail(&sighting, "%s", detail);
    sighting_book_tell(round->site->sightings, &sighting);
}

static enum boot_stage stage_of(const struct round *round)
{
    if (round->packet->client == DHCP_CLIENT_PLAIN)
        return STAGE_KERNEL;
    return round->our_loader ? STAGE_LOADER : STAGE_FIRMWARE;
}

/* What every DHCP message tells by itself: who will have which address, and that a stage begins. */
static void observe(const struct round *round)
{
    const struct dhcp_packet *packet = round->packet;
    struct in_addr address = packet->ciaddr.s_addr ? packet->ciaddr : packet->requested;

    if (packet->type == DHCP_DISCOVER && round->offer)
        address_table_begin(round->site->addresses, &packet->mac, stage_of(round));
    if (packet->type == DHCP_REQUEST && address.s_addr)
        address_table_observe(round->site->addresses, &packet->mac, round->offer, address);
}

/* The MAC found the offer; the UUID must not speak against it. */
static int check_uuid(struct round *round)
{
    const struct uuid *recorded = &round->offer->machine_uuid;
    char came[UUID_TEXT_SIZE], wanted[UUID_TEXT_SIZE], detail[160];
    struct uuid swapped;

    if (uuid_is_nil(recorded) || !round->packet->has_uuid ||
        uuid_equal(&round->packet->uuid, recorded))
        return 0;
    swapped = uuid_swap_smbios(&round->packet->uuid);
    if (uuid_equal(&swapped, recorded)) {
        round->swapped = true;
        return 0;
    }
    uuid_format(&round->packet->uuid, came);
    uuid_format(recorded, wanted);
    snprintf(detail, sizeof(detail), "DHCP option 97 says UUID %s, the machine's record says %s",
             came, wanted);
    tell(round, SIGHTING_CONFLICT, detail);
    return -1;
}

/* The file that this client gets. 0: told as refused. */
static int choose_file(const struct round *round, char *file, size_t room)
{
    const struct dhcp_packet *packet = round->packet;
    bool chainload = round->site->chainload_always || round->offer->chainload_always, http;
    const struct loader *loader;
    char detail[160];

    if (packet->ipxe && (!chainload || round->our_loader)) {
        snprintf(file, room, "%s/boot/script", round->site->url);
        return 1;
    }
    loader = loaders_for_arch(round->site->loaders, packet->arch, &http);
    if (!loader || http != (packet->client == DHCP_CLIENT_HTTP)) {
        snprintf(detail, sizeof(detail), "no boot loader for client architecture %d%s",
                 packet->arch, packet->client == DHCP_CLIENT_HTTP ? " by HTTP" : "");
        tell(round, SIGHTING_REFUSED, detail);
        return 0;
    }
    if (http)
        snprintf(file, room, "%s/boot/loader/%s", round->site->url, loader->name);
    else
        snprintf(file, room, "%s", loader->name);
    return 1;
}

/* A DISCOVER is answered on the server's port only; a REQUEST only where it is meant for us. */
static bool is_for_us(const struct round *round)
{
    const struct dhcp_packet *packet = round->packet;

    if (packet->client == DHCP_CLIENT_PLAIN)
        return false;
    if (packet->type == DHCP_DISCOVER)
        return round->port == DHCP_PORT_SERVER;
    if (packet->type != DHCP_REQUEST && packet->type != DHCP_INFORM)
        return false;
    if (packet->server.s_addr && packet->server.s_addr != round->site->address.s_addr)
        return false;
    return round->port == DHCP_PORT_BOOT_SERVICE ||
           packet->server.s_addr == round->site->address.s_addr;
}

/* RFC 2131 section 4.1, but with nothing to go by in yiaddr: a client without an address is reached
 * by broadcast only. The boot service answers to where the question came from. */
static struct sockaddr_in receiver(const struct round *round)
{
    const struct dhcp_packet *packet = round->packet;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(CLIENT_PORT)};

    if (packet->giaddr.s_addr) {
        to.sin_addr = packet->giaddr;
        to.sin_port = htons(SERVER_PORT);
    } else if (round->port == DHCP_PORT_BOOT_SERVICE && round->from.sin_addr.s_addr) {
        to = round->from;
    } else if (packet->ciaddr.s_addr) {
        to.sin_addr = packet->ciaddr;
    } else {
        to.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    }
    return to;
}

static size_t respond(struct round *round, uint8_t *out, size_t room, struct sockaddr_in *ret_to)
{
    char file[128];
    struct dhcp_answer answer = {.type = DHCP_ACK, .server = round->site->address, .file = file};
    bool discover = round->packet->type == DHCP_DISCOVER;
    size_t length;

    if (check_uuid(round) < 0 || !choose_file(round, file, sizeof(file)))
        return 0;
    if (discover)
        answer.type = DHCP_OFFER;
    length = dhcp_packet_answer(round->packet, &answer, out, room);
    if (length == 0)
        return 0;
    /* The firmware's DISCOVER is the first sign of life; all else is a later round of the same
     * boot. */
    tell(round, discover && !round->our_loader ? SIGHTING_DHCP_DISCOVER : SIGHTING_DHCP_REQUEST,
         file);
    *ret_to = receiver(round);
    return length;
}

/* Only a machine that is armed has its broken packets told: everybody's would be a flood. */
static void tell_malformed(const struct boot_site *site, const struct dhcp_packet *packet,
                           const struct error *err)
{
    struct round round = {.site = site, .packet = packet};
    char detail[160];

    round.offer = boot_offers_find_mac(site->offers, &packet->mac);
    if (!round.offer)
        return;
    snprintf(detail, sizeof(detail), "malformed DHCP message: %s", error_text(err));
    tell(&round, SIGHTING_REFUSED, detail);
    boot_offers_release(site->offers, round.offer);
}

size_t dhcp_handle(const struct boot_site *site, enum dhcp_port port, int64_t now_ms,
                   const struct sockaddr_in *from, const uint8_t *bytes, size_t length,
                   uint8_t *out, size_t room, struct sockaddr_in *ret_to)
{
    struct dhcp_packet packet;
    struct error err = {0};
    struct round round = {.site = site, .packet = &packet, .port = port, .from = *from};
    size_t answer = 0;

    if (dhcp_packet_parse(bytes, length, &packet, &err) < 0) {
        tell_malformed(site, &packet, &err);
        return 0;
    }
    round.offer = boot_offers_find_mac(site->offers, &packet.mac);
    round.our_loader =
        packet.ipxe && address_table_runs_our_loader(site->addresses, &packet.mac, now_ms);
    observe(&round);
    if (is_for_us(&round)) {
        if (round.offer && round.offer->used && packet.type == DHCP_DISCOVER)
            tell(&round, SIGHTING_AGAIN, "it has phoned home before: no answer");
        else if (round.offer && !round.offer->used)
            answer = respond(&round, out, room, ret_to);
        else if (!round.offer)
            tell(&round, SIGHTING_DHCP_DISCOVER, "not armed: no answer");
    }
    boot_offers_release(site->offers, round.offer);
    return answer;
}

/* --- the sockets --- */

struct port {
    struct dhcp *dhcp;
    uv_udp_t udp;
    enum dhcp_port kind;
    bool open;
};

struct dhcp {
    const struct boot_site *site; /* borrowed */
    struct port ports[2];
    char buffer[DHCP_PACKET_MAX + 1]; /* one more byte, so that too long shows */
};

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    struct port *port = handle->data;

    (void)suggested;
    *ret_buffer = uv_buf_init(port->dhcp->buffer, sizeof(port->dhcp->buffer));
}

static void received(uv_udp_t *udp, ssize_t length, const uv_buf_t *buffer,
                     const struct sockaddr *from, unsigned flags)
{
    struct port *port = udp->data;
    struct sockaddr_in to;
    uint8_t out[DHCP_PACKET_MAX];
    uv_buf_t answer;
    size_t size;
    int rc;

    (void)flags;
    if (length <= 0 || !from || from->sa_family != AF_INET)
        return;
    size = dhcp_handle(port->dhcp->site, port->kind, clock_monotonic_ms(),
                       (const struct sockaddr_in *)from, (const uint8_t *)buffer->base,
                       (size_t)length, out, sizeof(out), &to);
    if (size == 0)
        return;
    answer = uv_buf_init((char *)out, (unsigned)size);
    /* A full socket buffer loses the answer; the client asks again. */
    rc = uv_udp_try_send(udp, &answer, 1, (const struct sockaddr *)&to);
    if (rc < 0)
        log_warn("dhcp", "an answer could not be sent", "reason=%s", log_quote(uv_strerror(rc)));
}

static int open_port(struct dhcp *dhcp, uv_loop_t *loop, enum dhcp_port kind, int fd,
                     struct error *err)
{
    struct port *port = &dhcp->ports[kind];
    int rc, own;

    port->dhcp = dhcp;
    port->kind = kind;
    port->udp.data = port;
    if ((rc = uv_udp_init(loop, &port->udp)) < 0)
        return error_set(err, "DHCP socket: %s", uv_strerror(rc));
    port->open = true;
    if ((own = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
        return error_set(err, "DHCP socket: %s", strerror(errno));
    if ((rc = uv_udp_open(&port->udp, own)) < 0) {
        close(own);
        return error_set(err, "DHCP socket: %s", uv_strerror(rc));
    }
    if ((rc = uv_udp_recv_start(&port->udp, lend_buffer, received)) < 0)
        return error_set(err, "DHCP socket: %s", uv_strerror(rc));
    return 0;
}

struct dhcp *dhcp_create(const struct boot_site *site, struct error *err)
{
    struct dhcp *dhcp = calloc(1, sizeof(*dhcp));

    if (!dhcp) {
        error_no_memory(err);
        return NULL;
    }
    dhcp->site = site;
    return dhcp;
}

int dhcp_open(struct dhcp *dhcp, uv_loop_t *loop, int server_fd, int boot_service_fd,
              struct error *err)
{
    if (open_port(dhcp, loop, DHCP_PORT_SERVER, server_fd, err) < 0)
        return -1;
    return open_port(dhcp, loop, DHCP_PORT_BOOT_SERVICE, boot_service_fd, err);
}

void dhcp_close(struct dhcp *dhcp)
{
    for (size_t i = 0; i < 2; i++) {
        if (dhcp->ports[i].open)
            uv_close((uv_handle_t *)&dhcp->ports[i].udp, NULL);
        dhcp->ports[i].open = false;
    }
}

void dhcp_destroy(struct dhcp *dhcp)
{
    free(dhcp);
}
