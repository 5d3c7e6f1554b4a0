/* check_runner.c - see check_runner.h. The child writes its result into shared memory and its log
 * lines into a pipe; the end of the pipe is the end of the child.
 */
#include "diagnostics/check_runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "diagnostics/log_stream.h"
#include "diagnostics/session.h"

#define PART_MAX 65536    /* evidence, findings: JSON of one check */
#define LOG_EVERY_MS 1000 /* pending lines leave so often */
#define SILENCE_MS 7000   /* then a heartbeat; the agent is promised ten seconds */
#define REAP_MS 1000

struct shared {
    bool done; /* written last */
    enum check_status status;
    char reason[512];
    char remedy[512];
    char evidence[PART_MAX];
    char findings[PART_MAX];
};

struct line_reader {
    char bytes[1024];
    size_t held;
};

static void hand_over(struct shared *shared, struct check_result *result)
{
    json_out_close(&result->evidence, '}');
    json_out_close(&result->findings, ']');
    snprintf(shared->reason, sizeof(shared->reason), "%s", result->reason);
    snprintf(shared->remedy, sizeof(shared->remedy), "%s", result->remedy);
    shared->status = result->status;
    /* Evidence that does not fit is left out whole: half of it would not be JSON. */
    if (text_ok(&result->evidence.text) && result->evidence.text.length < PART_MAX)
        memcpy(shared->evidence, result->evidence.text.bytes, result->evidence.text.length);
    else
        snprintf(shared->evidence, PART_MAX, "{\"left_out\":\"more than %d bytes\"}", PART_MAX);
    if (text_ok(&result->findings.text) && result->findings.text.length < PART_MAX)
        memcpy(shared->findings, result->findings.text.bytes, result->findings.text.length);
    else
        snprintf(shared->findings, PART_MAX, "[]");
    shared->done = true;
}

static void run_child(const struct check *check, const struct check_context *context,
                      struct shared *shared)
{
    struct check_result result;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    check_result_begin(&result);
    check->run(context, &result);
    hand_over(shared, &result);
    _exit(0);
}

static void take_lines(struct line_reader *reader, struct log_stream *log, const char *name)
{
    char *start = reader->bytes, *end;

    while ((end = memchr(start, '\n', reader->held - (size_t)(start - reader->bytes)))) {
        *end = '\0';
        log_stream_line(log, "%s: %s", name, start);
        start = end + 1;
    }
    reader->held -= (size_t)(start - reader->bytes);
    memmove(reader->bytes, start, reader->held);
    /* check_log() writes shorter lines; a longer one is noise and is cut here. */
    if (reader->held == sizeof(reader->bytes))
        reader->held = 0;
}

/* 1: more may come. 0: the child has closed its end. */
static int read_lines(int fd, struct line_reader *reader, struct log_stream *log, const char *name)
{
    ssize_t got = read(fd, reader->bytes + reader->held, sizeof(reader->bytes) - reader->held);

    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    if (got == 0)
        return 0;
    reader->held += (size_t)got;
    take_lines(reader, log, name);
    return 1;
}

/* What is due to the agent now: log lines, or at least a sign of life. */
static int keep_in_touch(struct log_stream *log, struct session *session, const char *name,
                         struct error *err)
{
    int64_t now = clock_monotonic_ms();

    log_stream_kernel(log);
    if (now - log->flushed_ms >= LOG_EVERY_MS && log_stream_flush(log, session, err) < 0)
        return -1;
    if (now - session->last_ms >= SILENCE_MS)
        return session_progress(session, name, "running", NULL, err);
    return 0;
}

/* 1: the child has ended by itself. 0: out of time. -1: the agent is lost. */
static int follow(int fd, const char *name, int64_t until_ms, struct log_stream *log,
                  struct session *session, struct error *err)
{
    struct line_reader reader = {.held = 0};

    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = until_ms - clock_monotonic_ms();
        int ready = poll(&wait, 1, (int)(left < 0 ? 0 : left > LOG_EVERY_MS ? LOG_EVERY_MS : left));

        if (ready > 0 && !read_lines(fd, &reader, log, name))
            return 1;
        if (ready == 0 && left <= 0)
            return 0;
        if (keep_in_touch(log, session, name, err) < 0)
            return -1;
    }
}

/* The child's exit status, or -1: it is stuck in the kernel and stays behind. */
static int reap(pid_t pid)
{
    int64_t until_ms = clock_monotonic_ms() + REAP_MS;
    int status;

    for (;;) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        if (clock_monotonic_ms() > until_ms)
            return -1;
        poll(NULL, 0, 10);
    }
}

static void judge(struct check_outcome *outcome, const struct shared *shared, int followed,
                  int status)
{
    outcome->status = CHECK_NOT_RUN;
    if (shared->done) {
        outcome->status = shared->status;
        snprintf(outcome->reason, sizeof(outcome->reason), "%s", shared->reason);
        snprintf(outcome->remedy, sizeof(outcome->remedy), "%s", shared->remedy);
    } else if (followed == 0) {
        snprintf(outcome->reason, sizeof(outcome->reason),
                 "the check did not end in its time and was stopped after %lld ms",
                 (long long)outcome->duration_ms);
        snprintf(outcome->remedy, sizeof(outcome->remedy),
                 "See the kernel's lines in the log for what it was waiting on.");
    } else if (status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS) {
        /* The kernel sends SIGBUS for a page whose memory is gone, and our code maps no files. */
        outcome->status = CHECK_FAILED;
        snprintf(outcome->reason, sizeof(outcome->reason),
                 "the check was killed by SIGBUS: the machine lost a page of its memory");
        snprintf(outcome->remedy, sizeof(outcome->remedy),
                 "Look for the DIMM in the BMC's event log and replace it.");
    } else {
        snprintf(outcome->reason, sizeof(outcome->reason), "the check crashed (signal %d)",
                 status != -1 && WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        snprintf(outcome->remedy, sizeof(outcome->remedy), "Report this as a fault of the image.");
    }
    outcome->evidence = strdup(shared->done ? shared->evidence : "{}");
    outcome->findings = strdup(shared->done ? shared->findings : "[]");
}

static int run_apart(const struct check *check, const struct check_context *given, int64_t until_ms,
                     struct log_stream *log, struct session *session, struct check_outcome *outcome,
                     struct error *err)
{
    struct check_context context = *given;
    struct shared *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int64_t start_ms = clock_monotonic_ms();
    int ends[2], followed;
    pid_t pid;

    if (shared == MAP_FAILED || pipe2(ends, O_CLOEXEC) < 0)
        return error_set(err, "check %s: %s", check->name, strerror(errno));
    context.log_fd = ends[1];
    context.until_ms = start_ms + check->limit_s * 1000LL;
    if (context.until_ms > until_ms)
        context.until_ms = until_ms;
    fflush(stdout);
    if ((pid = fork()) < 0)
        return error_set(err, "check %s: %s", check->name, strerror(errno));
    if (pid == 0)
        run_child(check, &context, shared);
    close(ends[1]);
    followed = follow(ends[0], check->name, context.until_ms, log, session, err);
    close(ends[0]);
    if (followed != 1)
        kill(pid, SIGKILL);
    outcome->duration_ms = clock_monotonic_ms() - start_ms;
    judge(outcome, shared, followed, reap(pid));
    munmap(shared, sizeof(*shared));
    return followed < 0 ? -1 : 0;
}

int check_runner_run(const char *name, const struct check *check,
                     const struct check_context *context, int64_t until_ms, struct log_stream *log,
                     struct session *session, struct check_outcome *ret_outcome, struct error *err)
{
    struct check_outcome outcome = {0};

    snprintf(outcome.name, sizeof(outcome.name), "%s", name);
    if (session_progress(session, name, "started", NULL, err) < 0)
        return -1;
    if (!check || clock_monotonic_ms() >= until_ms) {
        snprintf(outcome.reason, sizeof(outcome.reason), "%s",
                 check ? "the run's deadline came first" : "this image has no check of that name");
        outcome.evidence = strdup("{}");
        outcome.findings = strdup("[]");
    } else if (run_apart(check, context, until_ms, log, session, &outcome, err) < 0) {
        check_outcome_clear(&outcome);
        return -1;
    }
    log_stream_line(log, "check %s: %s: %s", name, check_status_name(outcome.status),
                    outcome.reason);
    if (session_progress(session, name, "finished", check_status_name(outcome.status), err) < 0) {
        check_outcome_clear(&outcome);
        return -1;
    }
    *ret_outcome = outcome;
    return 0;
}

void check_outcome_clear(struct check_outcome *outcome)
{
    free(outcome->evidence);
    free(outcome->findings);
    memset(outcome, 0, sizeof(*outcome));
}
