/* frame.c - see frame.h. protobuf-c 1.4 unpacks; what it is lenient about is refused before it
 * runs: wire_check() walks the raw bytes along the descriptor (encoding:
 * protobuf.dev/programming-guides/encoding). Invariant: an unpacked message has UTF-8 strings
 * without NUL, each singular field at most once, and took at most UNPACK_MAX bytes.
 */
#include "proto/frame.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"

/* 64 KiB of two-byte empty submessages would become megabytes of structs; nothing we send comes
 * near. */
#define UNPACK_MAX (8 * (size_t)FRAME_MAX)

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LENGTH = 2, WIRE_32 = 5 };

struct cursor {
    const uint8_t *at, *end;
};

struct wire_field {
    uint32_t number;
    unsigned type;
    struct cursor body; /* WIRE_LENGTH */
};

static int read_varint(struct cursor *cursor, uint64_t *ret)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
        uint8_t byte = *cursor->at++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret = value;
            return 0;
        }
    }
    return -1;
}

static int skip(struct cursor *cursor, uint64_t count)
{
    if (count > (uint64_t)(cursor->end - cursor->at))
        return -1;
    cursor->at += count;
    return 0;
}

static int read_field(struct cursor *cursor, struct wire_field *ret)
{
    uint64_t value;

    if (read_varint(cursor, &value) < 0 || value >> 3 == 0 || value >> 3 > (1u << 29) - 1)
        return -1;
    ret->number = (uint32_t)(value >> 3);
    ret->type = (unsigned)(value & 7);
    ret->body.at = ret->body.end = cursor->at;
    switch (ret->type) {
    case WIRE_VARINT:
        return read_varint(cursor, &value);
    case WIRE_64:
        return skip(cursor, 8);
    case WIRE_32:
        return skip(cursor, 4);
    case WIRE_LENGTH:
        if (read_varint(cursor, &value) < 0)
            return -1;
        ret->body.at = cursor->at;
        if (skip(cursor, value) < 0)
            return -1;
        ret->body.end = cursor->at;
        return 0;
    default: /* groups do not exist in proto3 */
        return -1;
    }
}

/* A singular field twice would be merged, a oneof twice replaced: two readings of the same signed
 * bytes. */
static int note_seen(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field,
                     bool *seen, struct error *err)
{
    bool in_oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return 0;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *other = type->fields + i;

        if (!seen[i])
            continue;
        if (other == field || (in_oneof && (other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
                               other->quantifier_offset == field->quantifier_offset))
            return error_set_code(err, ERROR_INVALID, "%s.%s is there twice", type->short_name,
                                  field->name);
    }
    seen[field - type->fields] = true;
    return 0;
}

/* Depth is bounded by the schema, in which no message holds itself. */
static int wire_check(const ProtobufCMessageDescriptor *type, struct cursor cursor,
                      struct error *err)
{
    bool seen[64] = {false}; /* BootTask, the widest, has 22 fields */
    struct wire_field wire;

    if (type->n_fields > sizeof(seen))
        return error_set(err, "%s has more fields than frame.c can watch", type->short_name);
    while (cursor.at < cursor.end) {
        const ProtobufCFieldDescriptor *field;

        if (read_field(&cursor, &wire) < 0)
            return error_set_code(err, ERROR_INVALID, "%s malformed", type->short_name);
        field = protobuf_c_message_descriptor_get_field(type, wire.number);
        if (!field)
            continue; /* a newer peer's */
        if (note_seen(type, field, seen, err) < 0)
            return -1;
        if (wire.type != WIRE_LENGTH)
            continue;
        if (field->type == PROTOBUF_C_TYPE_STRING &&
            !text_is_utf8(wire.body.at, (size_t)(wire.body.end - wire.body.at)))
            return error_set_code(err, ERROR_INVALID, "%s.%s is not UTF-8 text", type->short_name,
                                  field->name);
        if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
            wire_check(field->descriptor, wire.body, err) < 0)
            return -1;
    }
    return 0;
}

static void mend_text(uint8_t *text, size_t length)
{
    for (size_t i = 0, take; i < length; i += take) {
        for (take = 1; take <= 4 && take <= length - i; take++)
            if (text_is_utf8(text + i, take))
                break;
        if (take > 4 || take > length - i) {
            text[i] = '?';
            take = 1;
        }
    }
}

/* Words that were cut within a character, or came from a BMC, must not cost the message they are
 * in: the other end refuses it whole. Lengths stay. */
static void mend(const ProtobufCMessageDescriptor *type, uint8_t *bytes, size_t length)
{
    struct cursor cursor = {bytes, bytes + length};
    struct wire_field wire;

    while (cursor.at < cursor.end && read_field(&cursor, &wire) == 0) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(type, wire.number);
        uint8_t *body = bytes + (wire.body.at - bytes);
        size_t size = (size_t)(wire.body.end - wire.body.at);

        if (!field || wire.type != WIRE_LENGTH)
            continue;
        if (field->type == PROTOBUF_C_TYPE_STRING)
            mend_text(body, size);
        else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            mend(field->descriptor, body, size);
    }
}

struct bound {
    size_t left;
    bool no_memory; /* the box's, which says nothing about the message */
};

static void *bounded_alloc(void *data, size_t size)
{
    struct bound *bound = data;
    void *block;

    if (size > bound->left)
        return NULL;
    bound->left -= size;
    block = malloc(size ? size : 1);
    bound->no_memory = bound->no_memory || !block;
    return block;
}

static void bounded_free(void *data, void *pointer)
{
    (void)data; /* what was freed is not given back: the bound is on all that was ever asked for */
    free(pointer);
}

int message_pack(const ProtobufCMessage *message, uint8_t **ret_bytes, size_t *ret_length,
                 struct error *err)
{
    size_t length = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes;

    if (length > FRAME_MAX)
        return error_set_code(err, ERROR_INVALID, "%s of %zu bytes: at most %d are sent",
                              message->descriptor->short_name, length, FRAME_MAX);
    bytes = malloc(length ? length : 1);
    if (!bytes)
        return error_no_memory(err);
    *ret_length = protobuf_c_message_pack(message, bytes);
    mend(message->descriptor, bytes, *ret_length);
    *ret_bytes = bytes;
    return 0;
}

void *message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t length,
                     struct error *err)
{
    struct bound bound = {.left = UNPACK_MAX};
    ProtobufCAllocator allocator = {bounded_alloc, bounded_free, &bound};
    struct cursor all = {bytes, length > 0 ? (const uint8_t *)bytes + length : bytes};
    ProtobufCMessage *message;

    if (length > FRAME_MAX) {
        error_set_code(err, ERROR_INVALID, "%s of %zu bytes: at most %d are read", type->short_name,
                       length, FRAME_MAX);
        return NULL;
    }
    if (length > 0 && wire_check(type, all, err) < 0)
        return NULL;
    message = protobuf_c_message_unpack(type, &allocator, length, bytes);
    if (!message && bound.no_memory)
        error_no_memory(err);
    else if (!message)
        error_set_code(err, ERROR_INVALID, "%s malformed, or too many parts", type->short_name);
    return message;
}

void message_free(void *message)
{
    if (message)
        protobuf_c_message_free_unpacked(message, NULL);
}

int message_uuid(const ProtobufCBinaryData *data, const char *field, struct uuid *ret_uuid,
                 struct error *err)
{
    if (data->len != sizeof(ret_uuid->bytes))
        return error_set_code(err, ERROR_INVALID, "%s holds %zu bytes: a UUID has 16", field,
                              data->len);
    memcpy(ret_uuid->bytes, data->data, sizeof(ret_uuid->bytes));
    return 0;
}

ProtobufCBinaryData message_from_uuid(const struct uuid *uuid)
{
    return (ProtobufCBinaryData){sizeof(uuid->bytes), (uint8_t *)uuid->bytes};
}
