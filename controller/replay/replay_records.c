/* replay_records.c - see replay_records.h. Chains by alert for what alerts made, by trigger for
 * what timers made. */
#include "controller/replay/replay_records.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"

#define BUCKETS 16384 /* a batch's alerts and some ten thousand timers in short chains */

struct kept {
    struct replay_record record;
    uint64_t hash;
    struct kept *next;
    char texts[]; /* the record's */
};

struct replay_records {
    struct kept *buckets[BUCKETS];
};

/* FNV-1a */
static uint64_t hash_of(const void *bytes, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static uint64_t hash_place(const struct uuid *alert, const char *trigger)
{
    return trigger ? hash_of(trigger, strlen(trigger)) : hash_of(alert->bytes, sizeof(*alert));
}

struct replay_records *replay_records_create(struct error *err)
{
    struct replay_records *records = calloc(1, sizeof(*records));

    if (!records)
        error_no_memory(err);
    return records;
}

void replay_records_destroy(struct replay_records *records)
{
    if (!records)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (records->buckets[i]) {
            struct kept *kept = records->buckets[i];

            records->buckets[i] = kept->next;
            free(kept);
        }
    free(records);
}

int replay_records_add(struct replay_records *records, const struct replay_record *record,
                       struct error *err)
{
    struct kept *kept =
        malloc(sizeof(*kept) + text_room(record->trigger) + text_room(record->rule) +
               text_room(record->ending) + text_room(record->words));
    char *at;

    if (!kept)
        return error_no_memory(err);
    at = kept->texts;
    kept->record = *record;
    kept->record.trigger = text_pack(&at, record->trigger);
    kept->record.rule = text_pack(&at, record->rule);
    kept->record.ending = text_pack(&at, record->ending);
    kept->record.words = text_pack(&at, record->words);
    kept->hash = hash_place(&record->alert, record->trigger);
    kept->next = records->buckets[kept->hash % BUCKETS];
    records->buckets[kept->hash % BUCKETS] = kept;
    return 0;
}

static bool is_at(const struct replay_record *record, const struct uuid *alert, const char *trigger)
{
    if (trigger)
        return record->trigger && strcmp(record->trigger, trigger) == 0;
    return !record->trigger && uuid_equal(&record->alert, alert);
}

struct replay_record *replay_records_find(const struct replay_records *records,
                                          const struct uuid *alert, const char *trigger,
                                          const char *rule, bool shadow)
{
    struct kept *kept = records->buckets[hash_place(alert, trigger) % BUCKETS];

    while (kept && (!is_at(&kept->record, alert, trigger) || kept->record.shadow != shadow ||
                    strcmp(kept->record.rule, rule) != 0))
        kept = kept->next;
    return kept ? &kept->record : NULL;
}

void replay_records_drop(struct replay_records *records, struct replay_record *record)
{
    struct kept *kept = (struct kept *)record; /* its first member */
    struct kept **link = &records->buckets[kept->hash % BUCKETS];

    while (*link != kept)
        link = &(*link)->next;
    *link = kept->next;
    free(kept);
}

struct replay_record *replay_records_left(const struct replay_records *records,
                                          const struct uuid *alert)
{
    if (alert) {
        struct kept *kept = records->buckets[hash_place(alert, NULL) % BUCKETS];

        while (kept && !is_at(&kept->record, alert, NULL))
            kept = kept->next;
        return kept ? &kept->record : NULL;
    }
    for (size_t i = 0; i < BUCKETS; i++)
        if (records->buckets[i])
            return &records->buckets[i]->record;
    return NULL;
}
