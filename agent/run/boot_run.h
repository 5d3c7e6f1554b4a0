/* boot_run.h - one run: the task, where it stands, and how it moves on. The inside of the runner,
 * shared by its parts (boot_run, bmc_step, restore, machine_desk, run_timeline, run_recovery,
 * order_desk); nobody else includes it. Everything here happens on the runner's thread.
 */
#pragma once

#include <pthread.h>

#include "agent/journal/journal_write.h"
#include "agent/power/power_worker.h"
#include "agent/run/task_runner.h"
#include "agent/run/task_steps.h"
#include "agent/run/task_verify.h"

struct boot_run;

#define TIMELINE_NAME_MAX 48
#define TIMELINE_NAMES_MAX 96 /* steps and checks of one run; more are not recorded */

struct timeline_entry {
    char name[TIMELINE_NAME_MAX];
    int64_t begun_ms;
    unsigned seen;
    char state[12];
};

/* How a BMC is brought to a state: intent, command, read back until it is so. bmc_step.h */
struct bmc_goal {
    const char *step;   /* of the timeline */
    const char *intent; /* of the intent table; NULL: only reads */
    enum power_action action;
    enum power_state power;
    enum boot_device device;
    bool once;                   /* the command is given once, whatever it answers: power-on */
    bool quiet_start, quiet_end; /* part of a longer step */
    int64_t settle_ms;           /* behind the command, before the first reading */
    int (*before)(struct boot_run *run,
                  struct error *err); /* behind the intent, before the command */
    int64_t within_ms;
};
enum bmc_end { BMC_REACHED, BMC_NOT_SET, BMC_UNREACHABLE };
struct bmc_step {
    struct bmc_goal goal;
    unsigned attempt;
    enum { BMC_IDLE, BMC_INTENT, BMC_COMMAND, BMC_READING, BMC_PAUSE } at;
    bool commanded;    /* the next answer is the command's */
    unsigned commands; /* given so far */
    bool command_ok;
    unsigned failures; /* readings in a row that failed */
    int64_t until_ms, next_ms;
    uint64_t ticket;
    bool answers;           /* the last reading was answered */
    enum power_state power; /* last read */
    enum boot_device device;
    struct error err; /* last failure */
    void (*done)(struct boot_run *run, enum bmc_end end);
};

/* What the journal of a former life says of an intent. */
enum recovered {
    RECOVERED_NONE,
    RECOVERED_INTENT,
    RECOVERED_DONE,
    RECOVERED_FAILED,
    RECOVERED_NO_EFFECT
};

struct boot_run {
    struct task_runner *runner; /* borrowed */
    struct boot_run *next;
    struct task_order order;
    struct journal_task row;
    enum run_phase phase;
    unsigned pending; /* batches under way: freed when they are back */
    bool ended;       /* RESULT, RELEASED or the like is durable */
    bool leaving;     /* that batch is under way: nothing more is begun */
    bool uncertain;   /* UNCERTAIN was said */
    bool offered;

    int64_t start_by_ms; /* ACCEPTED only */
    int64_t deadline_ms; /* from STARTED; 0: none yet */
    int64_t wait_ms;     /* of the phase; 0: none */
    int64_t up_by_ms;    /* when a machine that was seen must have phoned home */

    char *kernel_path, *initrd_path;
    bool wanted, awaits_files;
    unsigned files_wanted; /* whose arrival has not come yet */
    int64_t want_again_ms;

    struct bmc_step bmc;
    enum power_state found_power;
    enum boot_device found_device;
    bool touched;         /* intent(off) is or may be durable */
    bool powered_on;      /* intent(on) of any attempt is or may be durable */
    bool on_unread;       /* ... and how it ended was never read: it may come on later */
    bool off_unread;      /* a first off was given, and left before it read back: it may come */
    unsigned attempts;    /* made so far, a bit each: 1 << attempt */
    bool climbing;        /* the next attempt is being made durable: nothing else climbs */
    bool device_intended; /* intent(boot device) is durable from an earlier life */
    bool serves_on;       /* an earlier life's offer stands: published again with the files */
    enum recovered recovered_off, recovered_on, recovered_device,
        recovered_reset; /* this attempt */
    bool report_whole;
    unsigned restore_attempt; /* rises with every life of the agent that has to restore */
    enum { RESTORE_IDLE, RESTORE_AWAITS_WORD, RESTORE_AWAITS_OFF, RESTORE_ACTS } restore_at;
    bool restore_was_off; /* a former life's restore saw our image off: never switched off again */
    int64_t self_off_until_ms;
    bool restore_failed;
    bool power_is_back; /* as wanted, and read so */
    char restore_why[200];
    int64_t restore_wait_ms;
    int64_t result_again_ms;    /* the journal could not be asked for the digest */
    const char *result_restore; /* a literal */

    uint8_t token[32]; /* wiped at the end */
    int64_t heard_ms;
    int64_t watch_ms; /* the BMC is asked again; 0: not yet planned */
    bool seen_off;
    char address[46];
    struct timeline_entry timeline[TIMELINE_NAMES_MAX];
    size_t timeline_count;
};

struct task_runner {
    struct runner_settings settings;
    struct runner_rooms rooms;
    struct boot_run *runs;
    struct link_state link; /* of this turn */
    int64_t now_ms;         /* of this turn */
    uint8_t session_nonce[32];
    int64_t session_since_ms; /* counts while link.connected */
    int64_t at_us;            /* controller's clock, of this turn */
    uint64_t tickets;
    bool told_trouble, told_refusal;
    int stop_fd;
    bool started;
    pthread_t thread;
};

/* ---- runs ---- */
struct boot_run *boot_run_create(struct task_runner *runner, struct task_order *order);
void boot_run_destroy(struct boot_run *run);
struct boot_run *boot_run_find(struct task_runner *runner, const struct uuid *task);
struct boot_run *boot_run_of_machine(struct task_runner *runner, const struct uuid *machine);
/* Past it the run stops. Asked before anything that waited is taken in: an agent that slept, or
 * whose disk stood still, gives no command behind the deadline but those that put back. */
void boot_run_look_at_deadline(struct boot_run *run);
/* False: before the first WELCOME, on a host whose clock is far behind what the journal says. */
bool boot_run_knows_the_time(const struct boot_run *run);
/* Timers. */
void boot_run_tick(struct boot_run *run);
int64_t boot_run_next_ms(const struct boot_run *run); /* INT64_MAX: none */

/* The one place where a phase changes: checked against the edges, logged; the row goes with the
 * next batch. */
void boot_run_change(struct boot_run *run, enum run_phase to, const char *reason);
/* A row's batch with the row in it at commit; 'done' runs once it is durable (may be NULL). */
struct journal_batch *boot_run_batch(struct boot_run *run);
void boot_run_commit(struct boot_run *run, struct journal_batch *batch,
                     void (*done)(struct journal_batch *batch, void *run));
/* Nothing of the run's is changed: keeps the answer to 'request' in order. */
void boot_run_after(struct boot_run *run, struct phone_home_request *request,
                    void (*done)(struct journal_batch *batch, void *run));

/* Replaces an owned text. False: out of memory. */
bool boot_run_set_text(char **to, const char *from);

/* Ends in the restore (or at once, when nothing was touched). The first call decides; later ones
 * are dropped. */
void boot_run_stop(struct boot_run *run, const char *outcome, const char *step, const char *remedy,
                   const char *cause, ...) __attribute__((format(printf, 5, 6)));
/* The same, at someone's word: 'answer' (taken), which says so, is durable with the outcome. */
void boot_run_stop_by_order(struct boot_run *run, struct journal_batch *answer, const char *outcome,
                            const char *step, const char *cause);
void boot_run_succeed(struct boot_run *run);
/* ---- the straight line, entered by recovery from the middle: run_start.c, run_power_on.c,
 * machine_watch.c ---- */
void run_start_tick(struct boot_run *run);
void boot_run_snapshot(struct boot_run *run);
void boot_run_off(struct boot_run *run);
void boot_run_boot_device(struct boot_run *run);
void boot_run_wait_for_boot(struct boot_run *run);
void boot_run_sighted(struct boot_run *run, const struct boot_sighting *sighting);
void boot_run_want_files(struct boot_run *run);
void boot_run_files_are_here(struct boot_run *run);
/* Publishes the offer, one that is used up once the machine has phoned home. -1: 'err'. */
int boot_run_arm(struct boot_run *run, struct error *err);
void boot_run_disarm(struct boot_run *run);

/* ---- its end: run_result.c ---- */
/* Signs and journals RESULT; the run is freed behind it. restore: "done" | "failed" | "none". */
void run_result_write(struct boot_run *run, const char *restore);
/* RELEASED: it did not start in time. */
void run_result_release(struct boot_run *run, const char *why);

/* ---- after a crash: run_recovery.c ---- */
int run_recovery_load(struct task_runner *runner, struct error *err);
void run_recovery_begin(struct boot_run *run);

/* ---- putting back: restore.c ---- */
void restore_begin(struct boot_run *run);
/* A person has put the machine back. A run that has not begun to do so ends without. */
void restore_released(struct boot_run *run);
void restore_tick(struct boot_run *run);
