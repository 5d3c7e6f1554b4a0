/* cursor.c - see cursor.h: base64url("LIST\n" KEY). Not signed: a forged one only starts a list
 * elsewhere, within what its reader may see anyway.
 */
#include "controller/api/cursor.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define PLAIN_MAX (CURSOR_KEY_MAX + 32)

int cursor_encode(const char *list, const char *key, char out[CURSOR_SIZE])
{
    char plain[PLAIN_MAX];
    int length = snprintf(plain, sizeof(plain), "%s\n%s", list, key);

    if (length < 0 || length >= PLAIN_MAX || strlen(key) > CURSOR_KEY_MAX)
        return -1;
    text_base64url(plain, (size_t)length, out);
    return 0;
}

int cursor_decode(const char *list, const char *text, char ret_key[CURSOR_KEY_MAX + 1])
{
    char plain[PLAIN_MAX];
    size_t prefix = strlen(list) + 1;
    int length = text_unbase64url(text, plain, sizeof(plain) - 1);

    if (length < 0)
        return -1;
    plain[length] = '\0';
    if (strlen(plain) != (size_t)length || !text_is_utf8(plain, (size_t)length) ||
        (size_t)length <= prefix || plain[prefix - 1] != '\n' ||
        strncmp(plain, list, prefix - 1) != 0 || (size_t)length - prefix > CURSOR_KEY_MAX)
        return -1;
    memcpy(ret_key, plain + prefix, (size_t)length - prefix + 1);
    return 0;
}
