/* Reading and writing of TFTP messages. Every string is looked for inside the packet only. */
#include "agent/boot/tftp_packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/error.h"

enum { OPTIONS_MAX = 16 };

static uint16_t read16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void write16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* The next NUL-terminated string at *at, or NULL when the packet ends before its NUL. */
static const char *next_string(const uint8_t *bytes, size_t length, size_t *at)
{
    const char *text = (const char *)bytes + *at;
    const uint8_t *end = *at < length ? memchr(bytes + *at, 0, length - *at) : NULL;

    if (!end)
        return NULL;
    *at = (size_t)(end - bytes) + 1;
    return text;
}

/* -1: no plain decimal, or outside min..max. */
static int64_t number_within(const char *text, int64_t min, int64_t max)
{
    int64_t value = 0;

    if (!*text || strlen(text) > 15)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        value = value * 10 + *text - '0';
    }
    return value >= min && value <= max ? value : -1;
}

/* RFC 2347: an option that is unknown or has a value we cannot take is left out of the answer. */
static void read_option(struct tftp_packet *packet, const char *name, const char *value)
{
    int64_t number;

    if (strcasecmp(name, "blksize") == 0 && (number = number_within(value, 8, 65464)) > 0)
        packet->blksize = (unsigned)number;
    else if (strcasecmp(name, "timeout") == 0 && (number = number_within(value, 1, 255)) > 0)
        packet->timeout_s = (unsigned)number;
    else if (strcasecmp(name, "windowsize") == 0 && (number = number_within(value, 1, 65535)) > 0)
        packet->windowsize = (unsigned)number;
    else if (strcasecmp(name, "tsize") == 0)
        packet->tsize = number_within(value, 0, INT64_MAX);
}

static int read_request(const uint8_t *bytes, size_t length, struct tftp_packet *packet,
                        struct error *err)
{
    size_t at = 2;
    const char *file, *mode, *name, *value;

    if (length > TFTP_REQUEST_MAX)
        return error_set_code(err, ERROR_INVALID, "a request of %zu bytes, at most %d are read",
                              length, TFTP_REQUEST_MAX);
    file = next_string(bytes, length, &at);
    mode = file ? next_string(bytes, length, &at) : NULL;
    if (!mode)
        return error_set_code(err, ERROR_INVALID, "a request cut short");
    if (strcasecmp(mode, "octet") != 0)
        return error_set_code(err, ERROR_INVALID, "transfer mode is not octet");
    snprintf(packet->file, sizeof(packet->file), "%s", file);
    for (size_t count = 0; at < length; count++) {
        name = next_string(bytes, length, &at);
        value = name ? next_string(bytes, length, &at) : NULL;
        if (!value)
            return error_set_code(err, ERROR_INVALID, "an option cut short");
        if (count == OPTIONS_MAX)
            return error_set_code(err, ERROR_INVALID, "more than %d options", OPTIONS_MAX);
        read_option(packet, name, value);
    }
    return 0;
}

int tftp_packet_parse(const uint8_t *bytes, size_t length, struct tftp_packet *ret_packet,
                      struct error *err)
{
    struct tftp_packet packet = {.tsize = -1};

    if (length < 4)
        return error_set_code(err, ERROR_INVALID, "%zu bytes, a TFTP message has at least 4",
                              length);
    packet.opcode = read16(bytes);
    switch (packet.opcode) {
    case TFTP_RRQ:
    case TFTP_WRQ:
        if (read_request(bytes, length, &packet, err) < 0)
            return -1;
        break;
    case TFTP_ACK:
    case TFTP_ERROR:
        packet.number = read16(bytes + 2);
        break;
    default:
        return error_set_code(err, ERROR_INVALID, "opcode %u is not a client's",
                              (unsigned)packet.opcode);
    }
    *ret_packet = packet;
    return 0;
}

size_t tftp_packet_error(enum tftp_error code, const char *message, uint8_t *out, size_t room)
{
    size_t length = strlen(message) + 1;

    if (room < 4 || room - 4 < length)
        return 0;
    write16(out, TFTP_ERROR);
    write16(out + 2, (uint16_t)code);
    memcpy(out + 4, message, length);
    return 4 + length;
}

/* Appends "name\0value\0"; 0 when it does not fit. */
static size_t put_option(uint8_t *out, size_t room, size_t at, const char *name, int64_t value)
{
    char number[24];
    size_t name_size = strlen(name) + 1, number_size;

    snprintf(number, sizeof(number), "%lld", (long long)value);
    number_size = strlen(number) + 1;
    if (at == 0 || room - at < name_size + number_size)
        return 0;
    memcpy(out + at, name, name_size);
    memcpy(out + at + name_size, number, number_size);
    return at + name_size + number_size;
}

size_t tftp_packet_oack(const struct tftp_packet *granted, uint8_t *out, size_t room)
{
    size_t at = 2;

    if (room < 2)
        return 0;
    write16(out, TFTP_OACK);
    if (granted->blksize)
        at = put_option(out, room, at, "blksize", granted->blksize);
    if (granted->timeout_s)
        at = put_option(out, room, at, "timeout", granted->timeout_s);
    if (granted->windowsize)
        at = put_option(out, room, at, "windowsize", granted->windowsize);
    if (granted->tsize >= 0)
        at = put_option(out, room, at, "tsize", granted->tsize);
    return at;
}

size_t tftp_packet_data(uint16_t block, const uint8_t *bytes, size_t length, uint8_t *out,
                        size_t room)
{
    if (room < 4 || room - 4 < length)
        return 0;
    write16(out, TFTP_DATA);
    write16(out + 2, block);
    if (length)
        memcpy(out + 4, bytes, length);
    return 4 + length;
}
