/* The window: what an ACK lets out, what is repeated, and the wrap of block numbers. */
#include <stdlib.h>
#include <string.h>

#include "agent/boot/tftp_transfer.h"
#include "tests/support/check_main.h"

static struct tftp_transfer transfer;
static uint8_t file[600000]; /* 75,000 blocks of 8 */
static const struct tftp_packet PLAIN = {.opcode = TFTP_RRQ, .tsize = -1};

START_TEST(without_options_there_is_no_oack_and_blocks_of_512)
{
    uint8_t out[600];

    tftp_transfer_start(&transfer, &PLAIN, file, 1024);
    ck_assert(!transfer.waits_for_oack);
    ck_assert_uint_eq(transfer.blocks, 3); /* the last one is empty: 1024 is a multiple */
    ck_assert_uint_eq(tftp_transfer_last(&transfer), 1);
    ck_assert_uint_eq(tftp_transfer_block(&transfer, 1, out, sizeof(out)), 516);
    ck_assert_uint_eq(tftp_transfer_block(&transfer, 3, out, sizeof(out)), 4);
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 1), TFTP_SEND);
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 1), TFTP_IGNORED);
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 2), TFTP_IGNORED); /* not sent yet */
    tftp_transfer_last(&transfer);
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 2), TFTP_SEND);
    tftp_transfer_last(&transfer);
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 3), TFTP_COMPLETE);
}
END_TEST

START_TEST(options_are_granted_within_our_limits)
{
    struct tftp_packet wish = {.blksize = 65464, .windowsize = 65535, .timeout_s = 9, .tsize = 0};

    tftp_transfer_start(&transfer, &wish, file, 5000);
    ck_assert(transfer.waits_for_oack);
    ck_assert_uint_eq(transfer.granted.blksize, TFTP_BLOCK_MAX);
    ck_assert_uint_eq(transfer.granted.windowsize, TFTP_WINDOW_MAX);
    ck_assert_uint_eq(transfer.granted.timeout_s, 9);
    ck_assert_int_eq(transfer.granted.tsize, 5000);
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 1), TFTP_IGNORED);
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 0), TFTP_SEND);
    ck_assert_uint_eq(tftp_transfer_last(&transfer), 4);
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 4), TFTP_COMPLETE);
}
END_TEST

START_TEST(a_lost_block_sends_the_rest_of_the_window_again)
{
    struct tftp_packet wish = {.blksize = 512, .windowsize = 8, .tsize = -1};

    tftp_transfer_start(&transfer, &wish, file, 512 * 100);
    tftp_transfer_ack(&transfer, 0);
    ck_assert_uint_eq(tftp_transfer_last(&transfer), 8);
    /* 4 was lost: the client acknowledges what it has in order. */
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 3), TFTP_SEND);
    ck_assert_uint_eq(transfer.acked, 3);
    ck_assert_uint_eq(tftp_transfer_last(&transfer), 11);
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 2), TFTP_IGNORED);
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 12), TFTP_IGNORED);
}
END_TEST

START_TEST(block_numbers_wrap_and_every_byte_arrives)
{
    struct tftp_packet wish = {.blksize = 8, .windowsize = 64, .tsize = -1};
    uint8_t *got = malloc(sizeof(file)), out[16];
    enum tftp_progress progress;
    size_t length = sizeof(file) - 1, have = 0;
    uint64_t last = 0;

    for (size_t i = 0; i < sizeof(file); i++)
        file[i] = (uint8_t)(i * 31 + i / 256);
    tftp_transfer_start(&transfer, &wish, file, length);
    ck_assert_uint_gt(transfer.blocks, 65536);
    ck_assert_int_eq(tftp_transfer_ack(&transfer, 0), TFTP_SEND);
    do {
        uint64_t from = last + 1;

        last = tftp_transfer_last(&transfer);
        for (uint64_t block = from; block <= last; block++) {
            size_t size = tftp_transfer_block(&transfer, block, out, sizeof(out));

            ck_assert_uint_eq((unsigned)(out[2] << 8 | out[3]), (uint16_t)block);
            memcpy(got + have, out + 4, size - 4);
            have += size - 4;
        }
        progress = tftp_transfer_ack(&transfer, (uint16_t)last);
    } while (progress == TFTP_SEND);
    ck_assert_int_eq(progress, TFTP_COMPLETE);
    ck_assert_uint_eq(have, length);
    ck_assert_mem_eq(got, file, length);
    free(got);
}
END_TEST

CHECK_MAIN("tftp_transfer", without_options_there_is_no_oack_and_blocks_of_512,
           options_are_granted_within_our_limits, a_lost_block_sends_the_rest_of_the_window_again,
           block_numbers_wrap_and_every_byte_arrives)
