/* rule_note.c - see rule_note.h. */
#include "rules/engine/rule_note.h"

#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_names.h"
#include "rules/engine/rule_decision.h"
#include "rules/engine/rule_match.h"

#define TASK_MAX 128 /* bytes of a task's id */

static int suppress(struct rule_work *work, size_t entry)
{
    const struct rule_suppress *suppress = &work->rule->document->suppress[entry - 1];
    const struct rule_reference *reference = &work->moment->reference;
    struct rule_state_name name;
    int rc = rule_work_name(work, "suppress", entry, RULE_STATE_SUPPRESS, &suppress->key, &name);

    if (rc <= 0)
        return rc;
    rc = rule_work_put(work, &name, reference->bytes, reference->length,
                       work->moment->now_us + suppress->for_ms * 1000);
    return rc < 0 ? -1 : 1;
}

static int fulfil(struct rule_work *work, size_t entry)
{
    const struct rule_absent *absent = &work->rule->document->absent[entry - 1];
    struct rule_state_name name;
    int rc = rule_work_name(work, "absent", entry, RULE_STATE_ABSENT, &absent->key, &name);

    if (rc > 0)
        rule_work_drop(work, &name);
    return rc;
}

int rule_note_finished(struct rule_work *work, size_t entry)
{
    const struct rule_absent *absent = &work->rule->document->absent[entry - 1];
    struct cel_value own = work->moment->slots[rule_env_slot("task.id")];
    const struct rule_state *state;
    const unsigned char *reference;
    struct rule_state_name name;
    const char *task;
    size_t length;
    int rc = rule_work_name(work, "absent", entry, RULE_STATE_ABSENT, &absent->key, &name);

    if (rc <= 0)
        return rc;
    state = rule_states_find(work->states, &name);
    if (state && rule_note_reference(state, &reference, &length, &task) &&
        cel_is(own, CEL_STRING) && strlen(task) == own.extra &&
        memcmp(task, own.text, own.extra) == 0)
        rule_work_drop(work, &name);
    return 1;
}

static int release(struct rule_work *work)
{
    struct rule_state_name name;
    int rc;

    if (!rule_match_ends(work->rule, work->moment))
        return 1;
    if ((rc = step_hold_name(work, &name)) <= 0)
        return rc;
    if (!rule_states_find(work->states, &name))
        return 1;
    rule_work_drop(work, &name);
    return rule_work_end(work, RULE_RELEASED, 0, "");
}

int rule_note_take(struct rule_work *work, const struct rule_noting *noting)
{
    if (noting->note == RULE_NOTE_SUPPRESS)
        return suppress(work, noting->entry + 1);
    if (noting->note == RULE_NOTE_ABSENT)
        return fulfil(work, noting->entry + 1);
    return release(work);
}

int rule_note_expect(struct rule_work *work, size_t entry, const char *task)
{
    const struct rule_absent *absent = &work->rule->document->absent[entry - 1];
    const struct rule_reference *reference = &work->moment->reference;
    unsigned char value[1 + RULE_REFERENCE_MAX + TASK_MAX + 1];
    size_t length = strlen(task);
    struct rule_state_name name;
    int rc = rule_work_name(work, "absent", entry, RULE_STATE_ABSENT, &absent->key, &name);

    if (rc <= 0)
        return rc;
    if (length > TASK_MAX)
        return error_set_code(work->err, ERROR_INVALID, "a task's id is longer than 128 bytes");
    value[0] = (unsigned char)reference->length;
    memcpy(value + 1, reference->bytes, reference->length);
    memcpy(value + 1 + reference->length, task, length + 1);
    rc = rule_work_put(work, &name, value, 1 + reference->length + length + 1,
                       work->moment->now_us + absent->within_ms * 1000);
    return rc < 0 ? -1 : 1;
}

int rule_note_missing(struct rule_work *work, size_t entry)
{
    const struct rule_absent *absent = &work->rule->document->absent[entry - 1];
    struct rule_decision *decision = cel_arena_take(work->moment->own, sizeof(*decision));
    int rc;

    if (!decision)
        return error_no_memory(work->err);
    decision->rule = work->rule->document;
    rc = rule_decision_open(work, &absent->then, "absent", &decision->otherwise);
    if (rc <= 0)
        return rc;
    work->finding->decision = decision;
    return rule_work_end(work, RULE_MISSING, 0, "%s did not come", absent->expect);
}

int rule_note_reference(const struct rule_state *state, const unsigned char **ret,
                        size_t *ret_length, const char **ret_task)
{
    size_t length = state->length ? state->value[0] : 0;

    if (state->length < length + 2 || length > RULE_REFERENCE_MAX ||
        state->value[state->length - 1] != '\0')
        return 0;
    *ret = state->value + 1;
    *ret_length = length;
    *ret_task = (const char *)state->value + 1 + length;
    return 1;
}
