/* http_bench.h - the boot LAN's HTTP server on a loopback port over boot_bench.h, and a client that
 * sends what it is told, byte for byte.
 */
#pragma once

#include "tests/unit/agent/boot/boot_bench.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "agent/boot/http_boot.h"
#include "agent/report/phone_home.h"

#define BENCH_MAC "52:54:00:77:00:01"
#define BENCH_ANSWER_MAX (8 * 1024 * 1024)

static struct http_bench {
    struct http_boot *http;
    struct handover *requests;
    struct sockaddr_in at;
    int fd;
    char *answer; /* of the last request, NUL behind it */
    size_t length, body_at;
} http;

static inline void drop_request(void *item)
{
    phone_home_answer(item, 503, "{}");
}

static inline void http_open_with(size_t queue)
{
    socklen_t size = sizeof(http.at);

    bench_open();
    bench_neighbour("127.0.0.1", BENCH_MAC);
    memset(&http, 0, sizeof(http));
    http.answer = malloc(BENCH_ANSWER_MAX);
    http.at.sin_family = AF_INET;
    http.at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    http.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(http.fd, (struct sockaddr *)&http.at, sizeof(http.at)), 0);
    ck_assert_int_eq(listen(http.fd, 64), 0);
    getsockname(http.fd, (struct sockaddr *)&http.at, &size);
    http.requests = handover_create(queue, drop_request, NULL);
    http.http = http_boot_create(&bench.site, http.requests, NULL);
    ck_assert_int_eq(http_boot_start(http.http, http.fd, NULL), 0);
}

static inline void http_open(void)
{
    http_open_with(16);
}

static inline void http_close(void)
{
    http_boot_destroy(http.http);
    handover_destroy(http.requests);
    close(http.fd);
    free(http.answer);
    bench_close();
}

static inline int http_connect(void)
{
    struct timeval patience = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&http.at, sizeof(http.at)), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

static inline void http_send(int fd, const void *bytes, size_t length)
{
    ssize_t sent;

    for (size_t at = 0; at < length; at += (size_t)sent)
        if ((sent = send(fd, (const char *)bytes + at, length - at, MSG_NOSIGNAL)) <= 0)
            return;
}

/* Everything up to the server's end; the status, or 0 when there was no answer. */
static inline int http_receive(int fd)
{
    ssize_t got;
    char *body;

    http.length = 0;
    while (http.length + 1 < BENCH_ANSWER_MAX &&
           (got = recv(fd, http.answer + http.length, BENCH_ANSWER_MAX - 1 - http.length, 0)) > 0)
        http.length += (size_t)got;
    http.answer[http.length] = '\0';
    close(fd);
    body = strstr(http.answer, "\r\n\r\n");
    http.body_at = body ? (size_t)(body + 4 - http.answer) : http.length;
    return http.length > 12 ? atoi(http.answer + 9) : 0;
}

static inline int http_ask(const void *request, size_t length)
{
    int fd = http_connect();

    http_send(fd, request, length);
    return http_receive(fd);
}

static inline int http_say(const char *request)
{
    return http_ask(request, strlen(request));
}

static inline int http_get(const char *path, const char *headers)
{
    char request[2048];
    int length =
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", path, headers);

    return http_ask(request, (size_t)length);
}

static inline bool http_says(const char *text)
{
    return strstr(http.answer, text) != NULL;
}

static inline size_t http_body_length(void)
{
    return http.length - http.body_at;
}
