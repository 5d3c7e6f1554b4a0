/* fault_point.c - see fault_point.h.
 * Invariant: a fault happens only behind its line in the log, and no more often than its order
 * says, counted over every process that shares the file.
 */
#include "common/fault_point.h"

#ifdef MUSTER_FAULTS

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/fault_names.h"
#include "common/file.h"

#define ORDERS_MAX 64 /* a test arms a handful */
#define ORDER_SIZE 160
#define FILE_MAX ((size_t)1 << 20) /* the log of ten minutes' soak is some 100 KiB */
#define UNLIMITED 0xffffffffu

enum action { ACTION_CRASH, ACTION_STOP, ACTION_DELAY, ACTION_LEAVE_OUT };

struct order {
    char text[ORDER_SIZE]; /* as it stands in the file: its identity */
    char name[48];
    enum action action;
    unsigned delay_ms, after, times;
    unsigned passed; /* in this process */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_bool in_use;
/* Under the lock: */
static char path[256], log_path[sizeof(path) + 8];
static struct order orders[ORDERS_MAX];
static size_t order_count;
static struct stat read_at;

/* ---- the log ---- */

static void note(const char *word, const char *text)
{
    char line[ORDER_SIZE + 64];
    int length = snprintf(line, sizeof(line), "%s %d %s\n", word, (int)getpid(), text);
    int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    /* A test that cannot see its fault fails by that. */
    if (fd < 0 || write(fd, line, (size_t)length) != length || fdatasync(fd) < 0)
        fprintf(stderr, "fault point: cannot write %s: %s\n", log_path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

/* Lines "fired PID TEXT" of this very order, by any process. */
static unsigned times_fired(const char *text)
{
    char *all = file_read(log_path, FILE_MAX, NULL, NULL), *line, *rest;
    unsigned count = 0;
    int at;

    for (line = all ? strtok_r(all, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
        at = 0;
        sscanf(line, "fired %*d %n", &at);
        if (at > 0 && strcmp(line + at, text) == 0)
            count++;
    }
    free(all);
    return count;
}

/* ---- reading orders ---- */

static bool is_known(const char *name, enum action action)
{
#define NAME_OF(name, words) name,
    static const char *const points[] = {FAULT_POINTS(NAME_OF)};
    static const char *const protections[] = {PROTECTIONS(NAME_OF)};
#undef NAME_OF
    const char *const *names = action == ACTION_LEAVE_OUT ? protections : points;
    size_t count = action == ACTION_LEAVE_OUT ? sizeof(protections) / sizeof(protections[0])
                                              : sizeof(points) / sizeof(points[0]);

    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool read_action(const char *word, struct order *order)
{
    if (strcmp(word, "crash") == 0)
        order->action = ACTION_CRASH;
    else if (strcmp(word, "stop") == 0)
        order->action = ACTION_STOP;
    else if (sscanf(word, "delay:%u", &order->delay_ms) == 1)
        order->action = ACTION_DELAY;
    else
        return false;
    order->times = order->action == ACTION_DELAY ? UNLIMITED : 1;
    return true;
}

/* "[after N] [times M]" */
static bool read_limits(char **rest, struct order *order)
{
    char *word, *number, *end;

    while ((word = strtok_r(NULL, " \t", rest))) {
        unsigned *to = strcmp(word, "after") == 0   ? &order->after
                       : strcmp(word, "times") == 0 ? &order->times
                                                    : NULL;

        number = to ? strtok_r(NULL, " \t", rest) : NULL;
        if (!number)
            return false;
        *to = (unsigned)strtoul(number, &end, 10);
        if (*end)
            return false;
    }
    return true;
}

static bool read_order(const char *text, struct order *order)
{
    char words[ORDER_SIZE], *rest, *first, *second;

    memset(order, 0, sizeof(*order));
    snprintf(order->text, sizeof(order->text), "%s", text);
    snprintf(words, sizeof(words), "%s", text);
    words[strcspn(words, "#")] = '\0';
    first = strtok_r(words, " \t", &rest);
    second = first ? strtok_r(NULL, " \t", &rest) : NULL;
    if (!second || strlen(text) >= ORDER_SIZE)
        return false;
    if (strcmp(first, "without") == 0) {
        order->action = ACTION_LEAVE_OUT;
        order->times = 1; /* told once by each process */
        first = second;
    } else if (!read_action(second, order)) {
        return false;
    }
    snprintf(order->name, sizeof(order->name), "%s", first);
    return is_known(order->name, order->action) && read_limits(&rest, order);
}

/* An order that stays keeps its count. */
static unsigned passed_before(const struct order *before, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(before[i].text, text) == 0)
            return before[i].passed;
    return 0;
}

static void read_orders(char *all)
{
    static struct order before[ORDERS_MAX];
    size_t count = order_count;
    char *line, *rest;

    memcpy(before, orders, sizeof(before));
    order_count = 0;
    for (line = strtok_r(all, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        struct order *order = &orders[order_count];

        if (line[strspn(line, " \t")] == '#')
            continue;
        if (order_count == ORDERS_MAX || !read_order(line, order)) {
            note("refused", line);
            continue;
        }
        order->passed = passed_before(before, count, order->text);
        order_count++;
    }
}

static void read_if_changed(void)
{
    struct stat now;
    char *all;

    if (stat(path, &now) < 0)
        memset(&now, 0, sizeof(now));
    if (now.st_ino == read_at.st_ino && now.st_size == read_at.st_size &&
        now.st_mtim.tv_sec == read_at.st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == read_at.st_mtim.tv_nsec)
        return;
    read_at = now;
    all = file_read(path, FILE_MAX, NULL, NULL);
    if (all)
        read_orders(all);
    else
        order_count = 0;
    free(all);
}

static void use(const char *file)
{
    snprintf(path, sizeof(path), "%s", file ? file : "");
    snprintf(log_path, sizeof(log_path), "%s.log", path);
    memset(&read_at, 0, sizeof(read_at));
    order_count = 0;
    atomic_store(&in_use, path[0] != '\0');
}

static void use_environment(void)
{
    use(getenv("MUSTER_FAULTS_FILE"));
}

void fault_point_use(const char *file)
{
    pthread_once(&once, use_environment);
    pthread_mutex_lock(&lock);
    use(file);
    pthread_mutex_unlock(&lock);
}

/* ---- points ---- */

static void sleep_ms(unsigned ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}

/* With the lock held: an order's turn has come, and it is in the log. */
static bool is_due(struct order *order)
{
    if (order->passed++ < order->after)
        return false;
    if (order->times != UNLIMITED && times_fired(order->text) >= order->times)
        return false;
    note("fired", order->text);
    return true;
}

void fault_point_passed(const char *name)
{
    unsigned delay_ms = 0;
    bool stop = false;

    pthread_once(&once, use_environment);
    if (!atomic_load_explicit(&in_use, memory_order_relaxed))
        return;
    pthread_mutex_lock(&lock);
    read_if_changed();
    for (size_t i = 0; i < order_count; i++) {
        struct order *order = &orders[i];

        if (order->action == ACTION_LEAVE_OUT || strcmp(order->name, name) != 0 || !is_due(order))
            continue;
        if (order->action == ACTION_CRASH)
            raise(SIGKILL);
        stop = stop || order->action == ACTION_STOP;
        delay_ms += order->delay_ms;
    }
    pthread_mutex_unlock(&lock);
    if (stop)
        kill(getpid(), SIGSTOP);
    sleep_ms(delay_ms);
}

bool fault_point_protects(const char *name)
{
    bool left_out = false;

    pthread_once(&once, use_environment);
    if (!atomic_load_explicit(&in_use, memory_order_relaxed))
        return true;
    pthread_mutex_lock(&lock);
    read_if_changed();
    for (size_t i = 0; i < order_count; i++)
        if (orders[i].action == ACTION_LEAVE_OUT && strcmp(orders[i].name, name) == 0) {
            left_out = true;
            if (orders[i].passed++ == 0)
                note("left_out", orders[i].text);
        }
    pthread_mutex_unlock(&lock);
    return !left_out;
}

#endif
