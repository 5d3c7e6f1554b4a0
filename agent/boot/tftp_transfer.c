/* The window of one transfer. Invariant: acked <= sent <= blocks, sent - acked <= window. */
#include "agent/boot/tftp_transfer.h"

static unsigned at_most(unsigned value, unsigned limit)
{
    return value < limit ? value : limit;
}

void tftp_transfer_start(struct tftp_transfer *transfer, const struct tftp_packet *request,
                         const uint8_t *bytes, size_t length)
{
    struct tftp_packet *granted = &transfer->granted;

    *transfer = (struct tftp_transfer){.bytes = bytes, .length = length};
    granted->blksize = at_most(request->blksize, TFTP_BLOCK_MAX);
    granted->windowsize = at_most(request->windowsize, TFTP_WINDOW_MAX);
    granted->timeout_s = request->timeout_s;
    granted->tsize = request->tsize >= 0 ? (int64_t)length : -1;
    transfer->block_size = granted->blksize ? granted->blksize : 512;
    transfer->window = granted->windowsize ? granted->windowsize : 1;
    transfer->blocks = length / transfer->block_size + 1;
    transfer->waits_for_oack =
        granted->blksize || granted->windowsize || granted->timeout_s || granted->tsize >= 0;
}

enum tftp_progress tftp_transfer_ack(struct tftp_transfer *transfer, uint16_t number)
{
    uint64_t block;

    if (transfer->waits_for_oack) {
        if (number != 0)
            return TFTP_IGNORED;
        transfer->waits_for_oack = false;
        return TFTP_SEND;
    }
    block = transfer->acked + (uint16_t)(number - (uint16_t)transfer->acked);
    /* A repeated ACK is never answered: each would double what is on the wire (RFC 1123, 4.2.3.1).
     */
    if (block == transfer->acked || block > transfer->sent)
        return TFTP_IGNORED;
    transfer->acked = block;
    /* Less than was sent: the rest was lost, and goes out again from here (RFC 7440). */
    transfer->sent = block;
    return block == transfer->blocks ? TFTP_COMPLETE : TFTP_SEND;
}

uint64_t tftp_transfer_last(struct tftp_transfer *transfer)
{
    uint64_t last = transfer->acked + transfer->window;

    if (last > transfer->blocks)
        last = transfer->blocks;
    transfer->sent = last;
    return last;
}

size_t tftp_transfer_block(const struct tftp_transfer *transfer, uint64_t block, uint8_t *out,
                           size_t room)
{
    size_t from = (size_t)(block - 1) * transfer->block_size;
    size_t length = transfer->length - from;

    if (length > transfer->block_size)
        length = transfer->block_size;
    return tftp_packet_data((uint16_t)block, transfer->bytes + from, length, out, room);
}
