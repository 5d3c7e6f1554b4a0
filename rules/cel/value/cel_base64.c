/* cel_base64.c - see cel_base64.h. */
#include "rules/cel/value/cel_base64.h"

#include <stdint.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t cel_base64_write(const void *bytes, size_t length, char *out)
{
    const unsigned char *in = bytes;
    char *at = out;

    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t word = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                        (left > 2 ? in[i + 2] : 0);

        *at++ = ALPHABET[word >> 18];
        *at++ = ALPHABET[word >> 12 & 63];
        *at++ = left > 1 ? ALPHABET[word >> 6 & 63] : '=';
        *at++ = left > 2 ? ALPHABET[word & 63] : '=';
    }
    return (size_t)(at - out);
}

static int digit(char character)
{
    if (character >= 'A' && character <= 'Z')
        return character - 'A';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 26;
    if (character >= '0' && character <= '9')
        return character - '0' + 52;
    if (character == '+' || character == '-')
        return 62;
    return character == '/' || character == '_' ? 63 : -1;
}

ptrdiff_t cel_base64_read(const char *text, size_t length, void *out)
{
    unsigned char *at = out;
    uint32_t word = 0;
    unsigned bits = 0;

    if (length % 4 == 0 && length > 0)
        length -= text[length - 1] != '=' ? 0 : text[length - 2] == '=' ? 2 : 1;
    if (length % 4 == 1)
        return -1;
    for (size_t i = 0; i < length; i++) {
        int value = digit(text[i]);

        if (value < 0)
            return -1;
        word = word << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *at++ = (unsigned char)(word >> bits);
        }
    }
    return at - (unsigned char *)out;
}
