/* api_request.h - one HTTP request from its first byte to its answer: the bytes of it that a call
 * needs, copied, so that a worker may read them while libmicrohttpd's thread has put the connection
 * aside.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/text.h"
#include "controller/api/api_call.h"
#include "controller/api/api_gate.h"

struct error;

enum request_phase {
    REQUEST_NEW,     /* the request line is there */
    REQUEST_OPENING, /* a worker looks which file an upload is to be */
    REQUEST_BODY,
    REQUEST_AT_WORK,
    REQUEST_REFUSED, /* for its form; a worker looks who wrote so */
    REQUEST_ANSWER,
};

struct api_request {
    struct api_call call;
    struct MHD_Connection *connection; /* borrowed from libmicrohttpd */
    enum request_phase phase;
    char *uri, *path; /* 'path' points into 'uri' */
    const char *method;
    char *authorization, *tenant, *idempotency_key, *if_none_match, *range;
    struct text body;
    char allowed[64];
    struct problem form; /* REQUEST_REFUSED: why, until the gate has said who asks */
    int64_t began_ms, wait_until_ms;
    bool counted; /* in the server's number of requests under way */
};

/* 'uri' as sent, with its query. NULL: out of memory. */
struct api_request *api_request_create(const char *uri);
void api_request_destroy(struct api_request *request);

/* The headers are complete: route, query, what else a call needs. 0, or -1 and the problem stands
 * in the call. */
int api_request_read(struct api_request *request, struct MHD_Connection *connection,
                     const char *method, const char *version);
/* More of the body. -1: the problem stands; what still comes is dropped. */
int api_request_take(struct api_request *request, const char *bytes, size_t length);
void api_request_credentials(const struct api_request *request, struct api_credentials *ret);
/* The answer, as it stands in the call. */
enum MHD_Result api_request_answer(struct api_request *request);
