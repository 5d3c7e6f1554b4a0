/* csv.h - comma-separated values, read record by record out of one buffer. Spec: RFC 4180; lines
 * may end in LF alone, empty ones are passed over, text is UTF-8, a byte order mark may lead.
 */
#pragma once

#include <stddef.h>

struct error;

#define CSV_FIELDS_MAX 128

struct csv {
    char *at, *end;               /* of the caller's buffer, which is written to, *end too */
    char *line_begin;             /* of the line that 'at' is in */
    size_t next_line;             /* its number, 1 at first */
    char *fields[CSV_FIELDS_MAX]; /* of the record read last, NUL behind each */
    size_t count, line;           /* how many, and on which line it began */
};

/* 'bytes' is borrowed and has a byte of room behind 'length'. */
void csv_open(struct csv *csv, char *bytes, size_t length);
/* 1: a record; 0: the end; -1: "line:column: what is wrong", columns in bytes from 1. */
int csv_next(struct csv *csv, struct error *err);
