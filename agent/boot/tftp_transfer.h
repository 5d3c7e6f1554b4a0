/* tftp_transfer.h - how far one read has come: which blocks may be sent now, and what an ACK means.
 * Pure: bytes and time are the caller's. Blocks count from 1 in 64 bits; on the wire they wrap at
 * 2^16.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/boot/tftp_packet.h"

/* 1468 + 4 + UDP + IP fills an Ethernet frame: larger blocks would be fragments, which PXE ROMs
 * lose. */
#define TFTP_BLOCK_MAX 1468
#define TFTP_WINDOW_MAX 64

struct tftp_transfer {
    const uint8_t *bytes; /* borrowed */
    size_t length;
    struct tftp_packet granted; /* the options of our OACK */
    size_t block_size;
    uint64_t window, blocks; /* blocks: of the whole file, the last is short */
    uint64_t acked, sent;    /* the last of each */
    bool waits_for_oack;     /* our OACK is not acknowledged yet */
};

enum tftp_progress { TFTP_IGNORED, TFTP_SEND, TFTP_COMPLETE };

void tftp_transfer_start(struct tftp_transfer *transfer, const struct tftp_packet *request,
                         const uint8_t *bytes, size_t length);
/* TFTP_SEND: blocks acked + 1 to tftp_transfer_last() are to be sent. */
enum tftp_progress tftp_transfer_ack(struct tftp_transfer *transfer, uint16_t number);
/* The last block that the window lets out; it then counts as sent. */
uint64_t tftp_transfer_last(struct tftp_transfer *transfer);
/* The bytes of 'block', from 1. */
size_t tftp_transfer_block(const struct tftp_transfer *transfer, uint64_t block, uint8_t *out,
                           size_t room);
