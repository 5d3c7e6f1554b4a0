/* http_file.h - answering one GET or HEAD with a file: from memory, from a path, or from a path
 * with a tail behind it. ETag, If-None-Match, Range and If-Range as RFC 9110 has them.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All pointers are needed until http_file_answer() returns; 'bytes' for as long as the server runs.
 */
struct http_file {
    const char *path; /* NULL: 'bytes' */
    const uint8_t *bytes;
    size_t length;
    const uint8_t *tail; /* behind the file, which is padded with zeros to a multiple of 4 */
    size_t tail_length;
    char etag[160]; /* with its quotes */
};

struct http_file_served {
    uint64_t size; /* of the whole file */
    bool to_end;   /* this answer carries its last byte */
};

/* 200, 206, 304, 416, or 404 when the file cannot be read (which is logged). */
enum MHD_Result http_file_answer(struct MHD_Connection *connection, const struct http_file *file,
                                 struct http_file_served *ret_served);
