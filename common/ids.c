/* ids.c - see ids.h. */
#include "common/ids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/text.h"

static void stamp(struct uuid *uuid, uint64_t unix_ms)
{
    for (int i = 0; i < 6; i++)
        uuid->bytes[i] = (uint8_t)(unix_ms >> (40 - 8 * i));
    uuid->bytes[6] = (uint8_t)(0x70 | (uuid->bytes[6] & 0x0f));
    uuid->bytes[8] = (uint8_t)(0x80 | (uuid->bytes[8] & 0x3f));
}

struct uuid uuid_make(void)
{
    static _Thread_local uint64_t last_ms;
    static _Thread_local uint16_t sequence; /* RFC 9562 method 1: a counter in rand_a */
    struct uuid uuid;
    uint64_t now = (uint64_t)(clock_realtime_us() / 1000);

    /* The kernel's pool does not fail once it is seeded; before that getrandom() waits. */
    while (getrandom(uuid.bytes, sizeof(uuid.bytes), 0) != (ssize_t)sizeof(uuid.bytes))
        continue;
    if (now > last_ms) {
        last_ms = now;
        sequence = (uint16_t)((uuid.bytes[6] & 0x07) << 8 | uuid.bytes[7]);
    } else if (++sequence > 0x0fff) {
        sequence = 0;
        last_ms++;
    }
    uuid.bytes[6] = (uint8_t)(sequence >> 8);
    uuid.bytes[7] = (uint8_t)sequence;
    stamp(&uuid, last_ms);
    return uuid;
}

struct uuid uuid_derive(uint64_t unix_ms, const uint8_t digest[32])
{
    struct uuid uuid;

    memcpy(uuid.bytes, digest, sizeof(uuid.bytes));
    stamp(&uuid, unix_ms);
    return uuid;
}

int uuid_parse(const char *text, struct uuid *ret_uuid)
{
    char hex[33];
    size_t at = 0;

    if (strlen(text) != 36)
        return -1;
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash != (text[i] == '-'))
            return -1;
        if (!dash)
            hex[at++] = text[i];
    }
    hex[32] = '\0';
    return text_unhex(hex, ret_uuid->bytes, 16);
}

void uuid_format(const struct uuid *uuid, char out[UUID_TEXT_SIZE])
{
    char hex[33];

    text_hex(uuid->bytes, 16, hex);
    snprintf(out, UUID_TEXT_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool uuid_is_nil(const struct uuid *uuid)
{
    static const struct uuid nil;

    return uuid_equal(uuid, &nil);
}

struct uuid uuid_swap_smbios(const struct uuid *uuid)
{
    static const uint8_t ORDER[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    struct uuid out;

    for (int i = 0; i < 16; i++)
        out.bytes[i] = uuid->bytes[ORDER[i]];
    return out;
}

int mac_parse(const char *text, struct mac *ret_mac)
{
    char hex[13];
    size_t length = strlen(text), at = 0, group;
    char separator = '\0';

    if (length == 17 && (text[2] == ':' || text[2] == '-')) {
        separator = text[2];
        group = 3;
    } else if (length == 14 && text[4] == '.') {
        separator = '.';
        group = 5;
    } else if (length == 12) {
        group = 13;
    } else {
        return -1;
    }
    for (size_t i = 0; i < length; i++) {
        if ((i + 1) % group == 0) {
            if (text[i] != separator)
                return -1;
        } else {
            if (at == 12)
                return -1;
            hex[at++] = text[i];
        }
    }
    hex[at] = '\0';
    return text_unhex(hex, ret_mac->bytes, 6);
}

void mac_format(const struct mac *mac, char out[MAC_TEXT_SIZE])
{
    const uint8_t *b = mac->bytes;

    snprintf(out, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
             b[5]);
}

bool mac_equal(const struct mac *a, const struct mac *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
