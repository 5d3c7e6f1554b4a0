/* task_runner.h - carries out boot tasks: one thread, one event loop, one run a task. Orders, BMC
 * answers, sightings, what machines say, and the journal's "it is durable" all arrive through
 * hand-overs; time is passed in. Law: nothing is done to a BMC before its intent is durable,
 * nothing is said to anyone before it is; every end of a started run goes through the restore.
 * docs/task-states.md, docs/guarantees.md.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/link/controller_link.h"
#include "agent/power/power_driver.h"
#include "common/ids.h"

struct boot_offers;
struct error;
struct handover;
struct phone_home_request;
struct power_worker;
struct sign_key;
struct task_journal;
struct task_runner;

struct runner_settings {
    struct uuid site_id, agent_id;
    uint8_t phone_home_key[32];
    const struct sign_key *sign_key; /* borrowed: signs results */
    const char *agent_url;           /* borrowed: boot_plane_url() */
    /* Milliseconds; 0 takes the default in brackets. */
    int64_t start_within_ms;  /* from ACCEPTED to STARTED, else RELEASED (60 s) */
    int64_t boot_wait_ms;     /* from seen on to phone-home (15 min) */
    int64_t first_sight_ms;   /* from seen on to the first sign of the machine (4 min) */
    int64_t again_wait_ms;    /* the same, behind a boot device that was set again (1 min) */
    unsigned attempts_max;    /* rungs of boot_ladder.h (all) */
    int64_t cold_off_ms;      /* off in a cold start (15 s) */
    int64_t bmc_settle_ms;    /* from a BMC's reset to the first question (20 s) */
    int64_t bmc_back_ms;      /* for it to answer again (4 min) */
    int64_t silence_ms;       /* of a machine in its session (150 s: it tries for 2 min) */
    int64_t power_within_ms;  /* to read a power state back (60 s) */
    int64_t device_within_ms; /* to read a boot device back (10 s) */
    int64_t self_off_ms;      /* for a machine to switch itself off after its report (20 s) */
    int64_t word_ms;          /* of a session, for what people said meanwhile to come (20 s) */
    int64_t inspect_after_ms; /* after a restart, for commands under way to end (3 s) */
    int bmc_timeout_ms;       /* of one BMC command (8 s) */
};

/* All borrowed, all outlive the runner. */
struct runner_rooms {
    struct task_journal *journal;
    struct boot_offers *offers;
    struct power_worker *power;
    struct handover *journalled; /* struct journal_batch * */
    struct handover *powered;    /* struct power_job * */
    struct handover *orders;     /* struct link_order * */
    struct handover *sightings;  /* struct boot_sighting * */
    struct handover *requests;   /* struct phone_home_request * */
    struct handover *arrivals;   /* struct image_arrival * */
    void *link;
    void (*link_state)(void *link, struct link_state *ret_state);
    void *cache; /* image_cache_want(), image_cache_release() */
    int (*want)(void *cache, const struct uuid *task, const uint8_t sha256[32], uint64_t size,
                const char *url_base, const char *token, struct error *err);
    void (*release)(void *cache, const struct uuid *task);
    void (*answer)(struct phone_home_request *request, unsigned status, const char *json);
    const struct power_driver *(*find_driver)(const char *name);
    int64_t (*now_ms)(void); /* never set back, runs on in suspend */
};

/* Takes up what the journal holds as accepted or running. NULL with 'err'. */
struct task_runner *task_runner_create(const struct runner_settings *settings,
                                       const struct runner_rooms *rooms, struct error *err);
/* Behind task_journal_close(). Runs are left as they are: the journal has them. */
void task_runner_destroy(struct task_runner *runner);

/* Comes back when what an earlier life had begun to boot can be served on, or cannot, or 10 s have
 * passed: whoever serves machines starts behind it. */
int task_runner_start(struct task_runner *runner, struct error *err);
void task_runner_stop(struct task_runner *runner); /* joins */

/* One pass without waiting, for start's thread and for tests: takes all that has arrived, fires
 * timers. Returns the milliseconds until the next timer, -1 for none. */
int64_t task_runner_turn(struct task_runner *runner);
/* Waits until something arrives or 'timeout_ms' have passed. */
void task_runner_wait(struct task_runner *runner, int64_t timeout_ms);
size_t task_runner_count(const struct task_runner *runner); /* of runs under way */
