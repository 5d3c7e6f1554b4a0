/* storey: rules - IP addresses and networks: what is read reads the same from the text that it is
 * written as, lies within itself and within its mask.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "rules/cel/value/cel_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static bool same(const struct cel_address *left, const struct cel_address *right)
{
    return left->length == right->length && left->prefix == right->prefix &&
           memcmp(left->bytes, right->bytes, left->length) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char written[CEL_ADDRESS_TEXT_SIZE], network[CEL_ADDRESS_TEXT_SIZE + 8];
    struct cel_address address, again, masked;

    if (cel_address_parse(text, size, &address)) {
        cel_address_text(&address, written);
        require(strlen(written) < CEL_ADDRESS_TEXT_SIZE - 1 &&
                cel_address_parse(written, strlen(written), &again) && same(&address, &again));
        require(!(cel_address_loopback(&address) && cel_address_global_unicast(&address)));
    }
    if (cel_address_parse_network(text, size, &address)) {
        cel_address_text(&address, written);
        snprintf(network, sizeof(network), "%s/%u", written, address.prefix);
        require(cel_address_parse_network(network, strlen(network), &again) &&
                same(&address, &again));
        masked = address;
        cel_address_mask(&masked);
        require(cel_address_within(&address, &masked) && cel_address_within(&masked, &address));
    }
    return 0;
}
