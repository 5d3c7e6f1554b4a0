/* The listening socket, and one connected socket with a timer for each transfer. */
#include "agent/boot/tftp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/boot/address_table.h"
#include "agent/boot/boot_client.h"
#include "agent/boot/boot_site.h"
#include "agent/boot/loaders.h"
#include "agent/boot/tftp_packet.h"
#include "agent/boot/tftp_transfer.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"

#define RESEND_MS 1000
#define RESENDS_MAX 5

struct transfer {
    struct tftp *tftp;
    struct transfer *next;
    struct boot_client client;
    struct sockaddr_in peer;
    const struct loader *loader;
    struct tftp_transfer state;
    unsigned resends; /* since the last progress */
    uv_udp_t udp;
    uv_timer_t timer;
    int handles; /* not closed yet; the last one frees */
    bool closing;
};

struct tftp {
    const struct boot_site *site; /* borrowed */
    uv_loop_t *loop;
    uv_udp_t udp;
    bool open;
    struct transfer *first;
    size_t count;
    char buffer[TFTP_REQUEST_MAX + 1]; /* one more byte, so that too long shows */
};

static void transfer_closed(uv_handle_t *handle)
{
    struct transfer *transfer = handle->data;

    if (--transfer->handles > 0)
        return;
    free(transfer);
}

static void transfer_close(struct transfer *transfer)
{
    struct tftp *tftp = transfer->tftp;
    struct transfer **at = &tftp->first;

    if (transfer->closing)
        return;
    transfer->closing = true;
    while (*at != transfer)
        at = &(*at)->next;
    *at = transfer->next;
    tftp->count--;
    boot_client_release(tftp->site, &transfer->client);
    uv_close((uv_handle_t *)&transfer->udp, transfer_closed);
    uv_close((uv_handle_t *)&transfer->timer, transfer_closed);
}

static void transfer_send(struct transfer *transfer, const uint8_t *bytes, size_t length)
{
    uv_buf_t packet = uv_buf_init((char *)bytes, (unsigned)length);

    /* What a full socket or an absent neighbour loses, the timer sends again. */
    uv_udp_try_send(&transfer->udp, &packet, 1, NULL);
}

static void timed_out(uv_timer_t *timer);

static void send_window(struct transfer *transfer)
{
    uint8_t out[TFTP_BLOCK_MAX + 4];
    uint64_t block = transfer->state.acked + 1, last;
    unsigned timeout_s = transfer->state.granted.timeout_s;

    if (transfer->state.waits_for_oack) {
        transfer_send(transfer, out, tftp_packet_oack(&transfer->state.granted, out, sizeof(out)));
    } else {
        for (last = tftp_transfer_last(&transfer->state); block <= last; block++)
            transfer_send(transfer, out,
                          tftp_transfer_block(&transfer->state, block, out, sizeof(out)));
    }
    uv_timer_start(&transfer->timer, timed_out, timeout_s ? timeout_s * 1000u : RESEND_MS, 0);
}

static void timed_out(uv_timer_t *timer)
{
    struct transfer *transfer = timer->data;
    char mac[MAC_TEXT_SIZE];

    if (transfer->resends++ < RESENDS_MAX) {
        send_window(transfer);
        return;
    }
    mac_format(&transfer->client.mac, mac);
    log_info("tftp", "a transfer stopped, the machine is silent", "mac=%s file=%s block=%llu", mac,
             transfer->loader->name, (unsigned long long)transfer->state.acked);
    transfer_close(transfer);
}

static void complete(struct transfer *transfer)
{
    struct tftp *tftp = transfer->tftp;

    address_table_loader_sent(tftp->site->addresses, &transfer->client.mac, clock_monotonic_ms());
    boot_client_tell(tftp->site, &transfer->client, SIGHTING_TFTP, "%s, %zu bytes",
                     transfer->loader->name, transfer->loader->length);
    transfer_close(transfer);
}

static void lend_to_transfer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    struct transfer *transfer = handle->data;

    (void)suggested;
    *ret_buffer = uv_buf_init(transfer->tftp->buffer, sizeof(transfer->tftp->buffer));
}

static void transfer_received(uv_udp_t *udp, ssize_t length, const uv_buf_t *buffer,
                              const struct sockaddr *from, unsigned flags)
{
    struct transfer *transfer = udp->data;
    struct tftp_packet packet;

    (void)flags;
    (void)from; /* connected: the kernel lets only the peer through */
    if (transfer->closing || length == 0)
        return;
    /* Below 0: the machine's port is closed by now (ECONNREFUSED). */
    if (length < 0) {
        transfer_close(transfer);
        return;
    }
    if (tftp_packet_parse((const uint8_t *)buffer->base, (size_t)length, &packet, NULL) < 0)
        return;
    if (packet.opcode == TFTP_ERROR) {
        /* A client that only wanted to know the size ends like this. */
        transfer_close(transfer);
    } else if (packet.opcode == TFTP_ACK) {
        switch (tftp_transfer_ack(&transfer->state, packet.number)) {
        case TFTP_IGNORED:
            break;
        case TFTP_SEND:
            transfer->resends = 0;
            send_window(transfer);
            break;
        case TFTP_COMPLETE:
            complete(transfer);
            break;
        }
    }
}

static int transfer_open(struct transfer *transfer)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = transfer->tftp->site->address};
    int rc;

    if ((rc = uv_udp_bind(&transfer->udp, (const struct sockaddr *)&own, 0)) < 0 ||
        (rc = uv_udp_connect(&transfer->udp, (const struct sockaddr *)&transfer->peer)) < 0 ||
        (rc = uv_udp_recv_start(&transfer->udp, lend_to_transfer, transfer_received)) < 0)
        log_warn("tftp", "no socket for a transfer", "reason=%s", log_quote(uv_strerror(rc)));
    return rc;
}

/* Takes over 'client'. */
static void transfer_start(struct tftp *tftp, struct boot_client *client,
                           const struct tftp_packet *request, const struct sockaddr_in *peer,
                           const struct loader *loader)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));

    if (!transfer) {
        boot_client_release(tftp->site, client);
        return;
    }
    transfer->tftp = tftp;
    transfer->client = *client;
    transfer->peer = *peer;
    transfer->loader = loader;
    tftp_transfer_start(&transfer->state, request, loader->bytes, loader->length);
    uv_udp_init(tftp->loop, &transfer->udp);
    uv_timer_init(tftp->loop, &transfer->timer);
    transfer->udp.data = transfer->timer.data = transfer;
    transfer->handles = 2;
    transfer->next = tftp->first;
    tftp->first = transfer;
    tftp->count++;
    if (transfer_open(transfer) < 0)
        transfer_close(transfer);
    else
        send_window(transfer);
}

static void refuse(struct tftp *tftp, const struct sockaddr_in *to, enum tftp_error code,
                   const char *message)
{
    uint8_t out[128];
    uv_buf_t packet =
        uv_buf_init((char *)out, (unsigned)tftp_packet_error(code, message, out, sizeof(out)));

    uv_udp_try_send(&tftp->udp, &packet, 1, (const struct sockaddr *)to);
}

/* Whether this request begins a transfer: not when it is one of ours asked again, or too many. */
static bool has_room(const struct tftp *tftp, const struct sockaddr_in *peer)
{
    size_t same = 0;

    for (const struct transfer *t = tftp->first; t; t = t->next) {
        if (t->peer.sin_addr.s_addr != peer->sin_addr.s_addr)
            continue;
        if (t->peer.sin_port == peer->sin_port)
            return false;
        same++;
    }
    return tftp->count < TFTP_TRANSFERS_MAX && same < TFTP_TRANSFERS_PER_MACHINE;
}

/* A file's name as it is asked for, without what could disturb a reader's terminal. */
static void printable(const char *from, char *to, size_t room)
{
    size_t at = 0;

    for (; *from && at + 1 < room; from++)
        to[at++] = *from >= 0x20 && *from < 0x7f ? *from : '?';
    to[at] = '\0';
}

static void serve(struct tftp *tftp, struct boot_client *client, const struct tftp_packet *request,
                  const struct sockaddr_in *peer)
{
    const char *name = request->file + (request->file[0] == '/');
    const struct loader *loader = loaders_find(tftp->site->loaders, name);
    char shown[96];

    printable(request->file, shown, sizeof(shown));
    if (request->opcode == TFTP_WRQ) {
        boot_client_tell(tftp->site, client, SIGHTING_REFUSED, "TFTP write of %s", shown);
        refuse(tftp, peer, TFTP_ERROR_ACCESS, "this server is read-only");
    } else if (!loader) {
        boot_client_tell(tftp->site, client, SIGHTING_REFUSED, "TFTP file %s", shown);
        if (strstr(name, ".."))
            refuse(tftp, peer, TFTP_ERROR_ACCESS, "no path is served");
        else
            refuse(tftp, peer, TFTP_ERROR_NOT_FOUND, "no such file");
    } else if (has_room(tftp, peer)) {
        transfer_start(tftp, client, request, peer, loader);
        return;
    }
    boot_client_release(tftp->site, client);
}

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    struct tftp *tftp = handle->data;

    (void)suggested;
    *ret_buffer = uv_buf_init(tftp->buffer, sizeof(tftp->buffer));
}

static void received(uv_udp_t *udp, ssize_t length, const uv_buf_t *buffer,
                     const struct sockaddr *from, unsigned flags)
{
    struct tftp *tftp = udp->data;
    const struct sockaddr_in *peer = (const struct sockaddr_in *)from;
    struct boot_client client;
    struct tftp_packet packet = {0};
    struct error err = {0};
    char shown[96];
    bool parsed;

    (void)flags;
    if (length <= 0 || !from || from->sa_family != AF_INET)
        return;
    parsed = tftp_packet_parse((const uint8_t *)buffer->base, (size_t)length, &packet, &err) == 0;
    /* ACKs of transfers that are over come here too, and mean nothing. */
    if (parsed && packet.opcode != TFTP_RRQ && packet.opcode != TFTP_WRQ)
        return;
    printable(packet.file, shown, sizeof(shown));
    if (boot_client_find(tftp->site, peer->sin_addr, STAGE_FIRMWARE, SIGHTING_TFTP, shown,
                         &client) != 1)
        return;
    if (parsed) {
        serve(tftp, &client, &packet, peer);
        return;
    }
    boot_client_tell(tftp->site, &client, SIGHTING_REFUSED, "malformed TFTP message: %.100s",
                     error_text(&err));
    refuse(tftp, peer, TFTP_ERROR_ILLEGAL, "malformed request");
    boot_client_release(tftp->site, &client);
}

struct tftp *tftp_create(const struct boot_site *site, struct error *err)
{
    struct tftp *tftp = calloc(1, sizeof(*tftp));

    if (!tftp) {
        error_no_memory(err);
        return NULL;
    }
    tftp->site = site;
    return tftp;
}

int tftp_open(struct tftp *tftp, uv_loop_t *loop, int fd, struct error *err)
{
    int rc, own;

    tftp->loop = loop;
    tftp->udp.data = tftp;
    if ((rc = uv_udp_init(loop, &tftp->udp)) < 0)
        return error_set(err, "TFTP socket: %s", uv_strerror(rc));
    tftp->open = true;
    if ((own = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
        return error_set(err, "TFTP socket: %s", strerror(errno));
    if ((rc = uv_udp_open(&tftp->udp, own)) < 0) {
        close(own);
        return error_set(err, "TFTP socket: %s", uv_strerror(rc));
    }
    if ((rc = uv_udp_recv_start(&tftp->udp, lend_buffer, received)) < 0)
        return error_set(err, "TFTP socket: %s", uv_strerror(rc));
    return 0;
}

void tftp_close(struct tftp *tftp)
{
    while (tftp->first)
        transfer_close(tftp->first);
    if (tftp->open)
        uv_close((uv_handle_t *)&tftp->udp, NULL);
    tftp->open = false;
}

void tftp_destroy(struct tftp *tftp)
{
    free(tftp);
}
