/* text.h - a growing string, and the few encodings every room needs.
 * A failed allocation marks the text as broken: appends do nothing and text_ok() tells once at the
 * end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes; /* owned, NUL-terminated; NULL while empty */
    size_t length;
    size_t room;
    bool broken;
};

void text_append(struct text *text, const void *bytes, size_t length);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool text_ok(const struct text *text);
const char *text_string(const struct text *text); /* "" while empty; borrowed */
char *
text_take(struct text *text); /* the caller's, free(); NULL when broken; text is empty again */
void text_clear(struct text *text); /* frees */

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. NUL is refused too. */
bool text_is_utf8(const void *bytes, size_t length);
/* After a cut to a fixed size: takes off the part of a character that is left at the end. */
void text_mend_utf8(char *text);

/* A copy of outside text for a message: control characters and broken UTF-8 become '?', and what is
 * longer than fits ends in "...". */
#define TEXT_SHOW_SIZE 68
const char *text_show(const char *outside, char out[TEXT_SHOW_SIZE]);

/* Lower-case hex. 'out' holds 2 * length + 1. */
void text_hex(const void *bytes, size_t length, char *out);
int text_hex_digit(char c); /* 0 to 15; -1: it is none */
/* Exactly 'length' bytes from 2 * length hex digits; 0 or -1. */
int text_unhex(const char *hex, void *out, size_t length);
/* RFC 3986: %XX become bytes; 'out', which may be 'from', holds 'room' with its NUL. Returns how
 * many bytes it wrote, or -1: a bad escape, a control character, no UTF-8, or more than fits. */
int text_unpercent(const char *from, size_t length, char *out, size_t room);
/* RFC 4648 section 5 (URL alphabet), no padding. 'out' holds 4 * ((length + 2) / 3) + 1. */
void text_base64url(const void *bytes, size_t length, char *out);
/* Returns the number of bytes, or -1 (foreign character, or more than 'room'). */
int text_unbase64url(const char *in, void *out, size_t room);

/* Strings that live in one block: what a string takes (NULL: nothing), and its copy at *at, which
 * moves behind it. */
size_t text_room(const char *string);
const char *text_pack(char **at, const char *string);
