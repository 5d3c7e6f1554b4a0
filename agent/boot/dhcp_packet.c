/* Reading and writing of DHCP messages. Invariant of the reader: no index is used before it was
 * compared with the length, and what is kept of a packet lies in its own 'space'.
 */
#include "agent/boot/dhcp_packet.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

enum offset {
    AT_OP = 0,
    AT_HTYPE = 1,
    AT_HLEN = 2,
    AT_XID = 4,
    AT_FLAGS = 10,
    AT_CIADDR = 12,
    AT_SIADDR = 20,
    AT_GIADDR = 24,
    AT_CHADDR = 28,
    AT_SNAME = 44,
    AT_FILE = 108,
    AT_COOKIE = 236,
    AT_OPTIONS = 240,
};

enum option_code {
    OPTION_PAD = 0,
    OPTION_VENDOR = 43,
    OPTION_REQUESTED = 50,
    OPTION_OVERLOAD = 52,
    OPTION_TYPE = 53,
    OPTION_SERVER = 54,
    OPTION_PARAMETERS = 55,
    OPTION_MAX_SIZE = 57,
    OPTION_CLASS = 60,
    OPTION_CLIENT_ID = 61,
    OPTION_USER_CLASS = 77,
    OPTION_RELAY = 82,
    OPTION_ARCH = 93,
    OPTION_NIC = 94,
    OPTION_UUID = 97,
    OPTION_END = 255,
};

enum { BOOTREQUEST = 1, BOOTREPLY = 2, ETHERNET = 1, BOOTP_MIN = 300, FILE_ROOM = 128 };
enum { PXE_DISCOVERY_CONTROL = 6, PXE_BOOT_ITEM = 71, PXE_END = 255 };
/* PXE 2.1, tag 6: 1 and 2 no broadcast or multicast discovery, 8 take the file of this very packet.
 */
enum { PXE_TAKE_THIS_FILE = 8 | 2 | 1 };

static const uint8_t COOKIE[4] = {99, 130, 83, 99};

struct area {
    const uint8_t *bytes;
    size_t length;
};

struct options {
    uint8_t *space; /* of the packet; holds the values, each in one piece */
    size_t at[256], length[256];
    bool there[256];
    size_t used;
};

static uint16_t read16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static struct in_addr read_address(const uint8_t *at)
{
    struct in_addr address;

    memcpy(&address, at, sizeof(address));
    return address;
}

/* Calls for each option of one area, in order. The areas of an overloaded packet may lack an END.
 */
static int walk(struct area area, bool needs_end, struct options *options,
                void (*each)(struct options *, uint8_t code, const uint8_t *value, size_t length),
                struct error *err)
{
    size_t at = 0;

    while (at < area.length) {
        uint8_t code = area.bytes[at++];

        if (code == OPTION_PAD)
            continue;
        if (code == OPTION_END)
            return 0;
        if (at >= area.length || area.length - at - 1 < area.bytes[at])
            return error_set_code(err, ERROR_INVALID, "option %u is cut short", code);
        each(options, code, area.bytes + at + 1, area.bytes[at]);
        at += 1u + area.bytes[at];
    }
    if (needs_end)
        return error_set_code(err, ERROR_INVALID, "options: no END (255)");
    return 0;
}

static void count_option(struct options *options, uint8_t code, const uint8_t *value, size_t length)
{
    (void)value;
    options->there[code] = true;
    options->length[code] += length;
}

/* RFC 3396: an option that came in pieces is one value. */
static void store_option(struct options *options, uint8_t code, const uint8_t *value, size_t length)
{
    memcpy(options->space + options->at[code] + options->length[code], value, length);
    options->length[code] += length;
}

static void place_options(struct options *options)
{
    for (size_t code = 0; code < 256; code++) {
        options->at[code] = options->used;
        options->used += options->length[code];
        options->length[code] = 0;
    }
}

static int find_overload(struct area main_area, struct error *err)
{
    struct options seen = {0};
    uint8_t space[DHCP_PACKET_MAX];

    seen.space = space;
    if (walk(main_area, true, &seen, count_option, err) < 0)
        return -1;
    if (!seen.there[OPTION_OVERLOAD])
        return 0;
    if (seen.length[OPTION_OVERLOAD] != 1)
        return error_set_code(err, ERROR_INVALID, "option 52 (overload) is not one byte");
    place_options(&seen);
    if (walk(main_area, true, &seen, store_option, err) < 0)
        return -1;
    return space[seen.at[OPTION_OVERLOAD]] & 3;
}

static int read_options(const uint8_t *bytes, size_t length, struct options *options,
                        struct error *err)
{
    struct area areas[3] = {{bytes + AT_OPTIONS, length - AT_OPTIONS}};
    size_t count = 1;
    int overload = find_overload(areas[0], err);

    if (overload < 0)
        return -1;
    if (overload & 1)
        areas[count++] = (struct area){bytes + AT_FILE, AT_COOKIE - AT_FILE};
    if (overload & 2)
        areas[count++] = (struct area){bytes + AT_SNAME, AT_FILE - AT_SNAME};
    for (size_t i = 0; i < count; i++)
        if (walk(areas[i], i == 0, options, count_option, err) < 0)
            return -1;
    place_options(options);
    for (size_t i = 0; i < count; i++)
        if (walk(areas[i], i == 0, options, store_option, err) < 0)
            return -1;
    return 0;
}

static struct dhcp_option option(const struct options *options, enum option_code code)
{
    if (!options->there[code])
        return (struct dhcp_option){0};
    return (struct dhcp_option){options->space + options->at[code], options->length[code]};
}

/* 1: there with that length. 0: absent. */
static int fixed(const struct options *options, enum option_code code, size_t length,
                 struct dhcp_option *ret, struct error *err)
{
    *ret = option(options, code);
    if (!ret->bytes)
        return 0;
    if (ret->length != length)
        return error_set_code(err, ERROR_INVALID, "option %d has %zu bytes, needed are %zu", code,
                              ret->length, length);
    return 1;
}

static int read_fixed(const struct options *options, struct dhcp_packet *packet, struct error *err)
{
    struct dhcp_option value;
    int there;

    if ((there = fixed(options, OPTION_TYPE, 1, &value, err)) < 0)
        return -1;
    if (!there)
        return error_set_code(err, ERROR_INVALID, "option 53 (message type) is missing");
    packet->type = value.bytes[0];
    if ((there = fixed(options, OPTION_SERVER, 4, &value, err)) < 0)
        return -1;
    if (there)
        packet->server = read_address(value.bytes);
    if ((there = fixed(options, OPTION_REQUESTED, 4, &value, err)) < 0)
        return -1;
    if (there)
        packet->requested = read_address(value.bytes);
    if ((there = fixed(options, OPTION_MAX_SIZE, 2, &value, err)) < 0)
        return -1;
    if (there)
        packet->max_size = read16(value.bytes);
    return fixed(options, OPTION_NIC, 3, &value, err) < 0 ? -1 : 0;
}

static bool starts_with(struct dhcp_option value, const char *text)
{
    size_t length = strlen(text);

    return value.bytes && value.length >= length && memcmp(value.bytes, text, length) == 0;
}

/* "PXEClient:Arch:00007:UNDI:003000" holds it too, for clients without option 93. */
static int arch_of_class(struct dhcp_option class)
{
    static const char MARK[] = ":Arch:";
    int arch = 0;
    const uint8_t *digits;

    if (!class.bytes || !(digits = memmem(class.bytes, class.length, MARK, sizeof(MARK) - 1)))
        return -1;
    digits += sizeof(MARK) - 1;
    if (class.bytes + class.length - digits < 5)
        return -1;
    for (int i = 0; i < 5; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return -1;
        arch = arch * 10 + digits[i] - '0';
    }
    return arch;
}

/* A list of architectures may come; the first is the one that runs. */
static int read_arch(const struct options *options, struct dhcp_packet *packet, struct error *err)
{
    struct dhcp_option value = option(options, OPTION_ARCH);

    if (!value.bytes) {
        packet->arch = arch_of_class(option(options, OPTION_CLASS));
        return 0;
    }
    if (value.length < 2 || value.length % 2)
        return error_set_code(err, ERROR_INVALID, "option 93 (architecture) has %zu bytes",
                              value.length);
    packet->arch = read16(value.bytes);
    return 0;
}

/* iPXE sends the bare word; RFC 3004 wants each class behind its length. Both are in the field. */
static bool is_ipxe(struct dhcp_option value)
{
    if (!value.bytes)
        return false;
    if (value.length == 4 && memcmp(value.bytes, "iPXE", 4) == 0)
        return true;
    for (size_t at = 0; at < value.length && value.length - at - 1 >= value.bytes[at];
         at += 1u + value.bytes[at])
        if (value.bytes[at] == 4 && memcmp(value.bytes + at + 1, "iPXE", 4) == 0)
            return true;
    return false;
}

static bool is_filled_with(const uint8_t *bytes, size_t length, uint8_t value)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static int read_uuid(const struct options *options, struct dhcp_packet *packet, struct error *err)
{
    struct dhcp_option value;
    int there = fixed(options, OPTION_UUID, 17, &value, err);

    if (there <= 0)
        return there;
    if (value.bytes[0] != 0)
        return error_set_code(err, ERROR_INVALID, "option 97 has type %u, known is 0 (UUID)",
                              value.bytes[0]);
    packet->uuid_option = value;
    memcpy(packet->uuid.bytes, value.bytes + 1, 16);
    packet->has_uuid =
        !is_filled_with(value.bytes + 1, 16, 0x00) && !is_filled_with(value.bytes + 1, 16, 0xff);
    return 0;
}

static void read_classes(const struct options *options, struct dhcp_packet *packet)
{
    struct dhcp_option class = option(options, OPTION_CLASS);

    packet->ipxe = is_ipxe(option(options, OPTION_USER_CLASS));
    if (starts_with(class, "HTTPClient"))
        packet->client = DHCP_CLIENT_HTTP;
    else if (packet->ipxe || starts_with(class, "PXEClient"))
        packet->client = DHCP_CLIENT_PXE;
}

static int read_header(const uint8_t *bytes, size_t length, struct dhcp_packet *packet,
                       struct error *err)
{
    if (length >= AT_CHADDR + sizeof(packet->mac.bytes))
        memcpy(packet->mac.bytes, bytes + AT_CHADDR, sizeof(packet->mac.bytes));
    if (length < AT_OPTIONS)
        return error_set_code(err, ERROR_INVALID, "%zu bytes, a DHCP message has at least %d",
                              length, AT_OPTIONS);
    if (length > DHCP_PACKET_MAX)
        return error_set_code(err, ERROR_INVALID, "%zu bytes, at most %d are read", length,
                              DHCP_PACKET_MAX);
    if (bytes[AT_OP] != BOOTREQUEST)
        return error_set_code(err, ERROR_INVALID, "op %u is not a request", bytes[AT_OP]);
    if (bytes[AT_HTYPE] != ETHERNET || bytes[AT_HLEN] != sizeof(packet->mac.bytes))
        return error_set_code(err, ERROR_INVALID, "hardware type %u with %u bytes is not Ethernet",
                              bytes[AT_HTYPE], bytes[AT_HLEN]);
    if (memcmp(bytes + AT_COOKIE, COOKIE, sizeof(COOKIE)) != 0)
        return error_set_code(err, ERROR_INVALID, "no DHCP magic cookie");
    memcpy(&packet->xid, bytes + AT_XID, sizeof(packet->xid));
    packet->flags = read16(bytes + AT_FLAGS);
    packet->ciaddr = read_address(bytes + AT_CIADDR);
    packet->giaddr = read_address(bytes + AT_GIADDR);
    return 0;
}

int dhcp_packet_parse(const uint8_t *bytes, size_t length, struct dhcp_packet *ret_packet,
                      struct error *err)
{
    struct options options = {.space = ret_packet->space};

    memset(ret_packet, 0, sizeof(*ret_packet));
    ret_packet->arch = -1;
    if (read_header(bytes, length, ret_packet, err) < 0 ||
        read_options(bytes, length, &options, err) < 0 ||
        read_fixed(&options, ret_packet, err) < 0 || read_arch(&options, ret_packet, err) < 0 ||
        read_uuid(&options, ret_packet, err) < 0)
        return -1;
    read_classes(&options, ret_packet);
    ret_packet->vendor = option(&options, OPTION_VENDOR);
    ret_packet->parameters = option(&options, OPTION_PARAMETERS);
    ret_packet->client_id = option(&options, OPTION_CLIENT_ID);
    ret_packet->relay = option(&options, OPTION_RELAY);
    return 0;
}

struct writer {
    uint8_t *out;
    size_t room, length;
    bool full;
};

static void put(struct writer *writer, const void *bytes, size_t length)
{
    if (writer->full || writer->room - writer->length < length) {
        writer->full = true;
        return;
    }
    memcpy(writer->out + writer->length, bytes, length);
    writer->length += length;
}

static void put_option(struct writer *writer, uint8_t code, const void *bytes, size_t length)
{
    uint8_t head[2] = {code, (uint8_t)length};

    put(writer, head, sizeof(head));
    put(writer, bytes, length);
}

/* The boot item a client names on port 4011 (type, layer), or NULL. */
static const uint8_t *boot_item(struct dhcp_option vendor)
{
    for (size_t at = 0; at + 1 < vendor.length && vendor.bytes[at] != PXE_END;) {
        size_t length = vendor.bytes[at + 1];

        if (vendor.bytes[at] == 0) {
            at++;
            continue;
        }
        if (vendor.length - at - 2 < length)
            return NULL;
        if (vendor.bytes[at] == PXE_BOOT_ITEM && length == 4)
            return vendor.bytes + at + 2;
        at += 2 + length;
    }
    return NULL;
}

static void put_pxe(struct writer *writer, const struct dhcp_packet *request)
{
    uint8_t pxe[16] = {PXE_DISCOVERY_CONTROL, 1, PXE_TAKE_THIS_FILE};
    const uint8_t *item = boot_item(request->vendor);
    size_t length = 3;

    if (item) {
        pxe[length++] = PXE_BOOT_ITEM;
        pxe[length++] = 4;
        memcpy(pxe + length, item, 4);
        length += 4;
    }
    pxe[length++] = PXE_END;
    put_option(writer, OPTION_VENDOR, pxe, length);
}

static void put_header(struct writer *writer, const struct dhcp_packet *request,
                       const struct dhcp_answer *answer)
{
    uint8_t head[AT_OPTIONS] = {
        [AT_OP] = BOOTREPLY, [AT_HTYPE] = ETHERNET, [AT_HLEN] = sizeof(request->mac.bytes)};

    memcpy(head + AT_XID, &request->xid, sizeof(request->xid));
    head[AT_FLAGS] = (uint8_t)(request->flags >> 8);
    head[AT_FLAGS + 1] = (uint8_t)request->flags;
    memcpy(head + AT_CIADDR, &request->ciaddr, 4);
    memcpy(head + AT_SIADDR, &answer->server, 4);
    memcpy(head + AT_GIADDR, &request->giaddr, 4);
    memcpy(head + AT_CHADDR, request->mac.bytes, sizeof(request->mac.bytes));
    memcpy(head + AT_FILE, answer->file, strlen(answer->file));
    memcpy(head + AT_COOKIE, COOKIE, sizeof(COOKIE));
    put(writer, head, sizeof(head));
}

size_t dhcp_packet_answer(const struct dhcp_packet *request, const struct dhcp_answer *answer,
                          uint8_t *out, size_t room)
{
    bool http = request->client == DHCP_CLIENT_HTTP;
    struct writer writer = {.out = out, .room = room};
    uint8_t type = (uint8_t)answer->type, end = OPTION_END;
    static const uint8_t padding[BOOTP_MIN];

    if (strlen(answer->file) >= FILE_ROOM)
        return 0;
    put_header(&writer, request, answer);
    put_option(&writer, OPTION_TYPE, &type, 1);
    put_option(&writer, OPTION_SERVER, &answer->server, 4);
    put_option(&writer, OPTION_CLASS, http ? "HTTPClient" : "PXEClient", http ? 10 : 9);
    if (!http)
        put_pxe(&writer, request);
    if (request->uuid_option.bytes)
        put_option(&writer, OPTION_UUID, request->uuid_option.bytes, request->uuid_option.length);
    /* RFC 3046: the relay's own option comes back to it, as the last one. */
    if (request->giaddr.s_addr && request->relay.bytes && request->relay.length <= 255)
        put_option(&writer, OPTION_RELAY, request->relay.bytes, request->relay.length);
    put(&writer, &end, 1);
    if (!writer.full && writer.length < BOOTP_MIN)
        put(&writer, padding, BOOTP_MIN - writer.length);
    return writer.full ? 0 : writer.length;
}
