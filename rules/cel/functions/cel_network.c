/* cel_network.c - the library of networks: net.IP and net.CIDR. A value is the address's bytes, of
 * a network with its prefix behind them, so that equal ones are equal bytes. Spec: the network
 * extension's published description.
 */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/functions/cel_standard.h"
#include "rules/cel/value/cel_address.h"

static struct cel_value value_of(struct cel_run *run, const struct cel_address *address,
                                 enum cel_kind kind)
{
    size_t length = address->length + (size_t)(kind == CEL_CIDR);
    char *bytes = cel_arena_copy(run->arena, (const char *)address->bytes, length);

    if (!bytes)
        return cel_out_of_memory();
    if (kind == CEL_CIDR)
        bytes[address->length] = (char)address->prefix;
    return (struct cel_value){.kind = (uint8_t)kind, .extra = (uint32_t)length, .text = bytes};
}

static struct cel_address address_of(struct cel_value value)
{
    struct cel_address address = {.length = value.extra >= 16 ? 16 : 4};

    memcpy(address.bytes, value.text, address.length);
    address.prefix = value.kind == CEL_CIDR ? (uint8_t)value.text[address.length]
                                            : (uint8_t)(address.length * 8);
    return address;
}

static struct cel_value no_address(struct cel_run *run, struct cel_value text, const char *what)
{
    return cel_error_format(run->arena, "'%.*s' is no %s", cel_shown(text), text.text, what);
}

#define AN_ADDRESS "IP address (nor one of version 4 written as one of version 6)"
#define A_NETWORK "network: write an address and a prefix, as in 192.0.2.0/24"

static CEL_FUNCTION(is_ip)
{
    struct cel_address address;

    (void)run;
    (void)count;
    return cel_bool(cel_address_parse(args[0].text, args[0].extra, &address));
}

static CEL_FUNCTION(is_cidr)
{
    struct cel_address address;

    (void)run;
    (void)count;
    return cel_bool(cel_address_parse_network(args[0].text, args[0].extra, &address));
}

static CEL_FUNCTION(make_ip)
{
    struct cel_address address;

    (void)count;
    if (!cel_address_parse(args[0].text, args[0].extra, &address))
        return no_address(run, args[0], AN_ADDRESS);
    return value_of(run, &address, CEL_ADDRESS);
}

static CEL_FUNCTION(make_cidr)
{
    struct cel_address address;

    (void)count;
    if (!cel_address_parse_network(args[0].text, args[0].extra, &address))
        return no_address(run, args[0], A_NETWORK);
    return value_of(run, &address, CEL_CIDR);
}

static CEL_FUNCTION(is_canonical)
{
    char text[CEL_ADDRESS_TEXT_SIZE];
    struct cel_address address;

    (void)count;
    if (!cel_address_parse(args[0].text, args[0].extra, &address))
        return no_address(run, args[0], AN_ADDRESS);
    cel_address_text(&address, text);
    return cel_bool(strlen(text) == args[0].extra &&
                    memcmp(text, args[0].text, args[0].extra) == 0);
}

static CEL_FUNCTION(string_of)
{
    struct cel_address address = address_of(args[0]);
    char text[CEL_ADDRESS_TEXT_SIZE];
    char *out;

    (void)count;
    cel_address_text(&address, text);
    out = args[0].kind == CEL_CIDR ? cel_arena_format(run->arena, "%s/%u", text, address.prefix)
                                   : cel_arena_format(run->arena, "%s", text);
    return out ? cel_string(out, strlen(out)) : cel_out_of_memory();
}

static CEL_FUNCTION(family)
{
    (void)run;
    (void)count;
    return cel_int(address_of(args[0]).length == 4 ? 4 : 6);
}

#define PREDICATE(name, predicate)                                                                 \
    static CEL_FUNCTION(name)                                                                      \
    {                                                                                              \
        struct cel_address address = address_of(args[0]);                                          \
                                                                                                   \
        (void)run;                                                                                 \
        (void)count;                                                                               \
        return cel_bool(predicate(&address));                                                      \
    }

PREDICATE(is_unspecified, cel_address_unspecified)
PREDICATE(is_loopback, cel_address_loopback)
PREDICATE(is_global_unicast, cel_address_global_unicast)
PREDICATE(is_link_multicast, cel_address_link_multicast)
PREDICATE(is_link_unicast, cel_address_link_unicast)

/* The second is an address, a network, or the text of one. */
static struct cel_value contains(struct cel_run *run, const struct cel_value *args, bool network)
{
    struct cel_address outer = address_of(args[0]), inner;

    if (args[1].kind != CEL_STRING) {
        inner = address_of(args[1]);
    } else if (network) {
        if (!cel_address_parse_network(args[1].text, args[1].extra, &inner))
            return no_address(run, args[1], A_NETWORK);
    } else if (!cel_address_parse(args[1].text, args[1].extra, &inner)) {
        return no_address(run, args[1], AN_ADDRESS);
    }
    return cel_bool(cel_address_within(&inner, &outer));
}

static CEL_FUNCTION(contains_ip)
{
    (void)count;
    return contains(run, args, false);
}

static CEL_FUNCTION(contains_cidr)
{
    (void)count;
    return contains(run, args, true);
}

static CEL_FUNCTION(ip_of)
{
    struct cel_address address = address_of(args[0]);

    (void)count;
    return value_of(run, &address, CEL_ADDRESS);
}

static CEL_FUNCTION(masked)
{
    struct cel_address address = address_of(args[0]);

    (void)count;
    cel_address_mask(&address);
    return value_of(run, &address, CEL_CIDR);
}

static CEL_FUNCTION(prefix_length)
{
    (void)run;
    (void)count;
    return cel_int(address_of(args[0]).prefix);
}

static const struct cel_overload OVERLOADS[] = {
    {"isIP", "(string) -> bool", is_ip, false},
    {"isCIDR", "(string) -> bool", is_cidr, false},
    {"ip", "(string) -> net.IP", make_ip, false},
    {"cidr", "(string) -> net.CIDR", make_cidr, false},
    {"ip.isCanonical", "(string) -> bool", is_canonical, false},
    {"string", "(net.IP) -> string", string_of, false},
    {"string", "(net.CIDR) -> string", string_of, false},
    {"family", "net.IP.() -> int", family, false},
    {"isUnspecified", "net.IP.() -> bool", is_unspecified, false},
    {"isLoopback", "net.IP.() -> bool", is_loopback, false},
    {"isGlobalUnicast", "net.IP.() -> bool", is_global_unicast, false},
    {"isLinkLocalMulticast", "net.IP.() -> bool", is_link_multicast, false},
    {"isLinkLocalUnicast", "net.IP.() -> bool", is_link_unicast, false},
    {"containsIP", "net.CIDR.(net.IP) -> bool", contains_ip, false},
    {"containsIP", "net.CIDR.(string) -> bool", contains_ip, false},
    {"containsCIDR", "net.CIDR.(net.CIDR) -> bool", contains_cidr, false},
    {"containsCIDR", "net.CIDR.(string) -> bool", contains_cidr, false},
    {"ip", "net.CIDR.() -> net.IP", ip_of, false},
    {"masked", "net.CIDR.() -> net.CIDR", masked, false},
    {"prefixLength", "net.CIDR.() -> int", prefix_length, false},
};

const struct cel_library cel_network = {
    .name = "network",
    .overloads = OVERLOADS,
    .count = sizeof(OVERLOADS) / sizeof(OVERLOADS[0]),
};
