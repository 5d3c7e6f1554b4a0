/* kafka_end.h - the end of a librdkafka client in bounded time. Its threads wait for the last
 * reference to a broker, and where a topic is deleted at the wrong moment librdkafka keeps one for
 * ever (its issues 3007 and 4362): a controller that is asked to stop must not wait for that.
 */
#pragma once

#include <librdkafka/rdkafka.h>

/* Without consumer_close(), which comes before. 1: gone. 0: it did not end within 'timeout_ms': its
 * threads run on by themselves, and may still write to what they were told to wake. -1: no thread
 * could be started: the same. */
int kafka_end(rd_kafka_t *client, int timeout_ms);
