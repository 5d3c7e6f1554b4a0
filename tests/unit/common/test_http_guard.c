/* The smuggling shapes, sent as bytes to a real server on loopback: each ends in 400 or a closed
 * connection, and what is harmless gets through. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/http_guard.h"
#include "tests/support/check_main.h"

#define H "Host: h\r\n"
#define ANSWER_MS 10000

static struct MHD_Daemon *server;

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    const char *refusal = NULL, *text;
    struct MHD_Response *response;
    enum MHD_Result rc;

    (void)arg;
    (void)url;
    (void)method;
    (void)upload;
    if (!*state) {
        refusal = http_guard_refusal(connection, version);
        *state = server;
        if (!refusal)
            return MHD_YES;
    } else if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    text = refusal ? refusal : "taken";
    response = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    if (refusal)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    rc = MHD_queue_response(connection, refusal ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return rc;
}

static void start(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};

    server = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, answer, NULL,
                              MHD_OPTION_SOCK_ADDR, &any, MHD_OPTION_END);
    ck_assert_ptr_nonnull(server);
}

static void stop(void)
{
    MHD_stop_daemon(server);
}

static int open_connection(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_port = htons(MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/* All that comes back until the server closes. */
static void exchange(const char *request, size_t length, char *reply, size_t room)
{
    int fd = open_connection();
    size_t got = 0;
    ssize_t n = 1;

    ck_assert_int_eq(send(fd, request, length, MSG_NOSIGNAL), (int)length);
    while (n > 0 && got < room - 1) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};

        ck_assert_msg(poll(&wait, 1, ANSWER_MS) == 1, "not closed: %s\n-> %.*s", request, (int)got,
                      reply);
        n = recv(fd, reply + got, room - 1 - got, 0);
        got += n > 0 ? (size_t)n : 0;
    }
    reply[got] = '\0';
    close(fd);
}

/* The guard's own words, a 4xx without them when libmicrohttpd was first, and the connection
 * closed: a second request behind it is never answered. */
static void ck_refused(const char *request, const char *reason)
{
    char both[2048], reply[4096];

    snprintf(both, sizeof(both), "%sGET /smuggled HTTP/1.1\r\n" H "\r\n", request);
    exchange(both, strlen(both), reply, sizeof(reply));
    ck_assert_msg(strncmp(reply, "HTTP/1.", 7) == 0 && reply[9] == '4', "%s\n-> %s", both, reply);
    ck_assert_msg(!strstr(reply, "200 OK"), "%s\n-> %s", both, reply);
    if (reason)
        ck_assert_msg(strstr(reply, reason) != NULL, "%s\n-> %s", both, reply);
}

static void ck_taken(const char *request)
{
    char reply[4096];

    exchange(request, strlen(request), reply, sizeof(reply));
    ck_assert_msg(strstr(reply, "200 OK") && strstr(reply, "taken"), "%s\n-> %s", request, reply);
}

START_TEST(length_with_coding)
{
    const char *reason = "Content-Length and Transfer-Encoding exclude each other";

    ck_refused("POST / HTTP/1.1\r\n" H
               "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               reason);
    ck_refused("POST / HTTP/1.1\r\n" H
               "transfer-encoding: CHUNKED\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
               reason);
}
END_TEST

START_TEST(lengths_twice_or_malformed)
{
    static const char *const bad[] = {"5, 5",
                                      "+5",
                                      "-5",
                                      "5 5",
                                      "0x5",
                                      "",
                                      " ",
                                      "5;",
                                      "1e1",
                                      "1000000000000000000",
                                      "99999999999999999999999"};
    char request[256];

    ck_refused("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
               "Content-Length is there twice");
    ck_refused("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\ncontent-length: 5\r\n\r\nhello",
               "Content-Length is there twice");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(request, sizeof(request), "POST / HTTP/1.1\r\n" H "Content-Length: %s\r\n\r\n",
                 bad[i]);
        ck_refused(request, NULL);
    }
}
END_TEST

START_TEST(hosts_twice_or_missing)
{
    ck_refused("GET / HTTP/1.1\r\n" H "Host: other\r\n\r\n", "Host is there twice");
    ck_refused("GET / HTTP/1.1\r\n" H "hOST: h\r\n\r\n", "Host is there twice");
    ck_refused("GET / HTTP/1.1\r\nAccept: x\r\n\r\n", NULL);
    ck_refused("GET / HTTP/1.0\r\n" H H "\r\n", "Host is there twice");
}
END_TEST

START_TEST(codings_other_than_chunked)
{
    static const char *const bad[] = {"gzip",      "chunked, chunked", "gzip, chunked",
                                      "xchunked",  "chunked;q=1",      "identity",
                                      "\vchunked", "\"chunked\"",      ""};
    char request[256];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(request, sizeof(request),
                 "POST / HTTP/1.1\r\n" H "Transfer-Encoding: %s\r\n\r\n0\r\n\r\n", bad[i]);
        ck_refused(request, NULL);
    }
    ck_refused("POST / HTTP/1.1\r\n" H
               "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               "Transfer-Encoding is there twice");
    ck_refused("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               "HTTP/1.0 has no Transfer-Encoding");
}
END_TEST

START_TEST(names_that_others_read_otherwise)
{
    ck_refused("POST / HTTP/1.1\r\n" H "Content-Length : 5\r\n\r\nhello", NULL);
    ck_refused("POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", NULL);
    ck_refused("POST / HTTP/1.1\r\n" H "Transfer\tEncoding: chunked\r\n\r\n0\r\n\r\n", NULL);
}
END_TEST

START_TEST(harmless_requests_pass)
{
    ck_taken("GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n");
    ck_taken("GET / HTTP/1.0\r\n\r\n");
    ck_taken("POST / HTTP/1.1\r\n" H "Connection: close\r\nContent-Length:   5\r\n\r\nhello");
    ck_taken("POST / HTTP/1.1\r\n" H "Connection: close\r\nTransfer-Encoding: Chunked\r\n\r\n"
             "5\r\nhello\r\n0\r\n\r\n");
    ck_taken("GET / HTTP/1.1\r\n" H "Connection: close\r\nAccept: a\r\nAccept: b\r\n\r\n");
}
END_TEST

CHECK_MAIN_WITH("http_guard", start, stop, length_with_coding, lengths_twice_or_malformed,
                hosts_twice_or_missing, codings_other_than_chunked,
                names_that_others_read_otherwise, harmless_requests_pass)
