/* Kafka properties: which are ours, which librdkafka does not know, and where secrets come from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/error.h"
#include "controller/intake/kafka_properties.h"
#include "tests/support/check_main.h"

static void ck_property(const char *key, const char *value, const char *message)
{
    struct conf_pair pairs[] = {{(char *)"bootstrap.servers", (char *)"127.0.0.1:9"},
                                {(char *)key, (char *)value}};
    const struct conf_map map = {pairs, 2};
    struct error err = {0};
    rd_kafka_conf_t *conf = kafka_properties_build(&map, 0, &err);

    if (message) {
        ck_assert_ptr_null(conf);
        ck_assert_str_eq(error_text(&err), message);
        ck_assert_int_eq(err.code, ERROR_INVALID);
    } else {
        ck_assert_msg(conf != NULL, "%s", error_text(&err));
        rd_kafka_conf_destroy(conf);
    }
}

START_TEST(properties_on_which_promises_stand_are_refused)
{
    ck_property(
        "enable.auto.commit", "true",
        "kafka property enable.auto.commit is not yours to set: the position stands in PostgreSQL; "
        "remove it");
    ck_property("partition.assignment.strategy", "range",
                "kafka property partition.assignment.strategy is not yours to set: partitions move "
                "one at a "
                "time; remove it");
    ck_property("plugin.library.paths", "/x.so",
                "kafka property plugin.library.paths is not yours to set: nothing is loaded into "
                "the daemon; "
                "remove it");
}
END_TEST

START_TEST(properties_that_librdkafka_does_not_know_are_refused)
{
    ck_property(
        "sesion.timeout.ms", "6000",
        "kafka property sesion.timeout.ms: No such configuration property: \"sesion.timeout.ms\"");
    ck_property("group.id", "mine", NULL);
    ck_property("security.protocol", "sasl_ssl", NULL);
    ck_property("sasl.mechanism", "SCRAM-SHA-512", NULL);
}
END_TEST

START_TEST(a_broker_must_be_named)
{
    const struct conf_map none = {NULL, 0};
    struct error err = {0};

    ck_assert_ptr_null(kafka_properties_build(&none, 0, &err));
    ck_assert_str_eq(error_text(&err),
                     "kafka property bootstrap.servers is missing: name a broker, host:port");
}
END_TEST

START_TEST(secrets_come_from_files_of_ours)
{
    char path[] = "/tmp/test-kafka-XXXXXX", value[64];
    struct error err = {0};
    int fd = mkstemp(path);
    struct conf_pair pairs[] = {{(char *)"bootstrap.servers", (char *)"127.0.0.1:9"},
                                {(char *)"sasl.password", path}};
    const struct conf_map map = {pairs, 2};
    size_t size = sizeof(value);
    rd_kafka_conf_t *conf;

    ck_assert_int_eq(write(fd, "open sesame\n", 12), 12);
    close(fd);
    conf = kafka_properties_build(&map, 0, NULL);
    ck_assert_ptr_nonnull(conf);
    ck_assert_int_eq(rd_kafka_conf_get(conf, "sasl.password", value, &size), RD_KAFKA_CONF_OK);
    ck_assert_str_eq(value, "open sesame");
    rd_kafka_conf_destroy(conf);
    ck_property("sasl.password", "open sesame",
                "kafka property sasl.password is a secret: write it to a file of mode 0600 and "
                "give its absolute "
                "path here");
    chmod(path, 0644);
    ck_assert_ptr_null(kafka_properties_build(&map, 0, &err));
    ck_assert_ptr_nonnull(strstr(error_text(&err), "kafka property sasl.password: "));
    ck_assert_ptr_null(strstr(error_text(&err), "sesame"));
    unlink(path);
}
END_TEST

static long queued_for(size_t partitions)
{
    struct conf_pair pairs[] = {{(char *)"bootstrap.servers", (char *)"127.0.0.1:9"}};
    const struct conf_map map = {pairs, 1};
    rd_kafka_conf_t *conf = kafka_properties_build(&map, partitions, NULL);
    char value[32];
    size_t size = sizeof(value), room = kafka_properties_room(&map, partitions);
    long kib;

    ck_assert_int_eq(rd_kafka_conf_get(conf, "queued.max.messages.kbytes", value, &size),
                     RD_KAFKA_CONF_OK);
    rd_kafka_conf_destroy(conf);
    kib = strtol(value, NULL, 10);
    ck_assert_uint_ge(room, partitions);
    if (room != SIZE_MAX) /* as many as it says are within the sum */
        ck_assert_int_le((long)room * kib, KAFKA_QUEUED_KIB);
    return kib;
}

START_TEST(what_waits_in_memory_is_shared_out)
{
    struct conf_pair pairs[] = {{(char *)"bootstrap.servers", (char *)"127.0.0.1:9"},
                                {(char *)"queued.max.messages.kbytes", (char *)"65536"}};
    const struct conf_map map = {pairs, 2};

    ck_assert_int_eq(queued_for(0), KAFKA_QUEUED_KIB_MAX);
    ck_assert_int_eq(queued_for(16), KAFKA_QUEUED_KIB_MAX);
    ck_assert_int_eq(queued_for(64), 8192);
    ck_assert_int_eq(queued_for(100000), KAFKA_QUEUED_KIB_MIN);
    ck_assert_uint_eq(kafka_properties_room(&map, 1000), SIZE_MAX); /* the operator's own */
}
END_TEST

CHECK_MAIN("kafka_properties", what_waits_in_memory_is_shared_out,
           properties_on_which_promises_stand_are_refused,
           properties_that_librdkafka_does_not_know_are_refused, a_broker_must_be_named,
           secrets_come_from_files_of_ours)
