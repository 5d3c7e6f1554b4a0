/* ids.h - the identifiers of the product: UUIDs (RFC 9562) and MAC addresses.
 * Our own ids are UUIDv7: time-ordered, so that history tables are partitioned on them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_TEXT_SIZE 37 /* 36 characters and NUL */
#define MAC_TEXT_SIZE 18

struct uuid {
    uint8_t bytes[16];
};

struct mac {
    uint8_t bytes[6];
};

/* Fresh UUIDv7 at our own clock, rising within a thread; the random part is the kernel's. */
struct uuid uuid_make(void);
/* UUIDv7 shape with 'unix_ms' in front and bits of 'digest' (32 bytes) behind: same in, same id. */
struct uuid uuid_derive(uint64_t unix_ms, const uint8_t digest[32]);
/* 8-4-4-4-12 hex, any case; 0 or -1. */
int uuid_parse(const char *text, struct uuid *ret_uuid);
void uuid_format(const struct uuid *uuid, char out[UUID_TEXT_SIZE]);
bool uuid_equal(const struct uuid *a, const struct uuid *b);
bool uuid_is_nil(const struct uuid *uuid);
/* SMBIOS 2.6+ stores the first three fields little-endian; DHCP option 97 and some BMCs show that
 * form. Swaps between the two. */
struct uuid uuid_swap_smbios(const struct uuid *uuid);

/* "52:54:00:12:34:56", "52-54-..", "5254.0012.3456", "525400123456"; any case; 0 or -1. */
int mac_parse(const char *text, struct mac *ret_mac);
void mac_format(const struct mac *mac, char out[MAC_TEXT_SIZE]); /* lower case, colons */
bool mac_equal(const struct mac *a, const struct mac *b);
