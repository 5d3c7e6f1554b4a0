/* frame.h - pack and unpack the messages of fleet.proto with limits: a frame is at most FRAME_MAX
 * bytes, the allocator of an unpack is bounded to a multiple of it, and strings must be UTF-8.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "proto/fleet.pb-c.h"

struct error;

#define FRAME_MAX 65536
#define PROTOCOL_VERSION 1

/* Caller frees *ret_bytes. What is no UTF-8 in its strings goes out as '?'. */
int message_pack(const ProtobufCMessage *message, uint8_t **ret_bytes, size_t *ret_length,
                 struct error *err);
/* NULL: malformed, too large, or a string is not UTF-8 (ERROR_INVALID); or no memory to read it
 * with (ERROR_UNAVAILABLE), which says nothing about the message. Free with message_free(). */
void *message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t length,
                     struct error *err);
void message_free(void *message);

/* A bytes field that must be a UUID: 0, or -1 naming 'field'. */
int message_uuid(const ProtobufCBinaryData *data, const char *field, struct uuid *ret_uuid,
                 struct error *err);
/* Borrow a UUID's bytes as a bytes field. */
ProtobufCBinaryData message_from_uuid(const struct uuid *uuid);
