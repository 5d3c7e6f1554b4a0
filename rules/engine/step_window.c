/* step_window.c - alerts counted by a key, in event time. Value: rule_tally.h.
 * The window that is looked at: sliding, what is less than 'within' older than the newest;
 * tumbling, the one of whole multiples of 'within' since 1970 that the alert is in; session, all
 * from before and behind the alert without a gap of 'within'. An alert more than 'lateness' older
 * than the newest of its key is not counted. Once 'when' held, what was in the window counts no
 * more. Spec: docs/rule-language.md, "How a rule decides".
 */
#include <float.h>
#include <math.h>

#include "rules/engine/rule_names_read.h"
#include "rules/engine/rule_tally.h"
#include "rules/engine/rule_work.h"

/* from <= time < to */
struct span {
    int64_t from_us, to_us;
};

static int64_t floor_to(int64_t time_us, int64_t step_us)
{
    int64_t part = time_us % step_us;

    return time_us - (part < 0 ? part + step_us : part);
}

static struct span session_around(const struct rule_tally *tally, int64_t time_us,
                                  int64_t within_us)
{
    struct span span = {time_us, time_us + 1};

    for (size_t i = tally->count; i-- > 0;)
        if (tally->entries[i].time_us < span.from_us &&
            span.from_us - tally->entries[i].time_us < within_us)
            span.from_us = tally->entries[i].time_us;
    for (size_t i = 0; i < tally->count; i++)
        if (tally->entries[i].time_us >= span.to_us &&
            tally->entries[i].time_us - (span.to_us - 1) < within_us)
            span.to_us = tally->entries[i].time_us + 1;
    return span;
}

static struct span span_of(const struct rule_window *window, const struct rule_tally *tally,
                           int64_t time_us)
{
    int64_t within_us = window->within_ms * 1000, start_us;

    switch (window->kind) {
    case RULE_WINDOW_TUMBLING:
        start_us = floor_to(time_us, within_us);
        return (struct span){start_us, start_us + within_us};
    case RULE_WINDOW_SESSION:
        return session_around(tally, time_us, within_us);
    default:
        return (struct span){tally->newest_us - within_us + 1, tally->newest_us + 1};
    }
}

/* What no alert that may still come can share a window with. */
static void forget(const struct rule_window *window, struct rule_tally *tally)
{
    int64_t oldest_us = tally->newest_us - window->lateness_ms * 1000;
    int64_t within_us = window->within_ms * 1000;

    if (window->kind == RULE_WINDOW_SLIDING) {
        rule_tally_remove(tally, INT64_MIN, tally->newest_us - within_us + 1);
    } else if (window->kind == RULE_WINDOW_TUMBLING) {
        rule_tally_remove(tally, INT64_MIN, floor_to(oldest_us, within_us));
    } else {
        struct span last = session_around(tally, oldest_us, within_us);

        rule_tally_remove(tally, INT64_MIN, last.from_us);
    }
}

static void show(struct rule_moment *moment, const struct rule_tally *tally, struct span span)
{
    int64_t count = 0, first_us = 0, last_us = 0;
    double sum = 0;

    for (size_t i = 0; i < tally->count; i++) {
        const struct rule_tally_entry *entry = &tally->entries[i];

        if (entry->time_us < span.from_us || entry->time_us >= span.to_us)
            continue;
        if (count == 0)
            first_us = entry->time_us;
        last_us = entry->time_us;
        count += entry->count;
        sum += entry->amount;
    }
    /* A number still, however large: infinity is none where it is kept with the task. */
    moment->slots[RULE_SLOT_WINDOW_SUM] = cel_double(fmax(-DBL_MAX, fmin(DBL_MAX, sum)));
    moment->slots[RULE_SLOT_WINDOW_COUNT] = cel_int(count);
    if (count == 0)
        return;
    moment->slots[RULE_SLOT_WINDOW_FIRST] = rule_moment_timestamp(first_us);
    moment->slots[RULE_SLOT_WINDOW_LAST] = rule_moment_timestamp(last_us);
}

static int amount_of(struct rule_work *work, double *ret)
{
    const struct rule_expression *sum = &work->rule->document->window.sum;
    struct cel_value value = cel_int(1);

    if (sum->text && !rule_work_value(work, "window.sum", 0, sum, &value))
        return 0;
    if (cel_is(value, CEL_INT))
        *ret = (double)value.integer;
    else if (cel_is(value, CEL_UINT))
        *ret = (double)value.natural;
    else if (cel_is(value, CEL_DOUBLE) && isfinite(value.real))
        *ret = value.real;
    else
        return rule_work_fail(work, "window.sum", 0, sum, "must be a number that is finite");
    return 1;
}

static int read_tally(struct rule_work *work, const struct rule_state_name *name,
                      struct rule_tally *tally)
{
    const struct rule_state *state = rule_states_find(work->states, name);

    rule_tally_begin(tally);
    if (!state || state->due_us <= work->moment->now_us) /* over, and not swept yet */
        return 0;
    return rule_tally_read(tally, state->value, state->length, work->err);
}

/* A key more than the rule may have: the one that was quiet for the longest time goes. */
static void make_room(struct rule_work *work, const struct rule_state_name *name)
{
    const struct rule_state *oldest;

    if (rule_states_find(work->states, name) ||
        rule_states_count(work->states, work->rule->name, RULE_STATE_WINDOW) <
            (size_t)work->rule->document->window.max_keys)
        return;
    oldest = rule_states_oldest(work->states, work->rule->name, RULE_STATE_WINDOW);
    if (oldest)
        rule_work_drop(work, &oldest->name);
}

static int keep(struct rule_work *work, const struct rule_state_name *name,
                struct rule_tally *tally)
{
    const struct rule_window *window = &work->rule->document->window;
    unsigned char bytes[RULE_TALLY_BYTES_MAX];

    forget(window, tally);
    make_room(work, name);
    /* Counted from now: alerts that all come late are in the same window, too. */
    return rule_work_put(work, name, bytes, rule_tally_write(tally, bytes),
                         work->moment->now_us + (window->within_ms + window->lateness_ms) * 1000);
}

static int count_in(struct rule_work *work, const struct rule_state_name *name,
                    struct rule_tally *tally, double amount)
{
    const struct rule_window *window = &work->rule->document->window;
    struct rule_moment *moment = work->moment;
    bool holds = false;
    struct span span;

    rule_tally_add(tally, moment->time_us, amount);
    span = span_of(window, tally, moment->time_us);
    show(moment, tally, span);
    if (!rule_work_holds(work, "window.when", 0, &window->when, &holds))
        return 0;
    if (holds)
        rule_tally_remove(tally, span.from_us, span.to_us);
    if (keep(work, name, tally) < 0)
        return -1;
    if (holds)
        return 1;
    work->finding->at = &window->when;
    return rule_work_end(work, RULE_COUNTED, 0, "window.count is %lld, window.sum %g",
                         (long long)moment->slots[RULE_SLOT_WINDOW_COUNT].integer,
                         moment->slots[RULE_SLOT_WINDOW_SUM].real);
}

int step_window(struct rule_work *work)
{
    const struct rule_window *window = &work->rule->document->window;
    struct rule_state_name name;
    struct rule_tally tally;
    double amount = 0;
    int rc;

    if (window->kind == RULE_WINDOW_NONE)
        return 1;
    rc = rule_work_name(work, "window.key", 0, RULE_STATE_WINDOW, &window->key, &name);
    if (rc <= 0)
        return rc;
    if (!amount_of(work, &amount))
        return 0;
    if (read_tally(work, &name, &tally) < 0)
        return -1;
    if (tally.newest_us != INT64_MIN &&
        work->moment->time_us < tally.newest_us - window->lateness_ms * 1000)
        return rule_work_end(work, RULE_LATE, 0, "behind the newest of its key by %.3f s",
                             (double)(tally.newest_us - work->moment->time_us) / 1e6);
    return count_in(work, &name, &tally, amount);
}
