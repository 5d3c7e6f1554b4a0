/* Who is let in by libzmq's handshake, and by which User-Id its frames are known. */
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/error.h"
#include "controller/dispatch/admitted_keys.h"
#include "controller/dispatch/zap_handler.h"
#include "tests/support/check_main.h"

#define PATIENCE_MS 10000
#define PEERS 40

static void *context, *router, *dealers[PEERS];
static struct admitted_keys *keys;
static struct zap_handler *zap;
static uint8_t server[32], public[32], secret[32];
static char endpoint[64];

static void make_keys(uint8_t made_public[32], uint8_t made_secret[32])
{
    char public_text[41], secret_text[41];

    ck_assert_int_eq(zmq_curve_keypair(public_text, secret_text), 0);
    zmq_z85_decode(made_public, public_text);
    zmq_z85_decode(made_secret, secret_text);
}

static void make(void)
{
    struct admitted_key key = {.agent = uuid_make()};
    struct error err = {0};
    uint8_t server_secret[32];
    size_t size = sizeof(endpoint);

    make_keys(server, server_secret);
    make_keys(public, secret);
    memcpy(key.curve, public, sizeof(key.curve));
    context = zmq_ctx_new();
    keys = admitted_keys_create(&err);
    ck_assert_int_eq(admitted_keys_replace(keys, &key, 1, &err), 0);
    zap = zap_handler_create(context, keys, &err);
    ck_assert_ptr_nonnull(zap);
    router = zmq_socket(context, ZMQ_ROUTER);
    zmq_setsockopt(router, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_setsockopt(router, ZMQ_RCVTIMEO, &(int){PATIENCE_MS}, sizeof(int));
    zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN));
    zmq_setsockopt(router, ZMQ_CURVE_SERVER, &(int){1}, sizeof(int));
    zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, server_secret, 32);
    ck_assert_int_eq(zmq_bind(router, "tcp://127.0.0.1:*"), 0);
    zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &size);
    memset(dealers, 0, sizeof(dealers));
}

static void unmake(void)
{
    for (int i = 0; i < PEERS; i++)
        if (dealers[i])
            zmq_close(dealers[i]);
    zmq_close(router);
    zap_handler_destroy(zap);
    zmq_ctx_term(context);
    admitted_keys_destroy(keys);
}

static void call(int number, const uint8_t of_public[32], const uint8_t of_secret[32])
{
    void *dealer = dealers[number] = zmq_socket(context, ZMQ_DEALER);

    zmq_setsockopt(dealer, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, server, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, of_public, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, of_secret, 32);
    ck_assert_int_eq(zmq_connect(dealer, endpoint), 0);
}

/* So many frames come, each of somebody who was let in. */
static void hear(int count)
{
    for (int i = 0; i < count; i++) {
        zmq_msg_t part;
        bool more = true;

        zmq_msg_init(&part);
        for (int n = 0; more; n++) {
            ck_assert_msg(zmq_msg_recv(&part, router, 0) >= 0, "only %d came", i);
            more = zmq_msg_more(&part);
            if (!more)
                ck_assert_str_ne(zmq_msg_gets(&part, "User-Id"), "");
        }
        zmq_msg_close(&part);
    }
}

static void say(int number)
{
    ck_assert_int_eq(zmq_send(dealers[number], "x", 1, 0), 1);
}

START_TEST(a_stranger_stays_out)
{
    uint8_t other_public[32], other_secret[32];
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;

    make_keys(other_public, other_secret);
    call(0, other_public, other_secret);
    say(0);
    while (zap_handler_refused(zap) == 0 && clock_monotonic_ms() < until)
        poll(NULL, 0, 10);
    ck_assert_uint_ge(zap_handler_refused(zap), 1);
    call(1, public, secret);
    say(1);
    hear(1);
    zmq_setsockopt(router, ZMQ_RCVTIMEO, &(int){100}, sizeof(int));
    ck_assert_int_eq(zmq_recv(router, NULL, 0, 0), -1);
}
END_TEST

START_TEST(many_come_at_once)
{
    for (int i = 0; i < PEERS; i++) {
        call(i, public, secret);
        say(i);
    }
    hear(PEERS);
    ck_assert_uint_eq(zap_handler_refused(zap), 0);
}
END_TEST

CHECK_MAIN_WITH("zap_handler", make, unmake, a_stranger_stays_out, many_come_at_once)
