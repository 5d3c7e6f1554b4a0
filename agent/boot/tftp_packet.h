/* tftp_packet.h - TFTP messages as bytes. Pure. RFC 1350, 2347 (options), 2348 (blksize), 2349
 * (timeout, tsize), 7440 (windowsize). Reading only: we serve loaders, we take nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define TFTP_REQUEST_MAX 512 /* RFC 2347 */

enum tftp_opcode {
    TFTP_RRQ = 1,
    TFTP_WRQ = 2,
    TFTP_DATA = 3,
    TFTP_ACK = 4,
    TFTP_ERROR = 5,
    TFTP_OACK = 6,
};

enum tftp_error {
    TFTP_ERROR_OTHER = 0,
    TFTP_ERROR_NOT_FOUND = 1,
    TFTP_ERROR_ACCESS = 2,
    TFTP_ERROR_ILLEGAL = 4,
    TFTP_ERROR_OPTION = 8,
};

struct tftp_packet {
    enum tftp_opcode opcode;
    /* RRQ, WRQ: 0 means the option is absent; tsize -1. Out of its RFC's range: absent too. */
    char file[TFTP_REQUEST_MAX];
    unsigned blksize, timeout_s, windowsize;
    int64_t tsize;
    /* ACK: block; ERROR: code */
    uint16_t number;
};

/* A client's message: RRQ, WRQ, ACK or ERROR. 'ret_packet' is written on success only. */
int tftp_packet_parse(const uint8_t *bytes, size_t length, struct tftp_packet *ret_packet,
                      struct error *err);

/* Each returns the length, or 0 when it does not fit. */
size_t tftp_packet_error(enum tftp_error code, const char *message, uint8_t *out, size_t room);
/* The options of 'granted' that are not absent, as an OACK. */
size_t tftp_packet_oack(const struct tftp_packet *granted, uint8_t *out, size_t room);
size_t tftp_packet_data(uint16_t block, const uint8_t *bytes, size_t length, uint8_t *out,
                        size_t room);
