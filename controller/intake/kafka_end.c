/* kafka_end.c - see kafka_end.h. */
#include "controller/intake/kafka_end.h"

#include <pthread.h>
#include <time.h>

#include "common/clock.h"

#define TURN_MS 20

bool kafka_close(rd_kafka_t *consumer, int timeout_ms)
{
    int64_t until_ms = clock_monotonic_ms() + timeout_ms;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(consumer, queue);

    if (error) /* it has failed for good, and is no member any more */
        rd_kafka_error_destroy(error);
    else
        while (!rd_kafka_consumer_closed(consumer) && clock_monotonic_ms() < until_ms)
            rd_kafka_queue_poll_callback(queue, TURN_MS);
    rd_kafka_queue_destroy(queue);
    return error || rd_kafka_consumer_closed(consumer);
}

static void *end(void *arg)
{
    rd_kafka_destroy_flags(arg, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return NULL;
}

static struct timespec in_ms(int ms)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

int kafka_end(rd_kafka_t *client, int timeout_ms)
{
    struct timespec until = in_ms(timeout_ms);
    pthread_t thread;

    if (pthread_create(&thread, NULL, end, client) != 0)
        return -1;
    if (pthread_timedjoin_np(thread, NULL, &until) == 0)
        return 1;
    pthread_detach(thread);
    return 0;
}
