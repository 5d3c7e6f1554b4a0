/* Workers: one command at a time to each BMC, in order; sealed passwords; different BMCs at the
 * same time. */
#include <pthread.h>
#include <string.h>

#include "agent/power/power_worker.h"
#include "common/clock.h"
#include "common/handover.h"
#include "tests/support/check_main.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static unsigned inside[2], most[2], together;
static unsigned sequence[64], count;
static bool meet; /* wait for a command to the other BMC */

static int get_power(const struct bmc_access *bmc, enum power_state *ret, struct error *err)
{
    unsigned which = bmc->port & 1;

    (void)err;
    pthread_mutex_lock(&lock);
    if (++inside[which] > most[which])
        most[which] = inside[which];
    if (inside[0] && inside[1])
        together++;
    pthread_cond_broadcast(&moved);
    while (meet && !together)
        pthread_cond_wait(&moved, &lock);
    inside[which]--;
    pthread_mutex_unlock(&lock);
    *ret = strcmp(bmc->password, "s3cret") == 0 ? POWER_ON : POWER_OFF;
    return 0;
}

static int set_power(const struct bmc_access *bmc, enum power_state state, struct error *err)
{
    (void)state;
    (void)err;
    pthread_mutex_lock(&lock);
    sequence[count++] = (unsigned)bmc->timeout_ms;
    pthread_mutex_unlock(&lock);
    return 0;
}

static unsigned identified, kept;
static bool lingers, lets_go; /* of identify(): it waits to be let go */
static bool says_nothing;
static unsigned manufacturer;
static int64_t ended_ms[8]; /* of each command to the knowing one */
static unsigned commands;
static int64_t shortest_ms; /* from one to the next */

static void note_command(void)
{
    int64_t now_ms = clock_monotonic_ms();

    if (commands > 0 && now_ms - ended_ms[commands - 1] < shortest_ms)
        shortest_ms = now_ms - ended_ms[commands - 1];
    ended_ms[commands++] = now_ms;
}

static const struct bmc_quirks *seen_quirks;

static int set_slow_device(const struct bmc_access *bmc, enum boot_device device, bool uefi,
                           struct error *err)
{
    (void)device;
    (void)uefi;
    (void)err;
    seen_quirks = bmc->quirks;
    note_command();
    return 0;
}

static int keep_device(const struct bmc_access *bmc, struct error *err)
{
    (void)bmc;
    kept++;
    note_command();
    return error_set(err, "parameter not supported");
}

static int identify(const struct bmc_access *bmc, struct bmc_identity *ret, struct error *err)
{
    (void)bmc;
    identified++;
    note_command();
    pthread_mutex_lock(&lock);
    inside[0]++;
    pthread_cond_broadcast(&moved);
    while (lingers && !lets_go)
        pthread_cond_wait(&moved, &lock);
    inside[0]--;
    pthread_mutex_unlock(&lock);
    if (says_nothing)
        return error_set_code(err, ERROR_TIMEOUT, "did not answer");
    *ret = (struct bmc_identity){.manufacturer = manufacturer};
    return 0;
}

static const struct power_driver knowing = {.name = "knowing",
                                            .get_power = get_power,
                                            .set_power = set_power,
                                            .set_boot_device = set_slow_device,
                                            .keep_boot_device = keep_device,
                                            .identify = identify};
static const struct power_driver driver = {
    .name = "scripted", .get_power = get_power, .set_power = set_power};
static uint8_t secret[32], public_half[32];
static struct handover *answers;

static void begin(void)
{
    memset(inside, 0, sizeof(inside));
    memset(most, 0, sizeof(most));
    together = count = identified = kept = commands = 0;
    says_nothing = lingers = lets_go = false;
    manufacturer = 10876;
    shortest_ms = INT64_MAX;
    meet = false;
    ck_assert_int_eq(seal_key_make(secret, public_half, NULL), 0);
    answers = handover_create(100, NULL, NULL);
}

static void end(void)
{
    handover_destroy(answers);
}

static struct power_target target_of(uint16_t port)
{
    return (struct power_target){.driver = &driver,
                                 .address = (char *)"10.0.0.1",
                                 .username = (char *)"admin",
                                 .port = port};
}

START_TEST(password_that_does_not_open_fails_without_a_command)
{
    struct power_worker *worker = power_worker_create(1, secret, answers, NULL);
    struct power_target target = target_of(1);
    uint8_t garbage[SEALED_SECRET_OVERHEAD + 6] = {0};
    struct power_job *job;

    target.sealed_password = garbage;
    target.sealed_length = sizeof(garbage);
    power_worker_give(worker, power_job_create(POWER_GET, &target));
    job = handover_receive(answers, -1);
    ck_assert_int_eq(job->rc, -1);
    ck_assert_ptr_nonnull(strstr(job->err.text, "cannot be opened"));
    ck_assert_uint_eq(most[1], 0);
    power_job_destroy(job);
    power_worker_destroy(worker);
}
END_TEST

START_TEST(sealed_password_is_opened_for_the_call)
{
    struct power_worker *worker = power_worker_create(1, secret, answers, NULL);
    struct power_target target = target_of(1);
    uint8_t sealed[SEALED_SECRET_OVERHEAD + 6];
    struct power_job *job;

    target.place.machine = uuid_make();
    ck_assert_int_eq(sealed_secret_seal(public_half, &target.place, "s3cret", 6, sealed, NULL), 0);
    target.sealed_password = sealed;
    target.sealed_length = sizeof(sealed);
    power_worker_give(worker, power_job_create(POWER_GET, &target));
    job = handover_receive(answers, -1);
    ck_assert_int_eq(job->rc, 0);
    ck_assert_int_eq(job->power, POWER_ON);
    power_job_destroy(job);
    power_worker_destroy(worker);
}
END_TEST

START_TEST(one_bmc_gets_its_commands_in_order)
{
    struct power_worker *worker = power_worker_create(4, secret, answers, NULL);
    struct power_target target = target_of(1);

    for (int i = 0; i < 50; i++) {
        target.timeout_ms = i;
        power_worker_give(worker, power_job_create(POWER_SET, &target));
    }
    for (int i = 0; i < 50; i++)
        power_job_destroy(handover_receive(answers, -1));
    for (unsigned i = 0; i < 50; i++)
        ck_assert_uint_eq(sequence[i], i);
    power_worker_destroy(worker);
}
END_TEST

START_TEST(two_bmcs_are_reached_together_and_each_by_one)
{
    struct power_worker *worker = power_worker_create(4, secret, answers, NULL);

    meet = true;
    for (int i = 0; i < 40; i++) {
        struct power_target target = target_of((uint16_t)(i & 1));

        power_worker_give(worker, power_job_create(POWER_GET, &target));
    }
    for (int i = 0; i < 40; i++)
        power_job_destroy(handover_receive(answers, -1));
    ck_assert_uint_ge(together, 1);
    ck_assert_uint_eq(most[0], 1);
    ck_assert_uint_eq(most[1], 1);
    power_worker_destroy(worker);
}
END_TEST

START_TEST(noop_remembers_what_it_was_told)
{
    const struct power_driver *noop = power_driver_find("noop");
    struct bmc_access bmc = {.address = "nowhere", .port = 1};
    enum power_state power;
    enum boot_device device;

    ck_assert_int_eq(noop->get_power(&bmc, &power, NULL), 0);
    ck_assert_int_eq(power, POWER_OFF);
    ck_assert_int_eq(noop->set_power(&bmc, POWER_ON, NULL), 0);
    ck_assert_int_eq(noop->set_boot_device(&bmc, BOOT_DEVICE_PXE, true, NULL), 0);
    ck_assert_int_eq(noop->get_power(&bmc, &power, NULL), 0);
    ck_assert_int_eq(power, POWER_ON);
    ck_assert_int_eq(noop->get_boot_device(&bmc, &device, NULL), 0);
    ck_assert_int_eq(device, BOOT_DEVICE_PXE);
    bmc.port = 2;
    ck_assert_int_eq(noop->get_power(&bmc, &power, NULL), 0);
    ck_assert_int_eq(power, POWER_OFF);
}
END_TEST

static void do_one(struct power_worker *worker, enum power_action action,
                   const struct power_target *target)
{
    struct power_job *job = power_job_create(action, target);

    job->device = BOOT_DEVICE_PXE;
    power_worker_give(worker, job);
    job = handover_receive(answers, -1);
    ck_assert_int_eq(job->rc, 0);
    power_job_destroy(job);
}

START_TEST(bmc_is_asked_what_it_is_once_before_its_first_change)
{
    struct power_worker *worker = power_worker_create(2, secret, answers, NULL);
    struct power_target target = target_of(1);

    target.driver = &knowing;
    do_one(worker, POWER_GET, &target);
    ck_assert_uint_eq(identified, 0);
    do_one(worker, BOOT_DEVICE_SET, &target);
    do_one(worker, BOOT_DEVICE_SET, &target);
    ck_assert_uint_eq(identified, 1);
    ck_assert_str_eq(seen_quirks->name, "supermicro");
    power_worker_destroy(worker);
}
END_TEST

START_TEST(spacing_is_kept_to_one_bmc_and_not_to_others)
{
    struct power_worker *worker = power_worker_create(2, secret, answers, NULL);
    struct power_target first = target_of(1), second = target_of(2);
    int64_t began = clock_monotonic_ms();

    power_worker_set_spacing(worker, 300);
    do_one(worker, POWER_GET, &first);
    do_one(worker, POWER_GET, &second);
    ck_assert_int_lt(clock_monotonic_ms() - began, 300);
    do_one(worker, POWER_GET, &first);
    ck_assert_int_ge(clock_monotonic_ms() - began, 300);
    power_worker_destroy(worker);
}
END_TEST

START_TEST(all_commands_of_a_job_are_spaced)
{
    struct power_worker *worker = power_worker_create(2, secret, answers, NULL);
    struct power_target target = target_of(1);

    target.driver = &knowing;
    power_worker_set_spacing(worker, 100);
    do_one(worker, POWER_GET, &target); /* from here on its spacing is known */
    do_one(worker, BOOT_DEVICE_SET, &target);
    ck_assert_uint_eq(commands, 3); /* what are you, keep it, set it */
    ck_assert_int_ge(shortest_ms, 100);
    power_worker_destroy(worker);
}
END_TEST

START_TEST(spacing_holds_from_the_first_command_on)
{
    struct power_worker *worker = power_worker_create(2, secret, answers, NULL);
    struct power_target target = target_of(1);

    target.driver = &knowing;
    power_worker_set_spacing(worker, 100);
    do_one(worker, BOOT_DEVICE_SET, &target);
    ck_assert_uint_eq(commands, 3);
    ck_assert_int_ge(shortest_ms, 100);
    power_worker_destroy(worker);
}
END_TEST

START_TEST(openbmc_is_not_told_to_keep_its_boot_device)
{
    struct power_worker *worker = power_worker_create(2, secret, answers, NULL);
    struct power_target target = target_of(1);

    target.driver = &knowing;
    manufacturer = 42817;
    do_one(worker, BOOT_DEVICE_SET, &target);
    ck_assert_uint_eq(identified, 1);
    ck_assert_uint_eq(kept, 0);
    power_worker_destroy(worker);
}
END_TEST

START_TEST(job_that_waits_can_be_withdrawn_and_one_that_ran_cannot)
{
    struct power_worker *worker = power_worker_create(1, secret, answers, NULL);
    struct power_target target = target_of(1);

    power_worker_set_spacing(worker, 200);
    for (unsigned i = 1; i <= 3; i++) {
        struct power_job *job;

        target.timeout_ms = (int)i;
        job = power_job_create(POWER_SET, &target);
        job->ticket = i;
        power_worker_give(worker, job);
    }
    ck_assert(power_worker_withdraw(worker, 2));
    ck_assert(!power_worker_withdraw(worker, 2));
    for (unsigned i = 1; i <= 3; i += 2) {
        struct power_job *job = handover_receive(answers, 10000);

        ck_assert_ptr_nonnull(job);
        ck_assert_uint_eq(job->ticket, i);
        power_job_destroy(job);
    }
    ck_assert(!power_worker_withdraw(worker, 1));
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(sequence[1], 3);
    power_worker_destroy(worker);
}
END_TEST

static void give(struct power_worker *worker, enum power_action action,
                 const struct power_target *target, uint64_t ticket)
{
    struct power_job *job = power_job_create(action, target);

    job->device = BOOT_DEVICE_PXE;
    job->ticket = ticket;
    power_worker_give(worker, job);
}

/* The BMC is being asked what it is, and would be told to boot from the network behind that. */
START_TEST(job_that_is_withdrawn_between_its_commands_gives_no_more_of_them)
{
    struct power_worker *worker = power_worker_create(1, secret, answers, NULL);
    struct power_target target = target_of(1);
    struct power_job *job;

    target.driver = &knowing;
    lingers = true;
    give(worker, BOOT_DEVICE_SET, &target, 7);
    pthread_mutex_lock(&lock);
    while (!inside[0])
        pthread_cond_wait(&moved, &lock);
    pthread_mutex_unlock(&lock);
    give(worker, POWER_GET, &target, 8);
    ck_assert(!power_worker_withdraw(worker, 7)); /* a command of it is under way */
    pthread_mutex_lock(&lock);
    lets_go = true;
    pthread_cond_broadcast(&moved);
    pthread_mutex_unlock(&lock);
    job = handover_receive(answers, 10000);
    ck_assert_ptr_nonnull(job);
    ck_assert_uint_eq(job->ticket, 8);
    power_job_destroy(job);
    ck_assert_uint_eq(commands, 1);
    ck_assert_uint_eq(kept, 0);
    ck_assert_ptr_null(handover_try_receive(answers));
    power_worker_destroy(worker);
}
END_TEST

START_TEST(bmc_that_does_not_say_what_it_is_is_left_alone_for_a_while)
{
    struct power_worker *worker = power_worker_create(2, secret, answers, NULL);
    struct power_target target = target_of(1);

    target.driver = &knowing;
    says_nothing = true;
    do_one(worker, BOOT_DEVICE_SET, &target);
    do_one(worker, BOOT_DEVICE_SET, &target);
    do_one(worker, BOOT_DEVICE_SET, &target);
    ck_assert_uint_eq(identified, 1);
    ck_assert_uint_eq(kept, 3);
    ck_assert_ptr_null(seen_quirks);
    power_worker_destroy(worker);
}
END_TEST

CHECK_MAIN_WITH("power_worker", begin, end, password_that_does_not_open_fails_without_a_command,
                sealed_password_is_opened_for_the_call, one_bmc_gets_its_commands_in_order,
                two_bmcs_are_reached_together_and_each_by_one, noop_remembers_what_it_was_told,
                bmc_is_asked_what_it_is_once_before_its_first_change,
                spacing_is_kept_to_one_bmc_and_not_to_others, all_commands_of_a_job_are_spaced,
                spacing_holds_from_the_first_command_on,
                openbmc_is_not_told_to_keep_its_boot_device,
                job_that_waits_can_be_withdrawn_and_one_that_ran_cannot,
                job_that_is_withdrawn_between_its_commands_gives_no_more_of_them,
                bmc_that_does_not_say_what_it_is_is_left_alone_for_a_while)
