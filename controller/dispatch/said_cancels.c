/* said_cancels.c - see said_cancels.h. A list: cancels under way are few. */
#include "controller/dispatch/said_cancels.h"

#include <stdlib.h>

#include "common/error.h"

struct said_cancel {
    struct uuid task;
    int64_t at_ms;
    struct said_cancel *next;
};

struct said_cancels {
    struct said_cancel *first;
};

struct said_cancels *said_cancels_create(struct error *err)
{
    struct said_cancels *said = calloc(1, sizeof(*said));

    if (!said)
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for cancels");
    return said;
}

void said_cancels_destroy(struct said_cancels *said)
{
    if (!said)
        return;
    said_cancels_forget(said, INT64_MAX);
    free(said);
}

bool said_cancels_say(struct said_cancels *said, const struct uuid *task, int64_t now_ms)
{
    struct said_cancel *one = said->first;

    while (one && !uuid_equal(&one->task, task))
        one = one->next;
    if (one)
        return false;
    one = calloc(1, sizeof(*one));
    if (one) { /* else it is merely said again */
        one->task = *task;
        one->at_ms = now_ms;
        one->next = said->first;
        said->first = one;
    }
    return true;
}

void said_cancels_forget(struct said_cancels *said, int64_t before_ms)
{
    for (struct said_cancel **at = &said->first; *at;) {
        struct said_cancel *one = *at;

        if (one->at_ms >= before_ms) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        free(one);
    }
}
