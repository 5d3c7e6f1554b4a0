/* http_client.h - POSTs to the site's agent: one connection a request, no redirects, no names to
 * resolve. What is retried, and when, is docs/phone-home.md.
 */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "diagnostics/http_answer.h"

struct error;

#define HTTP_STALL_MS 5000     /* no byte moves for so long: the request has failed */
#define HTTP_EXCHANGE_MS 60000 /* and none takes longer than this in all */
#define HTTP_GIVE_UP_MS 120000 /* retries end */

struct http_peer {
    struct sockaddr_in address;
    char host[32]; /* as the Host header says it */
};

struct http_request {
    const char *path;
    const char *type;   /* Content-Type */
    const char *bearer; /* NULL: no Authorization */
    int64_t offset;     /* Muster-Offset; -1: none */
    const char *body;
    size_t length;
};

struct http_reply {
    int status;
    char *body; /* NUL behind it, inside 'bytes' */
    size_t length;
    char bytes[HTTP_ANSWER_MAX + 1];
};

/* "http://10.77.0.2:8480", the address in numbers. 0, or -1 with 'err' set. */
int http_peer_parse(const char *url, struct http_peer *ret_peer, struct error *err);

/* One exchange. 0: an answer of any status is in 'reply'. -1: none came; ERROR_UNAVAILABLE and
 * ERROR_TIMEOUT are worth a retry. */
int http_post(const struct http_peer *peer, const struct http_request *request,
              struct http_reply *reply, struct error *err);

/* http_post() until an answer below 500 comes, or 'until_ms' (monotonic) or HTTP_GIVE_UP_MS is
 * over. */
int http_post_patiently(const struct http_peer *peer, const struct http_request *request,
                        int64_t until_ms, struct http_reply *reply, struct error *err);

/* The pause before retry 0, 1, 2, ... in milliseconds. */
int http_retry_delay_ms(unsigned retry);
