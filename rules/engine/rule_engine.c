/* rule_engine.c - see rule_engine.h. Invariant: what a rule remembers changes only when none of its
 * expressions failed; of several rules that match one takes the alert, and the others remember
 * nothing of it. A rule whose match fails takes it, too, if it ranks highest: what a rule beneath
 * it would do is not done because of an error.
 */
#include "rules/engine/rule_engine.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_names.h"
#include "rules/engine/rule_decision.h"
#include "rules/engine/rule_keys.h"
#include "rules/engine/rule_match.h"
#include "rules/engine/rule_names_read.h"
#include "rules/engine/rule_note.h"
#include "rules/engine/rule_work.h"

struct rule_engine {
    const struct rule_set *set;
    struct rule_states *states;
    uint32_t *candidates; /* room for all rules, and for all their findings with those of notes */
    struct rule_finding *findings;
    size_t count, room;
    rule_act_question *question; /* NULL: none is asked */
    void *context;
};

struct rule_engine *rule_engine_create(const struct rule_set *set, struct rule_states *states,
                                       struct error *err)
{
    struct rule_engine *engine = calloc(1, sizeof(*engine));
    size_t rules = rule_set_count(set);

    if (!engine)
        goto nomem;
    engine->set = set;
    engine->states = states;
    engine->candidates = calloc(rules + 1, sizeof(*engine->candidates));
    if (!engine->candidates)
        goto nomem;
    return engine;
nomem:
    rule_engine_destroy(engine);
    error_no_memory(err);
    return NULL;
}

void rule_engine_destroy(struct rule_engine *engine)
{
    if (!engine)
        return;
    free(engine->candidates);
    free(engine->findings);
    free(engine);
}

void rule_engine_ask(struct rule_engine *engine, rule_act_question *question, void *context)
{
    engine->question = question;
    engine->context = context;
}

static int add_finding(struct rule_engine *engine, const struct rule_finding *finding,
                       struct error *err)
{
    size_t room = engine->room ? engine->room * 2 : 32;
    struct rule_finding *findings;

    if (engine->count == engine->room) {
        findings = realloc(engine->findings, room * sizeof(*findings));
        if (!findings)
            return error_no_memory(err);
        engine->findings = findings;
        engine->room = room;
    }
    engine->findings[engine->count++] = *finding;
    return 0;
}

/* ---- one rule ---- */

static struct rule_work work_of(struct rule_engine *engine, uint32_t rule,
                                struct rule_moment *moment, struct rule_finding *finding,
                                struct error *err)
{
    struct rule_work work = {
        .moment = moment, .states = engine->states, .finding = finding, .err = err};

    *finding = (struct rule_finding){.rule = rule, .words = ""};
    rule_work_begin(&work, rule_set_at(engine->set, rule));
    return work;
}

/* What it would have done, and nothing else. */
static void cast_shadow(struct rule_work *work)
{
    struct rule_finding *finding = work->finding;

    if (!work->rule->shadow || !finding->decision)
        return;
    rule_work_end(work, RULE_SHADOW, 0, "%s%s",
                  finding->decision->boots ? "" : "only its ticket: ", finding->words);
}

/* 1: it can be carried out. */
static int may_act(const struct rule_engine *engine, struct rule_work *work,
                   const struct rule_decision *decision)
{
    const char *why = "";
    int rc = 1;

    if (engine->question && !work->rule->shadow)
        rc = engine->question(engine->context, work->finding->rule, decision, &why, work->err);
    return rc == 0 ? rule_work_end(work, RULE_REFUSED, 0, "%s", why) : rc;
}

static int act(const struct rule_engine *engine, struct rule_work *work)
{
    const struct rule_decision *decision;
    int rc = rule_decision_make(work, &decision);

    if (rc > 0)
        rc = may_act(engine, work, decision);
    if (rc <= 0)
        return rc;
    if (step_dedup_remember(work) < 0 || step_throttle_remember(work) < 0)
        return -1;
    work->finding->decision = decision;
    return rule_work_end(work, RULE_ACTS, 0, "");
}

static int open_ticket(struct rule_work *work)
{
    struct rule_decision *decision = cel_arena_take(work->moment->own, sizeof(*decision));
    struct rule_finding not_met = *work->finding;
    int rc;

    if (!decision)
        return error_no_memory(work->err);
    decision->rule = work->rule->document;
    rc = rule_decision_open(work, &decision->rule->otherwise, "else", &decision->otherwise);
    if (rc <= 0)
        return rc;
    if (step_dedup_remember(work) < 0)
        return -1;
    *work->finding = not_met;
    work->finding->decision = decision;
    return 0;
}

typedef int step(struct rule_work *work);
static step *const STEPS[] = {step_suppress, step_hold,     step_window,
                              step_dedup,    step_throttle, step_require};
#define STEP_COUNT (sizeof(STEPS) / sizeof(STEPS[0]))

/* From its first step to its finding. 0, -1. */
static int work_through(const struct rule_engine *engine, struct rule_work *work, bool held)
{
    int rc = 1;

    for (size_t i = 0; rc > 0 && i < STEP_COUNT; i++)
        if (!held || STEPS[i] != step_hold)
            rc = STEPS[i](work);
    if (rc > 0)
        rc = act(engine, work);
    else if (rc == 0 && work->finding->ending == RULE_NOT_MET)
        rc = open_ticket(work);
    if (rc < 0)
        return -1;
    if (work->finding->ending == RULE_FAILED)
        return 0;
    cast_shadow(work);
    return rule_work_commit(work);
}

/* ---- an alert ---- */

static bool is_resolved(const struct rule_moment *moment)
{
    struct cel_value status = moment->slots[rule_attribute_slot(RULE_STATUS)];

    return cel_is(status, CEL_STRING) && status.extra == 8 &&
           memcmp(status.text, "resolved", 8) == 0;
}

static void outranked(const struct rule_engine *engine, struct rule_moment *moment, uint32_t by,
                      struct rule_finding *ret)
{
    char *words =
        cel_arena_format(moment->own, "by %s", rule_set_at(engine->set, by)->document->id);

    ret->ending = RULE_OUTRANKED;
    ret->words = words ? words : "";
}

/* 'why' NULL: it matched. The one that ranks highest takes the alert, a shadow works by itself. */
static int take(struct rule_engine *engine, struct rule_moment *moment, uint32_t rule,
                const struct cel_value *why, uint32_t *taker, struct error *err)
{
    const struct rule_in_set *in_set = rule_set_at(engine->set, rule);
    struct rule_finding finding;
    struct rule_work work = work_of(engine, rule, moment, &finding, err);

    if (why)
        rule_work_fail(&work, "match", 0, &in_set->document->match, why->text);
    else if (!in_set->shadow && *taker != UINT32_MAX)
        outranked(engine, moment, *taker, &finding);
    else if (work_through(engine, &work, false) < 0)
        return -1;
    if (!in_set->shadow && *taker == UINT32_MAX)
        *taker = rule;
    return add_finding(engine, &finding, err);
}

static int decide(struct rule_engine *engine, struct rule_moment *moment, struct error *err)
{
    size_t count = rule_set_candidates(engine->set, moment, engine->candidates);
    uint32_t taker = UINT32_MAX;

    /* Of thousands of rules few are in the processor's cache: they come while the first is asked.
     */
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(rule_set_at(engine->set, engine->candidates[i]));
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(rule_set_at(engine->set, engine->candidates[i])->match);
    for (size_t i = 0; i < count; i++) {
        uint32_t rule = engine->candidates[i];
        struct cel_value why;
        int rc = rule_match(rule_set_at(engine->set, rule), moment, &why);

        if (rc && take(engine, moment, rule, rc < 0 ? &why : NULL, &taker, err) < 0)
            return -1;
    }
    return 0;
}

/* What the rules take note of: things expected before the alert is decided, for it may be both;
 * those that suppress behind it, for an alert does not suppress itself. */
static int take_notes(struct rule_engine *engine, struct rule_moment *moment, struct cel_value type,
                      enum rule_note which, struct error *err)
{
    const struct rule_noting *notes;
    size_t count = rule_set_notes(engine->set, type.text, type.extra, &notes);

    for (size_t i = 0; i < count; i++) {
        struct rule_finding finding;
        struct rule_work work;
        int rc;

        if (notes[i].note != which)
            continue;
        work = work_of(engine, notes[i].rule, moment, &finding, err);
        rc = rule_note_take(&work, &notes[i]);
        if (rc < 0 || rule_work_commit(&work) < 0)
            return -1;
        if (rc == 0 && add_finding(engine, &finding, err) < 0)
            return -1;
    }
    return 0;
}

static int by_rule(const void *left, const void *right)
{
    const struct rule_finding *a = left, *b = right;

    return (a->rule > b->rule) - (a->rule < b->rule);
}

int rule_engine_alert(struct rule_engine *engine, struct rule_moment *moment,
                      const struct rule_finding **ret, size_t *ret_count, struct error *err)
{
    struct cel_value type = moment->slots[rule_attribute_slot(RULE_TYPE)];
    bool resolved = is_resolved(moment);
    size_t decided;

    engine->count = 0;
    if (!cel_is(type, CEL_STRING))
        return error_set_code(err, ERROR_INVALID, "an alert has no event.type");
    if (take_notes(engine, moment, type, RULE_NOTE_ABSENT, err) < 0)
        return -1;
    decided = engine->count;
    if (resolved ? take_notes(engine, moment, type, RULE_NOTE_HOLD, err) < 0
                 : decide(engine, moment, err) < 0)
        return -1;
    if (!resolved && take_notes(engine, moment, type, RULE_NOTE_SUPPRESS, err) < 0)
        return -1;
    if (decided < engine->count && engine->count > 1)
        qsort(engine->findings, engine->count, sizeof(*engine->findings), by_rule);
    *ret = engine->findings;
    *ret_count = engine->count;
    return 0;
}

/* ---- what comes due ---- */

static int go_on_behind_hold(const struct rule_engine *engine, struct rule_work *work)
{
    struct cel_value why;
    int rc = rule_match(work->rule, work->moment, &why);

    if (rc < 0)
        return rule_work_fail(work, "match", 0, &work->rule->document->match, why.text);
    if (rc == 0) {
        work->finding->at = &work->rule->document->match;
        return rule_work_end(work, RULE_NO_MATCH, 0, "it does not match any more");
    }
    return work_through(engine, work, true);
}

int rule_engine_due(struct rule_engine *engine, const struct rule_state *state,
                    struct rule_moment *moment, struct rule_finding *ret, struct error *err)
{
    int64_t rule = rule_set_find(engine->set, state->name.rule);
    struct rule_state_name name = state->name;
    int64_t arrived_us = moment->now_us;
    int kind = state->name.kind;
    const unsigned char *reference;
    struct rule_work work;
    size_t length;
    uint8_t entry;

    memcpy(&entry, state->name.key, 1);
    if (kind == RULE_STATE_HOLD)
        step_hold_reference(state, &reference, &length, &arrived_us);
    rule_states_drop(engine->states, &name);
    if (rule < 0 || (kind != RULE_STATE_HOLD && kind != RULE_STATE_ABSENT))
        return 0;
    work = work_of(engine, (uint32_t)rule, moment, ret, err);
    if (moment->time_us > arrived_us) /* nothing came from the future, then as now */
        moment->time_us = arrived_us;
    if (kind == RULE_STATE_HOLD)
        return go_on_behind_hold(engine, &work) < 0 ? -1 : 1;
    if (entry < 1 || entry > work.rule->document->absent_count)
        return 0;
    if (rule_note_missing(&work, entry) < 0)
        return -1;
    cast_shadow(&work);
    return 1;
}

int rule_engine_reference(const struct rule_state *state, const unsigned char **ret,
                          size_t *ret_length, const char **ret_task)
{
    int64_t arrived_us;

    *ret_task = "";
    if (state->name.kind == RULE_STATE_HOLD)
        return step_hold_reference(state, ret, ret_length, &arrived_us);
    if (state->name.kind != RULE_STATE_ABSENT)
        return 0;
    return rule_note_reference(state, ret, ret_length, ret_task);
}

/* ---- what must be known first ---- */

int rule_engine_keys(struct rule_engine *engine, struct rule_moment *moment,
                     rule_name_taker *take_name, void *context, struct error *err)
{
    struct cel_value type = moment->slots[RULE_SLOT_TYPE];
    const struct rule_noting *notes;
    size_t count;

    if (!cel_is(type, CEL_STRING))
        return 0;
    count = rule_set_notes(engine->set, type.text, type.extra, &notes);
    for (size_t i = 0; i < count; i++) {
        struct rule_finding finding;
        struct rule_work work = work_of(engine, notes[i].rule, moment, &finding, err);

        if (rule_keys_of_note(&work, &notes[i], take_name, context) < 0)
            return -1;
    }
    count = is_resolved(moment) ? 0 : rule_set_candidates(engine->set, moment, engine->candidates);
    for (size_t i = 0; i < count; i++) {
        const struct rule_in_set *rule = rule_set_at(engine->set, engine->candidates[i]);
        struct rule_finding finding;
        struct rule_work work;
        struct cel_value why;

        if (rule_match(rule, moment, &why) <= 0)
            continue;
        work = work_of(engine, engine->candidates[i], moment, &finding, err);
        if (rule_keys_of_rule(&work, take_name, context) < 0)
            return -1;
    }
    return 0;
}

/* ---- tasks ---- */

int rule_engine_acted(struct rule_engine *engine, uint32_t rule, const char *task,
                      struct rule_moment *moment, struct rule_finding *ret, struct error *err)
{
    struct rule_work work = work_of(engine, rule, moment, ret, err);
    struct rule_finding failed = {.ending = RULE_ACTS};

    for (size_t i = 0; i < work.rule->document->absent_count; i++) {
        int rc = rule_note_expect(&work, i + 1, task);

        if (rc < 0 || rule_work_commit(&work) < 0)
            return -1;
        if (rc == 0 && failed.ending != RULE_FAILED)
            failed = *ret;
    }
    *ret = failed;
    return failed.ending == RULE_FAILED;
}

static const char task_finished[] = "task.finished";

int rule_engine_task_finished(struct rule_engine *engine, struct rule_moment *moment,
                              struct error *err)
{
    const struct rule_noting *notes;
    size_t count = rule_set_notes(engine->set, task_finished, sizeof(task_finished) - 1, &notes);

    for (size_t i = 0; i < count; i++) {
        struct rule_finding finding;
        struct rule_work work = work_of(engine, notes[i].rule, moment, &finding, err);

        if (notes[i].note == RULE_NOTE_ABSENT &&
            (rule_note_finished(&work, notes[i].entry + 1) < 0 || rule_work_commit(&work) < 0))
            return -1;
    }
    return 0;
}

bool rule_engine_came(struct rule_engine *engine, const struct rule_state *state)
{
    int64_t rule = rule_set_find(engine->set, state->name.rule);
    const struct rule_state_name name = state->name;
    const struct rule_document *document;
    uint8_t entry;

    if (rule < 0 || name.kind != RULE_STATE_ABSENT)
        return false;
    memcpy(&entry, name.key, 1);
    document = rule_set_at(engine->set, (uint32_t)rule)->document;
    if (entry < 1 || entry > document->absent_count ||
        strcmp(document->absent[entry - 1].expect, task_finished) != 0)
        return false;
    rule_states_drop(engine->states, &name);
    return true;
}

int rule_engine_require(struct rule_engine *engine, uint32_t rule,
                        const struct rule_decision *decision, struct rule_moment *moment,
                        struct rule_finding *ret)
{
    struct rule_work work = work_of(engine, rule, moment, ret, NULL);

    rule_work_set_window(&work, decision->window);
    return step_require(&work);
}

int rule_engine_halts(struct rule_engine *engine, uint32_t rule, struct rule_moment *moment,
                      struct rule_finding *ret, struct error *err)
{
    struct rule_work work = work_of(engine, rule, moment, ret, err);
    const struct rule_rollout *rollout = &work.rule->document->rollout;
    struct rule_decision *decision;
    bool holds = true;

    if (!rollout->halt_when.text)
        return 0;
    if (!rule_work_holds(&work, "rollout.halt_when", 0, &rollout->halt_when, &holds))
        return 1;
    if (!holds)
        return 0;
    if (!(decision = cel_arena_take(moment->own, sizeof(*decision))))
        return error_no_memory(err);
    decision->rule = work.rule->document;
    if (rule_decision_open(&work, &rollout->on_halt, "rollout.on_halt", &decision->otherwise) < 0)
        return -1;
    ret->at = &rollout->halt_when;
    ret->decision = decision;
    return 1;
}

int rule_engine_group(struct rule_engine *engine, uint32_t rule, struct rule_moment *moment,
                      const struct rule_expression *by, const char **ret)
{
    struct rule_finding finding;
    struct rule_work work = work_of(engine, rule, moment, &finding, NULL);

    return rule_decision_group(&work, "limits", 0, by, ret);
}
