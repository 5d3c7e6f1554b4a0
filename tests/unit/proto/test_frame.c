/* Packing and unpacking with limits: sizes, text, fields said twice, amplification. */
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "proto/frame.h"
#include "tests/support/check_main.h"

static int refused(const ProtobufCMessageDescriptor *type, const void *bytes, size_t length)
{
    struct error err = {0};
    void *message = message_unpack(type, bytes, length, &err);

    if (message) {
        message_free(message);
        return 0;
    }
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_str_ne(err.text, "");
    return 1;
}

/* Reject.code (field 1, text) holding 'length' bytes. */
static int code_refused(const char *text, uint8_t length)
{
    uint8_t bytes[64] = {0x0a, length};

    memcpy(bytes + 2, text, length);
    return refused(&muster__reject__descriptor, bytes, 2u + length);
}

START_TEST(nothing_and_too_much)
{
    static uint8_t large[FRAME_MAX + 1];
    void *empty = message_unpack(&muster__frame__descriptor, NULL, 0, NULL);

    ck_assert_ptr_nonnull(empty); /* an empty message is one; its kind is not set */
    ck_assert_int_eq(((Muster__Frame *)empty)->kind_case, MUSTER__FRAME__KIND__NOT_SET);
    message_free(empty);
    message_free(NULL);
    ck_assert_int_eq(refused(&muster__frame__descriptor, large, sizeof(large)), 1);
}
END_TEST

START_TEST(packing_more_than_a_frame_is_refused)
{
    Muster__Order order = MUSTER__ORDER__INIT;
    struct error err = {0};
    uint8_t *bytes = NULL;
    size_t length;

    order.envelope.len = FRAME_MAX;
    order.envelope.data = calloc(1, FRAME_MAX);
    ck_assert_int_eq(message_pack(&order.base, &bytes, &length, &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_ptr_null(bytes);
    free(order.envelope.data);
}
END_TEST

START_TEST(text_must_be_utf8_without_nul)
{
    ck_assert_int_eq(code_refused("busy", 4), 0);
    ck_assert_int_eq(code_refused("\xc3\xa4", 2), 0);
    ck_assert_int_eq(code_refused("\xc3", 1), 1);
    ck_assert_int_eq(code_refused("\xed\xa0\x80", 3), 1);
    ck_assert_int_eq(code_refused("bu\0sy", 5), 1);
}
END_TEST

START_TEST(text_that_was_cut_goes_out_mended)
{
    Muster__Record record = MUSTER__RECORD__INIT, *back;
    Muster__Step step = MUSTER__STEP__INIT;
    struct error err = {0};
    uint8_t *bytes;
    size_t length;

    record.kind_case = MUSTER__RECORD__KIND_STEP;
    record.step = &step;
    step.name = (char *)"bmc_on";
    step.detail = (char *)"\xff caf\xc3\xa9, \xe7\xa3\x81\xe7\xa3"; /* the last one is cut */
    ck_assert_int_eq(message_pack(&record.base, &bytes, &length, &err), 0);
    back = message_unpack(&muster__record__descriptor, bytes, length, &err);
    free(bytes);
    ck_assert_msg(back != NULL, "%s", err.text);
    ck_assert_str_eq(back->step->detail, "? caf\xc3\xa9, \xe7\xa3\x81??");
    ck_assert_str_eq(back->step->name, "bmc_on");
    message_free(back);
}
END_TEST

START_TEST(text_deep_inside_is_checked_too)
{
    /* Frame.reject (17) { code: one bad byte } */
    const uint8_t bad[] = {0x8a, 0x01, 0x03, 0x0a, 0x01, 0xff};
    const uint8_t good[] = {0x8a, 0x01, 0x03, 0x0a, 0x01, 'x'};

    ck_assert_int_eq(refused(&muster__frame__descriptor, bad, sizeof(bad)), 1);
    ck_assert_int_eq(refused(&muster__frame__descriptor, good, sizeof(good)), 0);
}
END_TEST

START_TEST(repeated_text_is_checked_too)
{
    const uint8_t bad[] = {0x1a, 0x01, 'a', 0x1a, 0x01, 0xff}; /* Hello.features */

    ck_assert_int_eq(refused(&muster__hello__descriptor, bad, sizeof(bad)), 1);
    ck_assert_int_eq(refused(&muster__hello__descriptor, bad, 3), 0);
}
END_TEST

START_TEST(a_field_said_twice_is_refused)
{
    const uint8_t twice[] = {0x08, 0x01, 0x08, 0x02};              /* Ping.number */
    const uint8_t merged[] = {0x82, 0x02, 0x00, 0x82, 0x02, 0x00}; /* Frame.ping (32) */
    const uint8_t oneof[] = {0x82, 0x02, 0x00, 0x8a, 0x02, 0x00};  /* Frame.ping and .pong */

    ck_assert_int_eq(refused(&muster__ping__descriptor, twice, 2), 0);
    ck_assert_int_eq(refused(&muster__ping__descriptor, twice, sizeof(twice)), 1);
    ck_assert_int_eq(refused(&muster__frame__descriptor, merged, sizeof(merged)), 1);
    ck_assert_int_eq(refused(&muster__frame__descriptor, oneof, sizeof(oneof)), 1);
}
END_TEST

START_TEST(unknown_fields_are_skipped)
{
    const uint8_t newer[] = {0x08, 0x05, 0xa2, 0x06, 0x02, 0xff, 0xff}; /* Ping.number, field 100 */
    Muster__Ping *ping = message_unpack(&muster__ping__descriptor, newer, sizeof(newer), NULL);

    ck_assert_ptr_nonnull(ping);
    ck_assert_uint_eq(ping->number, 5);
    message_free(ping);
}
END_TEST

START_TEST(every_truncation_is_refused_or_shorter)
{
    Muster__Frame frame = MUSTER__FRAME__INIT;
    Muster__Reject reject = MUSTER__REJECT__INIT;
    uint8_t *bytes;
    size_t length;

    reject.code = (char *)"busy";
    reject.text = (char *)"try later";
    frame.kind_case = MUSTER__FRAME__KIND_REJECT;
    frame.reject = &reject;
    ck_assert_int_eq(message_pack(&frame.base, &bytes, &length, NULL), 0);
    for (size_t cut = 1; cut < length; cut++)
        ck_assert_int_eq(refused(&muster__frame__descriptor, bytes, cut), 1);
    ck_assert_int_eq(refused(&muster__frame__descriptor, bytes, length), 0);
    free(bytes);
}
END_TEST

START_TEST(many_empty_parts_do_not_grow_without_bound)
{
    static uint8_t parts[FRAME_MAX]; /* BootTask.param (12): 32,768 empty messages */

    for (size_t i = 0; i < sizeof(parts); i += 2)
        parts[i] = 0x62;
    ck_assert_int_eq(refused(&muster__boot_task__descriptor, parts, sizeof(parts)), 1);
    ck_assert_int_eq(refused(&muster__boot_task__descriptor, parts, 200), 0);
}
END_TEST

START_TEST(uuids_have_sixteen_bytes)
{
    uint8_t sixteen[17] = {1, 2, 3};
    ProtobufCBinaryData data = {15, sixteen}, made;
    struct error err = {0};
    struct uuid uuid = {{0}};

    ck_assert_int_eq(message_uuid(&data, "task_id", &uuid, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "task_id"));
    data.len = 17;
    ck_assert_int_eq(message_uuid(&data, "task_id", &uuid, NULL), -1);
    data.len = 16;
    ck_assert_int_eq(message_uuid(&data, "task_id", &uuid, NULL), 0);
    made = message_from_uuid(&uuid);
    ck_assert_uint_eq(made.len, 16);
    ck_assert_mem_eq(made.data, sixteen, 16);
}
END_TEST

CHECK_MAIN("frame", nothing_and_too_much, packing_more_than_a_frame_is_refused,
           text_must_be_utf8_without_nul, text_that_was_cut_goes_out_mended,
           text_deep_inside_is_checked_too, repeated_text_is_checked_too,
           a_field_said_twice_is_refused, unknown_fields_are_skipped,
           every_truncation_is_refused_or_shorter, many_empty_parts_do_not_grow_without_bound,
           uuids_have_sixteen_bytes)
