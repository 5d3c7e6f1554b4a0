/* storey: agent - DHCP messages of a boot client, and our answer to each that is understood. */
#include <string.h>

#include "agent/boot/dhcp_packet.h"
#include "common/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dhcp_packet packet;
    struct dhcp_answer answer = {.type = DHCP_OFFER, .file = "snponly.efi"};
    uint8_t out[DHCP_PACKET_MAX];
    struct error err = {0};
    size_t length;

    if (dhcp_packet_parse(data, size, &packet, &err) < 0) {
        if (err.code != ERROR_INVALID)
            __builtin_trap();
        return 0;
    }
    length = dhcp_packet_answer(&packet, &answer, out, sizeof(out));
    if (length < 300 || out[length > 300 ? length - 1 : 240] == 0)
        __builtin_trap();
    return 0;
}
