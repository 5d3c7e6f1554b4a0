/* Readiness: nothing is ready until every part said so, and one that waits says for what. */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "controller/health/readiness.h"
#include "tests/support/check_main.h"

static json_t *shown(void)
{
    struct text text = {0};
    json_t *json;

    readiness_json(&text);
    json = json_parse(text_string(&text), text.length, 65536, NULL);
    text_clear(&text);
    return json;
}

START_TEST(nothing_is_ready_before_every_part_is)
{
    ck_assert(!readiness_all());
    for (int part = 0; part < READY_PARTS; part++) {
        ck_assert(!readiness_all());
        readiness_set((enum readiness_part)part, NULL);
    }
    ck_assert(readiness_all());
}
END_TEST

START_TEST(who_waits_says_for_what)
{
    json_t *json, *part;
    size_t i, waiting = 0;

    for (int each = 0; each < READY_PARTS; each++)
        readiness_set((enum readiness_part)each, "");
    readiness_set(READY_INTAKE, "Kafka: \"broker\" is away");
    ck_assert(!readiness_all());
    json = shown();
    ck_assert_ptr_nonnull(json);
    ck_assert(json_is_false(json_object_get(json, "ready")));
    json_array_foreach(json_object_get(json, "parts"), i, part)
    {
        if (json_is_true(json_object_get(part, "ready")))
            continue;
        waiting++;
        ck_assert_str_eq(json_string_value(json_object_get(part, "name")), "intake");
        ck_assert_str_eq(json_string_value(json_object_get(part, "waiting_on")),
                         "Kafka: \"broker\" is away");
    }
    ck_assert_uint_eq(waiting, 1);
    json_decref(json);
}
END_TEST

CHECK_MAIN("readiness", nothing_is_ready_before_every_part_is, who_waits_says_for_what)
