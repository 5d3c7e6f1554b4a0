/* replay_order.c - what somebody could do who has taken musterd's place on the wire and signed
 * orders, but not the signing key: hold a session with the agent and send those orders again.
 * `deploy/quickstart prove` runs it while musterd is stopped; what the agent makes of the order it
 * tells the real musterd afterwards. docs/wire-format.md, "Session". Nothing is ever committed
 * here, so the agent keeps every record.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/file.h"
#include "proto/frame.h"
#include "proto/key_files.h"

#define FILE_CAP 65536
#define PATIENCE_MS 30000 /* an agent comes back within 5 s */
#define LINGER_MS 1000    /* the orders are on their way */

struct replay {
    void *router;
    char *manifest;
    size_t manifest_length;
    char **orders; /* paths; NULL ends them */
};

static void *open_router(void *context, const char *endpoint, const char *key_folder,
                         struct error *err)
{
    struct controller_keys keys;
    void *router = zmq_socket(context, ZMQ_ROUTER);
    int yes = 1, rc;

    if (!router || controller_keys_load(key_folder, &keys, err) < 0) {
        if (router)
            zmq_close(router);
        return NULL;
    }
    zmq_setsockopt(router, ZMQ_CURVE_SERVER, &yes, sizeof(yes));
    zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, keys.curve_secret, KEY_BYTES);
    zmq_setsockopt(router, ZMQ_LINGER, &(int){LINGER_MS}, sizeof(int));
    zmq_setsockopt(router, ZMQ_RCVTIMEO, &(int){1000}, sizeof(int));
    OPENSSL_cleanse(&keys, sizeof(keys));
    rc = zmq_bind(router, endpoint);
    if (rc < 0) {
        error_set(err, "bind %s: %s", endpoint, zmq_strerror(zmq_errno()));
        zmq_close(router);
        return NULL;
    }
    return router;
}

static int send_frame(struct replay *replay, zmq_msg_t *peer, const Muster__Frame *frame,
                      struct error *err)
{
    uint8_t *bytes;
    size_t length;
    int rc;

    if (message_pack(&frame->base, &bytes, &length, err) < 0)
        return -1;
    rc = zmq_send(replay->router, zmq_msg_data(peer), zmq_msg_size(peer), ZMQ_SNDMORE);
    if (rc >= 0)
        rc = zmq_send(replay->router, bytes, length, 0);
    free(bytes);
    return rc < 0 ? error_set(err, "send: %s", zmq_strerror(zmq_errno())) : 0;
}

static int welcome(struct replay *replay, zmq_msg_t *peer, struct error *err)
{
    Muster__Frame frame = MUSTER__FRAME__INIT;
    Muster__Welcome body = MUSTER__WELCOME__INIT;
    struct uuid session = uuid_make();

    body.protocol = PROTOCOL_VERSION;
    body.controller_time_us = clock_realtime_us();
    body.session_id = message_from_uuid(&session);
    body.manifest.data = (uint8_t *)replay->manifest;
    body.manifest.len = replay->manifest_length;
    body.window_records = 256;
    body.window_bytes = 1 << 20;
    body.fetch_url = (char *)"https://127.0.0.1/v1/agent/files/";
    body.fetch_token = (char *)"none";
    frame.kind_case = MUSTER__FRAME__KIND_WELCOME;
    frame.welcome = &body;
    return send_frame(replay, peer, &frame, err);
}

static int order(struct replay *replay, zmq_msg_t *peer, const char *path, struct error *err)
{
    Muster__Frame frame = MUSTER__FRAME__INIT;
    Muster__Order body = MUSTER__ORDER__INIT;
    int rc;

    body.envelope.data = (uint8_t *)file_read(path, FILE_CAP, &body.envelope.len, err);
    if (!body.envelope.data)
        return -1;
    frame.kind_case = MUSTER__FRAME__KIND_ORDER;
    frame.order = &body;
    rc = send_frame(replay, peer, &frame, err);
    free(body.envelope.data);
    return rc;
}

static int all_orders(struct replay *replay, zmq_msg_t *peer, struct error *err)
{
    for (char **path = replay->orders; *path; path++)
        if (order(replay, peer, *path, err) < 0)
            return -1;
    return 1;
}

/* 1: the orders are out. 0: go on. */
static int answer(struct replay *replay, zmq_msg_t *peer, zmq_msg_t *message, struct error *err)
{
    Muster__Frame *frame = message_unpack(&muster__frame__descriptor, zmq_msg_data(message),
                                          zmq_msg_size(message), err);
    int rc = 0;

    if (!frame)
        return -1;
    if (frame->kind_case == MUSTER__FRAME__KIND_HELLO) {
        rc = welcome(replay, peer, err);
    } else if (frame->kind_case == MUSTER__FRAME__KIND_RESUME) {
        rc = all_orders(replay, peer, err);
    }
    message_free(frame);
    return rc;
}

static int serve(struct replay *replay, struct error *err)
{
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    int rc = 0;

    while (rc == 0 && clock_monotonic_ms() < until) {
        zmq_msg_t peer, message;

        zmq_msg_init(&peer);
        zmq_msg_init(&message);
        if (zmq_msg_recv(&peer, replay->router, 0) >= 0 &&
            zmq_msg_recv(&message, replay->router, 0) >= 0)
            rc = answer(replay, &peer, &message, err);
        zmq_msg_close(&peer);
        zmq_msg_close(&message);
    }
    if (rc == 0)
        return error_set(err, "no agent came within %d s", PATIENCE_MS / 1000);
    return rc < 0 ? -1 : 0;
}

static int run(char **argv, struct error *err)
{
    struct replay replay = {.orders = argv + 4};
    void *context = zmq_ctx_new();
    int rc = -1;

    if ((replay.manifest = file_read(argv[3], FILE_CAP, &replay.manifest_length, err)) &&
        (replay.router = open_router(context, argv[1], argv[2], err)))
        rc = serve(&replay, err);
    if (replay.router)
        zmq_close(replay.router);
    zmq_ctx_term(context);
    free(replay.manifest);
    return rc;
}

int main(int argc, char **argv)
{
    struct error err = {0};

    if (argc < 5) {
        fputs("usage: replay_order tcp://ADDRESS:PORT CONTROLLER-KEYS MANIFEST ORDER...\n", stderr);
        return EXIT_FAILURE;
    }
    if (run(argv, &err) < 0) {
        fprintf(stderr, "replay_order: %s\n", error_text(&err));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
