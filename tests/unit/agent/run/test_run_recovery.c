/* A restarted agent: what it finds in its journal, what it reads of the BMC, and what it may
 * conclude. Each test writes the journal that a crash leaves, then starts a runner on it.
 */
#include <semaphore.h>

#include "tests/support/check_main.h"
#include "tests/support/former_life.h"

static void begin(void)
{
    bench_begin();
    orders_boot(&bench.orders, 5);
    bench.orders.bmc.driver = (char *)"scripted";
}

static void end(void)
{
    journal_task_clear(&former_row);
    bench_end();
}

START_TEST(accepted_waits_for_a_controller_and_for_what_is_left_of_its_minute)
{
    struct journal_batch *batch = former_life(1);

    former_row.state = HELD_ACCEPTED;
    former_row.started_at_us = 0;
    bench.connected = false;
    former_restart(batch);
    bench_until("released");
    ck_assert_str_eq(bmc.calls, "");
    /* Ten of its sixty seconds were gone. */
    ck_assert_int_le(bench.now_ms, 52000);
}
END_TEST

START_TEST(accepted_starts_once_the_controller_is_back)
{
    struct journal_batch *batch = former_life(1);

    former_row.state = HELD_ACCEPTED;
    former_row.started_at_us = 0;
    former_restart(batch);
    bench_until("bmc_on:done");
    ck_assert_uint_eq(bmc.ons, 1);
}
END_TEST

START_TEST(started_and_not_touched_goes_on)
{
    struct journal_batch *batch = former_life(1);

    bench.connected = false; /* what has started goes on without one */
    former_restart(batch);
    bench_until("bmc_on:done");
    ck_assert_str_eq(bmc.calls, "power:off device:pxe power:on ");
}
END_TEST

START_TEST(intended_off_and_off_is_done)
{
    struct journal_batch *batch = former_life(1);

    former_intent(batch, "bmc_off", 1, "intent");
    former_restart(batch);
    bench_until("bmc_on:done");
    bench_expect_order("bmc_off:done bmc_boot_device:done bmc_on:done");
    ck_assert_uint_eq(bmc.offs, 0);
}
END_TEST

START_TEST(intended_off_and_on_is_uncertain)
{
    struct journal_batch *batch = former_life(1);

    former_intent(batch, "bmc_off", 1, "intent");
    free(former_row.found_power);
    former_row.found_power = strdup("on");
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    former_restart(batch);
    bench_until("result");
    bench_expect_order("uncertain:bmc_off restore_power:done result");
    bench_expect_result("failed", "", "done", "bmc_off", "one attempt");
    /* It was on, and is: nothing to switch. */
    ck_assert_str_eq(bmc.calls, "");
}
END_TEST

START_TEST(boot_device_is_set_again_without_a_second_intent)
{
    struct journal_batch *batch = former_life(1);

    former_intent(batch, "bmc_off", 1, "done");
    former_intent(batch, "bmc_boot_device", 1, "intent");
    former_restart(batch);
    bench_until("bmc_on:done");
    ck_assert_uint_eq(bmc.ons, 1);
}
END_TEST

START_TEST(intended_on_and_on_is_done_and_served_on)
{
    struct journal_batch *batch = former_life(1);
    const struct boot_offer *offer;

    former_attempt(batch, 1, "intent");
    former_token(1);
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    former_restart(batch);
    bench_settle();
    /* Before the BMC was asked: the machine may be asking this moment. */
    offer = boot_offers_find_mac(bench.rooms.offers, &bench.orders.mac);
    ck_assert_ptr_nonnull(offer);
    boot_offers_release(bench.rooms.offers, offer);
    bench_until("bmc_on:done");
    ck_assert_uint_eq(bmc.ons, 0);
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until("result");
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

/* The first look at the link in a life is before its runs are there; the next is their first turn.
 */
static sem_t turned;

static void tell_turn(void *link, struct link_state *ret)
{
    bench_link_state(link, ret);
    sem_post(&turned);
}

static void *bring_files(void *arg)
{
    sem_wait(&turned);
    for (unsigned i = 0; i < bench.held_count; i++)
        ck_assert_int_eq(handover_try_send(bench.rooms.arrivals, bench.held[i]), 0);
    return arg;
}

static void life_that_had_switched_on(void)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "done");
    former_token(1);
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    former_restart(batch);
}

/* What serves machines starts behind the runner: one that asks is not told that there is nothing.
 */
START_TEST(offer_is_out_again_before_anybody_is_served)
{
    const struct boot_offer *offer;
    pthread_t bringer;

    ck_assert_int_eq(sem_init(&turned, 0, 0), 0);
    bench.holds_files = true;
    life_that_had_switched_on();
    ck_assert_uint_eq(bench.held_count, 2);
    bench.runner->rooms.link_state = tell_turn;
    ck_assert_int_eq(pthread_create(&bringer, NULL, bring_files, NULL), 0);
    ck_assert_int_eq(task_runner_start(bench.runner, NULL), 0);
    offer = boot_offers_find_task(bench.rooms.offers, &bench.orders.task);
    ck_assert_ptr_nonnull(offer);
    boot_offers_release(bench.rooms.offers, offer);
    pthread_join(bringer, NULL);
    task_runner_stop(bench.runner);
    sem_destroy(&turned);
}
END_TEST

/* Nor are others kept waiting for files that do not come. */
START_TEST(start_waits_for_no_file_that_is_gone)
{
    bench.files = ERROR_NOT_FOUND;
    life_that_had_switched_on();
    ck_assert_int_eq(task_runner_start(bench.runner, NULL), 0);
    task_runner_stop(bench.runner);
    ck_assert_ptr_null(boot_offers_find_task(bench.rooms.offers, &bench.orders.task));
}
END_TEST

START_TEST(intended_on_and_off_and_nothing_seen_had_no_effect)
{
    struct journal_batch *batch = former_life(1);
    struct journal_intents intents;

    bench.settings.attempts_max = 1;
    former_attempt(batch, 1, "intent");
    former_token(1);
    bmc_set(POWER_OFF, BOOT_DEVICE_PXE);
    former_restart(batch);
    bench_until("result");
    bench_expect_result("failed", "", "done", "bmc_on", "no effect (one attempt was made)");
    ck_assert(!bench_has("uncertain:bmc_on"));
    ck_assert_str_eq(bmc.calls, "device:none ");
    ck_assert_int_eq(task_journal_intents(bench.rooms.journal, &former_row.id, &intents, NULL), 0);
    for (size_t i = 0; i < intents.count; i++)
        if (strcmp(intents.items[i].step, "bmc_on") == 0)
            ck_assert_str_eq(intents.items[i].state, "no_effect");
    journal_intents_free(&intents);
}
END_TEST

START_TEST(intended_on_seen_and_off_is_uncertain)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "intent");
    former_token(1);
    former_row.seen = STAGE_TFTP;
    former_restart(batch);
    bench_until("result");
    bench_expect_order("uncertain:bmc_on result");
    bench_expect_result("failed", "", "done", "bmc_on", "seen");
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

START_TEST(unreadable_bmc_is_uncertain_until_it_answers)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "intent");
    former_token(1);
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    bmc.dead = true;
    former_restart(batch);
    bench_until("uncertain:bmc_on");
    bench_cancel();
    bench_until("cancel:unknown");
    pthread_mutex_lock(&bmc.lock);
    bmc.dead = false;
    pthread_mutex_unlock(&bmc.lock);
    bench_until("bmc_on:done");
    ck_assert_uint_eq(bench_count("uncertain:bmc_on"), 1);
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

START_TEST(phone_home_during_the_inspection_settles_it)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "intent");
    former_token(1);
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    bmc.dead = true;
    former_restart(batch);
    bench_settle();
    ck_assert_uint_eq(bench_hello(1), 200);
    pthread_mutex_lock(&bmc.lock);
    bmc.dead = false;
    pthread_mutex_unlock(&bmc.lock);
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until("result");
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

START_TEST(machine_that_spoke_goes_on_whatever_its_bmc_said)
{
    struct journal_batch *batch = former_life(1);
    uint8_t nonce[32], session[32];

    former_attempt(batch, 1, "failed");
    former_token(1);
    memset(nonce, 1, 32);
    phone_home_hash(nonce, former_row.nonce_hash);
    phone_home_session(bench.settings.phone_home_key, &former_row.id, 1, nonce, session, NULL);
    phone_home_hash(session, former_row.session_hash);
    former_row.has_nonce = former_row.has_session = true;
    former_row.seen = STAGE_INITRD;
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    former_restart(batch);
    task_runner_turn(bench.runner);
    bench.now_ms += 5000; /* the inspection is over before the machine speaks again */
    bench_settle();
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until("result");
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

START_TEST(session_goes_on_with_the_same_secret)
{
    struct journal_batch *batch = former_life(1);
    uint8_t nonce[32], session[32];

    former_attempt(batch, 1, "done");
    former_token(1);
    memset(nonce, 1, 32);
    phone_home_hash(nonce, former_row.nonce_hash);
    phone_home_session(bench.settings.phone_home_key, &former_row.id, 1, nonce, session, NULL);
    phone_home_hash(session, former_row.session_hash);
    former_row.has_nonce = former_row.has_session = true;
    former_row.seen = STAGE_INITRD;
    former_row.phoned_home_at_us = former_row.started_at_us + 1;
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    former_restart(batch);
    ck_assert_uint_eq(bench_hello(1), 200); /* its first answer may have been lost with us */
    ck_assert_uint_eq(bench_report(1, "degraded"), 200);
    bench_until("result");
    bench_expect_result("succeeded", "degraded", "done", "", "");
}
END_TEST

START_TEST(whole_report_ends_in_the_restore)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "done");
    former_row.has_report = true;
    former_row.report_size = 10;
    former_row.verdict = strdup("passed");
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    former_restart(batch);
    bench_until("result");
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_int_eq(bmc.power, POWER_OFF);
}
END_TEST

START_TEST(restore_begins_again_under_a_new_attempt)
{
    struct journal_batch *batch = former_life(1);
    struct journal_intents intents;

    former_attempt(batch, 1, "done");
    former_intent(batch, "restore_off", 1, "done");
    former_intent(batch, "restore_boot_device", 1, "done");
    former_intent(batch, "restore_on", 1, "intent");
    free(former_row.found_power);
    former_row.found_power = strdup("on");
    former_row.outcome = strdup("cancelled");
    former_row.stopped_at = strdup("boot");
    former_row.cause = strdup("cancelled: by a person");
    former_row.remedy = strdup("");
    bmc_set(POWER_OFF, BOOT_DEVICE_NONE);
    former_restart(batch);
    bench_until("result");
    bench_expect_result("cancelled", "", "done", "boot", "by a person");
    ck_assert_str_eq(bmc.calls, "power:on ");
    ck_assert_int_eq(task_journal_intents(bench.rooms.journal, &former_row.id, &intents, NULL), 0);
    ck_assert_str_eq(intents.items[intents.count - 1].step, "restore_on");
    ck_assert_uint_eq(intents.items[intents.count - 1].attempt, 2);
    journal_intents_free(&intents);
}
END_TEST

START_TEST(machine_that_is_its_own_again_is_not_switched_off)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "done");
    former_intent(batch, "restore_on", 1,
                  "intent"); /* it had switched itself off after its report */
    free(former_row.found_power);
    former_row.found_power = strdup("on");
    former_row.has_report = true;
    former_row.verdict = strdup("passed");
    former_row.outcome = strdup("succeeded");
    former_row.stopped_at = strdup("");
    former_row.cause = strdup("");
    former_row.remedy = strdup("");
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    former_restart(batch);
    bench_until("result");
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_str_eq(bmc.calls, "");
}
END_TEST

START_TEST(decided_before_it_was_touched_ends_without_a_restore)
{
    struct journal_batch *batch = former_life(1);

    former_row.outcome = strdup("failed");
    former_row.stopped_at = strdup("snapshot");
    former_row.cause = strdup("the BMC did not say");
    former_row.remedy = strdup("");
    former_restart(batch);
    bench_until("result");
    bench_expect_result("failed", "", "none", "snapshot", "did not say");
    ck_assert_str_eq(bmc.calls, "");
}
END_TEST

START_TEST(stop_is_named_by_what_the_former_life_saw)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "done");
    former_token(1);
    former_row.seen = STAGE_TFTP;
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    former_restart(batch);
    bench_until("result");
    bench_expect_result("failed", "", "done", "http_script", "one attempt");
}
END_TEST

START_TEST(deadline_counts_from_the_former_life)
{
    struct journal_batch *batch;

    bench.orders.boot.deadline_s = 60;
    batch = former_life(1);
    former_attempt(batch, 1, "done");
    former_token(1);
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    former_restart(batch);
    bench_until("restore_power:started");
    ck_assert_int_le(bench.now_ms, 1000 + 50000 + 1000);
}
END_TEST

/* It was away for 'away_ms', and its host came up years before today, with no controller. */
static void come_back_without_a_clock(int64_t away_ms)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "intent");
    former_token(1);
    bmc_set(POWER_OFF, BOOT_DEVICE_PXE);
    bench.now_ms += away_ms;
    bench.connected = false;
    bench.behind_us = INT64_C(200000000) * 1000000;
    former_restart(batch);
    bench_pass_ms(600000);
    ck_assert_str_eq(bmc.calls, "");
    bench.connected = true;
}

START_TEST(host_without_a_clock_commands_nothing_before_it_heard_a_controller)
{
    come_back_without_a_clock(0);
    bench_until("bmc_on:done"); /* its time is not over */
    ck_assert(bench_has("bmc_on:failed"));
    ck_assert_uint_eq(bmc.ons, 1);
    end();
    begin();
    come_back_without_a_clock(INT64_C(5) * 3600 * 1000);
    bench_until("result");
    bench_expect_result("failed", "", "done", "bmc_on", "deadline");
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

START_TEST(cancelled_before_its_start_ends_after_a_restart)
{
    struct journal_batch *batch = former_life(1);

    former_row.state = HELD_ACCEPTED;
    former_row.started_at_us = 0;
    former_row.outcome = strdup("cancelled");
    former_row.cause = strdup("cancelled: changed my mind");
    former_restart(batch);
    bench_until("result");
    bench_expect_result("cancelled", "", "none", "", "changed my mind");
    ck_assert_str_eq(bmc.calls, "");
}
END_TEST

START_TEST(restore_gives_off_behind_an_on_of_the_former_life)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "intent");
    former_token(1);
    former_row.outcome = strdup("cancelled");
    former_restart(batch);
    bench_until("result");
    ck_assert_str_eq(bmc.calls, "power:off ");
    bench_expect_result("cancelled", "", "done", "", "");
}
END_TEST

START_TEST(driver_that_only_remembers_ends_no_session_by_having_forgotten)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "intent");
    former_token(1);
    bmc_driver.remembers_only = true;
    former_restart(batch); /* it says off */
    bench_until("bmc_on:done");
    ck_assert_uint_eq(bench_hello(1), 200);
    for (int looks = 0; looks < 8; looks++) {
        bench.now_ms += 12000;
        bench_settle();
    }
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until("result");
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

/* Its boot files are of no use to it any more. */
START_TEST(session_goes_on_without_the_image_s_files)
{
    bench_order();
    bench_until("bmc_on:done");
    ck_assert_uint_eq(bench_hello(1), 200);
    bench_settle();
    bench.files = ERROR_NOT_FOUND;
    bench_stop();
    bench_start();
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until_ended();
    bench_expect_result("succeeded", "passed", "done", "", "");
}
END_TEST

CHECK_MAIN_WITH(
    "run_recovery", begin, end, accepted_waits_for_a_controller_and_for_what_is_left_of_its_minute,
    accepted_starts_once_the_controller_is_back, started_and_not_touched_goes_on,
    intended_off_and_off_is_done, intended_off_and_on_is_uncertain,
    boot_device_is_set_again_without_a_second_intent, intended_on_and_on_is_done_and_served_on,
    offer_is_out_again_before_anybody_is_served, start_waits_for_no_file_that_is_gone,
    intended_on_and_off_and_nothing_seen_had_no_effect, intended_on_seen_and_off_is_uncertain,
    unreadable_bmc_is_uncertain_until_it_answers, phone_home_during_the_inspection_settles_it,
    machine_that_spoke_goes_on_whatever_its_bmc_said, session_goes_on_with_the_same_secret,
    whole_report_ends_in_the_restore, restore_begins_again_under_a_new_attempt,
    machine_that_is_its_own_again_is_not_switched_off,
    decided_before_it_was_touched_ends_without_a_restore, stop_is_named_by_what_the_former_life_saw,
    deadline_counts_from_the_former_life,
    host_without_a_clock_commands_nothing_before_it_heard_a_controller,
    cancelled_before_its_start_ends_after_a_restart,
    restore_gives_off_behind_an_on_of_the_former_life,
    driver_that_only_remembers_ends_no_session_by_having_forgotten,
    session_goes_on_without_the_image_s_files)
