/* storey: rules - the texts of timestamps and durations, and the names of zones: what is read is
 * within its range and reads the same from the text that it is written as.
 */
#include <stdint.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void again(struct cel_value value, struct cel_value text,
                  struct cel_value parse(const char *, size_t))
{
    require(text.kind == CEL_STRING && cel_value_equal(parse(text.text, text.extra), value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct cel_value moment = cel_timestamp_parse(text, size),
                     span = cel_duration_parse(text, size);
    struct cel_arena *arena = cel_arena_create(4096);
    struct cel_calendar calendar;

    if (!arena)
        return 0;
    if (moment.kind != CEL_ERROR) {
        require(moment.integer >= CEL_TIMESTAMP_MIN && moment.integer <= CEL_TIMESTAMP_MAX &&
                moment.extra < 1000000000);
        again(moment, cel_timestamp_text(arena, moment), cel_timestamp_parse);
    }
    if (span.kind != CEL_ERROR) {
        struct cel_value sum = cel_time_add(span, span, false);

        require(span.integer >= -CEL_DURATION_MAX - 1 && span.integer <= CEL_DURATION_MAX &&
                span.extra < 1000000000);
        again(span, cel_duration_text(arena, span), cel_duration_parse);
        require(sum.kind == CEL_ERROR || cel_value_equal(cel_time_add(sum, span, true), span));
    }
    if (!cel_time_calendar(cel_timestamp_make(1700000000, 0), text, size, &calendar))
        require(calendar.year == 2023 && calendar.month == 10);
    cel_arena_destroy(arena);
    return 0;
}
