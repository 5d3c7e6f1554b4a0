/* rule_feed.c - see rule_feed.h. */
#include "rules/engine/rule_feed.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/document/rule_test.h"
#include "rules/engine/rule_fleet.h"

#define FEED_MS_MAX (INT64_C(3650) * 86400000) /* ten years, as one 'at' may be */

/* Entries stand in the file's order in the test, so that their addresses say it. */
static int by_time(const void *left, const void *right)
{
    const struct rule_fed *a = left, *b = right;

    if (a->at_us != b->at_us)
        return a->at_us < b->at_us ? -1 : 1;
    if (a->entry != b->entry)
        return a->entry < b->entry ? -1 : 1;
    return (a->machine > b->machine) - (a->machine < b->machine);
}

static size_t machines_of(const struct rule_test_entry *entry, const struct rule_fleet *fleet,
                          size_t *ret_first)
{
    const char *name = entry->task.asset;

    *ret_first = RULE_FLEET_NONE;
    if (entry->each)
        return rule_fleet_set(fleet, entry->each, ret_first);
    if (entry->event)
        name = json_string_value(json_object_get(entry->event, "asset"));
    if (name)
        *ret_first = rule_fleet_find(fleet, name);
    return 1;
}

static size_t times_of(const struct rule_test_entry *entry)
{
    return entry->times > 1 ? (size_t)entry->times : 1;
}

static size_t count_all(const struct rule_test *test, const struct rule_fleet *fleet)
{
    size_t count = 0, first;

    for (size_t i = 0; i < test->feed_count && count <= RULE_FEED_MAX; i++)
        count += times_of(&test->feed[i]) * machines_of(&test->feed[i], fleet, &first);
    return count;
}

int rule_feed_unroll(const struct rule_test *test, const struct rule_fleet *fleet,
                     struct rule_fed **ret, size_t *ret_count, struct error *err)
{
    size_t count = count_all(test, fleet), at = 0;
    struct rule_fed *feed;

    if (count > RULE_FEED_MAX)
        return error_set_code(err, ERROR_INVALID,
                              "the test feeds more than %d alerts: less 'times', or a smaller set",
                              RULE_FEED_MAX);
    for (size_t i = 0; i < test->feed_count; i++)
        if (test->feed[i].every_ms > FEED_MS_MAX / (int64_t)times_of(&test->feed[i]))
            return error_set_code(err, ERROR_INVALID,
                                  "the test goes on for more than 3650d: less 'times' or 'every'");
    if (!(feed = calloc(count + 1, sizeof(*feed))))
        return error_no_memory(err);
    for (size_t i = 0; i < test->feed_count; i++) {
        const struct rule_test_entry *entry = &test->feed[i];
        size_t first, machines = machines_of(entry, fleet, &first);

        for (size_t t = 0; t < times_of(entry); t++)
            for (size_t m = 0; m < machines; m++)
                feed[at++] = (struct rule_fed){
                    test->now_s * 1000000 + (entry->at_ms + (int64_t)t * entry->every_ms) * 1000,
                    entry, first == RULE_FLEET_NONE ? first : first + m};
    }
    qsort(feed, count, sizeof(*feed), by_time);
    *ret = feed;
    *ret_count = count;
    return 0;
}
