/* db_rows.c - what a statement answered, in binary form. Positions are the caller's own
 * statement's, so one that is not there is a mistake of ours: it reads as null. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db_inside.h"
#include "controller/db/db_rows.h"

#define EPOCH_2000_US INT64_C(946684800000000)
#define OID_JSONB 3802

struct db_rows {
    PGresult *result;
};

struct db_rows *db_rows_create(PGresult *result, struct error *err)
{
    struct db_rows *rows = calloc(1, sizeof(*rows));

    if (!rows) {
        PQclear(result);
        error_no_memory(err);
        return NULL;
    }
    rows->result = result;
    return rows;
}

void db_rows_destroy(struct db_rows *rows)
{
    if (!rows)
        return;
    PQclear(rows->result);
    free(rows);
}

size_t db_rows_count(const struct db_rows *rows)
{
    return (size_t)PQntuples(rows->result);
}

bool db_is_null(const struct db_rows *rows, size_t row, int column)
{
    return row >= db_rows_count(rows) || column >= PQnfields(rows->result) ||
           PQgetisnull(rows->result, (int)row, column);
}

/* NULL unless the value is there and, when 'length' is not 0, of that length. */
static const char *value_of(const struct db_rows *rows, size_t row, int column, int length)
{
    if (db_is_null(rows, row, column))
        return NULL;
    if (length && PQgetlength(rows->result, (int)row, column) != length)
        return NULL;
    return PQgetvalue(rows->result, (int)row, column);
}

const char *db_text(const struct db_rows *rows, size_t row, int column)
{
    const char *value = value_of(rows, row, column, 0);

    /* jsonb has a version byte in front. */
    return value && PQftype(rows->result, column) == OID_JSONB ? value + 1 : value;
}

int64_t db_int(const struct db_rows *rows, size_t row, int column)
{
    const char *value = value_of(rows, row, column, 0);
    uint16_t two;
    uint32_t four;
    uint64_t eight;

    if (!value)
        return 0;
    switch (PQgetlength(rows->result, (int)row, column)) {
    case 2:
        memcpy(&two, value, 2);
        return (int16_t)be16toh(two);
    case 4:
        memcpy(&four, value, 4);
        return (int32_t)be32toh(four);
    case 8:
        memcpy(&eight, value, 8);
        return (int64_t)be64toh(eight);
    default:
        return 0;
    }
}

bool db_bool(const struct db_rows *rows, size_t row, int column)
{
    const char *value = value_of(rows, row, column, 1);

    return value && *value;
}

struct uuid db_uuid(const struct db_rows *rows, size_t row, int column)
{
    const char *value = value_of(rows, row, column, 16);
    struct uuid uuid = {0};

    if (value)
        memcpy(uuid.bytes, value, sizeof(uuid.bytes));
    return uuid;
}

struct mac db_mac(const struct db_rows *rows, size_t row, int column)
{
    const char *value = value_of(rows, row, column, 6);
    struct mac mac = {0};

    if (value)
        memcpy(mac.bytes, value, sizeof(mac.bytes));
    return mac;
}

int64_t db_time(const struct db_rows *rows, size_t row, int column)
{
    const char *value = value_of(rows, row, column, 8);
    uint64_t big;

    if (!value)
        return INT64_MIN;
    memcpy(&big, value, 8);
    return (int64_t)be64toh(big) + EPOCH_2000_US;
}

const uint8_t *db_blob(const struct db_rows *rows, size_t row, int column, size_t *ret_length)
{
    const char *value = value_of(rows, row, column, 0);

    *ret_length = value ? (size_t)PQgetlength(rows->result, (int)row, column) : 0;
    return (const uint8_t *)value;
}

bool db_blob32(const struct db_rows *rows, size_t row, int column, uint8_t out[32])
{
    size_t length;
    const uint8_t *bytes = db_blob(rows, row, column, &length);

    if (!bytes || length != 32)
        return false;
    memcpy(out, bytes, 32);
    return true;
}
