/* What is plain is decoded without a tree to the same alert; what is not is left alone. */
#include <string.h>

#include "controller/intake/alert_scan.h"
#include "tests/support/check_main.h"

#define EVENT                                                                                      \
    "\"id\":\"e "                                                                                  \
    "1\",\"type\":\"hw.disk\",\"status\":\"firing\",\"severity\":\"critical\",\"time\":"           \
    "\"2026-11-22T22:40:01Z\""
#define MACHINE "\"machine\":{\"mac\":\"52:54:00:12:34:56\",\"serial\":\"S1\"}"

static int scan(const char *text, struct alert *ret)
{
    return alert_scan(text, strlen(text), ret);
}

START_TEST(what_is_not_plain_is_left)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"event\":{" EVENT "}}",
        "{" MACHINE "}",
        "{\"event\":{" EVENT "}," MACHINE,
        "{\"event\":{" EVENT "}," MACHINE "}x",
        "{\"event\":{" EVENT "},\"event\":{" EVENT "}," MACHINE "}",
        "{\"event\":{" EVENT ",\"id\":\"again\"}," MACHINE "}",
        "{\"event\":{" EVENT ",\"more\":\"x\"}," MACHINE "}",
        "{\"event\":{" EVENT ",\"source\":null}," MACHINE "}",
        "{\"event\":{" EVENT ",\"source\":\"a b\"}," MACHINE "}",
        "{\"event\":{" EVENT ",\"source\":\"\\n\"}," MACHINE "}",
        "{\"event\":{" EVENT ",\"source\":\"\xc3\xa4\"}," MACHINE "}",
        "{\"event\":{" EVENT ",\"source\":\"\"}," MACHINE "}",
        "{\"event\":{" EVENT ",\"source\":\"a\tb\"}," MACHINE "}",
        "{\"event\":{" EVENT ",\"labels\":{\"a\":1}}," MACHINE "}",
        "{\"event\":{" EVENT ",\"labels\":{\"a\":\"1\",\"a\":\"2\"}}," MACHINE "}",
        "{\"event\":{" EVENT ",\"labels\":{\"a\":\"1\",}}," MACHINE "}",
        "{\"event\":{" EVENT ",\"component\":[]}," MACHINE "}",
        "{\"event\":{" EVENT "},\"machine\":{}}",
        "{\"event\":{" EVENT "},\"machine\":{\"mac\":\"52:54\"}}",
        "{\"event\":{\"id\":\"e\"}," MACHINE "}",
    };
    struct alert alert;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(scan(texts[i], &alert) == 0, "%zu", i);
}
END_TEST

START_TEST(what_is_plain_is_read_as_the_tree_reads_it)
{
    static const char *const texts[] = {
        "{\"event\":{" EVENT "}," MACHINE "}",
        " { " MACHINE " ,\n\"event\" : {" EVENT
        ",\"source\":\"s/1\",\"labels\":{\"a\":\"1\",\"b\":\"\"},"
        "\"component\":{\"kind\":\"dimm\"} } } ",
        "{\"event\":{" EVENT
        ",\"labels\":{},\"component\":{}},\"machine\":{\"asset_tag\":\"T 1\"}}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct alert plain, whole = {0};

        ck_assert_msg(scan(texts[i], &plain) == 1, "%zu", i);
        ck_assert_int_eq(alert_decode_any(texts[i], strlen(texts[i]), &whole, NULL), 0);
        ck_assert_str_eq(plain.id, whole.id);
        ck_assert_str_eq(plain.type, whole.type);
        ck_assert_pstr_eq(plain.source, whole.source);
        ck_assert_pstr_eq(plain.serial, whole.serial);
        ck_assert_pstr_eq(plain.asset_tag, whole.asset_tag);
        ck_assert_int_eq(plain.status, whole.status);
        ck_assert_int_eq(plain.severity, whole.severity);
        ck_assert_int_eq(plain.time_us, whole.time_us);
        ck_assert_int_eq(plain.has_mac, whole.has_mac);
        ck_assert_mem_eq(plain.mac.bytes, whole.mac.bytes, sizeof(plain.mac.bytes));
        alert_clear(&plain);
        alert_clear(&whole);
    }
}
END_TEST

CHECK_MAIN("alert_scan", what_is_not_plain_is_left, what_is_plain_is_read_as_the_tree_reads_it)
