/* storey: rules - the kept bytes of a window: what is read is a tally that counts on and is written
 * as it was; what is counted into it and taken off stays within its bounds, whatever it held.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "rules/engine/rule_tally.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void look_at(const struct rule_tally *tally)
{
    require(tally->count <= RULE_TALLY_MAX);
    for (size_t i = 0; i < tally->count; i++) {
        const struct rule_tally_entry *entry = &tally->entries[i];

        require(isfinite(entry->amount) && entry->count > 0);
        require(entry->time_us <= tally->newest_us);
        require(i == 0 || entry->time_us >= entry[-1].time_us);
    }
}

/* Written and read it is the same. */
static void keep(const struct rule_tally *tally)
{
    unsigned char bytes[RULE_TALLY_BYTES_MAX], again[RULE_TALLY_BYTES_MAX];
    static struct rule_tally read;
    size_t length = rule_tally_write(tally, bytes);

    require(rule_tally_read(&read, bytes, length, NULL) == 0);
    require(rule_tally_write(&read, again) == length && memcmp(bytes, again, length) == 0);
}

/* Times and amounts out of the input's own bytes, as alerts would bring them. */
static void count_on(struct rule_tally *tally, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at + 9 <= size && at < 900; at += 9) {
        int64_t time_us;

        memcpy(&time_us, data + at, sizeof(time_us));
        time_us %= RULE_TALLY_TIME_MAX;
        if (data[at + 8] & 1)
            rule_tally_remove(tally, time_us, time_us + (INT64_C(1) << (data[at + 8] >> 3 << 1)));
        else
            rule_tally_add(tally, time_us, ldexp(data[at + 8] - 128.0, 1016));
        look_at(tally);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rule_tally tally;
    unsigned char written[RULE_TALLY_BYTES_MAX];
    struct error err = {0};

    rule_tally_begin(&tally);
    if (rule_tally_read(&tally, data, size, &err) == 0) {
        look_at(&tally);
        require(rule_tally_write(&tally, written) == size && memcmp(written, data, size) == 0);
    } else {
        require(error_text(&err)[0] != '\0');
        rule_tally_begin(&tally);
    }
    count_on(&tally, data, size);
    keep(&tally);
    return 0;
}
