/* A session that the socket does not know is ended. */
#include <stdint.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/error.h"
#include "common/handover.h"
#include "controller/dispatch/admitted_keys.h"
#include "controller/dispatch/dispatch_job.h"
#include "controller/dispatch/dispatch_socket.h"
#include "controller/dispatch/zap_handler.h"
#include "tests/support/check_main.h"

#define PATIENCE_MS 10000

static void *context;
static struct admitted_keys *keys;
static struct zap_handler *zap;
static struct handover *jobs, *notes;
static struct dispatch_socket *sock;

static void free_job(void *job)
{
    dispatch_job_free(job);
}

static void free_note(void *note)
{
    dispatch_note_free(note);
}

static void make(void)
{
    struct dispatch_socket_settings settings = {.bind = "tcp://127.0.0.1:*"};
    char public[41], secret[41];
    struct error err = {0};

    ck_assert_int_eq(zmq_curve_keypair(public, secret), 0);
    zmq_z85_decode(settings.curve_secret, secret);
    context = zmq_ctx_new();
    jobs = handover_create(16, free_job, &err);
    notes = handover_create(16, free_note, &err);
    keys = admitted_keys_create(&err);
    zap = zap_handler_create(context, keys, &err);
    sock = dispatch_socket_create(&settings, context, keys, jobs, notes, &err);
    ck_assert_msg(sock && dispatch_socket_start(sock, &err) == 0, "%s", error_text(&err));
}

static void unmake(void)
{
    dispatch_socket_stop(sock);
    dispatch_socket_destroy(sock);
    zap_handler_destroy(zap);
    zmq_ctx_term(context);
    admitted_keys_destroy(keys);
    handover_destroy(jobs);
    handover_destroy(notes);
}

START_TEST(sessions_it_does_not_know_are_closed)
{
    uint64_t *known = calloc(2, sizeof(*known));

    known[0] = 41;
    known[1] = 42;
    ck_assert_int_eq(handover_send(notes, dispatch_note_check(known, 2, NULL)), 0);
    for (uint64_t number = 41; number <= 42; number++) {
        struct dispatch_job *job = handover_receive(jobs, PATIENCE_MS);

        ck_assert_ptr_nonnull(job);
        ck_assert_int_eq(job->kind, JOB_CLOSED);
        ck_assert_uint_eq(job->connection, number);
        dispatch_job_free(job);
    }
}
END_TEST

CHECK_MAIN_WITH("dispatch_socket", make, unmake, sessions_it_does_not_know_are_closed)
