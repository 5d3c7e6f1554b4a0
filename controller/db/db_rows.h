/* db_rows.h - what a query answered, in binary form; owned by who asked (db.h).
 * A column is named by its position, from 0. A null reads as NULL, 0, false, the nil UUID. Borrowed
 * pointers live as long as the rows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db_rows;

size_t db_rows_count(const struct db_rows *rows);
void db_rows_destroy(struct db_rows *rows); /* NULL is fine */

bool db_is_null(const struct db_rows *rows, size_t row, int column);
/* text, name, jsonb, json */
const char *db_text(const struct db_rows *rows, size_t row, int column);
/* int2, int4, int8 */
int64_t db_int(const struct db_rows *rows, size_t row, int column);
bool db_bool(const struct db_rows *rows, size_t row, int column);
struct uuid db_uuid(const struct db_rows *rows, size_t row, int column);
struct mac db_mac(const struct db_rows *rows, size_t row, int column);
/* Unix microseconds; INT64_MIN for null. */
int64_t db_time(const struct db_rows *rows, size_t row, int column);
const uint8_t *db_blob(const struct db_rows *rows, size_t row, int column, size_t *ret_length);
/* A key or a digest: false when it is null or not of 32 bytes, and 'out' is as it was. */
bool db_blob32(const struct db_rows *rows, size_t row, int column, uint8_t out[32]);
