/* Workers: a full queue refuses, parked items come again, an end leaves nothing behind. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "common/clock.h"
#include "common/error.h"
#include "controller/api/api_workers.h"
#include "tests/support/check_main.h"

struct item {
    atomic_int runs;
    int looks; /* parks itself until it ran so often */
    sem_t ran;
};

struct bench {
    struct api_workers *workers;
    sem_t entered, gate; /* 'gate' holds a worker inside run() */
    bool gated;
};

static void run(void *context, void *arg)
{
    struct bench *bench = context;
    struct item *item = arg;
    int runs = atomic_fetch_add(&item->runs, 1) + 1;

    if (bench->gated) {
        sem_post(&bench->entered);
        sem_wait(&bench->gate);
    }
    if (runs < item->looks && api_workers_park(bench->workers, item) == 0)
        return;
    sem_post(&item->ran);
}

static struct bench bench;

static void before(void)
{
    bench = (struct bench){0};
    sem_init(&bench.entered, 0, 0);
    sem_init(&bench.gate, 0, 0);
    ck_assert_ptr_nonnull(bench.workers = api_workers_create(1, 2, run, &bench, NULL));
}

static void after(void)
{
    api_workers_destroy(bench.workers);
    api_workers_destroy(NULL);
}

START_TEST(a_full_queue_refuses_and_takes_again)
{
    struct item items[4] = {{.looks = 1}, {.looks = 1}, {.looks = 1}, {.looks = 1}};

    bench.gated = true;
    for (int i = 0; i < 4; i++)
        sem_init(&items[i].ran, 0, 0);
    ck_assert_int_eq(api_workers_submit(bench.workers, &items[0]), 0);
    sem_wait(&bench.entered); /* the only worker is busy: two more fit the queue */
    ck_assert_int_eq(api_workers_submit(bench.workers, &items[1]), 0);
    ck_assert_int_eq(api_workers_submit(bench.workers, &items[2]), 0);
    ck_assert_int_eq(api_workers_submit(bench.workers, &items[3]), 1);
    for (int i = 0; i < 3; i++)
        sem_post(&bench.gate);
    for (int i = 0; i < 3; i++)
        sem_wait(&items[i].ran);
    ck_assert_int_eq(atomic_load(&items[3].runs), 0);
}
END_TEST

START_TEST(a_parked_item_comes_again_later)
{
    struct item item = {.looks = 3};
    int64_t began = clock_monotonic_ms();

    sem_init(&item.ran, 0, 0);
    ck_assert_int_eq(api_workers_submit(bench.workers, &item), 0);
    sem_wait(&item.ran);
    ck_assert_int_eq(atomic_load(&item.runs), 3);
    ck_assert_int_ge(clock_monotonic_ms() - began, 2 * API_LOOK_MS);
}
END_TEST

START_TEST(after_the_wake_nothing_sleeps)
{
    struct item item = {.looks = 1000000};
    int64_t began = clock_monotonic_ms();

    sem_init(&item.ran, 0, 0);
    ck_assert_int_eq(api_workers_submit(bench.workers, &item), 0);
    while (atomic_load(&item.runs) < 1)
        sched_yield();
    api_workers_wake(bench.workers);
    sem_wait(&item.ran);
    ck_assert_int_lt(clock_monotonic_ms() - began, 60000);
    ck_assert_int_eq(api_workers_park(bench.workers, &item), 1);
}
END_TEST

CHECK_MAIN_WITH("api_workers", before, after, a_full_queue_refuses_and_takes_again,
                a_parked_item_comes_again_later, after_the_wake_nothing_sleeps)
