/* kafka_properties.c - see kafka_properties.h. */
#include "controller/intake/kafka_properties.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/error.h"
#include "common/file.h"
#include "common/text.h"

#define SECRET_BYTES_MAX (64 * 1024)
#define QUEUED "queued.max.messages.kbytes"

static const struct {
    const char *key;
    const char *value; /* NULL: never set */
    const char *why;
} owned[] = {
    {"enable.auto.commit", "false", "the position stands in PostgreSQL"},
    {"auto.commit.interval.ms", NULL, "the position stands in PostgreSQL"},
    {"enable.auto.offset.store", "false", "the position stands in PostgreSQL"},
    {"auto.offset.reset", "error",
     "a lost position halts the partition instead of skipping records"},
    {"partition.assignment.strategy", "cooperative-sticky", "partitions move one at a time"},
    {"enable.partition.eof", "false", "nothing waits for a partition's end"},
    {"allow.auto.create.topics", "false", "a mistyped topic must not come into being"},
    {"statistics.interval.ms", "5000", "with each Kafka is told the position"},
    {"plugin.library.paths", NULL, "nothing is loaded into the daemon"},
};

/* Ours unless the operator says otherwise. */
static const struct conf_pair defaults[] = {
    {(char *)"group.id", (char *)"muster"},
    {(char *)"client.id", (char *)"musterd"},
    /* The partitions of a controller that died, and those that move to another, wait this long. It
     * is safe however short: who was taken for dead is fenced. */
    {(char *)"session.timeout.ms", (char *)"10000"},
    {(char *)"heartbeat.interval.ms", (char *)"1000"},
    /* A topic that is made after its source is seen within seconds. */
    {(char *)"topic.metadata.refresh.interval.ms", (char *)"5000"},
};

static bool holds_secret(const char *key)
{
    static const char *const parts[] = {"password", "passphrase", "secret", "key.pem"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strstr(key, parts[i]))
            return true;
    return false;
}

static int set(rd_kafka_conf_t *conf, const char *key, const char *value, bool secret,
               struct error *err)
{
    char why[256], show[TEXT_SHOW_SIZE];

    if (rd_kafka_conf_set(conf, key, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
        return 0;
    return error_set_code(err, ERROR_INVALID, "kafka property %s: %s", text_show(key, show),
                          secret ? "librdkafka does not take what this file holds" : why);
}

static int set_secret(rd_kafka_conf_t *conf, const char *key, const char *path, struct error *err)
{
    size_t length;
    char *secret;
    int rc;

    if (path[0] != '/')
        return error_set_code(
            err, ERROR_INVALID,
            "kafka property %s is a secret: write it to a file of mode 0600 and give its "
            "absolute path here",
            key);
    secret = file_read_secret(path, SECRET_BYTES_MAX, &length, err);
    if (!secret)
        return error_prefix(err, "kafka property %s", key);
    while (length > 0 && (secret[length - 1] == '\n' || secret[length - 1] == '\r'))
        secret[--length] = '\0';
    rc = set(conf, key, secret, true, err);
    explicit_bzero(secret, length);
    free(secret);
    return rc;
}

static int set_given(rd_kafka_conf_t *conf, const struct conf_pair *pair, struct error *err)
{
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        if (strcmp(pair->key, owned[i].key) == 0)
            return error_set_code(err, ERROR_INVALID,
                                  "kafka property %s is not yours to set: %s; remove it", pair->key,
                                  owned[i].why);
    if (holds_secret(pair->key))
        return set_secret(conf, pair->key, pair->value, err);
    return set(conf, pair->key, pair->value, false, err);
}

/* Full, a partition is not fetched into for a second: that second should be filled. */
static size_t queued_kib(size_t partitions)
{
    size_t kib = KAFKA_QUEUED_KIB / (partitions > 0 ? partitions : 1);

    if (kib > KAFKA_QUEUED_KIB_MAX)
        return KAFKA_QUEUED_KIB_MAX;
    return kib < KAFKA_QUEUED_KIB_MIN ? KAFKA_QUEUED_KIB_MIN : kib;
}

size_t kafka_properties_room(const struct conf_map *properties, size_t partitions)
{
    size_t kib = queued_kib(partitions);

    for (size_t i = 0; i < properties->count; i++)
        if (strcmp(properties->pairs[i].key, QUEUED) == 0)
            return SIZE_MAX;
    return kib == KAFKA_QUEUED_KIB_MIN ? SIZE_MAX : KAFKA_QUEUED_KIB / kib;
}

static int set_queued(rd_kafka_conf_t *conf, size_t partitions, struct error *err)
{
    char kib[24];

    snprintf(kib, sizeof(kib), "%zu", queued_kib(partitions));
    return set(conf, QUEUED, kib, false, err);
}

static int build(rd_kafka_conf_t *conf, const struct conf_map *properties, size_t partitions,
                 struct error *err)
{
    bool has_servers = false;

    if (set_queued(conf, partitions, err) < 0)
        return -1;

    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (set(conf, defaults[i].key, defaults[i].value, false, err) < 0)
            return -1;
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        if (owned[i].value && set(conf, owned[i].key, owned[i].value, false, err) < 0)
            return -1;
    for (size_t i = 0; i < properties->count; i++) {
        const struct conf_pair *pair = &properties->pairs[i];

        has_servers = has_servers || strcmp(pair->key, "bootstrap.servers") == 0 ||
                      strcmp(pair->key, "metadata.broker.list") == 0;
        if (set_given(conf, pair, err) < 0)
            return -1;
    }
    if (!has_servers)
        return error_set_code(
            err, ERROR_INVALID,
            "kafka property bootstrap.servers is missing: name a broker, host:port");
    return 0;
}

rd_kafka_conf_t *kafka_properties_build(const struct conf_map *properties, size_t partitions,
                                        struct error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    if (build(conf, properties, partitions, err) == 0)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}
