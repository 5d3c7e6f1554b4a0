/* kafka_end.h - the end of a librdkafka client in bounded time. A consumer that has just begun to
 * look for its group closes only when it has found it; and its threads wait for the last reference
 * to a broker, of which librdkafka keeps one for ever where a topic is deleted at the wrong moment
 * (its issues 3007 and 4362). A controller that is asked to stop must not wait for that.
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/* Lets go of the partitions and leaves the group; the rebalance is served in here. False: it was
 * not done within 'timeout_ms', and the group will miss the member when its session is over. */
bool kafka_close(rd_kafka_t *consumer, int timeout_ms);

/* Without the closing, which comes before. 1: gone. 0: it did not end within 'timeout_ms': its
 * threads run on by themselves, and may still write to what they were told to wake. -1: no thread
 * could be started: the same. */
int kafka_end(rd_kafka_t *client, int timeout_ms);
