/* command.c - see command.h. */
#include "diagnostics/command.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define LOOK_AGAIN_MS 20

int command_run(const char *const *argv, int limit_ms)
{
    int64_t until_ms = clock_monotonic_ms() + limit_ms;
    int status;
    pid_t pid = fork(), done;

    if (pid < 0)
        return -1;
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    while ((done = waitpid(pid, &status, WNOHANG)) == 0 && clock_monotonic_ms() < until_ms)
        poll(NULL, 0, LOOK_AGAIN_MS);
    if (done == 0) {
        /* Not waited for: a process stuck in the kernel would hold us too. */
        kill(pid, SIGKILL);
        return -1;
    }
    return done == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
