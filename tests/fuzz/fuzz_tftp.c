/* storey: agent - TFTP messages of a client, and a transfer that its options describe. */
#include <string.h>

#include "agent/boot/tftp_packet.h"
#include "agent/boot/tftp_transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t file[5000];
    struct tftp_packet packet;
    struct tftp_transfer transfer;
    uint8_t out[TFTP_BLOCK_MAX + 4];
    uint64_t last;

    if (tftp_packet_parse(data, size, &packet, NULL) < 0)
        return 0;
    if (memchr(packet.file, 0, sizeof(packet.file)) == NULL)
        __builtin_trap();
    tftp_transfer_start(&transfer, &packet, file, sizeof(file));
    if (transfer.waits_for_oack && tftp_packet_oack(&transfer.granted, out, sizeof(out)) < 2)
        __builtin_trap();
    transfer.waits_for_oack = false;
    do {
        uint64_t block = transfer.acked + 1;

        for (last = tftp_transfer_last(&transfer); block <= last; block++)
            if (tftp_transfer_block(&transfer, block, out, sizeof(out)) < 4)
                __builtin_trap();
    } while (tftp_transfer_ack(&transfer, (uint16_t)last) == TFTP_SEND);
    if (transfer.acked != transfer.blocks)
        __builtin_trap();
    return 0;
}
