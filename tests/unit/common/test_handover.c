/* Hand-over between threads: order, bounds, closing, and that the receiver sees the sender's
 * writes. */
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/handover.h"
#include "tests/support/check_main.h"

static int dropped;

static void drop(void *item)
{
    dropped++;
    free(item);
}

static int readable(struct handover *handover)
{
    struct pollfd wait = {.fd = handover_fd(handover), .events = POLLIN};

    return poll(&wait, 1, 0) == 1;
}

START_TEST(impossible_capacities_are_refused)
{
    struct error err = {0};

    ck_assert_ptr_null(handover_create(0, NULL, &err));
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_ptr_null(handover_create(SIZE_MAX, NULL, &err));
    handover_destroy(NULL);
}
END_TEST

START_TEST(full_queue_keeps_the_item_with_the_sender)
{
    struct handover *handover = handover_create(1, NULL, NULL);
    int a, b;

    ck_assert_int_eq(handover_try_send(handover, &a), 0);
    ck_assert_int_eq(handover_try_send(handover, &b), 1);
    ck_assert_ptr_eq(handover_try_receive(handover), &a);
    ck_assert_ptr_null(handover_try_receive(handover));
    handover_destroy(handover);
}
END_TEST

START_TEST(fd_is_readable_exactly_while_something_waits)
{
    struct handover *handover = handover_create(2, NULL, NULL);
    int a;

    ck_assert_int_eq(readable(handover), 0);
    handover_try_send(handover, &a);
    ck_assert_int_eq(readable(handover), 1);
    handover_try_receive(handover);
    ck_assert_int_eq(readable(handover), 0);
    handover_close(handover);
    ck_assert_int_eq(readable(handover), 1);
    handover_destroy(handover);
}
END_TEST

START_TEST(closed_queue_refuses_and_drains)
{
    struct handover *handover = handover_create(2, NULL, NULL);
    int a;

    handover_try_send(handover, &a);
    handover_close(handover);
    ck_assert_int_eq(handover_try_send(handover, &a), 1);
    ck_assert_int_eq(handover_send(handover, &a), -1);
    ck_assert_int_eq(handover_finished(handover), 0);
    ck_assert_ptr_eq(handover_receive(handover, -1), &a);
    ck_assert_int_eq(handover_finished(handover), 1);
    ck_assert_ptr_null(handover_receive(handover, -1));
    handover_destroy(handover);
}
END_TEST

START_TEST(destroy_drops_what_nobody_received)
{
    struct handover *handover = handover_create(4, drop, NULL);

    dropped = 0;
    handover_try_send(handover, malloc(1));
    handover_try_send(handover, malloc(1));
    handover_destroy(handover);
    ck_assert_int_eq(dropped, 2);
}
END_TEST

static void *send_thousand(void *arg)
{
    for (intptr_t i = 1; i <= 1000; i++) {
        intptr_t *item = malloc(sizeof(*item));

        *item = i;
        handover_send(arg, item);
    }
    handover_close(arg);
    return NULL;
}

START_TEST(thousand_items_arrive_in_order_through_a_small_queue)
{
    struct handover *handover = handover_create(3, drop, NULL);
    pthread_t sender;
    intptr_t expected = 1, *item;

    pthread_create(&sender, NULL, send_thousand, handover);
    while ((item = handover_receive(handover, -1))) {
        ck_assert_int_eq(*item, expected++);
        free(item);
    }
    ck_assert_int_eq(expected, 1001);
    pthread_join(sender, NULL);
    handover_destroy(handover);
}
END_TEST

CHECK_MAIN("handover", impossible_capacities_are_refused, full_queue_keeps_the_item_with_the_sender,
           fd_is_readable_exactly_while_something_waits, closed_queue_refuses_and_drains,
           destroy_drops_what_nobody_received, thousand_items_arrive_in_order_through_a_small_queue)
