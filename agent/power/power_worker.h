/* power_worker.h - BMC commands off the runner's thread: a few workers, one command at a time to
 * each BMC, in the order given, within the BMC's budget (bmc_budget.h) and with its quirks. A job
 * may take several commands (what are you, keep the boot device, set it). The answer comes back
 * through a hand-over. The sealed password is opened for the call and wiped behind it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/power/power_driver.h"
#include "common/error.h"
#include "common/ids.h"
#include "proto/sealed_secret.h"

struct handover;
struct power_worker;

enum power_action { POWER_GET, POWER_SET, BOOT_DEVICE_GET, BOOT_DEVICE_SET, BMC_RESET };

/* How a BMC is reached; strings are owned once in a job. */
struct power_target {
    const struct power_driver *driver;
    char *address, *username;
    uint16_t port;
    int cipher_suite;
    int timeout_ms;
    struct sealed_place place;
    uint8_t *sealed_password; /* NULL: the driver needs none */
    size_t sealed_length;
};

struct power_job {
    enum power_action action;
    struct power_target target;
    enum power_state power;  /* to set, or as read */
    enum boot_device device; /* to set, or as read */
    bool uefi;
    bool asked, kept; /* the worker's: commands of it that are done */
    bool withdrawn;   /* the worker's, under its lock: no command follows */
    uint64_t ticket;  /* whose answer this is: the giver's */
    struct uuid task;
    int64_t
        not_after_ms; /* monotonic: a command that would be given behind it is none; 0: always */
    int rc;
    struct error err;
    struct power_job *next;
};

/* 'target' is copied. NULL: out of memory. */
struct power_job *power_job_create(enum power_action action, const struct power_target *target);
void power_job_destroy(struct power_job *job);

/* 'answers' (borrowed) receives struct power_job *, the receiver destroys. */
struct power_worker *power_worker_create(unsigned threads,
                                         const uint8_t seal_secret[SEAL_SECRET_BYTES],
                                         struct handover *answers, struct error *err);
/* At least so long between two commands to one BMC, whatever it is; 0 at first. */
void power_worker_set_spacing(struct power_worker *worker, int spacing_ms);
/* For tests whose clock is not the real one: without a budget; 'now_ms' is what not_after_ms counts
 * by. */
void power_worker_set_unbounded(struct power_worker *worker, int64_t (*now_ms)(void));
/* Lets running commands end, one of each worker, and drops the jobs behind them. */
void power_worker_destroy(struct power_worker *worker);
/* Takes 'job'. */
void power_worker_give(struct power_worker *worker, struct power_job *job);
/* The job of this ticket is not wanted any more. True: it waited for its turn, and is gone; false:
 * it is being carried out, or was. Of one that is being carried out no further command is given;
 * was there one to come, it is not answered. */
bool power_worker_withdraw(struct power_worker *worker, uint64_t ticket);
