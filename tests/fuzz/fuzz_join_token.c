/* fuzz_join_token.c - storey: proto. A join token's document: what reads is printed, and reads the
 * same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/join_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct join_token token, again;
    char *text;

    if (join_token_parse((const char *)data, size, &token, NULL) < 0)
        return 0;
    text = join_token_print(&token, NULL);
    if (!text || join_token_parse(text, strlen(text), &again, NULL) < 0 ||
        strcmp(token.secret, again.secret) != 0 || strcmp(token.url, again.url) != 0)
        abort();
    free(text);
    join_token_clear(&again);
    join_token_clear(&token);
    return 0;
}
