/* fuzz_json_pick.c - storey: common. Members picked out of JSON: of any bytes nothing beyond them
 * is read, and of JSON that the parser takes each member is the one that the parser finds. */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/json_pick.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void compare(const char *text, size_t length, const json_t *whole, const char *name)
{
    const json_t *member = json_object_get(whole, name);
    const char *value;
    size_t size;
    int rc = json_pick_value(text, length, name, &value, &size);

    if (rc < 0)
        return; /* a name with escapes */
    require((rc > 0) == (member != NULL));
    if (rc > 0) {
        json_t *picked = json_loadb(value, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

        require(picked && json_equal(picked, member));
        json_decref(picked);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const names[] = {"event", "component", "a"};
    const char *text = (const char *)bytes, *value;
    struct text out = {0};
    json_t *whole;
    size_t size;

    if (length > 65536)
        return 0;
    whole = json_parse(text, length, 65536, NULL);
    (void)json_pick_value(text, length, "a", &value, &size);
    for (size_t i = 0; json_is_object(whole) && i < 3; i++)
        compare(text, length, whole, names[i]);
    if (json_pick_members(text, length, names, 3, &out) == 0 && json_is_object(whole)) {
        json_t *picked = json_loadb(out.bytes, out.length, JSON_REJECT_DUPLICATES, NULL);

        require(picked != NULL);
        json_decref(picked);
    }
    text_clear(&out);
    json_decref(whole);
    return 0;
}
