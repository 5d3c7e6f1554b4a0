/* rule_tally.c - see rule_tally.h. Kept bytes: numbers have their big end first, an amount is the
 * bits of its IEEE double. */
#include "rules/engine/rule_tally.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "common/error.h"

void rule_tally_begin(struct rule_tally *tally)
{
    tally->newest_us = INT64_MIN;
    tally->count = 0;
}

static uint64_t get(const unsigned char *at, size_t size)
{
    uint64_t number = 0;

    for (size_t i = 0; i < size; i++)
        number = number << 8 | at[i];
    return number;
}

static void put(unsigned char *at, size_t size, uint64_t number)
{
    for (size_t i = size; i-- > 0; number >>= 8)
        at[i] = (unsigned char)number;
}

static int malformed(struct error *err)
{
    return error_set_code(err, ERROR_INVALID, "a rule's window holds bytes that no window has");
}

static bool is_time(int64_t time_us)
{
    return time_us >= -RULE_TALLY_TIME_MAX && time_us <= RULE_TALLY_TIME_MAX;
}

int rule_tally_read(struct rule_tally *tally, const void *bytes, size_t length, struct error *err)
{
    const unsigned char *at = bytes;

    if (length < RULE_TALLY_HEAD || length > RULE_TALLY_BYTES_MAX ||
        (length - RULE_TALLY_HEAD) % RULE_TALLY_ENTRY)
        return malformed(err);
    tally->newest_us = (int64_t)get(at, 8);
    tally->count = (length - RULE_TALLY_HEAD) / RULE_TALLY_ENTRY;
    if (tally->newest_us != INT64_MIN && !is_time(tally->newest_us))
        return malformed(err);
    at += RULE_TALLY_HEAD;
    for (size_t i = 0; i < tally->count; i++, at += RULE_TALLY_ENTRY) {
        struct rule_tally_entry *entry = &tally->entries[i];
        uint64_t bits = get(at + 8, 8);

        entry->time_us = (int64_t)get(at, 8);
        memcpy(&entry->amount, &bits, sizeof(bits));
        entry->count = (uint32_t)get(at + 16, 4);
        if (!is_time(entry->time_us) || (i > 0 && entry->time_us < entry[-1].time_us) ||
            entry->time_us > tally->newest_us || !isfinite(entry->amount) || entry->count == 0)
            return malformed(err);
    }
    return 0;
}

size_t rule_tally_write(const struct rule_tally *tally, unsigned char out[RULE_TALLY_BYTES_MAX])
{
    unsigned char *at = out;

    put(at, 8, (uint64_t)tally->newest_us);
    at += RULE_TALLY_HEAD;
    for (size_t i = 0; i < tally->count; i++, at += RULE_TALLY_ENTRY) {
        uint64_t bits;

        memcpy(&bits, &tally->entries[i].amount, sizeof(bits));
        put(at, 8, (uint64_t)tally->entries[i].time_us);
        put(at + 8, 8, bits);
        put(at + 16, 4, tally->entries[i].count);
    }
    return (size_t)(at - out);
}

/* The two that become the shortest stretch of time, the oldest of equals. The very oldest stays by
 * itself: joined with each that follows it would grow for ever, and never be old enough to go. */
static void merge(struct rule_tally *tally)
{
    struct rule_tally_entry *entries = tally->entries, *later;
    size_t best = 2;

    for (size_t i = 3; i < tally->count; i++)
        if (entries[i].time_us - entries[i - 2].time_us <
            entries[best].time_us - entries[best - 2].time_us)
            best = i;
    later = &entries[best];
    later->amount = fmax(-DBL_MAX, fmin(DBL_MAX, later->amount + later[-1].amount));
    later->count =
        later->count > UINT32_MAX - later[-1].count ? UINT32_MAX : later->count + later[-1].count;
    memmove(later - 1, later, (tally->count - best) * sizeof(*later));
    tally->count--;
}

void rule_tally_add(struct rule_tally *tally, int64_t time_us, double amount)
{
    size_t at = tally->count;

    while (at > 0 && tally->entries[at - 1].time_us > time_us)
        at--;
    memmove(&tally->entries[at + 1], &tally->entries[at],
            (tally->count - at) * sizeof(tally->entries[0]));
    tally->entries[at] = (struct rule_tally_entry){time_us, amount, 1};
    tally->count++;
    if (time_us > tally->newest_us)
        tally->newest_us = time_us;
    if (tally->count > RULE_TALLY_MAX)
        merge(tally);
}

void rule_tally_remove(struct rule_tally *tally, int64_t from_us, int64_t to_us)
{
    size_t kept = 0;

    for (size_t i = 0; i < tally->count; i++) {
        int64_t time = tally->entries[i].time_us;

        if (time < from_us || time >= to_us)
            tally->entries[kept++] = tally->entries[i];
    }
    tally->count = kept;
}
