/* run_timeline.c - see run_timeline.h. */
#include "agent/run/run_timeline.h"

#include <string.h>

#include "proto/frame.h"

Muster__Record timeline_record(const struct boot_run *run)
{
    Muster__Record record = MUSTER__RECORD__INIT;

    record.at_us = run->runner->at_us;
    record.task_id = message_from_uuid(&run->row.id);
    record.epoch = run->row.epoch;
    return record;
}

static struct timeline_entry *entry(const struct boot_run *run, const char *name)
{
    for (size_t i = 0; i < run->timeline_count; i++)
        if (strcmp(run->timeline[i].name, name) == 0)
            return (struct timeline_entry *)&run->timeline[i];
    return NULL;
}

static struct timeline_entry *entry_or_new(struct boot_run *run, const char *name)
{
    struct timeline_entry *at = entry(run, name);

    if (at || run->timeline_count == TIMELINE_NAMES_MAX || strlen(name) >= TIMELINE_NAME_MAX)
        return at;
    at = &run->timeline[run->timeline_count++];
    memset(at, 0, sizeof(*at));
    strcpy(at->name, name);
    at->begun_ms = run->runner->now_ms;
    return at;
}

void timeline_step(struct boot_run *run, struct journal_batch *batch, const char *name,
                   const char *state, const char *evidence, const char *detail)
{
    struct timeline_entry *at = entry_or_new(run, name);
    Muster__Record record = timeline_record(run);
    Muster__Step step = MUSTER__STEP__INIT;

    if (!at)
        return; /* the image names more checks than a run records */
    step.attempt = run->row.attempt;
    step.name = at->name;
    step.state = (char *)state;
    step.evidence = (char *)evidence;
    step.detail = (char *)(detail ? detail : "");
    if (strcmp(state, "started") == 0)
        at->begun_ms = run->runner->now_ms;
    else if (strcmp(state, "seen") != 0)
        step.duration_ms = (uint32_t)(run->runner->now_ms - at->begun_ms);
    at->seen++;
    strncpy(at->state, state, sizeof(at->state) - 1);
    record.kind_case = MUSTER__RECORD__KIND_STEP;
    record.step = &step;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
}

bool timeline_may_repeat(struct boot_run *run, const char *name, unsigned most)
{
    struct timeline_entry *at = entry_or_new(run, name);

    return at && at->seen < most;
}

bool timeline_is_at(const struct boot_run *run, const char *name, const char *state)
{
    const struct timeline_entry *at = entry(run, name);

    return at && strcmp(at->state, state) == 0;
}
