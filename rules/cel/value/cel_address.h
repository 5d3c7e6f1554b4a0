/* cel_address.h - IP addresses and networks as bytes. An address of version 6 that stands for one
 * of version 4, a zone and a leading zero are refused: each has another reading somewhere. Spec:
 * RFC 4291, RFC 4632; written as RFC 5952.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_value.h"

#define CEL_ADDRESS_TEXT_SIZE 48 /* with a prefix, and a NUL */

struct cel_address {
    uint8_t bytes[16];
    uint8_t length; /* 4 or 16 */
    uint8_t prefix; /* of a network, in bits */
};

struct cel_arena;

/* A value is the address's bytes, of a network with its prefix behind them, so that equal ones are
 * equal bytes. CEL_ERROR: no room. */
struct cel_value cel_address_value(struct cel_arena *arena, const struct cel_address *address,
                                   enum cel_kind kind);
/* Of CEL_ADDRESS or CEL_CIDR. */
struct cel_address cel_address_of(struct cel_value value);

bool cel_address_parse(const char *text, size_t length, struct cel_address *ret);
bool cel_address_parse_network(const char *text, size_t length, struct cel_address *ret);
void cel_address_text(const struct cel_address *address, char out[CEL_ADDRESS_TEXT_SIZE]);

/* The bits behind the prefix are zero then. */
void cel_address_mask(struct cel_address *network);
/* All that 'inner' has, which has a prefix too, lies in 'network'. */
bool cel_address_within(const struct cel_address *inner, const struct cel_address *network);

bool cel_address_unspecified(const struct cel_address *address);
bool cel_address_loopback(const struct cel_address *address);
bool cel_address_link_unicast(const struct cel_address *address);
bool cel_address_link_multicast(const struct cel_address *address);
bool cel_address_global_unicast(const struct cel_address *address);
