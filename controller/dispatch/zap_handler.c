/* zap_handler.c - see zap_handler.h. Owns the REP socket of the ZAP endpoint and its thread. */
#include "controller/dispatch/zap_handler.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "common/error.h"
#include "common/log.h"
#include "controller/dispatch/admitted_keys.h"

#define ENDPOINT "inproc://zeromq.zap.01"
#define FIRST_KEYS_MS 5000 /* half of what the peers' handshake waits */
#define SLICE_MS 100
#define PART_MAX                                                                                   \
    256 /* version, request id, domain, address, identity, mechanism, 32 bytes of key */

enum part {
    PART_VERSION,
    PART_REQUEST,
    PART_DOMAIN,
    PART_ADDRESS,
    PART_IDENTITY,
    PART_MECHANISM,
    PART_KEY,
    PART_COUNT
};

struct zap_handler {
    void *socket; /* made by the creator, then the thread's until it is joined */
    struct admitted_keys *keys;
    int stop_fd;
    pthread_t thread;
    atomic_uint_fast64_t refused;
};

struct zap_request {
    char bytes[PART_COUNT][PART_MAX];
    size_t lengths[PART_COUNT];
};

/* 0; -1: another number of parts, or one too long. Always reads the message to its end. */
static int read_request(void *socket, struct zap_request *request)
{
    size_t count = 0;
    int rc = 0, more;

    do {
        zmq_msg_t part;

        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, socket, 0) < 0)
            return -1;
        more = zmq_msg_more(&part);
        if (count < PART_COUNT && zmq_msg_size(&part) <= PART_MAX) {
            request->lengths[count] = zmq_msg_size(&part);
            memcpy(request->bytes[count], zmq_msg_data(&part), request->lengths[count]);
        } else {
            rc = -1;
        }
        count++;
        zmq_msg_close(&part);
    } while (more);
    return count == PART_COUNT ? rc : -1;
}

static bool part_is(const struct zap_request *request, enum part part, const char *text)
{
    return request->lengths[part] == strlen(text) &&
           memcmp(request->bytes[part], text, strlen(text)) == 0;
}

static bool admitted(struct zap_handler *handler, const struct zap_request *request,
                     struct user_id *ret_user)
{
    return part_is(request, PART_VERSION, "1.0") && part_is(request, PART_DOMAIN, ZAP_DOMAIN) &&
           part_is(request, PART_MECHANISM, "CURVE") && request->lengths[PART_KEY] == 32 &&
           admitted_keys_find(handler->keys, (const uint8_t *)request->bytes[PART_KEY], ret_user);
}

/* A controller that has just started lets agents wait for its first look into the database, instead
 * of sending them away for seconds. */
static void wait_for_keys(struct zap_handler *handler)
{
    zmq_pollitem_t stop = {NULL, handler->stop_fd, ZMQ_POLLIN, 0};

    for (int waited_ms = 0; waited_ms < FIRST_KEYS_MS; waited_ms += SLICE_MS)
        if (admitted_keys_wait(handler->keys, SLICE_MS) || zmq_poll(&stop, 1, 0) != 0)
            return;
}

static void answer(struct zap_handler *handler, const struct zap_request *request)
{
    struct user_id user;
    char user_text[USER_ID_SIZE] = "";
    bool yes = admitted(handler, request, &user);
    const char *code = yes ? "200" : "400", *text = yes ? "OK" : "unknown key";

    if (yes)
        user_id_format(&user, user_text);
    else
        atomic_fetch_add_explicit(&handler->refused, 1, memory_order_relaxed);
    /* An inproc REP always has room for the answer to what it has just received. */
    zmq_send(handler->socket, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(handler->socket, request->bytes[PART_REQUEST], request->lengths[PART_REQUEST],
             ZMQ_SNDMORE);
    zmq_send(handler->socket, code, 3, ZMQ_SNDMORE);
    zmq_send(handler->socket, text, strlen(text), ZMQ_SNDMORE);
    zmq_send(handler->socket, user_text, strlen(user_text), ZMQ_SNDMORE);
    zmq_send(handler->socket, "", 0, 0);
}

static void *run(void *arg)
{
    struct zap_handler *handler = arg;

    for (;;) {
        zmq_pollitem_t items[] = {{NULL, handler->stop_fd, ZMQ_POLLIN, 0},
                                  {handler->socket, 0, ZMQ_POLLIN, 0}};
        struct zap_request request;

        if (zmq_poll(items, 2, -1) < 0 && zmq_errno() != EINTR) {
            log_error("zap", "handler ended: no agent can connect any more", "reason=%s",
                      log_quote(zmq_strerror(zmq_errno())));
            return NULL;
        }
        if (items[0].revents)
            return NULL;
        if (!items[1].revents)
            continue;
        /* A malformed request must be answered too, or the REP is stuck: an empty id reaches
         * nobody. */
        memset(&request, 0, sizeof(request));
        if (read_request(handler->socket, &request) < 0)
            request.lengths[PART_VERSION] = 0;
        wait_for_keys(handler);
        answer(handler, &request);
    }
}

struct zap_handler *zap_handler_create(void *context, struct admitted_keys *keys, struct error *err)
{
    struct zap_handler *handler = calloc(1, sizeof(*handler));
    int rc;

    if (!handler) {
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for the ZAP handler");
        return NULL;
    }
    handler->keys = keys;
    atomic_init(&handler->refused, 0);
    handler->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    handler->socket = zmq_socket(context, ZMQ_REP);
    if (handler->stop_fd < 0 || !handler->socket ||
        zmq_setsockopt(handler->socket, ZMQ_LINGER, &(int){0}, sizeof(int)) ||
        zmq_bind(handler->socket, ENDPOINT)) {
        error_set(err, "ZAP handler: %s", zmq_strerror(zmq_errno()));
        goto fail;
    }
    rc = pthread_create(&handler->thread, NULL, run, handler);
    if (rc) {
        error_set(err, "thread of the ZAP handler: %s", strerror(rc));
        goto fail;
    }
    pthread_setname_np(handler->thread, "zap");
    return handler;
fail:
    if (handler->socket)
        zmq_close(handler->socket);
    if (handler->stop_fd >= 0)
        close(handler->stop_fd);
    free(handler);
    return NULL;
}

void zap_handler_destroy(struct zap_handler *handler)
{
    uint64_t one = 1;

    if (!handler)
        return;
    while (write(handler->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
    pthread_join(handler->thread, NULL);
    zmq_close(handler->socket);
    close(handler->stop_fd);
    free(handler);
}

uint64_t zap_handler_refused(const struct zap_handler *handler)
{
    return atomic_load_explicit(&handler->refused, memory_order_relaxed);
}
