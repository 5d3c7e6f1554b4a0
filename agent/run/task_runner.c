/* task_runner.c - see task_runner.h: the event loop. Invariant: everything a run does happens in
 * task_runner_turn().
 */
#include "agent/run/task_runner.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/boot/boot_sighting.h"
#include "agent/images/image_cache.h"
#include "agent/run/bmc_step.h"
#include "agent/run/boot_ladder.h"
#include "agent/run/machine_desk.h"
#include "agent/run/order_desk.h"
#include "agent/run/order_payload.h"
#include "common/handover.h"
#include "common/log.h"

#define WANT_AGAIN_MS 3000
/* The link's word that the controller is there is looked at this often while a task waits for it.
 */
#define LOOK_MS 1000
/* Then a session is over that nothing was heard in. */
#define SLEPT_US INT64_C(15000000)
/* Long enough for the digests of a large image's files. */
#define SERVE_ON_MS 10000

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value ? value : fallback;
}

static void set_defaults(struct runner_settings *s)
{
    s->start_within_ms = or_default(s->start_within_ms, 60000);
    s->boot_wait_ms = or_default(s->boot_wait_ms, 15 * 60000);
    s->first_sight_ms = or_default(s->first_sight_ms, 4 * 60000);
    s->again_wait_ms = or_default(s->again_wait_ms, 60000);
    s->attempts_max = (unsigned)or_default(s->attempts_max, BOOT_ATTEMPTS_MAX);
    s->cold_off_ms = or_default(s->cold_off_ms, 15000);
    s->bmc_settle_ms = or_default(s->bmc_settle_ms, 20000);
    s->bmc_back_ms = or_default(s->bmc_back_ms, 4 * 60000);
    s->silence_ms = or_default(s->silence_ms, 150000);
    s->power_within_ms = or_default(s->power_within_ms, 60000);
    s->device_within_ms = or_default(s->device_within_ms, 10000);
    s->self_off_ms = or_default(s->self_off_ms, 20000);
    s->word_ms = or_default(s->word_ms, 20000);
    s->inspect_after_ms = or_default(s->inspect_after_ms, 3000);
    s->bmc_timeout_ms = (int)or_default(s->bmc_timeout_ms, 8000);
}

/* Whoever slept may take a session that is over for one that stands. */
static void look_at_session(struct task_runner *runner)
{
    const struct link_state *link = &runner->link;

    if (link->connected && memcmp(link->nonce, runner->session_nonce, sizeof(link->nonce)) == 0 &&
        link->controller_time_us - runner->at_us < SLEPT_US)
        return;
    memcpy(runner->session_nonce, link->nonce, sizeof(link->nonce));
    runner->session_since_ms = runner->now_ms;
}

/* What all that happens in one pass agrees on, but for orders. */
static void look_around(struct task_runner *runner)
{
    key_manifest_release(runner->link.manifest);
    runner->rooms.link_state(runner->rooms.link, &runner->link);
    runner->now_ms = runner->rooms.now_ms();
    look_at_session(runner);
    runner->at_us = runner->link.controller_time_us;
    if (runner->link.connected)
        task_journal_set_controller_time(runner->rooms.journal, runner->at_us);
}

struct task_runner *task_runner_create(const struct runner_settings *settings,
                                       const struct runner_rooms *rooms, struct error *err)
{
    struct task_runner *runner = calloc(1, sizeof(*runner));

    if (!runner) {
        error_no_memory(err);
        return NULL;
    }
    runner->settings = *settings;
    set_defaults(&runner->settings);
    runner->rooms = *rooms;
    runner->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (runner->stop_fd < 0) {
        error_set(err, "eventfd: %s", strerror(errno));
        task_runner_destroy(runner);
        return NULL;
    }
    look_around(runner);
    if (run_recovery_load(runner, err) < 0) {
        task_runner_destroy(runner);
        return NULL;
    }
    return runner;
}

/* What came back too late to be acted on. */
static void drop_journalled(struct task_runner *runner)
{
    struct journal_batch *batch;

    while ((batch = handover_try_receive(runner->rooms.journalled))) {
        if (batch->request)
            runner->rooms.answer(
                batch->request, 503,
                "{\"error\":\"unavailable\",\"detail\":\"the agent is stopping\"}");
        journal_batch_destroy(batch);
    }
}

void task_runner_destroy(struct task_runner *runner)
{
    struct boot_run *next;

    if (!runner)
        return;
    drop_journalled(runner);
    for (struct boot_run *run = runner->runs; run; run = next) {
        next = run->next;
        boot_run_destroy(run);
    }
    key_manifest_release(runner->link.manifest);
    OPENSSL_cleanse(&runner->link, sizeof(runner->link));
    OPENSSL_cleanse(runner->settings.phone_home_key, sizeof(runner->settings.phone_home_key));
    if (runner->stop_fd >= 0)
        close(runner->stop_fd);
    free(runner);
}

/* ---- what arrives ---- */

static void take_journalled(struct task_runner *runner)
{
    struct journal_batch *batch;

    while ((batch = handover_try_receive(runner->rooms.journalled))) {
        struct boot_run *run = batch->context;

        if (batch->rc < 0)
            log_error("journal", "a batch was refused", "err=%s",
                      log_quote(error_text(&batch->err)));
        if (run)
            run->pending--;
        if (batch->done)
            batch->done(batch, run);
        journal_batch_destroy(batch);
    }
}

static void take_powered(struct task_runner *runner)
{
    struct power_job *job;

    while ((job = handover_try_receive(runner->rooms.powered))) {
        struct boot_run *run = boot_run_find(runner, &job->task);

        if (run)
            bmc_step_answered(run, job);
        power_job_destroy(job);
    }
}

static void file_arrived(struct boot_run *run, struct image_arrival *arrival)
{
    const Muster__ImageFile *kernel = order_file(run->order.boot, "kernel");
    bool is_kernel = memcmp(kernel->sha256.data, arrival->sha256, 32) == 0;
    char **path = is_kernel ? &run->kernel_path : &run->initrd_path;

    run->files_wanted -= run->files_wanted > 0;
    if (!arrival->path && arrival->error.code == ERROR_UNAVAILABLE) {
        run->want_again_ms = run->runner->now_ms + WANT_AGAIN_MS;
        return;
    }
    if (!arrival->path && run->row.has_nonce)
        return; /* it has booted, and runs on without */
    if (!arrival->path) {
        boot_run_stop(run, "failed", "stage_image",
                      "check that the image is still held by the controller, and push it again",
                      "the %s was not staged: %s", is_kernel ? "kernel" : "initrd",
                      error_text(&arrival->error));
        return;
    }
    free(*path);
    *path = arrival->path;
    arrival->path = NULL; /* the run's now */
    if (run->kernel_path && run->initrd_path)
        boot_run_files_are_here(run);
}

static void take_arrivals(struct task_runner *runner)
{
    struct image_arrival *arrival;

    while ((arrival = handover_try_receive(runner->rooms.arrivals))) {
        struct boot_run *run = boot_run_find(runner, &arrival->task);

        if (run)
            file_arrived(run, arrival);
        image_arrival_free(arrival);
    }
}

static void take_sightings(struct task_runner *runner)
{
    struct boot_sighting *sighting;

    while ((sighting = handover_try_receive(runner->rooms.sightings))) {
        struct boot_run *run = boot_run_find(runner, &sighting->task_id);

        if (run)
            boot_run_sighted(run, sighting);
        free(sighting);
    }
}

static void take_requests(struct task_runner *runner)
{
    struct phone_home_request *request;

    while ((request = handover_try_receive(runner->rooms.requests)))
        machine_desk_take(runner, request);
}

/* Declined tasks tell the controller; whoever reads the log is told once. */
static void tell_refusal(struct task_runner *runner)
{
    struct error why = {0};
    const char *refuses = task_journal_refuses(runner->rooms.journal, &why);

    if ((refuses != NULL) == runner->told_refusal)
        return;
    log_error("journal", refuses ? "no new task is accepted" : "tasks are accepted again",
              "code=%s reason=%s", refuses ? refuses : "-",
              log_quote(refuses ? error_text(&why) : ""));
    runner->told_refusal = refuses != NULL;
}

static void take_orders(struct task_runner *runner)
{
    struct link_order *order;
    struct error why;
    bool trouble = task_journal_trouble(runner->rooms.journal, &why);

    if (trouble != runner->told_trouble) {
        log_error("journal",
                  trouble ? "nothing can be made durable: no task is accepted"
                          : "the journal is written again",
                  "reason=%s", log_quote(trouble ? error_text(&why) : ""));
        runner->told_trouble = trouble;
    }
    tell_refusal(runner);
    while ((order = handover_try_receive(runner->rooms.orders))) {
        look_around(runner); /* it may be of a session, or by a key, that came within this turn */
        order_desk_take(runner, order);
        link_order_free(order);
    }
}

/* ---- time ---- */

static void drop_ended(struct task_runner *runner)
{
    for (struct boot_run **at = &runner->runs; *at;) {
        struct boot_run *run = *at;

        if (!run->ended || run->pending > 0) {
            at = &run->next;
            continue;
        }
        *at = run->next;
        boot_run_destroy(run);
    }
}

int64_t task_runner_turn(struct task_runner *runner)
{
    int64_t next = INT64_MAX;

    look_around(runner);
    for (struct boot_run *run = runner->runs; run; run = run->next)
        boot_run_look_at_deadline(run);
    take_journalled(runner);
    take_powered(runner);
    take_arrivals(runner);
    take_sightings(runner);
    take_requests(runner);
    take_orders(runner);
    for (struct boot_run *run = runner->runs; run; run = run->next)
        boot_run_tick(run);
    drop_ended(runner);
    for (struct boot_run *run = runner->runs; run; run = run->next) {
        int64_t of_run = boot_run_next_ms(run);

        next = of_run < next ? of_run : next;
    }
    if (next == INT64_MAX)
        return -1;
    return next > runner->now_ms ? next - runner->now_ms : 0;
}

void task_runner_wait(struct task_runner *runner, int64_t timeout_ms)
{
    const struct runner_rooms *rooms = &runner->rooms;
    struct pollfd fds[] = {
        {.fd = handover_fd(rooms->journalled), .events = POLLIN},
        {.fd = handover_fd(rooms->powered), .events = POLLIN},
        {.fd = handover_fd(rooms->arrivals), .events = POLLIN},
        {.fd = handover_fd(rooms->sightings), .events = POLLIN},
        {.fd = handover_fd(rooms->requests), .events = POLLIN},
        {.fd = handover_fd(rooms->orders), .events = POLLIN},
        {.fd = runner->stop_fd, .events = POLLIN},
    };

    if (timeout_ms > LOOK_MS && runner->runs)
        timeout_ms = LOOK_MS;
    if (poll(fds, sizeof(fds) / sizeof(fds[0]), (int)timeout_ms) < 0 && errno != EINTR)
        log_error("run", "poll failed", "err=%s", log_quote(strerror(errno)));
}

size_t task_runner_count(const struct task_runner *runner)
{
    size_t count = 0;

    for (const struct boot_run *run = runner->runs; run; run = run->next)
        count++;
    return count;
}

/* ---- the thread ---- */

static bool stopping(const struct task_runner *runner)
{
    struct pollfd fd = {.fd = runner->stop_fd, .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

static void *runner_thread(void *arg)
{
    struct task_runner *runner = arg;

    while (!stopping(runner))
        task_runner_wait(runner, task_runner_turn(runner));
    return NULL;
}

static bool awaits_its_offer(const struct task_runner *runner)
{
    for (const struct boot_run *run = runner->runs; run; run = run->next)
        if (run->powered_on && run->serves_on && !run->offered && !run->row.outcome &&
            run->files_wanted > 0)
            return true;
    return false;
}

/* A machine in the middle of its boot asks once, and takes "not found" for an end. */
static void serve_on(struct task_runner *runner)
{
    int64_t until_ms = runner->rooms.now_ms() + SERVE_ON_MS;

    while (awaits_its_offer(runner)) {
        int64_t next_ms = task_runner_turn(runner), left_ms = until_ms - runner->now_ms;

        if (left_ms <= 0)
            return;
        if (awaits_its_offer(runner))
            task_runner_wait(runner, next_ms < 0 || next_ms > left_ms ? left_ms : next_ms);
    }
}

int task_runner_start(struct task_runner *runner, struct error *err)
{
    int rc;

    serve_on(runner);
    rc = pthread_create(&runner->thread, NULL, runner_thread, runner);

    if (rc != 0)
        return error_set(err, "start the runner's thread: %s", strerror(rc));
    runner->started = true;
    return 0;
}

void task_runner_stop(struct task_runner *runner)
{
    uint64_t one = 1;

    if (!runner || !runner->started)
        return;
    /* Cannot fail: a counter below its maximum. */
    if (write(runner->stop_fd, &one, sizeof(one)) == sizeof(one))
        pthread_join(runner->thread, NULL);
    runner->started = false;
}
