/* fuzz_api_route.c - storey: controller. A request's path, a list's cursor, a token and an image's
 * document as anybody may send them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "controller/access/token.h"
#include "controller/api/cursor.h"
#include "controller/api/routes.h"
#include "controller/images/image_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char arguments[API_ARGUMENTS_MAX][API_ARGUMENT_SIZE], allowed[64], key[CURSOR_KEY_MAX + 1];
    uint8_t hash[TOKEN_HASH_BYTES];
    struct image_document read;
    json_t *document;
    char *text = malloc(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    memset(arguments, 0, sizeof(arguments));
    api_route_find("GET", text, arguments, allowed);
    for (size_t i = 0; i < API_ARGUMENTS_MAX; i++)
        if (!memchr(arguments[i], '\0', API_ARGUMENT_SIZE) || strchr(arguments[i], '/'))
            abort();
    if (cursor_decode("tasks", text, key) == 0 && strlen(key) > CURSOR_KEY_MAX)
        abort();
    token_hash(text, hash);
    if ((document = json_parse(text, size, API_BODY_MAX, NULL)))
        image_document_read(document, &read, NULL);
    json_decref(document);
    free(text);
    return 0;
}
