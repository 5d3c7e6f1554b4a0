/* kafka_properties.h - from the configuration's librdkafka properties to a consumer's
 * configuration. Every property of librdkafka passes through, except those on which the intake's
 * promises stand: they are refused by name.
 */
#pragma once

#include <librdkafka/rdkafka.h>

struct conf_map;
struct error;

/* queued.max.messages.kbytes is of each partition: what waits in memory in front of the decoder. So
 * much for all of them, shared out evenly between the bounds. */
#define KAFKA_QUEUED_KIB (512 * 1024)
#define KAFKA_QUEUED_KIB_MIN 1024
#define KAFKA_QUEUED_KIB_MAX (32 * 1024)

/* How many partitions fit when it is shared out between 'partitions', those or more; SIZE_MAX where
 * that is not ours to say: the operator has set it, or it is at its least. */
size_t kafka_properties_room(const struct conf_map *properties, size_t partitions);

/* Ours are set, the operator's checked and added; secrets (password, passphrase, secret, key.pem in
 * the name) are read from the file that the value names. For up to 'partitions' at a time. The
 * caller owns it. NULL: err names the property and the remedy. */
rd_kafka_conf_t *kafka_properties_build(const struct conf_map *properties, size_t partitions,
                                        struct error *err);
