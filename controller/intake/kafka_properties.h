/* kafka_properties.h - from the configuration's librdkafka properties to a consumer's
 * configuration. Every property of librdkafka passes through, except those on which the intake's
 * promises stand: they are refused by name.
 */
#pragma once

#include <librdkafka/rdkafka.h>

struct conf_map;
struct error;

/* Ours are set, the operator's checked and added; secrets (password, passphrase, secret, key.pem in
 * the name) are read from the file that the value names. The caller owns it. NULL: err names the
 * property and the remedy. */
rd_kafka_conf_t *kafka_properties_build(const struct conf_map *properties, struct error *err);
