/* cel_network.c - the library of networks: net.IP and net.CIDR. Spec: the network extension's
 * published description.
 */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/functions/cel_standard.h"
#include "rules/cel/value/cel_address.h"

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
    return cel_address_value(run->arena, &address, CEL_ADDRESS);
}

static CEL_FUNCTION(make_cidr)
{
    struct cel_address address;

    (void)count;
    if (!cel_address_parse_network(args[0].text, args[0].extra, &address))
        return no_address(run, args[0], A_NETWORK);
    return cel_address_value(run->arena, &address, CEL_CIDR);
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
    struct cel_address address = cel_address_of(args[0]);
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
    return cel_int(cel_address_of(args[0]).length == 4 ? 4 : 6);
}

#define PREDICATE(name, predicate)                                                                 \
    static CEL_FUNCTION(name)                                                                      \
    {                                                                                              \
        struct cel_address address = cel_address_of(args[0]);                                      \
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
    struct cel_address outer = cel_address_of(args[0]), inner;

    if (args[1].kind != CEL_STRING) {
        inner = cel_address_of(args[1]);
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
    struct cel_address address = cel_address_of(args[0]);

    (void)count;
    return cel_address_value(run->arena, &address, CEL_ADDRESS);
}

static CEL_FUNCTION(masked)
{
    struct cel_address address = cel_address_of(args[0]);

    (void)count;
    cel_address_mask(&address);
    return cel_address_value(run->arena, &address, CEL_CIDR);
}

static CEL_FUNCTION(prefix_length)
{
    (void)run;
    (void)count;
    return cel_int(cel_address_of(args[0]).prefix);
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
