/* child.c - one child process from start to reaping. Invariant: when child_run() returns, the child
 * and everything left in its process group is dead and reaped, and no descriptor of ours stays
 * open. posix_spawn does all between fork and exec, so no code of ours runs there.
 */
#include "common/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"

#define SECRET_FD 3
#define FIRST_OWN_FD 10 /* our ends stay clear of those the child is given */

extern char **environ;

struct run {
    int output[2], secret[2]; /* read end, write end; -1: not open */
    int pidfd;
    pid_t pid;
    char *bytes; /* CHILD_OUTPUT_MAX + 1 */
    size_t length;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int move_up(int *fd)
{
    int high = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_OWN_FD);

    close(*fd);
    *fd = high;
    return high < 0 ? -1 : 0;
}

static int open_pipe(int ends[2], int flags)
{
    if (pipe2(ends, O_CLOEXEC | flags) < 0) {
        ends[0] = ends[1] = -1;
        return -1;
    }
    return move_up(&ends[0]) | move_up(&ends[1]);
}

/* The whole secret fits a pipe, so it lies there before the child starts and nothing can block. */
static int lay_secret(struct run *run, const char *secret, struct error *err)
{
    size_t length = strlen(secret);

    if (length > CHILD_SECRET_MAX)
        return error_set_code(err, ERROR_INVALID, "the secret is longer than %d bytes",
                              CHILD_SECRET_MAX);
    if (open_pipe(run->secret, O_NONBLOCK) < 0)
        return error_set(err, "pipe: %s", strerror(errno));
    /* The child's end must block like any file: the flag is of the write end alone. */
    if (fcntl(run->secret[0], F_SETFL, 0) < 0 ||
        write(run->secret[1], secret, length) != (ssize_t)length)
        return error_set(err, "hand over the secret: %s", strerror(errno));
    close_fd(&run->secret[1]);
    return 0;
}

static int plan_files(posix_spawn_file_actions_t *files, const struct run *run)
{
    int rc = posix_spawn_file_actions_adddup2(files, run->output[1], STDOUT_FILENO);

    rc |= posix_spawn_file_actions_adddup2(files, run->output[1], STDERR_FILENO);
    rc |= posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (run->secret[0] >= 0)
        rc |= posix_spawn_file_actions_adddup2(files, run->secret[0], SECRET_FD);
    /* Whatever a library of ours left open without O_CLOEXEC. */
    return rc | posix_spawn_file_actions_addclosefrom_np(files, run->secret[0] >= 0 ? SECRET_FD + 1
                                                                                    : SECRET_FD);
}

/* A group of its own, and no signal blocked or ignored: a daemon's thread has both. */
static int plan_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    return posix_spawnattr_setpgroup(attributes, 0) |
           posix_spawnattr_setsigmask(attributes, &none) |
           posix_spawnattr_setsigdefault(attributes, &all) |
           posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
}

static int start(struct run *run, const char *const argv[], struct error *err)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int rc;

    if (posix_spawn_file_actions_init(&files) != 0)
        return error_no_memory(err);
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&files);
        return error_no_memory(err);
    }
    rc = plan_files(&files, run) | plan_attributes(&attributes) ? ENOMEM : 0;
    if (rc == 0)
        rc = posix_spawnp(&run->pid, argv[0], &files, &attributes, (char *const *)argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (rc != 0)
        return error_set_code(err, rc == ENOENT ? ERROR_NOT_FOUND : ERROR_FAILED, "start %s: %s",
                              argv[0], strerror(rc));
    return 0;
}

/* What is there now; beyond the cap it is dropped. False: nothing comes any more. */
static bool read_output(struct run *run)
{
    char chunk[4096];

    for (;;) {
        ssize_t n = read(run->output[0], chunk, sizeof(chunk));
        size_t keep = CHILD_OUTPUT_MAX - run->length;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        keep = (size_t)n < keep ? (size_t)n : keep;
        memcpy(run->bytes + run->length, chunk, keep);
        run->length += keep;
    }
}

/* Until the child ends: its output may end before, or be held open behind it by what it started.
 * True: ended by itself. */
static bool attend(struct run *run, int timeout_ms)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    struct pollfd wait[] = {{.fd = run->pidfd, .events = POLLIN},
                            {.fd = run->output[0], .events = POLLIN}};

    while (!wait[0].revents) {
        int64_t left = deadline - clock_monotonic_ms();

        if (left <= 0)
            return false;
        if (poll(wait, 2, (int)left) < 0)
            wait[0].revents = wait[1].revents = 0;
        if (wait[1].revents && !read_output(run))
            wait[1].fd = -1;
    }
    return true;
}

static int exit_code_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Kill what is left, the child too when it is late, and reap. The group's number is the child's
 * pid, which nobody else gets before it is reaped. */
static int finish(struct run *run)
{
    int status = 0;

    kill(-run->pid, SIGKILL);
    while (waitpid(run->pid, &status, 0) < 0)
        if (errno != EINTR)
            return 128; /* somebody ignores SIGCHLD: its end is known, its code is not */
    read_output(run);
    return exit_code_of(status);
}

static int prepare(struct run *run, const char *secret, struct error *err)
{
    run->bytes = malloc(CHILD_OUTPUT_MAX + 1);
    if (!run->bytes)
        return error_no_memory(err);
    if (open_pipe(run->output, 0) < 0 || fcntl(run->output[0], F_SETFL, O_NONBLOCK) < 0)
        return error_set(err, "pipe: %s", strerror(errno));
    return secret ? lay_secret(run, secret, err) : 0;
}

int child_run(const char *const argv[], const char *secret, int timeout_ms,
              struct child_result *ret_result, struct error *err)
{
    struct run run = {.output = {-1, -1}, .secret = {-1, -1}, .pidfd = -1};
    bool ended;
    int rc = -1;

    if (!argv || !argv[0] || timeout_ms <= 0)
        return error_set_code(err, ERROR_INVALID, "a program and a time limit are needed");
    if (prepare(&run, secret, err) < 0 || start(&run, argv, err) < 0)
        goto out;
    close_fd(&run.output[1]);
    close_fd(&run.secret[0]);
    run.pidfd = pidfd_open(run.pid, 0);
    if (run.pidfd < 0) {
        error_set(err, "watch %s: %s", argv[0], strerror(errno));
        finish(&run);
        goto out;
    }
    ended = attend(&run, timeout_ms);
    ret_result->timed_out = !ended;
    ret_result->exit_code = finish(&run);
    run.bytes[run.length] = '\0';
    ret_result->output = run.bytes;
    ret_result->output_length = run.length;
    run.bytes = NULL; /* the caller's now */
    rc = 0;
out:
    close_fd(&run.output[0]);
    close_fd(&run.output[1]);
    close_fd(&run.secret[0]);
    close_fd(&run.secret[1]);
    close_fd(&run.pidfd);
    free(run.bytes);
    return rc;
}
