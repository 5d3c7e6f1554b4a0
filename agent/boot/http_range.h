/* http_range.h - what part of a file a GET asks for (RFC 9110 sections 13 and 14): one byte range,
 * and whether the client has it already. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum http_range { HTTP_RANGE_WHOLE, HTTP_RANGE_PART, HTTP_RANGE_UNSATISFIABLE };

/* 'header' is the value of Range, or NULL. What is malformed, of another unit, or names several
 * ranges is answered with the whole, as RFC 9110 lets us. *ret_offset and *ret_length are always
 * set. */
enum http_range http_range_read(const char *header, uint64_t size, uint64_t *ret_offset,
                                uint64_t *ret_length);

/* Whether 'etag' (with its quotes) stands in the list of an If-None-Match, or the list is "*". */
bool http_etag_listed(const char *header, const char *etag);
