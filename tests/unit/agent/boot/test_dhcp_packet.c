/* DHCP messages as bytes: real clients' messages, every truncation, and what we answer. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/boot/dhcp_packet.h"
#include "common/error.h"
#include "tests/support/check_main.h"
#include "tests/unit/agent/boot/dhcp_captures.h"

static struct dhcp_packet packet;

#define CAPTURE(name) #name, name, sizeof(name)

static const struct {
    const char *name;
    const uint8_t *bytes;
    size_t length;
    uint8_t type;
    int arch;
    enum dhcp_client client;
    bool ipxe, has_uuid;
} CAPTURES[] = {
    {CAPTURE(IPXE_ROM_DISCOVER), DHCP_DISCOVER, 0, DHCP_CLIENT_PXE, true, true},
    {CAPTURE(IPXE_ROM_REQUEST), DHCP_REQUEST, 0, DHCP_CLIENT_PXE, true, true},
    {CAPTURE(UNDIONLY_DISCOVER), DHCP_DISCOVER, 0, DHCP_CLIENT_PXE, true, true},
    {CAPTURE(UDHCPC_DISCOVER), DHCP_DISCOVER, -1, DHCP_CLIENT_PLAIN, false, false},
    {CAPTURE(UDHCPC_REQUEST), DHCP_REQUEST, -1, DHCP_CLIENT_PLAIN, false, false},
    {CAPTURE(OVMF_PXE_DISCOVER), DHCP_DISCOVER, 7, DHCP_CLIENT_PXE, false, true},
    {CAPTURE(OVMF_PXE_REQUEST), DHCP_REQUEST, 7, DHCP_CLIENT_PXE, false, true},
    {CAPTURE(SNPONLY_DISCOVER), DHCP_DISCOVER, 7, DHCP_CLIENT_PXE, true, true},
    {CAPTURE(OVMF_HTTP_DISCOVER), DHCP_DISCOVER, 16, DHCP_CLIENT_HTTP, false, true},
};
#define CAPTURE_COUNT (sizeof(CAPTURES) / sizeof(CAPTURES[0]))

/* A DISCOVER of nothing but a header and 'options', which has to hold its END. */
static size_t make(uint8_t *out, const void *options, size_t length)
{
    static const uint8_t head[] = {1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef};
    static const uint8_t mac[] = {0x52, 0x54, 0, 0x77, 0, 1};
    static const uint8_t cookie[] = {99, 130, 83, 99};

    memset(out, 0, 240);
    memcpy(out, head, sizeof(head));
    memcpy(out + 28, mac, sizeof(mac));
    memcpy(out + 236, cookie, sizeof(cookie));
    memcpy(out + 240, options, length);
    return 240 + length;
}

static int parse(const void *options, size_t length, struct error *err)
{
    uint8_t bytes[DHCP_PACKET_MAX];

    return dhcp_packet_parse(bytes, make(bytes, options, length), &packet, err);
}

#define PARSE(options, err) parse(options, sizeof(options) - 1, err)

static void refused(const void *options, size_t length, const char *because)
{
    struct error err = {0};

    ck_assert_int_eq(parse(options, length, &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_msg(strstr(err.text, because), "'%s' does not say '%s'", err.text, because);
}

#define REFUSED(options, because) refused(options, sizeof(options) - 1, because)

START_TEST(a_header_that_is_not_a_clients_is_refused)
{
    static const struct {
        size_t at;
        uint8_t value;
    } BAD[] = {{0, 2}, {0, 0}, {1, 6}, {2, 0}, {2, 16}, {236, 98}, {239, 0}};
    uint8_t bytes[DHCP_PACKET_MAX];
    size_t length = make(bytes, "\x35\1\1\xff", 4);

    ck_assert_int_eq(dhcp_packet_parse(bytes, length, &packet, NULL), 0);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        make(bytes, "\x35\1\1\xff", 4);
        bytes[BAD[i].at] = BAD[i].value;
        ck_assert_int_eq(dhcp_packet_parse(bytes, length, &packet, NULL), -1);
    }
}
END_TEST

START_TEST(options_that_are_broken_are_refused_by_name)
{
    REFUSED("\xff", "option 53 (message type) is missing");
    REFUSED("\x35\1\1", "no END");
    REFUSED("\x35\1\1\x35\xff", "option 53 is cut short");
    REFUSED("\x35\2\1\1\xff", "option 53 has 2 bytes");
    REFUSED("\x35\0\xff", "option 53 has 0 bytes");
    REFUSED("\x35\1\1\x36\3\1\1\1\xff", "option 54");
    REFUSED("\x35\1\1\x32\5\1\1\1\1\1\xff", "option 50");
    REFUSED("\x35\1\1\x39\1\1\xff", "option 57");
    REFUSED("\x35\1\1\x5d\1\1\xff", "option 93");
    REFUSED("\x35\1\1\x5d\3\1\1\1\xff", "option 93");
    REFUSED("\x35\1\1\x5e\2\1\1\xff", "option 94");
    REFUSED("\x35\1\1\x61\1\0\xff", "option 97");
    REFUSED("\x35\1\1\x61\21\1aaaaaaaaaaaaaaaa\xff", "type 1");
    REFUSED("\x35\1\1\x34\2\1\1\xff", "option 52");
}
END_TEST

START_TEST(more_bytes_than_a_frame_are_refused)
{
    static uint8_t bytes[DHCP_PACKET_MAX + 1];
    size_t length = make(bytes, "\x35\1\1\xff", 4);

    ck_assert_int_eq(dhcp_packet_parse(bytes, DHCP_PACKET_MAX, &packet, NULL), 0);
    ck_assert_int_eq(dhcp_packet_parse(bytes, sizeof(bytes), &packet, NULL), -1);
    ck_assert_int_eq(dhcp_packet_parse(bytes, length, &packet, NULL), 0);
}
END_TEST

START_TEST(what_real_clients_send_is_understood)
{
    struct mac mac;
    struct uuid uuid, swapped;

    mac_parse("52:54:00:77:00:01", &mac);
    uuid_parse("6d757374-6572-4000-8000-0000b0070001", &uuid);
    for (size_t i = 0; i < CAPTURE_COUNT; i++) {
        struct error err = {0};

        ck_assert_msg(dhcp_packet_parse(CAPTURES[i].bytes, CAPTURES[i].length, &packet, &err) == 0,
                      "%s: %s", CAPTURES[i].name, err.text);
        ck_assert_msg(packet.type == CAPTURES[i].type && packet.arch == CAPTURES[i].arch &&
                          packet.client == CAPTURES[i].client && packet.ipxe == CAPTURES[i].ipxe &&
                          packet.has_uuid == CAPTURES[i].has_uuid,
                      "%s: type %d arch %d client %d ipxe %d uuid %d", CAPTURES[i].name,
                      packet.type, packet.arch, packet.client, packet.ipxe, packet.has_uuid);
        ck_assert(mac_equal(&packet.mac, &mac));
        if (packet.has_uuid) {
            swapped = uuid_swap_smbios(&packet.uuid);
            ck_assert(uuid_equal(&swapped, &uuid));
        }
        if (packet.type == DHCP_REQUEST) {
            ck_assert_uint_eq(packet.requested.s_addr, inet_addr("10.77.0.113"));
            ck_assert_uint_eq(packet.server.s_addr, inet_addr("10.77.0.1"));
        }
    }
}
END_TEST

/* Each length is copied to a block of exactly that size, so that the address sanitizer sees a read
 * behind it. */
START_TEST(a_message_cut_at_any_length_is_refused_or_padding_was_cut)
{
    for (size_t i = 0; i < CAPTURE_COUNT; i++) {
        for (size_t length = 0; length < CAPTURES[i].length; length++) {
            uint8_t *bytes = malloc(length ? length : 1);
            int rc;

            memcpy(bytes, CAPTURES[i].bytes, length);
            rc = dhcp_packet_parse(bytes, length, &packet, NULL);
            free(bytes);
            /* Behind END (255) there is only padding. */
            if (rc == 0)
                ck_assert(memchr(CAPTURES[i].bytes + 240, 255, length - 240) != NULL);
        }
    }
}
END_TEST

START_TEST(an_option_in_pieces_is_one_value)
{
    ck_assert_int_eq(PARSE("\x35\1\1\x3c\4PXEC\x0c\1h\x3c\5lient\xff", NULL), 0);
    ck_assert_int_eq(packet.client, DHCP_CLIENT_PXE);
}
END_TEST

START_TEST(overloaded_fields_hold_options_too)
{
    uint8_t bytes[DHCP_PACKET_MAX];
    size_t length = make(bytes, "\x35\1\1\x34\1\3\xff", 7);

    memcpy(bytes + 108, "\x3c\x09PXEClient\xff", 12);
    memcpy(bytes + 44, "\x5d\2\0\7", 4); /* no END: the field itself ends it */
    ck_assert_int_eq(dhcp_packet_parse(bytes, length, &packet, NULL), 0);
    ck_assert_int_eq(packet.client, DHCP_CLIENT_PXE);
    ck_assert_int_eq(packet.arch, 7);
    /* Without option 52 they are names, whatever they hold. */
    bytes[240 + 3] = 12;
    ck_assert_int_eq(dhcp_packet_parse(bytes, length, &packet, NULL), 0);
    ck_assert_int_eq(packet.client, DHCP_CLIENT_PLAIN);
    ck_assert_int_eq(packet.arch, -1);
    /* A field that overflows itself. */
    bytes[240 + 3] = 52;
    memset(bytes + 108, 0, 128);
    bytes[108 + 126] = 12;
    bytes[108 + 127] = 1;
    ck_assert_int_eq(dhcp_packet_parse(bytes, length, &packet, NULL), -1);
}
END_TEST

START_TEST(ipxe_is_known_by_its_user_class_in_both_forms)
{
    PARSE("\x35\1\1\x4d\4iPXE\xff", NULL);
    ck_assert(packet.ipxe && packet.client == DHCP_CLIENT_PXE);
    PARSE("\x35\1\1\x4d\x09\3abc\4iPXE\xff", NULL);
    ck_assert(packet.ipxe);
    PARSE("\x35\1\1\x4d\5iPXE2\xff", NULL);
    ck_assert(!packet.ipxe);
    PARSE("\x35\1\1\x4d\4\7iPX\xff", NULL);
    ck_assert(!packet.ipxe);
    PARSE("\x35\1\1\x4d\0\xff", NULL);
    ck_assert(!packet.ipxe);
}
END_TEST

START_TEST(the_architecture_may_come_in_the_class_only)
{
    PARSE("\x35\1\1\x3c\24PXEClient:Arch:00009\xff", NULL);
    ck_assert_int_eq(packet.arch, 9);
    PARSE("\x35\1\1\x3c\23PXEClient:Arch:0000\xff", NULL);
    ck_assert_int_eq(packet.arch, -1);
    PARSE("\x35\1\1\x3c\24PXEClient:Arch:0000x\xff", NULL);
    ck_assert_int_eq(packet.arch, -1);
    PARSE("\x35\1\1\x5d\4\0\7\0\0\xff", NULL);
    ck_assert_int_eq(packet.arch, 7);
}
END_TEST

START_TEST(a_uuid_of_zeros_or_ones_is_none)
{
    ck_assert_int_eq(PARSE("\x35\1\1\x61\21\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff", NULL), 0);
    ck_assert(!packet.has_uuid);
    ck_assert_int_eq(
        PARSE("\x35\1\1\x61\21\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
              "\xff\xff\xff",
              NULL),
        0);
    ck_assert(!packet.has_uuid);
}
END_TEST

static uint8_t out[DHCP_PACKET_MAX];

static size_t answer_to(const uint8_t *bytes, size_t length, const char *file)
{
    struct dhcp_answer answer = {.type = DHCP_OFFER, .file = file};

    answer.server.s_addr = inet_addr("10.77.0.2");
    ck_assert_int_eq(dhcp_packet_parse(bytes, length, &packet, NULL), 0);
    return dhcp_packet_answer(&packet, &answer, out, sizeof(out));
}

static const uint8_t *option_of(size_t length, uint8_t code, uint8_t *ret_length)
{
    for (size_t at = 240; at < length && out[at] != 255;) {
        if (out[at] == 0) {
            at++;
            continue;
        }
        if (out[at] == code) {
            *ret_length = out[at + 1];
            return out + at + 2;
        }
        at += 2u + out[at + 1];
    }
    return NULL;
}

START_TEST(an_offer_to_pxe_has_server_file_and_no_menu)
{
    static const uint8_t wanted[] = {6, 1, 11, 255};
    size_t length = answer_to(OVMF_PXE_DISCOVER, sizeof(OVMF_PXE_DISCOVER), "snponly.efi");
    const uint8_t *value;
    uint8_t size;

    ck_assert_uint_ge(length, 300);
    ck_assert_int_eq(out[0], 2);
    ck_assert_mem_eq(out + 4, OVMF_PXE_DISCOVER + 4, 4);   /* xid */
    ck_assert_mem_eq(out + 10, OVMF_PXE_DISCOVER + 10, 2); /* flags */
    ck_assert_mem_eq(out + 16, "\0\0\0\0", 4);             /* yiaddr: never ours to give */
    ck_assert_mem_eq(out + 20, "\x0a\x4d\0\2", 4);
    ck_assert_str_eq((const char *)out + 108, "snponly.efi");
    value = option_of(length, 60, &size);
    ck_assert(value && size == 9 && memcmp(value, "PXEClient", 9) == 0);
    value = option_of(length, 43, &size);
    ck_assert(value && size == sizeof(wanted) && memcmp(value, wanted, size) == 0);
    value = option_of(length, 97, &size);
    ck_assert(value && size == 17 && memcmp(value + 1, packet.uuid.bytes, 16) == 0);
    value = option_of(length, 54, &size);
    ck_assert(value && size == 4 && memcmp(value, "\x0a\x4d\0\2", 4) == 0);
    value = option_of(length, 53, &size);
    ck_assert(value && size == 1 && *value == DHCP_OFFER);
}
END_TEST

START_TEST(an_offer_to_http_boot_has_its_class_and_no_pxe_options)
{
    size_t length = answer_to(OVMF_HTTP_DISCOVER, sizeof(OVMF_HTTP_DISCOVER),
                              "http://10.77.0.2:8480/boot/loader/snponly.efi");
    const uint8_t *value;
    uint8_t size;

    value = option_of(length, 60, &size);
    ck_assert(value && size == 10 && memcmp(value, "HTTPClient", 10) == 0);
    ck_assert_ptr_null(option_of(length, 43, &size));
}
END_TEST

START_TEST(the_boot_item_a_client_chose_comes_back)
{
    static const uint8_t wanted[] = {6, 1, 11, 71, 4, 0x80, 0, 0, 0, 255};
    uint8_t bytes[DHCP_PACKET_MAX], size;
    const uint8_t *value;
    size_t length =
        make(bytes, "\x35\1\3\x3c\x09PXEClient\x2b\7\x47\4\x80\0\0\0\xff\xff", 3 + 11 + 9 + 1);

    length = answer_to(bytes, length, "x");
    value = option_of(length, 43, &size);
    ck_assert(value && size == sizeof(wanted) && memcmp(value, wanted, size) == 0);
    /* Broken vendor options are not an item. */
    length = make(bytes, "\x35\1\3\x3c\x09PXEClient\x2b\3\x47\4\x80\xff", 3 + 11 + 5 + 1);
    length = answer_to(bytes, length, "x");
    value = option_of(length, 43, &size);
    ck_assert(value && size == 4);
}
END_TEST

START_TEST(a_relays_option_goes_back_to_a_relay_only)
{
    uint8_t bytes[DHCP_PACKET_MAX], size;
    const uint8_t *value;
    size_t length = make(bytes, "\x35\1\1\x3c\x09PXEClient\x52\3\1\1x\xff", 3 + 11 + 5 + 1);

    length = answer_to(bytes, length, "x");
    ck_assert_ptr_null(option_of(length, 82, &size));
    length = make(bytes, "\x35\1\1\x3c\x09PXEClient\x52\3\1\1x\xff", 3 + 11 + 5 + 1);
    memcpy(bytes + 24, "\x0a\0\0\1", 4);
    length = answer_to(bytes, length, "x");
    value = option_of(length, 82, &size);
    ck_assert(value && size == 3 && memcmp(value, "\1\1x", 3) == 0);
    ck_assert_mem_eq(out + 24, "\x0a\0\0\1", 4);
}
END_TEST

START_TEST(an_answer_that_does_not_fit_is_none)
{
    struct dhcp_answer answer = {.type = DHCP_OFFER};
    char file[129];
    size_t whole;

    memset(file, 'x', 128);
    file[128] = '\0';
    whole = answer_to(OVMF_PXE_DISCOVER, sizeof(OVMF_PXE_DISCOVER), "x");
    ck_assert_uint_eq(answer_to(OVMF_PXE_DISCOVER, sizeof(OVMF_PXE_DISCOVER), file), 0);
    answer.file = "x";
    for (size_t room = 0; room < whole; room++) {
        uint8_t *small = malloc(room ? room : 1);

        ck_assert_uint_eq(dhcp_packet_answer(&packet, &answer, small, room), 0);
        free(small);
    }
}
END_TEST

CHECK_MAIN("dhcp_packet", a_header_that_is_not_a_clients_is_refused,
           options_that_are_broken_are_refused_by_name, more_bytes_than_a_frame_are_refused,
           what_real_clients_send_is_understood,
           a_message_cut_at_any_length_is_refused_or_padding_was_cut,
           an_option_in_pieces_is_one_value, overloaded_fields_hold_options_too,
           ipxe_is_known_by_its_user_class_in_both_forms,
           the_architecture_may_come_in_the_class_only, a_uuid_of_zeros_or_ones_is_none,
           an_offer_to_pxe_has_server_file_and_no_menu,
           an_offer_to_http_boot_has_its_class_and_no_pxe_options,
           the_boot_item_a_client_chose_comes_back, a_relays_option_goes_back_to_a_relay_only,
           an_answer_that_does_not_fit_is_none)
