/* db_params.c - see db_params.h. The formats are PostgreSQL's send/receive functions: integers
 * big-endian, timestamps in microseconds since 2000-01-01 UTC, an array as dimensions, a null flag,
 * the element's type, length, lower bound, then each element behind its length. */
#include "controller/db/db_params.h"

#include <endian.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/db/db.h"

#define EPOCH_2000_US INT64_C(946684800000000)

/* Types by their fixed object ids (pg_type.dat). */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_TEXT = 25,
    OID_MACADDR = 829,
    OID_BYTEA_ARRAY = 1001,
    OID_TEXT_ARRAY = 1009,
    OID_INT8_ARRAY = 1016,
    OID_TIMESTAMPTZ = 1184,
    OID_TIMESTAMPTZ_ARRAY = 1185,
    OID_UUID = 2950,
    OID_UUID_ARRAY = 2951,
    OID_JSONB = 3802,
};

/* A NULL 'value' is null. 'length' is at most INT_MAX: strings of ours are capped far below. */
static void put(struct db_params *params, unsigned oid, const void *value, size_t length)
{
    int at = params->count++;

    params->oids[at] = oid;
    params->values[at] = value;
    params->lengths[at] = (int)length;
    params->formats[at] = oid != OID_JSONB;
}

static void put_integer(struct db_params *params, unsigned oid, int64_t value)
{
    uint8_t *scratch = params->scratch[params->count];
    uint64_t big = htobe64((uint64_t)value);

    memcpy(scratch, &big, 8);
    put(params, oid, scratch, 8);
}

static void put_time(struct db_params *params, int64_t unix_us)
{
    if (unix_us == INT64_MIN)
        put(params, OID_TIMESTAMPTZ, NULL, 0);
    else
        put_integer(params, OID_TIMESTAMPTZ, unix_us - EPOCH_2000_US);
}

static void put_bool(struct db_params *params, int value)
{
    uint8_t *scratch = params->scratch[params->count];

    scratch[0] = value != 0;
    put(params, OID_BOOL, scratch, 1);
}

static void append_int32(struct text *text, uint32_t value)
{
    uint32_t big = htobe32(value);

    text_append(text, &big, sizeof(big));
}

static void begin_array(struct text *text, unsigned element_oid, size_t count)
{
    append_int32(text, count > 0); /* dimensions */
    append_int32(text, 1);         /* nulls may come */
    append_int32(text, element_oid);
    if (count > 0) {
        append_int32(text, (uint32_t)count);
        append_int32(text, 1);
    }
}

static void append_element(struct text *text, const void *bytes, size_t length)
{
    if (!bytes) {
        append_int32(text, UINT32_MAX);
        return;
    }
    if (length > INT_MAX)
        text->broken = true;
    append_int32(text, (uint32_t)length);
    text_append(text, bytes, length);
}

static void append_integer(struct text *text, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);

    append_element(text, &big, sizeof(big));
}

static void append_elements(struct text *text, char type, const void *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (type == 'S') {
            const char *string = ((const char *const *)items)[i];

            append_element(text, string, string ? strlen(string) : 0);
        } else if (type == 'U') {
            const struct uuid *uuid = (const struct uuid *)items + i;

            append_element(text, uuid_is_nil(uuid) ? NULL : uuid->bytes, sizeof(uuid->bytes));
        } else if (type == 'Y') {
            const struct db_bytes *bytes = (const struct db_bytes *)items + i;

            append_element(text, bytes->bytes, bytes->length);
        } else {
            int64_t value = ((const int64_t *)items)[i];

            if (type == 'T' && value == INT64_MIN)
                append_element(text, NULL, 0);
            else
                append_integer(text, type == 'T' ? value - EPOCH_2000_US : value);
        }
    }
}

static int put_array(struct db_params *params, char type, const void *items, size_t count,
                     struct error *err)
{
    static const struct {
        char type;
        unsigned element, array;
    } arrays[] = {{'S', OID_TEXT, OID_TEXT_ARRAY},
                  {'U', OID_UUID, OID_UUID_ARRAY},
                  {'I', OID_INT8, OID_INT8_ARRAY},
                  {'T', OID_TIMESTAMPTZ, OID_TIMESTAMPTZ_ARRAY},
                  {'Y', OID_BYTEA, OID_BYTEA_ARRAY}};
    struct text text = {0};
    size_t i = 0;

    while (arrays[i].type != type)
        i++;
    begin_array(&text, arrays[i].element, count);
    append_elements(&text, type, items, count);
    if (!text_ok(&text) || text.length > INT_MAX || count > INT_MAX) {
        text_clear(&text);
        return error_set(err, "an array of %zu elements does not fit into one statement", count);
    }
    put(params, arrays[i].array, text.bytes, text.length);
    params->owned[params->count - 1] = text_take(&text);
    return 0;
}

static int put_bytes(struct db_params *params, const void *bytes, size_t length, struct error *err)
{
    if (length > INT_MAX)
        return error_set_code(err, ERROR_INVALID, "%zu bytes do not fit into one column", length);
    put(params, OID_BYTEA, bytes, length);
    return 0;
}

static int read_one(struct db_params *params, char type, va_list *args, struct error *err)
{
    const char *string;
    const struct uuid *uuid;
    const struct mac *mac;
    const void *bytes;
    size_t count;

    switch (type) {
    case 's':
    case 'j':
        string = va_arg(*args, const char *);
        put(params, type == 's' ? OID_TEXT : OID_JSONB, string, string ? strlen(string) : 0);
        return 0;
    case 'u':
        uuid = va_arg(*args, const struct uuid *);
        put(params, OID_UUID, uuid, sizeof(*uuid));
        return 0;
    case 'm':
        mac = va_arg(*args, const struct mac *);
        put(params, OID_MACADDR, mac, sizeof(*mac));
        return 0;
    case 'i':
        put_integer(params, OID_INT8, va_arg(*args, int64_t));
        return 0;
    case 't':
        put_time(params, va_arg(*args, int64_t));
        return 0;
    case 'b':
        put_bool(params, va_arg(*args, int));
        return 0;
    case 'y':
        bytes = va_arg(*args, const void *);
        return put_bytes(params, bytes, va_arg(*args, size_t), err);
    case 'S':
    case 'U':
    case 'I':
    case 'T':
    case 'Y':
        count = va_arg(*args, size_t);
        return put_array(params, type, va_arg(*args, const void *), count, err);
    default:
        return error_set(err, "'%c' is no letter of a parameter", type);
    }
}

int db_params_read(struct db_params *params, const char *types, va_list args, struct error *err)
{
    va_list copy;
    int rc = 0;

    memset(params, 0, sizeof(*params));
    if (strlen(types) > DB_PARAMS_MAX)
        return error_set(err, "a statement has at most %d parameters", DB_PARAMS_MAX);
    va_copy(copy, args);
    for (; rc == 0 && *types; types++)
        rc = read_one(params, *types, &copy, err);
    va_end(copy);
    if (rc < 0)
        db_params_clear(params);
    return rc;
}

void db_params_clear(struct db_params *params)
{
    for (int i = 0; i < params->count; i++)
        free(params->owned[i]);
    params->count = 0;
}
