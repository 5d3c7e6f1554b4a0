/* The runner on its bench: the straight line, each way it ends early, and what orders, machines and
 * people may say. */
#include <sqlite3.h>

#include "agent/journal/journal_store.h"
#include "tests/support/agent_bench.h"
#include "tests/support/check_main.h"

static void begin(void)
{
    bench_begin();
    orders_boot(&bench.orders, 5);
}

static void end(void)
{
    bench_end();
}

/* Up to seen on, then the sightings of a BIOS machine. */
static void boot(void)
{
    bench_order();
    bench_until("bmc_on:done");
    bench_sight(SIGHTING_DHCP_DISCOVER);
    bench_sight(SIGHTING_TFTP);
    bench_sight(SIGHTING_SCRIPT);
    bench_sight(SIGHTING_KERNEL);
    bench_sight(SIGHTING_INITRD);
}

static unsigned progress(const char *check, const char *state, const char *status)
{
    struct phone_home_request *request = bench_say(PHONE_HOME_PROGRESS, 1, "{}");

    snprintf(request->check, sizeof(request->check), "%s", check);
    snprintf(request->state, sizeof(request->state), "%s", state);
    snprintf(request->status, sizeof(request->status), "%s", status);
    return bench_request(request);
}

static unsigned say_log(uint64_t offset, const char *lines)
{
    struct phone_home_request *request = bench_say(PHONE_HOME_LOG, 1, lines);

    request->offset = offset;
    return bench_request(request);
}

/* ---- the straight line ---- */

START_TEST(good_boot_goes_through_every_step_once)
{
    Muster__Result *result;

    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(progress("memory", "started", ""), 200);
    ck_assert_uint_eq(progress("memory", "running", ""), 200);
    ck_assert_uint_eq(progress("memory", "finished", "passed"), 200);
    ck_assert_uint_eq(
        bench_request(bench_say(PHONE_HOME_REPORT, 1,
                                "{\"verdict\":\"degraded\",\"reason\":\"vda cannot be read\","
                                "\"remedy\":\"Replace vda.\"}")),
        200);
    bmc_set(POWER_OFF, BOOT_DEVICE_PXE); /* the image powers the machine off */
    bench_until("result");
    bench_expect_order("accepted@5 stage_image:started stage_image:done started snapshot:started "
                       "snapshot:done bmc_off:started bmc_off:done bmc_boot_device:started "
                       "bmc_boot_device:done bmc_on:started bmc_on:done dhcp:seen tftp:seen "
                       "http_script:seen http_kernel:seen http_initrd:seen phone_home:seen "
                       "check:memory:started check:memory:done report:done restore_power:started "
                       "restore_boot_device:started restore_boot_device:done restore_power:done "
                       "result");
    bench_expect_result("succeeded", "degraded", "done", "", "vda cannot be read");
    result = bench_result();
    ck_assert_str_eq(result->remedy, "Replace vda.");
    ck_assert_uint_eq(result->report_sha256.len, 32);
    ck_assert_uint_eq(result->epoch, 5);
    message_free(result);
    ck_assert_str_eq(bmc.calls, "power:off device:pxe power:on device:none ");
    bench_until_ended();
    ck_assert_ptr_null(boot_offers_find_task(bench.rooms.offers, &bench.orders.task));
}
END_TEST

START_TEST(result_carries_the_digest_of_the_facts_before_it)
{
    uint8_t digest[32];
    Muster__Result *result;

    bmc.dead = true;
    bench_order();
    /* The digest just before the end, asked of the journal itself. */
    bench_until("snapshot:failed");
    ck_assert_int_eq(
        task_journal_facts_digest(bench.rooms.journal, &bench.orders.task, digest, NULL), 0);
    bench_until("result");
    result = bench_result();
    ck_assert_uint_eq(result->facts_digest.len, 32);
    /* With RESULT itself in the chain it is another. */
    ck_assert_int_eq(
        task_journal_facts_digest(bench.rooms.journal, &bench.orders.task, digest, NULL), 0);
    ck_assert_mem_ne(result->facts_digest.data, digest, 32);
    message_free(result);
}
END_TEST

START_TEST(offer_appears_behind_the_intent_of_on_and_holds_no_plain_token)
{
    const struct boot_offer *offer;

    bench_order();
    bench_until("bmc_boot_device:done");
    bench_until("bmc_on:done");
    offer = boot_offers_find_mac(bench.rooms.offers, &bench.orders.mac);
    ck_assert_ptr_nonnull(offer);
    ck_assert_str_eq(offer->arguments, "console=ttyS0 BOOTIF=52:54:00:01:02:03 "
                                       "agent=http://10.77.0.2:8480");
    ck_assert_uint_gt(offer->initrd_tail_length, 100);
    boot_offers_release(bench.rooms.offers, offer);
}
END_TEST

START_TEST(machine_found_on_ends_on_and_was_off_in_between)
{
    bmc_set(POWER_ON, BOOT_DEVICE_DISK);
    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until("result"); /* it did not switch itself off: after its grace it is */
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_str_eq(bmc.calls, "power:off device:pxe power:on power:off device:disk power:on ");
}
END_TEST

START_TEST(after_says_how_the_machine_is_left)
{
    static const struct {
        const char *after, *calls;
    } cases[] = {
        {"power_off", "power:off device:pxe power:on power:off device:none "},
        {"local_disk", "power:off device:pxe power:on power:off device:none power:on "},
        {"stay", "power:off device:pxe power:on device:none "},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (i)
            orders_boot(&bench.orders, 5 + i);
        bmc_set(POWER_ON, BOOT_DEVICE_NONE);
        bmc.calls[0] = '\0';
        bench.orders.boot.after = (char *)cases[i].after;
        bench_order();
        while (!boot_run_find(bench.runner, &bench.orders.task) ||
               boot_run_find(bench.runner, &bench.orders.task)->phase != PHASE_BOOT) {
            bench_settle();
            bench.now_ms += 10;
        }
        ck_assert_uint_eq(bench_hello(1), 200);
        ck_assert_uint_eq(bench_report(1, "passed"), 200);
        bench_until_ended();
        ck_assert_str_eq(bmc.calls, cases[i].calls);
        bench_expect_result("succeeded", "passed", "done", "", "");
    }
}
END_TEST

/* ---- BMCs ---- */

START_TEST(dead_bmc_ends_before_the_machine_is_touched)
{
    bmc.dead = true;
    bench_order();
    bench_until("result");
    bench_expect_result("failed", "", "none", "snapshot", "dead");
    ck_assert_str_eq(bmc.calls, "");
}
END_TEST

START_TEST(bmc_that_says_ok_and_does_nothing_is_boot_not_set)
{
    bmc.ignores_device = true;
    bench_order();
    bench_until("result");
    bench_expect_result("failed", "", "done", "bmc_boot_device", "boot_not_set");
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

START_TEST(refused_off_is_told_again_and_then_reached)
{
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    bmc.fail_sets = 2;
    bench_order();
    bench_until("bmc_off:done");
    ck_assert_uint_eq(bmc.offs, 3);
}
END_TEST

START_TEST(mac_that_another_task_boots_stops_before_power_on)
{
    struct boot_offer other = {.task_id = uuid_make(), .mac_count = 1};

    other.macs[0] = bench.orders.mac;
    ck_assert_int_eq(boot_offers_publish(bench.rooms.offers, &other, NULL), 0);
    bench_order();
    bench_until("result");
    bench_expect_order("bmc_on:started bmc_on:failed restore_power:done result");
    ck_assert_uint_eq(bmc.ons, 0);
    boot_offers_withdraw(bench.rooms.offers, &other.task_id);
}
END_TEST

START_TEST(power_on_is_told_once_whatever_the_bmc_answers)
{
    bench.runner->settings.attempts_max = 1;
    bmc.ignores_on = true;
    bench_order();
    bench_until("result");
    ck_assert_uint_eq(bmc.ons, 1);
    bench_expect_result("failed", "", "done", "bmc_on", "one attempt");
}
END_TEST

START_TEST(machine_that_stays_on_is_left_for_a_person)
{
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    bmc.ignores_off = true;
    bench_order();
    bench_until("result");
    ck_assert_uint_eq(bmc.ons, 0);
    bench_expect_result("failed", "", "done", "bmc_off", "reads back on");
}
END_TEST

START_TEST(restore_that_fails_says_so)
{
    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bmc.ignores_off = true;
    bench_until("result");
    bench_expect_result("succeeded", "passed", "failed", "", "restore failed: power off");
    /* The boot device was put back all the same. */
    ck_assert_int_eq(bmc.device, BOOT_DEVICE_NONE);
}
END_TEST

/* ---- machines that do not come ---- */

START_TEST(machine_never_seen_stops_at_dhcp)
{
    bench.runner->settings.attempts_max = 1;
    bench_order();
    bench_until("result");
    bench_expect_result("failed", "", "done", "dhcp", "one attempt");
    ck_assert_int_eq(bmc.power, POWER_OFF);
}
END_TEST

START_TEST(machine_without_its_loader_stops_at_tftp)
{
    bench_order();
    bench_until("bmc_on:done");
    bench_sight(SIGHTING_DHCP_DISCOVER);
    bench_until("result");
    bench_expect_result("failed", "", "done", "tftp", "no loader");
    ck_assert(!bench_has("tftp:seen"));
}
END_TEST

START_TEST(silent_machine_stops_before_its_report)
{
    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    bench_until("result");
    bench_expect_result("failed", "", "done", "report", "silent for 150 s");
}
END_TEST

START_TEST(machine_that_went_off_is_not_waited_for)
{
    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    bmc_set(POWER_OFF, BOOT_DEVICE_NONE);
    bench_until("result");
    bench_expect_result("failed", "", "done", "report", "went off");
    ck_assert_int_lt(bench.now_ms, 60000);
}
END_TEST

START_TEST(firmware_that_cycles_itself_is_waited_for)
{
    boot();
    bmc_set(POWER_OFF, BOOT_DEVICE_NONE);
    while (!boot_run_find(bench.runner, &bench.orders.task)->seen_off) {
        bench_settle();
        bench.now_ms += 1000;
    }
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    bench.now_ms += 120000;
    bench_settle();
    ck_assert_uint_eq(bench_hello(1), 200);
}
END_TEST

START_TEST(deadline_bounds_the_run)
{
    bench.orders.boot.deadline_s = 30;
    boot();
    bench_until("result");
    bench_expect_result("failed", "", "done", "phone_home", "deadline of 30 s");
}
END_TEST

START_TEST(firmware_that_asks_a_hundred_times_is_recorded_a_few)
{
    bench_order();
    bench_until("bmc_on:done");
    for (int i = 0; i < 100; i++)
        bench_sight(SIGHTING_DHCP_DISCOVER);
    ck_assert_uint_eq(bench_count("dhcp:seen"), 6);
}
END_TEST

START_TEST(two_machines_as_one_stop_the_task)
{
    boot();
    bench_sight(SIGHTING_CONFLICT);
    bench_until("result");
    bench_expect_result("failed", "", "done", "boot_conflict", "answer as one");
}
END_TEST

/* ---- starting ---- */

START_TEST(without_a_controller_nothing_starts_and_it_is_given_back)
{
    bench_order();
    bench_until("accepted@5");
    bench.connected = false;
    bench_until("released");
    ck_assert(!bench_has("started"));
    ck_assert_str_eq(bmc.calls, "");
    ck_assert_int_ge(bench.now_ms, 60000);
    /* A higher epoch is a new offer. */
    bench.connected = true;
    bench.orders.boot.epoch = 6;
    bench_order();
    bench_until("accepted@6");
    bench_until("started");
}
END_TEST

START_TEST(what_has_started_goes_on_without_a_controller)
{
    bench_order();
    bench_until("snapshot:started");
    bench.connected = false;
    bench_until("bmc_on:done");
}
END_TEST

START_TEST(last_moment_to_start_is_kept)
{
    bench.files = ERROR_UNAVAILABLE;
    bench.orders.boot.expires_at_us = ORDERS_NOW_US + 20 * 1000000;
    bench_order();
    bench_until("result");
    bench_expect_result("expired", "", "none", "stage_image", "last moment");
}
END_TEST

/* One turn after the other, without waiting for the journal, until the run is there. */
static struct boot_run *turn_until(enum run_phase phase)
{
    struct boot_run *run;

    do {
        task_runner_turn(bench.runner);
        run = boot_run_find(bench.runner, &bench.orders.task);
    } while (!run || run->phase != phase);
    return run;
}

/* Behind all that was handed over to the journal; the runner has not heard of it. */
static bool is_durable(const char *word)
{
    uint8_t digest[32];

    ck_assert_int_eq(
        task_journal_facts_digest(bench.rooms.journal, &bench.orders.task, digest, NULL), 0);
    return bench_has(word);
}

START_TEST(start_that_is_journalled_behind_its_last_moment_touches_nothing)
{
    bench.orders.boot.expires_at_us = ORDERS_NOW_US + 20 * 1000000;
    bench_order();
    turn_until(PHASE_SNAPSHOT);
    ck_assert(is_durable("started"));
    bench.now_ms += 30000; /* the disk stood still for so long */
    bench_until("result");
    bench_expect_result("expired", "", "none", "", "while its start was being journalled");
    ck_assert_str_eq(bmc.calls, "");
}
END_TEST

START_TEST(agent_that_sleeps_beyond_the_deadline_commands_nothing_any_more)
{
    bench.orders.boot.deadline_s = 30;
    bench_order();
    bench_until("bmc_off:done");
    ck_assert_uint_eq(turn_until(PHASE_ON)->bmc.at, BMC_INTENT);
    ck_assert(is_durable("bmc_on:started")); /* with its intent */
    bench.now_ms += 31000;
    bench_until("result");
    bench_expect_result("failed", "", "done", "bmc_on", "deadline of 30 s");
    ck_assert_uint_eq(bmc.ons, 0);
    ck_assert_ptr_null(boot_offers_find_task(bench.rooms.offers, &bench.orders.task));
}
END_TEST

START_TEST(file_that_cannot_be_had_ends_the_task)
{
    bench.files = ERROR_INVALID;
    bench_order();
    bench_until("result");
    bench_expect_result("failed", "", "none", "stage_image", "not staged");
    ck_assert(!bench_has("started"));
}
END_TEST

START_TEST(late_file_is_asked_for_again)
{
    bench.files = ERROR_UNAVAILABLE;
    bench_order();
    bench_until("stage_image:started");
    bench_settle();
    bench.files = ERROR_NONE;
    bench_until("started");
    ck_assert_uint_eq(bench_count("stage_image:started"), 1);
}
END_TEST

/* ---- orders ---- */

START_TEST(busy_machine_is_declined_at_once)
{
    bench_order();
    bench_until("bmc_on:done");
    orders_boot(&bench.orders, 6);
    bench_order();
    bench_until("declined:busy");
    /* The same again gets the same; a higher epoch once it is free is a new offer. */
    bench_order();
    bench_until("declined:declined");
}
END_TEST

START_TEST(driver_nobody_has_is_declined)
{
    bench.orders.bmc.driver = (char *)"telepathy";
    bench_send(bench.orders.controller, DOMAIN_TASK, &bench.orders.boot.base);
    bench_until("declined:unsupported");
}
END_TEST

START_TEST(full_disk_declines_what_is_new_and_finishes_what_runs)
{
    boot();
    task_journal_set_low_water(bench.rooms.journal, UINT64_MAX / 4);
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until_ended();
    bench_expect_result("succeeded", "passed", "done", "", "");
    orders_boot(&bench.orders, 6);
    bench_order();
    bench_until("declined:disk_full");
    ck_assert_uint_eq(task_runner_count(bench.runner), 0);
    task_journal_set_low_water(bench.rooms.journal, 0);
    bench.orders.boot.epoch = 7; /* a higher epoch is a new offer */
    bench_order();
    bench_until("accepted@7");
}
END_TEST

START_TEST(refused_order_is_a_fact)
{
    bench_send(bench.orders.stranger, DOMAIN_TASK, &bench.orders.boot.base);
    bench_until("refused:unknown_key");
    ck_assert_uint_eq(task_runner_count(bench.runner), 0);
}
END_TEST

START_TEST(known_task_is_answered_and_never_run_again)
{
    unsigned ons;

    bench_order();
    bench_until("bmc_on:done");
    bench.orders.boot.epoch = 6;
    bench.orders.boot.expires_at_us = INT64_MAX;
    bench_order();
    bench_until_count("started", 2);
    bench_until("result");
    bench_until_ended();
    ons = bmc.ons;
    bench.orders.boot.epoch = 7;
    bench_order();
    bench_until_count("result", 2);
    bench.orders.boot.epoch = 5;
    bench_order();
    bench_until("refused:old_epoch");
    ck_assert_uint_eq(bmc.ons, ons);
    ck_assert_uint_eq(task_runner_count(bench.runner), 0);
}
END_TEST

START_TEST(captured_order_of_an_ended_task_is_a_replay)
{
    bmc.dead = true;
    bench_order();
    bench_until("result");
    bench_until_ended();
    bench_order();
    bench_until("refused:replay");
}
END_TEST

START_TEST(cancel_has_its_answers)
{
    bench_cancel();
    bench_until("not_held");
    bench_order();
    bench_until("bmc_on:done");
    bench_cancel();
    bench_until("cancel:cancelled");
    bench_cancel();
    bench_until("cancel:too_late");
    bench_until("result");
    bench_expect_result("cancelled", "", "done", "dhcp", "changed my mind");
    ck_assert_int_eq(bmc.power, POWER_OFF);
    ck_assert_int_eq(bmc.device, BOOT_DEVICE_NONE);
}
END_TEST

START_TEST(cancel_before_the_start_touches_nothing)
{
    bench.connected = false;
    bench_order();
    bench_until("accepted@5");
    bench_cancel();
    bench_until("result");
    bench_expect_result("cancelled", "", "none", "", "changed my mind");
    ck_assert_str_eq(bmc.calls, "");
}
END_TEST

/* The next batch that becomes durable holds a fact, which is the answer, and the task's end. */
static void expect_answer_with_outcome(const char *outcome)
{
    struct journal_batch *batch;
    const char *found = NULL;

    task_runner_turn(bench.runner);
    batch = handover_receive(bench.rooms.journalled, 5000);
    ck_assert_ptr_nonnull(batch);
    ck_assert_uint_gt(batch->facts_head, 0);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].kind == ITEM_TASK)
            found = batch->items[i].task.outcome;
    ck_assert_msg(found && strcmp(found, outcome) == 0, "the outcome is '%s'", found ? found : "-");
    bench.runner->runs->pending--;
    journal_batch_destroy(batch);
}

START_TEST(cancelled_is_said_with_its_outcome)
{
    boot();
    bench_settle();
    bench_cancel();
    expect_answer_with_outcome("cancelled");
    bench_until("result");
    bench_expect_order("cancel:cancelled result");
}
END_TEST

START_TEST(taken_is_said_with_its_outcome)
{
    boot();
    bench_settle();
    bench_say_settled();
    expect_answer_with_outcome("failed");
    bench_until("result");
    bench_expect_order("taken result");
}
END_TEST

START_TEST(cancelled_run_gives_no_command_that_still_waited)
{
    bench_order();
    bench_until("bmc_off:done");
    turn_until(PHASE_ON);
    ck_assert(is_durable("bmc_on:started"));
    occupy_bmc();
    do
        task_runner_turn(bench.runner);
    while (boot_run_find(bench.runner, &bench.orders.task)->bmc.at != BMC_COMMAND);
    bench_cancel();
    do
        task_runner_turn(bench.runner);
    while (!is_durable("cancel:cancelled"));
    let_bmc_go();
    bench_until("result");
    bench_expect_result("cancelled", "", "done", "bmc_on", "changed my mind");
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

/* The answer to the run's own command, which the runner has not heard of; the other one is dropped.
 */
static struct power_job *answer_of_the_run(void)
{
    struct power_job *job, *own = NULL;

    for (int i = 0; i < 2; i++) {
        job = handover_receive(bench.rooms.powered, 10000);
        ck_assert_ptr_nonnull(job);
        if (job->action == POWER_SET)
            own = job;
        else
            power_job_destroy(job);
    }
    ck_assert_ptr_nonnull(own);
    return own;
}

/* All of the agent slept; its worker is awake before its runner. */
START_TEST(command_that_waited_beyond_the_deadline_is_not_given)
{
    struct power_job *job;

    bench.orders.boot.deadline_s = 30;
    bench_order();
    bench_until("bmc_off:done");
    turn_until(PHASE_ON);
    ck_assert(is_durable("bmc_on:started"));
    occupy_bmc();
    do
        task_runner_turn(bench.runner);
    while (boot_run_find(bench.runner, &bench.orders.task)->bmc.at != BMC_COMMAND);
    bench.now_ms += 31000;
    let_bmc_go();
    job = answer_of_the_run();
    ck_assert_uint_eq(bmc.ons, 0);
    ck_assert_int_eq(handover_try_send(bench.rooms.powered, job), 0);
    bench_until("result");
    bench_expect_result("failed", "", "done", "bmc_on", "deadline of 30 s");
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

/* A disk that stands still may take minutes; the runner is not to look all the while. */
START_TEST(run_that_waits_for_its_journal_wakes_nobody)
{
    struct boot_run *run;

    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    run = boot_run_find(bench.runner, &bench.orders.task);
    run->report_whole = true; /* it is on its way to the disk */
    bench.now_ms += 200000;   /* longer than a machine may be silent */
    ck_assert_int_gt(task_runner_turn(bench.runner), 0);
    ck_assert_ptr_null(run->row.outcome);
}
END_TEST

START_TEST(run_that_cannot_sign_its_result_yet_wakes_when_it_tries_again)
{
    struct boot_run *run;

    bench.files = ERROR_UNAVAILABLE; /* so that it is to be asked for again, too */
    bench_order();
    bench_until("stage_image:started");
    run = boot_run_find(bench.runner, &bench.orders.task);
    bench.now_ms += 70000; /* longer than it may wait to start */
    run->result_again_ms = bench.now_ms + 2000;
    ck_assert_int_eq(task_runner_turn(bench.runner), 2000);
}
END_TEST

static unsigned looks;

/* The session's WELCOME comes behind the first look. */
static void state_of_a_session_that_begins(void *link, struct link_state *ret)
{
    bench_link_state(link, ret);
    if (looks++ == 0)
        memset(ret->nonce, 0xee, sizeof(ret->nonce));
}

START_TEST(order_that_comes_right_behind_its_welcome_is_none_of_another_session)
{
    looks = 0;
    bench.runner->rooms.link_state = state_of_a_session_that_begins;
    bench_order();
    bench_settle();
    ck_assert(!bench_has("refused:replay"));
    ck_assert(bench_has("accepted@5"));
}
END_TEST

START_TEST(person_settles_a_run)
{
    boot();
    bench_say_settled();
    bench_until("result");
    bench_expect_result("failed", "", "done", "phone_home", "settled by a person");
    ck_assert_uint_eq(bench_count("taken"), 1);
    bench_until_ended();
    bench_say_settled(); /* said again */
    bench_until_count("result", 2);
    ck_assert_uint_eq(bench_count("taken"), 2);
}
END_TEST

START_TEST(release_by_a_person_raises_the_floor_of_the_machine)
{
    uint64_t epoch = 0;

    bench_say_released(9);
    bench_until("taken");
    ck_assert_int_eq(task_journal_epoch(bench.rooms.journal, &bench.orders.machine, &epoch, NULL),
                     0);
    ck_assert_uint_eq(epoch, 9);
    bench_order(); /* at epoch 5 */
    bench_until("refused:old_epoch");
}
END_TEST

/* ---- phone-home ---- */

START_TEST(token_of_no_live_task_is_refused)
{
    ck_assert_uint_eq(bench_hello(1), 403);
    ck_assert_ptr_nonnull(strstr(bench.answer, "unknown_token"));
    bench_order();
    bench_until("bmc_on:done");
    bench.settings.phone_home_key[0] ^= 1; /* what the machine holds is another token */
    ck_assert_uint_eq(bench_hello(1), 403);
    bench.settings.phone_home_key[0] ^= 1;
    ck_assert_uint_eq(bench_hello(1), 200);
}
END_TEST

START_TEST(same_nonce_same_answer_other_nonce_stops_the_task)
{
    char *first;

    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    first = strdup(bench.answer);
    bench.now_ms += 1500;
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_str_eq(bench.answer, first);
    free(first);
    ck_assert_uint_eq(bench_hello(2), 409);
    ck_assert_ptr_nonnull(strstr(bench.answer, "token_used"));
    bench_until("result");
    bench_expect_result("failed", "", "done", "phone_home", "token_used");
}
END_TEST

START_TEST(grant_holds_params_record_and_checks)
{
    json_t *grant, *record;

    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    grant = json_loads(bench.answer, 0, NULL);
    ck_assert_str_eq(
        json_string_value(json_object_get(json_object_get(grant, "params"), "seconds")), "2");
    record = json_object_get(grant, "record");
    ck_assert_str_eq(json_string_value(json_object_get(record, "serial")), "SN1");
    ck_assert_int_eq(json_integer_value(json_object_get(record, "memory_mib")), 192);
    ck_assert_uint_eq(json_array_size(json_object_get(grant, "checks")), 2);
    ck_assert_str_eq(json_string_value(json_object_get(grant, "profile")), "short");
    ck_assert_uint_eq(strlen(json_string_value(json_object_get(grant, "session"))), 43);
    ck_assert_int_eq(json_integer_value(json_object_get(grant, "deadline_s")), 1800);
    json_decref(grant);
}
END_TEST

START_TEST(byte_swapped_uuid_is_accepted)
{
    boot();
    bench.orders.machine_uuid = uuid_swap_smbios(&bench.orders.machine_uuid);
    ck_assert_uint_eq(bench_hello(1), 200);
}
END_TEST

START_TEST(machine_that_is_another_is_refused_and_stops_the_task)
{
    boot();
    bench.orders.machine_uuid = uuid_make();
    ck_assert_uint_eq(bench_hello(1), 403);
    ck_assert_ptr_nonnull(strstr(bench.answer, "wrong_machine"));
    bench_until("result");
    bench_expect_result("failed", "", "done", "phone_home", "wrong_machine");
}
END_TEST

START_TEST(mac_that_was_seen_counts_not_the_one_claimed)
{
    struct phone_home_request *request = calloc(1, sizeof(*request));

    boot();
    request->kind = PHONE_HOME_HELLO;
    request->task_id = bench.orders.task;
    request->machine_uuid = bench.orders.machine_uuid;
    request->mac = bench.orders.mac;
    request->mac_known = true;
    request->seen_mac = (struct mac){{2, 2, 2, 2, 2, 2}};
    ck_assert_int_eq(phone_home_token(bench.settings.phone_home_key, &bench.orders.task, 1,
                                      request->secret, NULL),
                     0);
    ck_assert_uint_eq(bench_request(request), 403);
    bench_until("result");
    bench_expect_result("failed", "", "done", "phone_home", "wrong_machine");
}
END_TEST

START_TEST(session_of_nobody_is_refused)
{
    boot();
    ck_assert_uint_eq(say_log(0, "line\n"), 403);
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(say_log(0, "line\n"), 200);
    ck_assert_uint_eq(bench_report(2, "passed"), 403);
}
END_TEST

START_TEST(log_is_taken_once_and_in_order)
{
    struct journal_records records;

    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(say_log(0, "first\n"), 200);
    ck_assert_str_eq(bench.answer, "{\"offset\":6}");
    ck_assert_uint_eq(say_log(0, "first\n"), 200); /* a repeat */
    ck_assert_str_eq(bench.answer, "{\"offset\":6}");
    ck_assert_uint_eq(say_log(9, "later\n"), 409);
    ck_assert_ptr_nonnull(strstr(bench.answer, "\"gap\""));
    ck_assert_ptr_nonnull(strstr(bench.answer, "\"offset\":6"));
    ck_assert_uint_eq(say_log(3, "st\nsecond\n"), 200); /* the tail of it is new */
    ck_assert_str_eq(bench.answer, "{\"offset\":13}");
    ck_assert_int_eq(
        task_journal_read(bench.rooms.journal, JOURNAL_BULK, 1, 10, 1 << 20, &records, NULL), 0);
    ck_assert_uint_eq(records.count, 2);
    journal_records_free(&records);
}
END_TEST

/* From another connection: a trigger makes the journal refuse a batch, and not the next. */
static void journal_sql_now(const char *sql)
{
    char *why = NULL;
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(bench.path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s", why);
    sqlite3_close(db);
}

START_TEST(what_the_journal_refused_is_taken_when_it_is_said_again)
{
    boot();
    bench_settle();
    journal_sql_now("CREATE TRIGGER no BEFORE INSERT ON task WHEN new.nonce_hash IS NOT NULL "
                    "BEGIN SELECT raise(ABORT, 'no'); END");
    ck_assert_uint_eq(bench_hello(1), 503);
    ck_assert_uint_eq(bench_hello(1), 503);
    journal_sql_now("DROP TRIGGER no");
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(bench_count("phone_home:seen"), 1);
    journal_sql_now("CREATE TRIGGER no BEFORE INSERT ON bulk BEGIN SELECT raise(ABORT, 'no'); END");
    ck_assert_uint_eq(say_log(0, "first\n"), 503);
    ck_assert_uint_eq(say_log(6, "second\n"), 409);
    ck_assert_uint_eq(bench_report(1, "passed"), 503);
    ck_assert_uint_eq(bench_report(1, "passed"), 503);
    journal_sql_now("DROP TRIGGER no");
    ck_assert_uint_eq(say_log(0, "first\n"), 200);
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until("result");
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_uint_eq(bench_count("report:done"), 1);
}
END_TEST

/* The index of the facts by their task leads to a page of another kind. */
static void damage_facts(void)
{
    journal_sql_now("PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = (SELECT "
                    "rootpage FROM sqlite_master WHERE name = 'bulk') WHERE name = 'facts_task'; "
                    "PRAGMA schema_version = 999");
}

START_TEST(run_ends_that_a_damaged_journal_cannot_tell_of)
{
    struct error why = {0};

    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    bench_settle();
    damage_facts();
    bench_until_ended(); /* at its deadline */
    ck_assert_str_eq(task_journal_refuses(bench.rooms.journal, &why), "journal_damaged");
    ck_assert_ptr_nonnull(strstr(why.text, "move it away"));
    ck_assert(task_journal_lost(bench.rooms.journal, JOURNAL_FACTS, &why));
    ck_assert(!task_journal_lost(bench.rooms.journal, JOURNAL_BULK, NULL));
    ck_assert_uint_eq(bench_count("result"), 0);
    orders_boot(&bench.orders, 9);
    bench_order();
    bench_settle();
    ck_assert_uint_eq(task_runner_count(bench.runner), 0);
    ck_assert_uint_eq(bmc.ons, 1);
}
END_TEST

START_TEST(log_has_its_cap)
{
    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    boot_run_find(bench.runner, &bench.orders.task)->row.log_size = 16 * 1024 * 1024 - 3;
    ck_assert_uint_eq(say_log(16 * 1024 * 1024 - 3, "too long\n"), 413);
    ck_assert_ptr_nonnull(strstr(bench.answer, "log_full"));
}
END_TEST

START_TEST(report_is_taken_once)
{
    boot();
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(bench_request(bench_say(PHONE_HOME_REPORT, 1, "{\"verdict\":\"great\"}")),
                      400);
    ck_assert_uint_eq(bench_request(bench_say(PHONE_HOME_REPORT, 1, "[")), 400);
    ck_assert_uint_eq(bench_report(1, "failed"), 200);
    ck_assert_ptr_nonnull(strstr(bench.answer, "\"accepted\":true"));
    ck_assert_uint_eq(bench_report(1, "failed"), 200);
    ck_assert_uint_eq(bench_report(1, "passed"), 409);
    ck_assert_ptr_nonnull(strstr(bench.answer, "report_exists"));
    bench_until("result");
    bench_expect_result("succeeded", "failed", "done", "", "");
    ck_assert_uint_eq(bench_count("report:done"), 1);
}
END_TEST

CHECK_MAIN_WITH(
    "task_runner", begin, end, good_boot_goes_through_every_step_once,
    result_carries_the_digest_of_the_facts_before_it,
    offer_appears_behind_the_intent_of_on_and_holds_no_plain_token,
    machine_found_on_ends_on_and_was_off_in_between, after_says_how_the_machine_is_left,
    dead_bmc_ends_before_the_machine_is_touched, bmc_that_says_ok_and_does_nothing_is_boot_not_set,
    refused_off_is_told_again_and_then_reached, mac_that_another_task_boots_stops_before_power_on,
    power_on_is_told_once_whatever_the_bmc_answers, machine_that_stays_on_is_left_for_a_person,
    restore_that_fails_says_so, machine_never_seen_stops_at_dhcp,
    machine_without_its_loader_stops_at_tftp, silent_machine_stops_before_its_report,
    machine_that_went_off_is_not_waited_for, firmware_that_cycles_itself_is_waited_for,
    deadline_bounds_the_run, firmware_that_asks_a_hundred_times_is_recorded_a_few,
    two_machines_as_one_stop_the_task, without_a_controller_nothing_starts_and_it_is_given_back,
    what_has_started_goes_on_without_a_controller, last_moment_to_start_is_kept,
    start_that_is_journalled_behind_its_last_moment_touches_nothing,
    agent_that_sleeps_beyond_the_deadline_commands_nothing_any_more,
    file_that_cannot_be_had_ends_the_task, late_file_is_asked_for_again,
    busy_machine_is_declined_at_once, driver_nobody_has_is_declined,
    full_disk_declines_what_is_new_and_finishes_what_runs, refused_order_is_a_fact,
    known_task_is_answered_and_never_run_again, captured_order_of_an_ended_task_is_a_replay,
    cancel_has_its_answers, cancel_before_the_start_touches_nothing,
    cancelled_is_said_with_its_outcome, taken_is_said_with_its_outcome,
    cancelled_run_gives_no_command_that_still_waited,
    command_that_waited_beyond_the_deadline_is_not_given,
    run_that_waits_for_its_journal_wakes_nobody,
    run_that_cannot_sign_its_result_yet_wakes_when_it_tries_again,
    order_that_comes_right_behind_its_welcome_is_none_of_another_session, person_settles_a_run,
    release_by_a_person_raises_the_floor_of_the_machine, token_of_no_live_task_is_refused,
    same_nonce_same_answer_other_nonce_stops_the_task, grant_holds_params_record_and_checks,
    byte_swapped_uuid_is_accepted, machine_that_is_another_is_refused_and_stops_the_task,
    mac_that_was_seen_counts_not_the_one_claimed, session_of_nobody_is_refused,
    log_is_taken_once_and_in_order, what_the_journal_refused_is_taken_when_it_is_said_again,
    run_ends_that_a_damaged_journal_cannot_tell_of, log_has_its_cap, report_is_taken_once)
