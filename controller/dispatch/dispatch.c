/* dispatch.c - see dispatch.h. Owns the libzmq context, the two hand-overs and the parts, and the
 * order in which they start and stop: the ZAP handler before the socket binds; at the end the
 * socket falls silent first, then what it took is committed.
 */
#include "controller/dispatch/dispatch.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/conf.h"
#include "common/error.h"
#include "common/handover.h"
#include "controller/dispatch/admitted_keys.h"
#include "controller/dispatch/dispatch_job.h"
#include "controller/dispatch/dispatch_store.h"
#include "controller/dispatch/zap_handler.h"

/* 4,000 agents with a HELLO each, and room for frames behind them; a full one makes the socket
 * wait. */
#define JOBS 8192
#define NOTES 8192
#define SOCKETS_MAX 65535

struct dispatch {
    struct conf_map database;
    void *context;
    struct admitted_keys *keys;
    struct zap_handler *zap;
    struct handover *jobs, *notes;
    struct dispatch_socket *socket;
    struct dispatch_store *store;
};

static void drop_job(void *job)
{
    dispatch_job_free(job);
}

static void drop_note(void *note)
{
    dispatch_note_free(note);
}

static void free_map(struct conf_map *map)
{
    for (size_t i = 0; i < map->count; i++) {
        free(map->pairs[i].key);
        free(map->pairs[i].value);
    }
    free(map->pairs);
}

static int copy_map(struct conf_map *to, const struct conf_map *from, struct error *err)
{
    to->pairs = calloc(from->count + 1, sizeof(*to->pairs));
    for (; to->pairs && to->count < from->count; to->count++) {
        struct conf_pair *pair = &to->pairs[to->count];

        pair->key = strdup(from->pairs[to->count].key);
        pair->value = strdup(from->pairs[to->count].value);
        if (!pair->key || !pair->value) {
            to->count++;
            return error_no_memory(err);
        }
    }
    return to->pairs ? 0 : error_no_memory(err);
}

static int create_parts(struct dispatch *dispatch, const struct dispatch_settings *settings,
                        struct error *err)
{
    struct dispatch_socket_settings socket = {.bind = settings->bind};
    struct dispatch_settings own = *settings;
    int rc = -1;

    own.database = &dispatch->database;
    memcpy(socket.curve_secret, settings->curve_secret, sizeof(socket.curve_secret));
    if ((dispatch->jobs = handover_create(JOBS, drop_job, err)) &&
        (dispatch->notes = handover_create(NOTES, drop_note, err)) &&
        (dispatch->keys = admitted_keys_create(err)) &&
        (dispatch->zap = zap_handler_create(dispatch->context, dispatch->keys, err)) &&
        (dispatch->store =
             dispatch_store_create(&own, dispatch->keys, dispatch->jobs, dispatch->notes, err)) &&
        (dispatch->socket = dispatch_socket_create(&socket, dispatch->context, dispatch->keys,
                                                   dispatch->jobs, dispatch->notes, err)))
        rc = 0;
    OPENSSL_cleanse(&socket, sizeof(socket));
    OPENSSL_cleanse(&own, sizeof(own));
    return rc;
}

struct dispatch *dispatch_create(const struct dispatch_settings *settings, struct error *err)
{
    struct dispatch *dispatch = calloc(1, sizeof(*dispatch));

    if (!dispatch) {
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for dispatch");
        return NULL;
    }
    dispatch->context = zmq_ctx_new();
    if (!dispatch->context) {
        error_set(err, "libzmq: %s", zmq_strerror(zmq_errno()));
    } else {
        zmq_ctx_set(dispatch->context, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
        if (copy_map(&dispatch->database, settings->database, err) == 0 &&
            create_parts(dispatch, settings, err) == 0)
            return dispatch;
    }
    dispatch_destroy(dispatch);
    return NULL;
}

int dispatch_start(struct dispatch *dispatch, struct error *err)
{
    if (dispatch_store_start(dispatch->store, err) < 0)
        return -1;
    return dispatch_socket_start(dispatch->socket, err);
}

void dispatch_stop(struct dispatch *dispatch)
{
    if (!dispatch)
        return;
    dispatch_socket_stop(dispatch->socket);
    if (dispatch->notes)
        handover_close(dispatch->notes); /* nobody listens any more */
    if (dispatch->jobs)
        handover_close(dispatch->jobs);
    dispatch_store_stop(dispatch->store);
}

void dispatch_destroy(struct dispatch *dispatch)
{
    if (!dispatch)
        return;
    dispatch_stop(dispatch);
    dispatch_socket_destroy(dispatch->socket);
    dispatch_store_destroy(dispatch->store);
    zap_handler_destroy(dispatch->zap);
    if (dispatch->context)
        zmq_ctx_term(dispatch->context);
    admitted_keys_destroy(dispatch->keys);
    handover_destroy(dispatch->jobs);
    handover_destroy(dispatch->notes);
    free_map(&dispatch->database);
    free(dispatch);
}

const char *dispatch_endpoint(const struct dispatch *dispatch)
{
    return dispatch_socket_endpoint(dispatch->socket);
}

void dispatch_counts(struct dispatch *dispatch, struct dispatch_counts *ret)
{
    memset(ret, 0, sizeof(*ret));
    dispatch_socket_counts(dispatch->socket, &ret->socket);
    ret->handshakes_refused = zap_handler_refused(dispatch->zap);
    dispatch_store_counts(dispatch->store, ret);
}

int dispatch_healthy(struct dispatch *dispatch, struct error *err)
{
    return dispatch_store_healthy(dispatch->store, err);
}
