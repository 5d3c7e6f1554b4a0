/* The end of a librdkafka client: at once when nothing holds it up, and in bounded time when
 * something does. */
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "common/clock.h"
#include "controller/intake/kafka_end.h"
#include "tests/support/check_main.h"

static atomic_bool holding;
static int gate[2];

/* Its end is logged by a thread of the client: which goes no further while the gate is shut. */
static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    char byte;

    (void)client, (void)level, (void)facility, (void)text;
    if (atomic_load(&holding) && read(gate[0], &byte, 1) < 0)
        _exit(1);
}

static rd_kafka_t *client_make(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *client;
    char why[128];

    ck_assert_int_eq(rd_kafka_conf_set(conf, "debug", "generic", why, sizeof(why)),
                     RD_KAFKA_CONF_OK);
    rd_kafka_conf_set_log_cb(conf, on_log);
    client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    ck_assert_msg(client != NULL, "%s", why);
    return client;
}

START_TEST(what_nothing_holds_up_ends)
{
    ck_assert_int_eq(kafka_end(client_make(), 60000), 1);
    ck_assert_int_eq(rd_kafka_wait_destroyed(60000), 0);
}
END_TEST

START_TEST(what_does_not_end_is_left_behind)
{
    rd_kafka_t *client = client_make();
    int64_t began = clock_monotonic_ms();

    ck_assert_int_eq(pipe(gate), 0);
    atomic_store(&holding, true);
    ck_assert_int_eq(kafka_end(client, 200), 0);
    ck_assert_int_ge(clock_monotonic_ms() - began, 190);
    atomic_store(&holding, false);
    close(gate[1]);
    ck_assert_int_eq(rd_kafka_wait_destroyed(60000), 0);
}
END_TEST

CHECK_MAIN("kafka_end", what_nothing_holds_up_ends, what_does_not_end_is_left_behind)
