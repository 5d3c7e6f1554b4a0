/* text.c - see text.h. */
#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char URL_ALPHABET[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int reserve(struct text *text, size_t more)
{
    size_t need = text->length + more + 1;
    char *bytes;

    if (text->broken)
        return -1;
    if (need <= text->length) { /* wrapped around */
        text->broken = true;
        return -1;
    }
    if (need <= text->room)
        return 0;
    need = need < 2 * text->room ? 2 * text->room : need;
    bytes = realloc(text->bytes, need);
    if (!bytes) {
        text->broken = true;
        return -1;
    }
    text->bytes = bytes;
    text->room = need;
    return 0;
}

void text_append(struct text *text, const void *bytes, size_t length)
{
    if (reserve(text, length) < 0)
        return;
    if (length)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_format(struct text *text, const char *format, ...)
{
    va_list args;
    int need;

    va_start(args, format);
    need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need < 0 || reserve(text, (size_t)need) < 0)
        return;
    va_start(args, format);
    vsnprintf(text->bytes + text->length, (size_t)need + 1, format, args);
    va_end(args);
    text->length += (size_t)need;
}

bool text_ok(const struct text *text)
{
    return !text->broken;
}

const char *text_string(const struct text *text)
{
    return text->bytes ? text->bytes : "";
}

char *text_take(struct text *text)
{
    char *bytes = NULL;

    if (!text->broken)
        bytes = text->bytes ? text->bytes : strdup("");
    else
        free(text->bytes);
    memset(text, 0, sizeof(*text));
    return bytes;
}

void text_clear(struct text *text)
{
    free(text->bytes);
    memset(text, 0, sizeof(*text));
}

bool text_is_utf8(const void *bytes, size_t length)
{
    const unsigned char *p = bytes, *end = p + length;

    while (p < end) {
        unsigned char lead = *p++;
        unsigned more = lead < 0x80                   ? 0
                        : lead >= 0xc2 && lead < 0xe0 ? 1
                        : lead >= 0xe0 && lead < 0xf0 ? 2
                        : lead >= 0xf0 && lead < 0xf5 ? 3
                                                      : 4;

        if (lead == 0 || more == 4 || (size_t)(end - p) < more)
            return false;
        /* The second byte's range depends on the lead: overlong forms, surrogates, the ceiling. */
        if (more && ((lead == 0xe0 && *p < 0xa0) || (lead == 0xed && *p > 0x9f) ||
                     (lead == 0xf0 && *p < 0x90) || (lead == 0xf4 && *p > 0x8f)))
            return false;
        for (; more; more--, p++)
            if ((*p & 0xc0) != 0x80)
                return false;
    }
    return true;
}

/* The length of the UTF-8 sequence at 'p', which NUL ends; 0 when it is none. */
static size_t sequence_at(const char *p)
{
    for (size_t length = 1; length <= 4 && p[length - 1]; length++)
        if (text_is_utf8(p, length))
            return length;
    return 0;
}

const char *text_show(const char *outside, char out[TEXT_SHOW_SIZE])
{
    const size_t keep = TEXT_SHOW_SIZE - sizeof("...");
    size_t used = 0;

    while (*outside) {
        size_t length = sequence_at(outside);
        bool hide = length == 0 || (unsigned char)*outside < 0x20 || *outside == 0x7f ||
                    (length == 2 && *outside == '\xc2' && (unsigned char)outside[1] < 0xa0);

        if (used + (hide ? 1 : length) > keep) {
            memcpy(out + used, "...", sizeof("..."));
            return out;
        }
        memcpy(out + used, hide ? "?" : outside, hide ? 1 : length);
        used += hide ? 1 : length;
        outside += length ? length : 1;
    }
    out[used] = '\0';
    return out;
}

void text_mend_utf8(char *text)
{
    size_t length = strlen(text), back = 0;

    /* The lead byte of the last character is at most four bytes back. */
    while (back < length && back < 4 && (text[length - 1 - back] & 0xc0) == 0x80)
        back++;
    if (back < length && !text_is_utf8(text + length - 1 - back, back + 1))
        text[length - 1 - back] = '\0';
}

void text_hex(const void *bytes, size_t length, char *out)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < length; i++) {
        out[2 * i] = "0123456789abcdef"[p[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
    }
    out[2 * length] = '\0';
}

int text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int text_unpercent(const char *from, size_t length, char *out, size_t room)
{
    size_t at = 0;

    for (size_t i = 0; i < length; i++) {
        int c = (unsigned char)from[i];

        if (c == '%') {
            int high = i + 2 < length ? text_hex_digit(from[i + 1]) : -1;
            int low = i + 2 < length ? text_hex_digit(from[i + 2]) : -1;

            if (high < 0 || low < 0)
                return -1;
            c = high * 16 + low;
            i += 2;
        }
        if (at + 1 >= room || c < ' ' || c == 127)
            return -1;
        out[at++] = (char)c;
    }
    if (room == 0)
        return -1;
    out[at] = '\0';
    return text_is_utf8(out, at) ? (int)at : -1;
}

int text_unhex(const char *hex, void *out, size_t length)
{
    unsigned char *p = out;

    if (strlen(hex) != 2 * length)
        return -1;
    for (size_t i = 0; i < 2 * length; i++)
        if (text_hex_digit(hex[i]) < 0)
            return -1;
    for (size_t i = 0; i < length; i++)
        p[i] = (unsigned char)(text_hex_digit(hex[2 * i]) << 4 | text_hex_digit(hex[2 * i + 1]));
    return 0;
}

void text_base64url(const void *bytes, size_t length, char *out)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        unsigned group = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) |
                         (left > 2 ? (unsigned)p[i + 2] : 0);

        *out++ = URL_ALPHABET[group >> 18];
        *out++ = URL_ALPHABET[group >> 12 & 63];
        if (left > 1)
            *out++ = URL_ALPHABET[group >> 6 & 63];
        if (left > 2)
            *out++ = URL_ALPHABET[group & 63];
    }
    *out = '\0';
}

int text_unbase64url(const char *in, void *out, size_t room)
{
    unsigned char *p = out;
    unsigned group = 0, bits = 0;
    size_t count = 0;

    for (; *in; in++) {
        const char *at = strchr(URL_ALPHABET, *in);

        if (!at)
            return -1;
        group = group << 6 | (unsigned)(at - URL_ALPHABET);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            if (count == room)
                return -1;
            p[count++] = (unsigned char)(group >> bits);
        }
    }
    /* The bits that fill the last character are zero, so that bytes have one spelling. */
    return bits >= 6 || (group & ((1U << bits) - 1)) ? -1 : (int)count;
}

size_t text_room(const char *string)
{
    return string ? strlen(string) + 1 : 0;
}

const char *text_pack(char **at, const char *string)
{
    char *copy = *at;

    if (!string)
        return NULL;
    *at = stpcpy(copy, string) + 1;
    return copy;
}
