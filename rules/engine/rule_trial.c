/* rule_trial.c - see rule_trial.h. One test is a run of moments: at each first what is due, then
 * what is fed, then what the simulated tasks do; then what must always hold, and what is expected
 * at this moment. Invariant: nothing but the feed, the states and the tasks says which moment is
 * next.
 */
#include "rules/engine/rule_trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_explain.h"
#include "rules/engine/rule_feed.h"
#include "rules/engine/rule_fleet.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_run.h"
#include "rules/engine/rule_set.h"
#include "rules/engine/rule_task_list.h"
#include "rules/engine/rule_verdict.h"
#include "rules/engine/rule_world.h"

/* What always holds is asked until nothing happens any more, this long behind the last entry at
 * most, and at so many moments. */
#define ALWAYS_US (INT64_C(100) * 86400000000)
#define MOMENTS_MAX 200000

struct rule_trial *rule_trial_create(struct rule_document **document, struct error *err)
{
    struct rule_trial *trial = calloc(1, sizeof(*trial));
    struct rule_member member = {.document = *document};

    *document = NULL;
    if (!trial) {
        rule_document_destroy(member.document);
        error_no_memory(err);
        return NULL;
    }
    trial->document = member.document;
    if (!(trial->set = rule_set_create(&member, 1, err))) {
        free(trial);
        return NULL;
    }
    return trial;
}

void rule_trial_destroy(struct rule_trial *trial)
{
    if (!trial)
        return;
    rule_set_destroy(trial->set);
    free(trial);
}

/* ---- findings ---- */

static int carry_out(struct rule_run *run, const struct rule_finding *finding, size_t machine,
                     int64_t now_us)
{
    const struct rule_task *task;
    struct rule_finding expected;
    int rc;

    rule_run_remember(run, finding, now_us);
    switch (finding->ending) {
    case RULE_FAILED:
        rule_run_tell_failure(run, finding, now_us);
        return 0;
    case RULE_SUPPRESSED:
        return rule_world_suppress(run->world, machine, now_us, run->err);
    case RULE_NOT_MET:
    case RULE_MISSING:
        return rule_world_open(run->world, &finding->decision->otherwise, machine, now_us,
                               run->err);
    case RULE_ACTS:
        if (rule_world_act(run->world, finding->decision, machine, &run->moment->reference, now_us,
                           &task, run->err) < 0)
            return -1;
        rule_run_set_task(run->moment, task);
        rc = rule_engine_acted(run->engine, RULE_RUN_RULE, task->id, run->moment, &expected,
                               run->err);
        if (rc > 0)
            rule_run_tell_failure(run, &expected, now_us);
        return rc < 0 ? -1 : 0;
    default:
        return 0;
    }
}

static int feed_alert(struct rule_run *run, size_t number, int64_t now_us)
{
    const struct rule_finding *findings;
    size_t count, machine = run->feed[number].machine;

    if (rule_run_fill(run, number, machine, now_us) < 0 ||
        rule_engine_alert(run->engine, run->moment, &findings, &count, run->err) < 0)
        return -1;
    if (count == 0) {
        run->last[0] = '\0';
        run->unmatched = number;
        run->unmatched_us = now_us;
    }
    for (size_t i = 0; i < count; i++)
        if (carry_out(run, &findings[i], machine, now_us) < 0)
            return -1;
    return 0;
}

/* ---- a restart ---- */

/* The states as who keeps them would read them again. */
static int keep_state(void *context, const struct rule_state *state, struct error *err)
{
    return rule_states_put(context, &state->name, state->value, state->length, state->due_us, err);
}

static int restart(struct rule_run *run)
{
    struct rule_states *fresh = rule_states_create(false);
    struct rule_engine *engine =
        fresh ? rule_engine_create(run->trial->set, fresh, run->err) : NULL;

    if (!engine || rule_states_each(run->states, keep_state, fresh, run->err) < 0) {
        rule_engine_destroy(engine);
        rule_states_destroy(fresh);
        return error_no_memory(run->err);
    }
    rule_engine_destroy(run->engine);
    rule_states_destroy(run->states);
    run->states = fresh;
    run->engine = engine;
    return 0;
}

/* ---- the feed ---- */

static int feed_one(struct rule_run *run, size_t number, int64_t now_us)
{
    const struct rule_test_entry *entry = run->feed[number].entry;
    static const enum rule_task_state states[] = {
        [RULE_TEST_RUNNING] = RULE_TASK_RUNNING,
        [RULE_TEST_SUCCEEDED] = RULE_TASK_SUCCEEDED,
        [RULE_TEST_FAILED] = RULE_TASK_FAILED,
    };
    char span[RULE_SPAN_SIZE];
    int rc;

    if (entry->event)
        return feed_alert(run, number, now_us);
    if (entry->restart)
        return restart(run);
    if (entry->approve.by)
        return rule_world_answer(run->world, true, entry->approve.by, entry->approve.role, now_us,
                                 run->err);
    if (entry->refuse.by)
        return rule_world_answer(run->world, false, entry->refuse.by, entry->refuse.role, now_us,
                                 run->err);
    rc = rule_world_tell(run->world, run->feed[number].machine, states[entry->task.state], now_us,
                         run->err);
    if (rc == 0) {
        run->failed = true;
        rule_issues_add(run->issues, entry->line, entry->column, "%s has no task at %s",
                        entry->task.asset,
                        rule_span_text(now_us - run->test->now_s * 1000000, span));
    }
    return rc < 0 ? -1 : 0;
}

static const struct rule_task *find_task(const struct rule_run *run, const char *id)
{
    for (size_t i = rule_world_tasks(run->world); i-- > 0;)
        if (strcmp(rule_world_task(run->world, i)->id, id) == 0)
            return rule_world_task(run->world, i);
    return NULL;
}

static int come_due(struct rule_run *run, const struct rule_state *state, int64_t now_us)
{
    const unsigned char *reference;
    const struct rule_task *task;
    struct rule_finding finding;
    const char *task_id;
    size_t length;
    uint32_t number;
    int rc;

    if (!rule_engine_reference(state, &reference, &length, &task_id))
        return rule_engine_due(run->engine, state, run->moment, &finding, run->err);
    if (rule_run_fill_from(run, reference, length, now_us) < 0)
        return -1;
    if ((task = find_task(run, task_id)))
        rule_run_set_task(run->moment, task);
    memcpy(&number, reference, sizeof(number));
    rc = rule_engine_due(run->engine, state, run->moment, &finding, run->err);
    if (rc <= 0)
        return rc;
    return carry_out(run, &finding, run->feed[number].machine, now_us);
}

/* ---- what always holds ---- */

static int ask_always(struct rule_run *run, const struct rule_test_expect *expect, int64_t now_us)
{
    struct cel_value value;
    char span[RULE_SPAN_SIZE];

    if (rule_moment_fill(run->view, NULL, NULL, now_us, 0, run->err) < 0)
        return -1;
    rule_moment_set(run->view, "tasks",
                    rule_task_list_make(run->tasks, run->world, run->view->arena));
    value = rule_moment_value(run->view, &expect->always);
    if (cel_is(value, CEL_BOOL) && value.boolean)
        return 0;
    run->failed = true;
    rule_issues_add(
        run->issues, expect->always.line, expect->always.column, "does not hold at %s%s%s",
        rule_span_text(now_us - run->test->now_s * 1000000, span),
        cel_is(value, CEL_ERROR) ? ": " : "", cel_is(value, CEL_ERROR) ? value.text : "");
    return 0;
}

static int ask_all_always(struct rule_run *run, int64_t now_us)
{
    for (size_t i = 0; i < run->test->expect_count && !run->failed; i++)
        if (run->test->expect[i].always.text && ask_always(run, &run->test->expect[i], now_us) < 0)
            return -1;
    return 0;
}

/* ---- moments ---- */

static int64_t next_moment(const struct rule_run *run)
{
    int64_t next_us = run->fed < run->feed_count ? run->feed[run->fed].at_us : RULE_NEVER;

    if (rule_states_next(run->states) < next_us)
        next_us = rule_states_next(run->states);
    if (rule_world_next(run->world) < next_us)
        next_us = rule_world_next(run->world);
    return next_us;
}

static int live_through(struct rule_run *run, int64_t now_us)
{
    const struct rule_state *state;

    while (!run->failed && (state = rule_states_due(run->states, now_us)))
        if (come_due(run, state, now_us) < 0)
            return -1;
    for (; !run->failed && run->fed < run->feed_count && run->feed[run->fed].at_us == now_us;
         run->fed++)
        if (feed_one(run, run->fed, now_us) < 0)
            return -1;
    if (!run->failed && rule_world_step(run->world, now_us, run->err) < 0)
        return -1;
    return ask_all_always(run, now_us);
}

static int64_t due_of(const struct rule_run *run, const struct rule_test_expect *expect)
{
    return expect->timed ? run->test->now_s * 1000000 + expect->at_ms * 1000 : INT64_MIN;
}

/* Why no rule was for the last alert is worked out when somebody asks. */
static const char *tell_last(void *context)
{
    struct rule_run *run = context;
    struct text why = {0};
    char span[RULE_SPAN_SIZE];

    if (run->last[0] || rule_run_fill(run, run->unmatched, run->feed[run->unmatched].machine,
                                      run->unmatched_us) < 0)
        return run->last;
    rule_explain_none(run->trial->set, run->moment, &why);
    snprintf(run->last, sizeof(run->last), "the last alert, at %s: %s",
             rule_span_text(run->unmatched_us - run->test->now_s * 1000000, span),
             text_ok(&why) ? text_string(&why) : "no rule is for it");
    text_clear(&why);
    return run->last;
}

/* Those whose moment is over before 'until'; they stand in the order of time. */
static void expect_until(struct rule_run *run, int64_t until_us)
{
    for (; run->expected < run->test->expect_count; run->expected++) {
        const struct rule_test_expect *expect = &run->test->expect[run->expected];
        const struct rule_made *made;
        size_t count;

        if (!expect->timed)
            continue;
        if (due_of(run, expect) >= until_us)
            return;
        count = rule_world_made(run->world, &made);
        if (rule_verdict_give(&(struct rule_verdict){.expect = expect,
                                                     .fleet = run->fleet,
                                                     .made = made + run->made_before,
                                                     .count = count - run->made_before,
                                                     .boots = rule_world_boots(run->world),
                                                     .began_us = run->test->now_s * 1000000,
                                                     .world = run->world,
                                                     .last = tell_last,
                                                     .context = run},
                              run->issues) < 0)
            run->failed = true;
        run->made_before = count;
    }
}

/* Until when it goes on. */
static int64_t horizon(const struct rule_run *run)
{
    int64_t last_us = run->feed_count ? run->feed[run->feed_count - 1].at_us : 0;
    bool always = false;

    for (size_t i = 0; i < run->test->expect_count; i++) {
        if (due_of(run, &run->test->expect[i]) > last_us)
            last_us = due_of(run, &run->test->expect[i]);
        always = always || run->test->expect[i].always.text;
    }
    return always ? last_us + ALWAYS_US : last_us;
}

static int go_through(struct rule_run *run, bool restarts)
{
    int64_t until_us = horizon(run), now_us;

    for (size_t i = 0; !run->failed && (now_us = next_moment(run)) <= until_us; i++) {
        if (i == MOMENTS_MAX)
            return error_set_code(run->err, ERROR_INVALID, "more than %d things happen in it",
                                  MOMENTS_MAX);
        expect_until(run, now_us);
        if (run->failed)
            break;
        if (live_through(run, now_us) < 0 || (restarts && restart(run) < 0))
            return -1;
    }
    if (!run->failed)
        expect_until(run, RULE_NEVER);
    return run->failed ? 0 : 1;
}

static int check_order(struct rule_run *run)
{
    int64_t before_us = INT64_MIN;

    for (size_t i = 0; i < run->test->expect_count; i++) {
        const struct rule_test_expect *expect = &run->test->expect[i];

        if (!expect->timed)
            continue;
        if (due_of(run, expect) < before_us)
            return rule_issues_add(run->issues, expect->line, expect->column,
                                   "'at' is before that of the one above it");
        before_us = due_of(run, expect);
    }
    return 0;
}

static int set_up(struct rule_run *run)
{
    struct rule_world_calls calls = rule_run_calls(run);

    if (!(run->fleet = rule_fleet_create(run->test, run->err)) ||
        rule_feed_unroll(run->test, run->fleet, &run->feed, &run->feed_count, run->err) < 0 ||
        !(run->world = rule_world_create(&calls, run->err)))
        return -1;
    run->states = rule_states_create(false);
    run->moment = rule_moment_create();
    run->view = rule_moment_create();
    run->tasks = rule_task_list_create(run->fleet);
    if (!run->states || !run->moment || !run->view || !run->tasks)
        return error_no_memory(run->err);
    run->engine = rule_engine_create(run->trial->set, run->states, run->err);
    snprintf(run->last, sizeof(run->last), "nothing was fed by then");
    return run->engine ? 0 : -1;
}

static void clear(struct rule_run *run)
{
    rule_engine_destroy(run->engine);
    rule_states_destroy(run->states);
    rule_world_destroy(run->world);
    rule_moment_destroy(run->moment);
    rule_moment_destroy(run->view);
    rule_task_list_destroy(run->tasks);
    rule_fleet_destroy(run->fleet);
    free(run->feed);
}

int rule_trial_run(struct rule_trial *trial, size_t test, const struct rule_trial_options *options,
                   struct rule_issues *issues, struct error *err)
{
    struct rule_run run = {
        .test = &trial->document->tests[test], .trial = trial, .issues = issues, .err = err};
    int rc = check_order(&run);

    if (rc == 0 && (rc = set_up(&run)) == 0)
        rc = go_through(&run, options && options->restarts);
    else if (issues->count)
        rc = 0;
    clear(&run);
    if (rc < 0)
        error_prefix(err, "test '%s'", run.test->name);
    return rc;
}
