/* guard.c - see guard.h. The deadline lives in shared memory; the guard does nothing but look at
 * it. */
#include "diagnostics/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"

#define LOOK_AGAIN_MS 250

static _Atomic int64_t *deadline;

void guard_power_off(void)
{
    reboot(RB_POWER_OFF);
    reboot(RB_HALT_SYSTEM);
}

static void watch(pid_t run, bool power_off)
{
    while (clock_monotonic_ms() < atomic_load(deadline))
        poll(NULL, 0, LOOK_AGAIN_MS);
    printf("muster: the run did not end by its deadline; powering off\n");
    fflush(stdout);
    if (power_off)
        guard_power_off();
    kill(run, SIGKILL);
    _exit(1);
}

int guard_start(int64_t deadline_ms, bool power_off, struct error *err)
{
    pid_t run = getpid(), pid;

    deadline =
        mmap(NULL, sizeof(*deadline), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (deadline == MAP_FAILED)
        return error_set(err, "guard: %s", strerror(errno));
    atomic_store(deadline, deadline_ms);
    if ((pid = fork()) < 0)
        return error_set(err, "guard: %s", strerror(errno));
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        watch(run, power_off);
    }
    return 0;
}

void guard_move(int64_t deadline_ms)
{
    atomic_store(deadline, deadline_ms);
}
