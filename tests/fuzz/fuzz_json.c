/* fuzz_json.c - storey: common. JSON from outside: what is taken is within the caps, holds no NUL
 * and nothing but UTF-8, and parses again from its own print. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void walk(const json_t *value, int depth)
{
    const char *key;
    json_t *child;
    size_t i;

    require(depth <= JSON_DEPTH_MAX + 1);
    if (json_is_string(value))
        require(text_is_utf8(json_string_value(value), json_string_length(value)));
    json_array_foreach(value, i, child) walk(child, depth + 1);
    json_object_foreach((json_t *)value, key, child)
    {
        require(strlen(key) <= JSON_KEY_MAX && text_is_utf8(key, strlen(key)));
        walk(child, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const known[] = {"event", "id", NULL};
    struct error err = {0};
    json_t *value = json_parse((const char *)bytes, length, 64 * 1024, &err), *again;
    const char *text;
    char *print;

    if (!value) {
        require(err.code == ERROR_INVALID && err.text[0]);
        return 0;
    }
    walk(value, 1);
    json_read_string(value, "id", 16, &text, NULL);
    json_refuse_unknown(value, known, NULL);
    print = json_dumps(value, JSON_COMPACT);
    again = json_parse(print, strlen(print), 16 * 64 * 1024, NULL);
    require(again && json_equal(value, again));
    free(print);
    json_decref(again);
    json_decref(value);
    return 0;
}
