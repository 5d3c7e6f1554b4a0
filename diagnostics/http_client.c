/* http_client.c - see http_client.h. The socket is non-blocking and every wait has an end, so that
 * a silent agent cannot hold the run.
 */
#include "diagnostics/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"

int http_peer_parse(const char *url, struct http_peer *ret_peer, struct error *err)
{
    struct http_peer peer = {.address.sin_family = AF_INET};
    char address[32];
    const char *colon;
    char *end;
    unsigned long port;

    if (strncmp(url, "http://", 7) != 0 || strlen(url + 7) >= sizeof(peer.host))
        return error_set_code(err, ERROR_INVALID, "agent: not of the form http://ADDRESS:PORT");
    snprintf(peer.host, sizeof(peer.host), "%s", url + 7);
    colon = strchr(peer.host, ':');
    if (!colon || colon[1] < '1' || colon[1] > '9')
        return error_set_code(err, ERROR_INVALID, "agent: the port is missing");
    port = strtoul(colon + 1, &end, 10);
    snprintf(address, sizeof(address), "%.*s", (int)(colon - peer.host), peer.host);
    if (*end || port > 65535 || inet_pton(AF_INET, address, &peer.address.sin_addr) != 1)
        return error_set_code(err, ERROR_INVALID, "agent: not an IPv4 address and a port");
    peer.address.sin_port = htons((uint16_t)port);
    *ret_peer = peer;
    return 0;
}

static int wait_for(int fd, short events, int64_t until_ms, struct error *err)
{
    struct pollfd wait = {.fd = fd, .events = events};
    int64_t left = until_ms - clock_monotonic_ms();
    int ready;

    if (left > HTTP_STALL_MS)
        left = HTTP_STALL_MS;
    do
        ready = poll(&wait, 1, left > 0 ? (int)left : 0);
    while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return error_set_code(err, ERROR_TIMEOUT, "no answer within %d ms", HTTP_STALL_MS);
    return 0;
}

static int lost(struct error *err)
{
    return error_set_code(err, ERROR_UNAVAILABLE, "the connection is lost: %s", strerror(errno));
}

static int open_connection(const struct http_peer *peer, int64_t until_ms, int *ret_fd,
                           struct error *err)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), fault = 0;
    socklen_t size = sizeof(fault);

    if (fd < 0)
        return lost(err);
    if (connect(fd, (const struct sockaddr *)&peer->address, sizeof(peer->address)) < 0) {
        if (errno != EINPROGRESS) {
            lost(err);
            goto fail;
        }
        if (wait_for(fd, POLLOUT, until_ms, err) < 0)
            goto fail;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) < 0 || fault) {
            errno = fault ? fault : errno;
            lost(err);
            goto fail;
        }
    }
    *ret_fd = fd;
    return 0;
fail:
    close(fd);
    return -1;
}

static int send_all(int fd, const char *bytes, size_t length, int64_t until_ms, struct error *err)
{
    while (length) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        } else if (errno != EAGAIN && errno != EINTR) {
            return lost(err);
        } else if (wait_for(fd, POLLOUT, until_ms, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int receive_answer(int fd, struct http_reply *reply, int64_t until_ms, struct error *err)
{
    struct http_answer answer;
    size_t held = 0;

    for (;;) {
        ssize_t got = recv(fd, reply->bytes + held, HTTP_ANSWER_MAX - held, 0);
        int done;

        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return lost(err);
        if (got < 0) {
            if (wait_for(fd, POLLIN, until_ms, err) < 0)
                return -1;
            continue;
        }
        held += (size_t)got;
        done = http_answer_parse(&answer, reply->bytes, held, got == 0, err);
        if (done < 0)
            return -1;
        if (done) {
            reply->status = answer.status;
            reply->body = reply->bytes + answer.body;
            reply->length = answer.body_length;
            reply->body[reply->length] = '\0';
            return 0;
        }
        if (held == HTTP_ANSWER_MAX)
            return error_set_code(err, ERROR_INVALID, "the answer is too long");
    }
}

static void write_head(struct text *head, const struct http_peer *peer,
                       const struct http_request *request)
{
    text_format(head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n", request->path,
                peer->host, request->type);
    text_format(head, "Content-Length: %zu\r\nConnection: close\r\n", request->length);
    if (request->bearer)
        text_format(head, "Authorization: Bearer %s\r\n", request->bearer);
    if (request->offset >= 0)
        text_format(head, "Muster-Offset: %lld\r\n", (long long)request->offset);
    text_append(head, "\r\n", 2);
}

int http_post(const struct http_peer *peer, const struct http_request *request,
              struct http_reply *reply, struct error *err)
{
    int64_t until_ms = clock_monotonic_ms() + HTTP_EXCHANGE_MS;
    struct text head = {0};
    struct error sending = {0};
    int fd = -1, rc = -1;

    write_head(&head, peer, request);
    if (!text_ok(&head)) {
        error_set(err, "out of memory");
        goto out;
    }
    if (open_connection(peer, until_ms, &fd, err) < 0)
        goto out;
    /* An agent that refuses early answers and closes before the body is through: read it anyway. */
    if (send_all(fd, head.bytes, head.length, until_ms, &sending) < 0 ||
        send_all(fd, request->body, request->length, until_ms, &sending) < 0) {
        rc = receive_answer(fd, reply, until_ms, NULL);
        if (rc < 0 && err)
            *err = sending;
        goto out;
    }
    rc = receive_answer(fd, reply, until_ms, err);
out:
    if (fd >= 0)
        close(fd);
    text_clear(&head);
    return rc;
}

int http_retry_delay_ms(unsigned retry)
{
    static const int DELAYS[] = {500, 1000, 2000, 4000};

    return DELAYS[retry < 3 ? retry : 3];
}

int http_post_patiently(const struct http_peer *peer, const struct http_request *request,
                        int64_t until_ms, struct http_reply *reply, struct error *err)
{
    int64_t give_up = clock_monotonic_ms() + HTTP_GIVE_UP_MS;
    struct error fault;

    if (until_ms > give_up)
        until_ms = give_up;
    for (unsigned retry = 0;; retry++) {
        int delay = http_retry_delay_ms(retry);
        bool again;

        error_clear(&fault);
        if (http_post(peer, request, reply, &fault) == 0) {
            if (reply->status < 500)
                return 0;
            error_set_code(&fault, ERROR_UNAVAILABLE, "the agent answered %d", reply->status);
        }
        again = fault.code == ERROR_UNAVAILABLE || fault.code == ERROR_TIMEOUT;
        if (!again || clock_monotonic_ms() + delay > until_ms) {
            if (err)
                *err = fault;
            return -1;
        }
        poll(NULL, 0, delay);
    }
}
