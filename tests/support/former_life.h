/* former_life.h - what an agent that died had written of the bench's task: a row, intents, and the
 * start of the next one on them.
 */
#pragma once

#include "tests/support/agent_bench.h"

static struct journal_task former_row;

/* The row of the order, running; unless told otherwise, accepted and started 10 s ago. */
static inline struct journal_batch *former_life(unsigned attempt)
{
    journal_task_clear(&former_row);
    former_row.id = bench.orders.task;
    former_row.machine_id = bench.orders.machine;
    former_row.epoch = 5;
    former_row.state = HELD_RUNNING;
    former_row.attempt = attempt;
    former_row.accepted_at_us = former_row.started_at_us =
        ORDERS_NOW_US + bench.now_ms * 1000 - 10000000;
    former_row.found_power = strdup("off");
    former_row.found_boot_device = strdup("none");
    former_row.envelope_length = orders_sign(&bench.orders, &former_row.envelope);
    return journal_batch_create();
}

/* 'state' "intent": written before the deed, and no more. */
static inline void former_intent(struct journal_batch *batch, const char *step, unsigned attempt,
                                 const char *state)
{
    journal_batch_intent(batch, &former_row.id, step, attempt, "intent", 1);
    if (strcmp(state, "intent") != 0)
        journal_batch_intent(batch, &former_row.id, step, attempt, state, 2);
}

static inline void former_token(unsigned attempt)
{
    uint8_t secret[32];

    phone_home_token(bench.settings.phone_home_key, &former_row.id, attempt, secret, NULL);
    phone_home_hash(secret, former_row.token_hash);
    former_row.has_token = true;
}

/* All of an attempt's intents, the power-on's at 'on'. */
static inline void former_attempt(struct journal_batch *batch, unsigned attempt, const char *on)
{
    former_intent(batch, "bmc_off", attempt, "done");
    former_intent(batch, "bmc_boot_device", attempt, "done");
    former_intent(batch, "bmc_on", attempt, on);
}

static inline void former_restart(struct journal_batch *batch)
{
    struct error err = {0};

    journal_batch_task(batch, &former_row);
    ck_assert_msg(task_journal_write_now(bench.rooms.journal, batch, &err) == 0, "%s",
                  error_text(&err));
    bench_stop();
    bench_start();
    ck_assert_uint_eq(task_runner_count(bench.runner), 1);
}
