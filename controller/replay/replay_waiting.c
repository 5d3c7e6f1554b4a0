/* replay_waiting.c - see replay_waiting.h. */
#include "controller/replay/replay_waiting.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/replay/replay_alert.h"

#define BUCKETS 8192
#define JSON_TAKES 8 /* bytes for one of its text, at most */

struct kept {
    struct uuid machine;
    struct alert_words words; /* event and raw are owned, their texts below */
    struct kept *next;
    char texts[];
};

struct replay_waiting {
    struct kept *buckets[BUCKETS];
    size_t bytes;
};

struct replay_waiting *replay_waiting_create(struct error *err)
{
    struct replay_waiting *waiting = calloc(1, sizeof(*waiting));

    if (!waiting)
        error_no_memory(err);
    return waiting;
}

static void forget(struct replay_waiting *waiting)
{
    for (size_t i = 0; i < BUCKETS; i++)
        while (waiting->buckets[i]) {
            struct kept *kept = waiting->buckets[i];

            waiting->buckets[i] = kept->next;
            json_decref((json_t *)kept->words.event);
            json_decref((json_t *)kept->words.raw);
            free(kept);
        }
    waiting->bytes = 0;
}

void replay_waiting_destroy(struct replay_waiting *waiting)
{
    if (!waiting)
        return;
    forget(waiting);
    free(waiting);
}

/* The last bytes of an id are spread. */
static size_t bucket_of(const struct uuid *alert)
{
    uint64_t spread;

    memcpy(&spread, alert->bytes + 8, sizeof(spread));
    return (spread ^ spread >> 32) % BUCKETS;
}

static const struct kept *find(const struct replay_waiting *waiting, const struct uuid *alert)
{
    const struct kept *kept = waiting->buckets[bucket_of(alert)];

    while (kept && !uuid_equal(&kept->words.alert, alert))
        kept = kept->next;
    return kept;
}

/* A mapping's raw is a part of its event. */
static size_t bytes_of_json(const struct replay_alert *alert)
{
    const json_t *json =
        alert->document.raw && !alert->event ? alert->document.raw : alert->document.event;

    return json ? JSON_TAKES * json_dumpb(json, NULL, 0, JSON_COMPACT) : 0;
}

int replay_waiting_add(struct replay_waiting *waiting, const struct replay_alert *alert,
                       struct error *err)
{
    const struct alert_words *words = &alert->words;
    size_t room = sizeof(struct kept) + text_room(words->id) + text_room(words->type) +
                  text_room(words->status) + text_room(words->severity);
    struct kept *kept, **bucket = &waiting->buckets[bucket_of(&alert->id)];
    char *at;

    if (find(waiting, &alert->id))
        return 0;
    if (waiting->bytes > REPLAY_WAITING_BYTES_MAX)
        forget(waiting);
    if (!(kept = malloc(room)))
        return error_no_memory(err);
    at = kept->texts;
    kept->machine = alert->machine_id;
    kept->words = *words;
    kept->words.id = text_pack(&at, words->id);
    kept->words.type = text_pack(&at, words->type);
    kept->words.status = text_pack(&at, words->status);
    kept->words.severity = text_pack(&at, words->severity);
    kept->words.event = json_incref(alert->document.event);
    kept->words.raw = json_incref(alert->document.raw);
    kept->words.machine = NULL;
    kept->words.asset = NULL;
    kept->next = *bucket;
    *bucket = kept;
    waiting->bytes += room + bytes_of_json(alert);
    return 0;
}

bool replay_waiting_find(const struct replay_waiting *waiting, const struct uuid *alert,
                         struct alert_words *ret, struct uuid *ret_machine)
{
    const struct kept *kept = find(waiting, alert);

    if (!kept)
        return false;
    *ret = kept->words;
    *ret_machine = kept->machine;
    return true;
}
