/* fuzz_cel_json.c - storey: rules. JSON as the proto-JSON form of cel.expr.Value: it is refused in
 * words, or a value that can be written and reads back as an equal.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define MEMORY (4 << 20)

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* A NaN is equal to nothing, and what holds one neither. */
static bool has_nan(const json_t *json)
{
    char *text = json_dumps(json, 0);
    bool found = text && strstr(text, "\"NaN\"");

    free(text);
    return found;
}

static void read_back(struct cel_arena *arena, struct cel_value value)
{
    json_t *json = cel_json_write(value);
    struct error err = {0};
    struct cel_value again = {0};

    /* An optional has no form to be read from; none is made here. */
    require(json && cel_json_read(arena, json, &again, &err) == 0);
    require(cel_value_equal(value, again) || has_nan(json));
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    json_t *json =
        json_loadb((const char *)bytes, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    struct cel_arena *arena = cel_arena_create(MEMORY);
    struct error err = {0};
    struct cel_value value;

    require(arena);
    if (json && cel_json_read(arena, json, &value, &err) == 0)
        read_back(arena, value);
    else
        require(!json || error_text(&err)[0]);
    json_decref(json);
    cel_arena_destroy(arena);
    return 0;
}
