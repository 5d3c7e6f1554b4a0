/* db_params.h - the parameters of one statement in PostgreSQL's binary formats, from the letters
 * that db.h describes. Values of scalar pointers are borrowed from the caller until the statement
 * ran; arrays are encoded into memory of their own.
 */
#pragma once

#include <stdarg.h>
#include <stdint.h>

struct error;

#define DB_PARAMS_MAX 48 /* the widest table has 36 columns */

struct db_params {
    int count;
    unsigned oids[DB_PARAMS_MAX];
    const char *values[DB_PARAMS_MAX];
    int lengths[DB_PARAMS_MAX];
    int formats[DB_PARAMS_MAX];
    uint8_t scratch[DB_PARAMS_MAX][8];
    char *owned[DB_PARAMS_MAX];
};

/* Zeroes 'params' first. On -1 there is nothing to clear. */
int db_params_read(struct db_params *params, const char *types, va_list args, struct error *err);
void db_params_clear(struct db_params *params);
