/* api_request.c - see api_request.h. Spec: RFC 9110 for Range, conditions and Prefer (RFC 7240). */
#include "controller/api/api_request.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/http_guard.h"
#include "common/ids.h"
#include "common/text.h"
#include "controller/api/routes.h"
#include "controller/images/image.h"
#include "controller/images/image_store.h"
#include "proto/sha256.h"

#define WAIT_MAX_S 30
#define QUERY_KEY_MAX 64
#define QUERY_VALUE_MAX 512

struct api_request *api_request_create(const char *uri)
{
    struct api_request *request = calloc(1, sizeof(*request));
    struct uuid id = uuid_make();

    if (!request)
        return NULL;
    request->call.file_fd = -1;
    request->call.content_length = -1;
    request->began_ms = clock_monotonic_ms();
    uuid_format(&id, request->call.request_id);
    if (!(request->uri = strdup(uri))) {
        free(request);
        return NULL;
    }
    return request;
}

static void wipe(char *secret)
{
    if (secret)
        OPENSSL_cleanse(secret, strlen(secret));
    free(secret);
}

void api_request_destroy(struct api_request *request)
{
    if (!request)
        return;
    api_call_clear(&request->call);
    problem_clear(&request->form);
    /* A body may hold a password, an answer a token. */
    if (request->body.bytes)
        OPENSSL_cleanse(request->body.bytes, request->body.length);
    text_clear(&request->body);
    wipe(request->authorization);
    free(request->tenant);
    free(request->idempotency_key);
    free(request->if_none_match);
    free(request->range);
    free(request->uri);
    free(request);
}

static char *header(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

    return value ? strdup(value) : NULL;
}

/* Percent and plus decoded; NULL: a bad escape, a control character, too long, or not UTF-8. */
static char *decode(const char *from, size_t length, size_t cap)
{
    char *out = strndup(from, length);

    for (char *plus = out; plus && (plus = strchr(plus, '+'));)
        *plus = ' ';
    if (out && text_unpercent(out, length, out, length < cap ? length + 1 : cap + 1) >= 0)
        return out;
    free(out);
    return NULL;
}

static int read_pair(struct api_call *call, const char *from, size_t length)
{
    const char *equals = memchr(from, '=', length);
    size_t key = equals ? (size_t)(equals - from) : length;
    struct api_pair *pair = &call->query[call->query_count];

    if (call->query_count == API_QUERY_MAX)
        return -1;
    pair->name = decode(from, key, QUERY_KEY_MAX);
    pair->value = equals ? decode(equals + 1, length - key - 1, QUERY_VALUE_MAX) : strdup("");
    call->query_count++; /* also when half of it is there: it is freed with the others */
    if (!pair->name || !pair->value)
        return -1;
    for (size_t i = 0; i + 1 < call->query_count; i++)
        if (strcmp(call->query[i].name, pair->name) == 0)
            return -1;
    return 0;
}

static int read_query(struct api_call *call, const char *query)
{
    while (*query) {
        size_t length = strcspn(query, "&");

        if (length > 0 && read_pair(call, query, length) < 0) {
            api_call_clear_query(call);
            return problem_set(&call->problem, 400, "invalid_query", NULL,
                               "the query is malformed, or a key is there twice");
        }
        query += length + (query[length] == '&');
    }
    return 0;
}

static int find_route(struct api_request *request)
{
    struct api_call *call = &request->call;
    char show[TEXT_SHOW_SIZE];

    call->route = api_route_find(request->method, request->path, call->arguments, request->allowed);
    if (call->route)
        return 0;
    if (request->allowed[0])
        return problem_set(&call->problem, 405, "method_not_allowed", NULL, "%s takes %s",
                           text_show(request->path, show), request->allowed);
    return problem_set(&call->problem, 404, "unknown_path", "What there is: GET /v1/openapi.json.",
                       "there is nothing at %s", text_show(request->path, show));
}

/* How many bytes of body a route takes: known from the headers, or counted as they come. */
static int64_t body_cap(const struct api_route *route)
{
    switch (route->body) {
    case BODY_YAML:
        return API_RULE_MAX;
    case BODY_MESSAGE:
        return API_MESSAGE_MAX;
    case BODY_FILE:
        return IMAGE_FILE_MAX;
    default:
        return API_BODY_MAX;
    }
}

static int too_large(struct api_call *call)
{
    return problem_set(&call->problem, 413, "body_too_large", NULL,
                       "the body has more than %lld bytes", (long long)body_cap(call->route));
}

static void read_length(struct api_request *request)
{
    const char *length =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Content-Length");

    if (length)
        request->call.content_length = strtoll(length, NULL, 10); /* http_guard checked its shape */
}

static int check_length(struct api_request *request)
{
    struct api_call *call = &request->call;

    if (call->content_length < 0 && call->route->body == BODY_FILE)
        return problem_set(&call->problem, 411, "length_required", NULL,
                           "an upload needs Content-Length");
    return call->content_length > body_cap(call->route) ? too_large(call) : 0;
}

/* "wait=30" among the preferences. */
static int read_wait(struct MHD_Connection *connection)
{
    const char *prefer = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Prefer");
    const char *at = prefer ? strstr(prefer, "wait=") : NULL;
    long wait = at ? strtol(at + 5, NULL, 10) : 0;

    return wait < 0 ? 0 : wait > WAIT_MAX_S ? WAIT_MAX_S : (int)wait;
}

static void read_peer(struct api_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    char *out = request->call.peer;

    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, out,
                  sizeof(request->call.peer));
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, out,
                  sizeof(request->call.peer));
}

static bool is_credential(const char *name)
{
    return strcasecmp(name, "Authorization") == 0 || strcasecmp(name, "Proxy-Authorization") == 0 ||
           strcasecmp(name, "Cookie") == 0;
}

/* What does not fit is left out: mappings see no more of it. */
static enum MHD_Result add_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct api_call *call = cls;
    struct api_pair *pair = &call->headers[call->header_count];

    (void)kind;
    if (call->header_count == API_HEADERS_MAX)
        return MHD_NO;
    if (!value || is_credential(name))
        return MHD_YES;
    pair->name = strdup(name);
    pair->value = strdup(value);
    call->header_count++; /* also when half of it is there: it is freed with the call */
    return pair->name && pair->value ? MHD_YES : MHD_NO;
}

static int read_headers(struct api_request *request)
{
    struct api_call *call = &request->call;
    bool whole = true;

    if (call->route->body != BODY_MESSAGE)
        return 0;
    call->headers = calloc(API_HEADERS_MAX, sizeof(*call->headers));
    if (call->headers)
        MHD_get_connection_values(request->connection, MHD_HEADER_KIND, add_header, call);
    for (size_t i = 0; i < call->header_count; i++)
        whole = whole && call->headers[i].name && call->headers[i].value;
    if (call->headers && whole)
        return 0;
    return problem_set(&call->problem, 503, "unavailable", NULL, "out of memory");
}

int api_request_read(struct api_request *request, struct MHD_Connection *connection,
                     const char *method, const char *version)
{
    struct api_call *call = &request->call;
    const char *refusal = http_guard_refusal(connection, version);
    char *question = strchr(request->uri, '?');

    request->connection = connection;
    read_peer(request);
    request->method = method;
    request->path = request->uri;
    if (refusal)
        return problem_set(&call->problem, 400, "malformed_request", NULL, "%s", refusal);
    if (question)
        *question = '\0';
    call->path = request->path;
    read_length(request);
    /* First of all whose it is: also what is refused for its form has a principal. */
    request->authorization = header(connection, "Authorization");
    call->authorization = request->authorization;
    request->tenant = header(connection, "Muster-Tenant");
    if (find_route(request) < 0 || (question && read_query(call, question + 1) < 0) ||
        check_length(request) < 0)
        return -1;
    request->idempotency_key = header(connection, "Idempotency-Key");
    request->if_none_match = header(connection, "If-None-Match");
    request->range = header(connection, "Range");
    call->wait_s = read_wait(connection);
    request->wait_until_ms = request->began_ms + (int64_t)call->wait_s * 1000;
    return read_headers(request);
}

int api_request_take(struct api_request *request, const char *bytes, size_t length)
{
    struct api_call *call = &request->call;
    struct error err = {0};

    if (call->problem.status)
        return -1;
    if (call->upload) {
        if (image_upload_write(call->upload, bytes, length, &err) == 0)
            return 0;
        return api_failed(call, &err);
    }
    if ((int64_t)(request->body.length + length) > body_cap(call->route))
        return too_large(call);
    text_append(&request->body, bytes, length);
    if (!text_ok(&request->body))
        return problem_set(&call->problem, 503, "unavailable", NULL, "out of memory");
    call->body = text_string(&request->body);
    call->body_length = request->body.length;
    return 0;
}

void api_request_credentials(const struct api_request *request, struct api_credentials *ret)
{
    *ret = (struct api_credentials){.authorization = request->authorization,
                                    .tenant = request->tenant,
                                    .idempotency_key = request->idempotency_key};
}

/* "bytes=A-B", "bytes=A-", "bytes=-N". 1: a range; 0: none that we serve: the whole; -1: outside.
 */
static int read_range(const char *text, int64_t size, int64_t *ret_from, int64_t *ret_length)
{
    long long from, to;
    char tail;

    if (!text || strncmp(text, "bytes=", 6) != 0 || strchr(text, ','))
        return 0;
    text += 6;
    if (sscanf(text, "%lld-%lld%c", &from, &to, &tail) == 2 && from >= 0 && to >= from)
        to = to >= size ? size - 1 : to;
    else if (sscanf(text, "-%lld%c", &to, &tail) == 1 && text[0] == '-' && to > 0) {
        from = to >= size ? 0 : size - to;
        to = size - 1;
    } else if (sscanf(text, "%lld-%c", &from, &tail) == 1 && from >= 0 && strchr(text, '-'))
        to = size - 1;
    else
        return 0;
    if (from >= size)
        return -1;
    *ret_from = from;
    *ret_length = to - from + 1;
    return 1;
}

static struct MHD_Response *file_response(struct api_request *request, unsigned *status)
{
    struct api_call *call = &request->call;
    int64_t from = 0, length = call->file_size;
    int ranged = read_range(request->range, call->file_size, &from, &length);
    struct MHD_Response *response;
    char range[80];

    if (ranged < 0) {
        snprintf(range, sizeof(range), "bytes */%lld", (long long)call->file_size);
        response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
        *status = 416;
    } else {
        snprintf(range, sizeof(range), "bytes %lld-%lld/%lld", (long long)from,
                 (long long)(from + length - 1), (long long)call->file_size);
        response = MHD_create_response_from_fd_at_offset64((uint64_t)length, call->file_fd,
                                                           (uint64_t)from);
        if (response)
            call->file_fd = -1; /* the response's now */
        *status = ranged ? 206 : 200;
    }
    if (response && ranged)
        MHD_add_response_header(response, "Content-Range", range);
    if (response)
        MHD_add_response_header(response, "Accept-Ranges", "bytes");
    return response;
}

static struct MHD_Response *text_response(char *body)
{
    struct MHD_Response *response;

    if (!body)
        return NULL;
    response = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(body);
    return response;
}

static struct MHD_Response *problem_response(struct api_request *request, unsigned *status)
{
    struct api_call *call = &request->call;
    struct MHD_Response *response = text_response(problem_text(&call->problem, call->request_id));

    *status = call->problem.status;
    if (!response)
        return NULL;
    MHD_add_response_header(response, "Content-Type", "application/problem+json");
    if (*status == 401)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"muster\"");
    if (*status == 405)
        MHD_add_response_header(response, "Allow", request->allowed);
    if (*status == 503)
        MHD_add_response_header(response, "Retry-After", "2");
    if (*status == 429)
        MHD_add_response_header(response, "Retry-After", "30");
    return response;
}

/* Of what is sent: the same bytes have the same tag. */
static void make_etag(struct api_call *call)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char hex[2 * 12 + 1];

    sha256_of(text_string(&call->answer), call->answer.length, digest);
    text_hex(digest, 12, hex);
    snprintf(call->etag, sizeof(call->etag), "\"%s\"", hex);
}

static struct MHD_Response *answer_response(struct api_request *request, unsigned *status)
{
    struct api_call *call = &request->call;
    struct MHD_Response *response;

    *status = call->status ? call->status : 200;
    make_etag(call);
    if (*status == 200 && request->if_none_match &&
        strcmp(request->if_none_match, call->etag) == 0) {
        *status = 304;
        text_clear(&call->answer);
    }
    response = MHD_create_response_from_buffer(
        call->answer.length, (void *)text_string(&call->answer), MHD_RESPMEM_MUST_COPY);
    if (!response)
        return NULL;
    MHD_add_response_header(response, "Content-Type",
                            call->content_type ? call->content_type : "application/json");
    MHD_add_response_header(response, "ETag", call->etag);
    if (call->location[0])
        MHD_add_response_header(response, "Location", call->location);
    if (call->next_offset[0])
        MHD_add_response_header(response, "Muster-Next-Offset", call->next_offset);
    if (call->final)
        MHD_add_response_header(response, "Muster-Final", "true");
    return response;
}

enum MHD_Result api_request_answer(struct api_request *request)
{
    struct api_call *call = &request->call;
    struct MHD_Response *response;
    enum MHD_Result result;
    unsigned status = 200;

    if (!call->problem.status && call->answer.broken)
        problem_set(&call->problem, 503, "unavailable", NULL, "out of memory");
    if (call->problem.status)
        response = problem_response(request, &status);
    else if (call->file_fd >= 0)
        response = file_response(request, &status);
    else
        response = answer_response(request, &status);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Request-Id", call->request_id);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "Strict-Transport-Security", "max-age=31536000");
    /* What two servers may read differently must not be followed by another request. */
    if (strcmp(call->problem.code, "malformed_request") == 0 || status == 413)
        MHD_add_response_header(response, "Connection", "close");
    result = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    return result;
}
