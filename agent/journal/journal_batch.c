/* journal_batch.c - see journal_write.h: filling a batch, and the rows it is made of.
 * Invariant: a batch owns all that is in it; nothing the filler gave is borrowed afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/journal/journal_store.h"
#include "proto/frame.h"

static const char *const state_names[] = {"declined", "accepted", "running", "released", "ended"};

const char *journal_task_state_name(enum journal_task_state state)
{
    return state_names[state];
}

void journal_task_clear(struct journal_task *task)
{
    free(task->phase);
    free(task->envelope);
    free(task->found_power);
    free(task->found_boot_device);
    free(task->verdict);
    free(task->outcome);
    free(task->stopped_at);
    free(task->cause);
    free(task->remedy);
    free(task->result);
    memset(task, 0, sizeof(*task));
}

static bool copy_text(char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

static bool copy_bytes(uint8_t **to, const uint8_t *from, size_t length)
{
    *to = from ? malloc(length + 1) : NULL;
    if (*to)
        memcpy(*to, from, length);
    return !from || *to;
}

int journal_task_copy(struct journal_task *to, const struct journal_task *from, struct error *err)
{
    bool whole = true;

    *to = *from;
    /* All of them, even after a failure: no pointer of 'from' may stay in 'to'. */
    whole = copy_text(&to->phase, from->phase) && whole;
    whole = copy_bytes(&to->envelope, from->envelope, from->envelope_length) && whole;
    whole = copy_text(&to->found_power, from->found_power) && whole;
    whole = copy_text(&to->found_boot_device, from->found_boot_device) && whole;
    whole = copy_text(&to->verdict, from->verdict) && whole;
    whole = copy_text(&to->outcome, from->outcome) && whole;
    whole = copy_text(&to->stopped_at, from->stopped_at) && whole;
    whole = copy_text(&to->cause, from->cause) && whole;
    whole = copy_text(&to->remedy, from->remedy) && whole;
    whole = copy_bytes(&to->result, from->result, from->result_length) && whole;
    if (whole)
        return 0;
    journal_task_clear(to);
    return error_no_memory(err);
}

struct journal_batch *journal_batch_create(void)
{
    return calloc(1, sizeof(struct journal_batch));
}

void journal_batch_destroy(struct journal_batch *batch)
{
    if (!batch)
        return;
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->items[i].bytes);
        free(batch->items[i].step);
        journal_task_clear(&batch->items[i].task);
    }
    free(batch->items);
    free(batch);
}

static struct journal_item *add(struct journal_batch *batch, enum journal_item_kind kind)
{
    struct journal_item *items;

    if (!batch)
        return NULL;
    if (batch->count == batch->room) {
        size_t room = batch->room ? 2 * batch->room : 4;

        if (!(items = realloc(batch->items, room * sizeof(*items)))) {
            batch->broken = true;
            return NULL;
        }
        batch->items = items;
        batch->room = room;
    }
    memset(&batch->items[batch->count], 0, sizeof(*items));
    batch->items[batch->count].kind = kind;
    return &batch->items[batch->count++];
}

void journal_batch_record(struct journal_batch *batch, enum journal_stream stream,
                          const Muster__Record *record)
{
    struct journal_item *item = add(batch, ITEM_RECORD);

    if (!item)
        return;
    item->stream = stream;
    item->bulk_kind = record->kind_case == MUSTER__RECORD__KIND_REPORT ? "report" : "log";
    item->at_us = record->at_us;
    item->has_id = record->task_id.len == 16;
    if (item->has_id)
        memcpy(item->id.bytes, record->task_id.data, 16);
    if (message_pack(&record->base, &item->bytes, &item->length, NULL) < 0)
        batch->broken = true;
}

void journal_batch_task(struct journal_batch *batch, const struct journal_task *task)
{
    struct journal_item *item = add(batch, ITEM_TASK);

    if (item && journal_task_copy(&item->task, task, NULL) < 0)
        batch->broken = true;
}

void journal_batch_intent(struct journal_batch *batch, const struct uuid *task, const char *step,
                          unsigned attempt, const char *state, int64_t at_us)
{
    struct journal_item *item = add(batch, ITEM_INTENT);

    if (!item)
        return;
    item->id = *task;
    item->attempt = attempt;
    item->state = state;
    item->at_us = at_us;
    if (!(item->step = strdup(step)))
        batch->broken = true;
}

void journal_batch_epoch(struct journal_batch *batch, const struct uuid *machine, uint64_t epoch)
{
    struct journal_item *item = add(batch, ITEM_EPOCH);

    if (!item)
        return;
    item->id = *machine;
    item->epoch = epoch;
}
