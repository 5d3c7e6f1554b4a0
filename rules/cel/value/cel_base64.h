/* cel_base64.h - RFC 4648 section 4, the alphabet of proto-JSON: written with padding, read with or
 * without it, and in the alphabet of URLs too.
 */
#pragma once

#include <stddef.h>

/* 'out' holds 4 * ((length + 2) / 3). Returns how many it wrote. */
size_t cel_base64_write(const void *bytes, size_t length, char *out);
/* 'out' holds 3 * (length / 4) + 3. Returns how many bytes it wrote; -1: a character that is none
 * of the alphabet, or a length that no bytes have. */
ptrdiff_t cel_base64_read(const char *text, size_t length, void *out);
