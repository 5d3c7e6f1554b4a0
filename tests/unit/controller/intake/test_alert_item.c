/* One record on its way: its digest, its moment, its words. */
#include <stdlib.h>
#include <string.h>

#include "controller/intake/alert_item.h"
#include "rules/document/rule_names.h"
#include "tests/support/check_main.h"

static void digest(int64_t timestamp, const char *key, const char *value,
                   uint8_t out[KAFKA_DIGEST_SIZE])
{
    const struct kafka_record record = {.offset = 7,
                                        .timestamp_ms = timestamp,
                                        .key = key,
                                        .key_length = key ? strlen(key) : 0,
                                        .value = value,
                                        .length = value ? strlen(value) : 0};

    ck_assert_int_eq(kafka_record_digest(&record, out, NULL), 0);
}

START_TEST(no_two_records_have_one_digest)
{
    static const struct {
        int64_t timestamp;
        const char *key, *value;
    } rows[] = {{1, NULL, "v"}, {2, NULL, "v"},  {1, "", "v"},   {1, "v", ""},  {1, "v", NULL},
                {1, NULL, ""},  {1, NULL, NULL}, {1, "a", "bc"}, {1, "ab", "c"}};
    uint8_t digests[sizeof(rows) / sizeof(rows[0])][KAFKA_DIGEST_SIZE], again[KAFKA_DIGEST_SIZE];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        digest(rows[i].timestamp, rows[i].key, rows[i].value, digests[i]);
        digest(rows[i].timestamp, rows[i].key, rows[i].value, again);
        ck_assert_mem_eq(digests[i], again, KAFKA_DIGEST_SIZE);
        for (size_t j = 0; j < i; j++)
            ck_assert_mem_ne(digests[i], digests[j], KAFKA_DIGEST_SIZE);
    }
}
END_TEST

START_TEST(a_moment_is_never_later_than_now)
{
    static const struct {
        int64_t ms, moment_us;
    } rows[] = {{-1, 0},         {INT64_MIN, 0},      {0, 0}, {999, 999000}, {1000, 1000500},
                {1001, 1000500}, {INT64_MAX, 1000500}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct kafka_record record = {.timestamp_ms = rows[i].ms};
        const struct alert_item item = {.record = &record};

        ck_assert_int_eq(alert_item_moment_us(&item, 1000500), rows[i].moment_us);
    }
}
END_TEST

START_TEST(words_are_cut_between_characters)
{
    struct alert_item item = {0};
    char long_text[sizeof(item.reason) + 8];

    memset(long_text, 'a', sizeof(long_text));
    memcpy(long_text + sizeof(item.reason) - 2, "\xc3\xa4", 3);
    alert_item_settle(&item, "undecodable", "%s", long_text);
    ck_assert_uint_eq(strlen(item.reason), sizeof(item.reason) - 2);
    memcpy(long_text + sizeof(item.reason) - 3, "\xc3\xa4", 3);
    alert_item_settle(&item, "undecodable", "%s", long_text);
    ck_assert_uint_eq(strlen(item.reason), sizeof(item.reason) - 1);
}
END_TEST

/* An armed rule may look at more than those that were armed when the record was first tried. */
START_TEST(more_is_read_when_more_is_named)
{
    static const char message[] =
        "{\"event\":{\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"status\":\"firing\","
        "\"severity\":\"info\",\"time\":\"2026-11-22T22:40:01Z\",\"labels\":{\"a\":\"b\"},"
        "\"component\":{\"kind\":\"dimm\"}},\"machine\":{\"serial\":\"S\"}}";
    const struct kafka_record record = {.value = message, .length = sizeof(message) - 1};
    const uint64_t component = UINT64_C(1) << rule_env_slot("event.component"),
                   labels = UINT64_C(1) << rule_env_slot("event.labels");
    struct alert_item item;
    const json_t *event, *again, *raw;

    ck_assert_int_eq(alert_item_prepare(&item, &record, NULL), 0);
    ck_assert(item.decoded);
    ck_assert_int_eq(alert_item_json(&item, component, &event, &raw, NULL), 0);
    ck_assert_uint_eq(json_object_size(event), 1);
    ck_assert_int_eq(alert_item_json(&item, component, &again, &raw, NULL), 0);
    ck_assert_ptr_eq(event, again);
    ck_assert_int_eq(alert_item_json(&item, component | labels, &event, &raw, NULL), 0);
    ck_assert_uint_eq(json_object_size(event), 2);
    ck_assert_ptr_null(raw);
    alert_item_clear(&item);
}
END_TEST

CHECK_MAIN("alert_item", no_two_records_have_one_digest, a_moment_is_never_later_than_now,
           words_are_cut_between_characters, more_is_read_when_more_is_named)
