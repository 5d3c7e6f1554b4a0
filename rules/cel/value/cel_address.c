/* cel_address.c - see cel_address.h. */
#include "rules/cel/value/cel_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "rules/cel/cel_arena.h"

static const uint8_t MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct cel_value cel_address_value(struct cel_arena *arena, const struct cel_address *address,
                                   enum cel_kind kind)
{
    size_t length = address->length + (size_t)(kind == CEL_CIDR);
    char *bytes = cel_arena_copy(arena, (const char *)address->bytes, length);

    if (!bytes)
        return cel_out_of_memory();
    if (kind == CEL_CIDR)
        bytes[address->length] = (char)address->prefix;
    return (struct cel_value){.kind = (uint8_t)kind, .extra = (uint32_t)length, .text = bytes};
}

struct cel_address cel_address_of(struct cel_value value)
{
    struct cel_address address = {.length = value.extra >= 16 ? 16 : 4};

    memcpy(address.bytes, value.text, address.length);
    address.prefix = value.kind == CEL_CIDR ? (uint8_t)value.text[address.length]
                                            : (uint8_t)(address.length * 8);
    return address;
}

bool cel_address_parse(const char *text, size_t length, struct cel_address *ret)
{
    char copy[CEL_ADDRESS_TEXT_SIZE];
    bool six = memchr(text, ':', length) != NULL;

    *ret = (struct cel_address){.length = six ? 16 : 4, .prefix = six ? 128 : 32};
    if (length >= sizeof(copy) || memchr(text, '\0', length))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return inet_pton(six ? AF_INET6 : AF_INET, copy, ret->bytes) == 1 &&
           !(six && memcmp(ret->bytes, MAPPED, sizeof(MAPPED)) == 0);
}

bool cel_address_parse_network(const char *text, size_t length, struct cel_address *ret)
{
    const char *slash = memchr(text, '/', length);
    size_t digits = slash ? length - (size_t)(slash - text) - 1 : 0;
    unsigned bits = 0;

    if (digits < 1 || digits > 3 || (digits > 1 && slash[1] == '0') ||
        !cel_address_parse(text, (size_t)(slash - text), ret))
        return false;
    for (size_t i = 1; i <= digits; i++) {
        if (slash[i] < '0' || slash[i] > '9')
            return false;
        bits = bits * 10 + (unsigned)(slash[i] - '0');
    }
    if (bits > ret->length * 8u)
        return false;
    ret->prefix = (uint8_t)bits;
    return true;
}

/* The longest run of two or more groups of zeros, the first of equal ones; SIZE_MAX: none. */
static size_t longest_gap(const uint16_t groups[8], size_t *ret_length)
{
    size_t best = SIZE_MAX;

    *ret_length = 1;
    for (size_t i = 0, run; i < 8; i += run + 1) {
        for (run = 0; i + run < 8 && groups[i + run] == 0;)
            run++;
        if (run > *ret_length) {
            *ret_length = run;
            best = i;
        }
    }
    return best;
}

static void text_of_six(const struct cel_address *address, char out[CEL_ADDRESS_TEXT_SIZE])
{
    uint16_t groups[8];
    size_t gap, length, used = 0;

    for (size_t i = 0; i < 8; i++)
        groups[i] = (uint16_t)(address->bytes[2 * i] << 8 | address->bytes[2 * i + 1]);
    gap = longest_gap(groups, &length);
    for (size_t i = 0; i < 8; i++) {
        if (i == gap) {
            used += (size_t)snprintf(out + used, CEL_ADDRESS_TEXT_SIZE - used, "::");
            i += length - 1;
            continue;
        }
        used += (size_t)snprintf(out + used, CEL_ADDRESS_TEXT_SIZE - used, "%s%x",
                                 used > 0 && out[used - 1] != ':' ? ":" : "", groups[i]);
    }
}

void cel_address_text(const struct cel_address *address, char out[CEL_ADDRESS_TEXT_SIZE])
{
    const uint8_t *bytes = address->bytes;

    if (address->length == 16)
        text_of_six(address, out);
    else
        snprintf(out, CEL_ADDRESS_TEXT_SIZE, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
}

void cel_address_mask(struct cel_address *network)
{
    for (unsigned i = 0; i < network->length; i++) {
        unsigned kept = network->prefix > i * 8 ? network->prefix - i * 8 : 0;

        if (kept < 8)
            network->bytes[i] &= (uint8_t)(0xff00u >> kept);
    }
}

bool cel_address_within(const struct cel_address *inner, const struct cel_address *network)
{
    struct cel_address left = *inner, right = *network;

    if (inner->length != network->length || inner->prefix < network->prefix)
        return false;
    left.prefix = network->prefix;
    cel_address_mask(&left);
    cel_address_mask(&right);
    return memcmp(left.bytes, right.bytes, left.length) == 0;
}

static bool all_zero(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

bool cel_address_unspecified(const struct cel_address *address)
{
    return all_zero(address->bytes, address->length);
}

bool cel_address_loopback(const struct cel_address *address)
{
    return address->length == 4 ? address->bytes[0] == 127
                                : all_zero(address->bytes, 15) && address->bytes[15] == 1;
}

bool cel_address_link_unicast(const struct cel_address *address)
{
    const uint8_t *bytes = address->bytes;

    return address->length == 4 ? bytes[0] == 169 && bytes[1] == 254
                                : bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

bool cel_address_link_multicast(const struct cel_address *address)
{
    const uint8_t *bytes = address->bytes;

    return address->length == 4 ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0
                                : bytes[0] == 0xff && (bytes[1] & 0x0f) == 0x02;
}

static bool multicast(const struct cel_address *address)
{
    return address->length == 4 ? (address->bytes[0] & 0xf0) == 0xe0 : address->bytes[0] == 0xff;
}

static bool broadcast(const struct cel_address *address)
{
    return address->length == 4 && memcmp(address->bytes, "\xff\xff\xff\xff", 4) == 0;
}

bool cel_address_global_unicast(const struct cel_address *address)
{
    return !cel_address_unspecified(address) && !cel_address_loopback(address) &&
           !cel_address_link_unicast(address) && !multicast(address) && !broadcast(address);
}
