/* TFTP messages as bytes. */
#include <stdlib.h>
#include <string.h>

#include "agent/boot/tftp_packet.h"
#include "common/error.h"
#include "tests/support/check_main.h"

static struct tftp_packet packet;

static int parse(const void *bytes, size_t length, struct error *err)
{
    return tftp_packet_parse(bytes, length, &packet, err);
}

#define PARSE(text) parse(text, sizeof(text) - 1, NULL)

static const char OVMF_RRQ[] =
    "\0\1snponly.efi\0octet\0tsize\0000\0blksize\0001468\0windowsize\0004";

START_TEST(what_is_no_clients_message_is_refused)
{
    ck_assert_int_eq(PARSE(""), -1);
    ck_assert_int_eq(PARSE("\0\4\0"), -1);
    ck_assert_int_eq(PARSE("\0\3\0\1data"), -1);
    ck_assert_int_eq(PARSE("\0\6blksize\0008\0"), -1);
    ck_assert_int_eq(PARSE("\0\0\0\0"), -1);
    ck_assert_int_eq(PARSE("\1\1a\0octet\0"), -1);
    ck_assert_int_eq(PARSE("\0\1a\0netascii\0"), -1);
    ck_assert_int_eq(PARSE("\0\1a\0octet\0blksize\0"), -1);
    ck_assert_int_eq(PARSE("\0\1a\0octet\0blksize\00012"), -1);
}
END_TEST

START_TEST(a_request_with_options_is_read)
{
    ck_assert_int_eq(parse(OVMF_RRQ, sizeof(OVMF_RRQ), NULL), 0);
    ck_assert_int_eq(packet.opcode, TFTP_RRQ);
    ck_assert_str_eq(packet.file, "snponly.efi");
    ck_assert_int_eq(packet.tsize, 0);
    ck_assert_uint_eq(packet.blksize, 1468);
    ck_assert_uint_eq(packet.windowsize, 4);
    ck_assert_uint_eq(packet.timeout_s, 0);
    ck_assert_int_eq(PARSE("\0\1a\0OCTET\0TimeOut\0003\0other\0x\0"), 0);
    ck_assert_uint_eq(packet.timeout_s, 3);
    ck_assert_int_eq(packet.tsize, -1);
}
END_TEST

START_TEST(values_out_of_range_are_left_out)
{
    ck_assert_int_eq(PARSE("\0\1a\0octet\0blksize\0007\0timeout\000256\0windowsize\0000\0"), 0);
    ck_assert_uint_eq(packet.blksize + packet.timeout_s + packet.windowsize, 0);
    ck_assert_int_eq(PARSE("\0\1a\0octet\0blksize\00065465\0timeout\0000\0windowsize\00065536\0"),
                     0);
    ck_assert_uint_eq(packet.blksize + packet.timeout_s + packet.windowsize, 0);
    ck_assert_int_eq(PARSE("\0\1a\0octet\0blksize\000-9\0timeout\0\0windowsize\0001x\0"), 0);
    ck_assert_uint_eq(packet.blksize + packet.timeout_s + packet.windowsize, 0);
    ck_assert_int_eq(PARSE("\0\1a\0octet\0blksize\00099999999999999999999999999\0tsize\000-1\0"),
                     0);
    ck_assert_uint_eq(packet.blksize, 0);
    ck_assert_int_eq(packet.tsize, -1);
}
END_TEST

START_TEST(a_request_cut_at_any_length_is_refused_or_lost_whole_options)
{
    for (size_t length = 0; length < sizeof(OVMF_RRQ); length++) {
        uint8_t *bytes = malloc(length ? length : 1);
        int rc;

        memcpy(bytes, OVMF_RRQ, length);
        rc = parse(bytes, length, NULL);
        free(bytes);
        if (rc == 0)
            ck_assert_int_eq(OVMF_RRQ[length - 1], '\0');
    }
}
END_TEST

START_TEST(too_long_and_too_many_are_refused)
{
    uint8_t bytes[TFTP_REQUEST_MAX + 1] = "\0\1";
    size_t at = 10;

    memset(bytes + 2, 'a', sizeof(bytes) - 2);
    memcpy(bytes + sizeof(bytes) - 7, "\0octet", 7);
    ck_assert_int_eq(parse(bytes, sizeof(bytes), NULL), -1);
    memcpy(bytes + TFTP_REQUEST_MAX - 7, "\0octet", 7);
    ck_assert_int_eq(parse(bytes, TFTP_REQUEST_MAX, NULL), 0);
    memcpy(bytes, "\0\1a\0octet", 10);
    for (int i = 0; i < 17; i++, at += 4)
        memcpy(bytes + at, "x\0y", 4);
    ck_assert_int_eq(parse(bytes, at - 4, NULL), 0);
    ck_assert_int_eq(parse(bytes, at, NULL), -1);
}
END_TEST

START_TEST(messages_of_ours_are_written_within_their_room)
{
    static const uint8_t oack[] =
        "\0\6blksize\0001468\0timeout\0002\0windowsize\0004\0tsize\000173792";
    static const uint8_t error[] = "\0\5\0\2no path is served";
    struct tftp_packet granted = {
        .blksize = 1468, .timeout_s = 2, .windowsize = 4, .tsize = 173792};
    uint8_t out[64];

    ck_assert_uint_eq(tftp_packet_oack(&granted, out, sizeof(out)), sizeof(oack));
    ck_assert_mem_eq(out, oack, sizeof(oack));
    ck_assert_uint_eq(tftp_packet_error(TFTP_ERROR_ACCESS, "no path is served", out, sizeof(out)),
                      sizeof(error));
    ck_assert_mem_eq(out, error, sizeof(error));
    ck_assert_uint_eq(tftp_packet_data(0xfffe, (const uint8_t *)"ab", 2, out, sizeof(out)), 6);
    ck_assert_mem_eq(out,
                     "\0\3\xff\xfe"
                     "ab",
                     6);
    for (size_t room = 0; room < sizeof(oack); room++) {
        uint8_t *small = malloc(room ? room : 1);

        ck_assert_uint_eq(tftp_packet_oack(&granted, small, room), 0);
        if (room < sizeof(error))
            ck_assert_uint_eq(tftp_packet_error(2, "no path is served", small, room), 0);
        if (room < 6)
            ck_assert_uint_eq(tftp_packet_data(1, out, 2, small, room), 0);
        free(small);
    }
}
END_TEST

CHECK_MAIN("tftp_packet", what_is_no_clients_message_is_refused, a_request_with_options_is_read,
           values_out_of_range_are_left_out,
           a_request_cut_at_any_length_is_refused_or_lost_whole_options,
           too_long_and_too_many_are_refused, messages_of_ours_are_written_within_their_room)
