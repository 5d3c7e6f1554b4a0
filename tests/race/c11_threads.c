/* c11_threads.c - C11's threads by way of POSIX's, in thread sanitizer builds only. The sanitizer
 * sees pthread_* and not thrd_*, mtx_*, cnd_*: a thread that librdkafka starts would be one that it
 * never heard of, and dies in its allocator. glibc's types are one and the same memory (its C11
 * threads are its POSIX threads), so a program's own definitions may stand in for the library's. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "glibc's mutex is one");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "glibc's condition is one");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "glibc's thread is one");

/* Of the sanitizer's run time: what was done before the release is seen behind the acquire. */
void __tsan_acquire(void *address);
void __tsan_release(void *address);

struct start {
    thrd_start_t function;
    void *argument;
};

static int outcome(int rc)
{
    switch (rc) {
    case 0:
        return thrd_success;
    case ENOMEM:
        return thrd_nomem;
    case ETIMEDOUT:
        return thrd_timedout;
    case EBUSY:
        return thrd_busy;
    default:
        return thrd_error;
    }
}

static void *run(void *argument)
{
    struct start start = *(struct start *)argument;

    free(argument);
    return (void *)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
    struct start *start = malloc(sizeof(*start));
    int rc;

    if (!start)
        return thrd_nomem;
    *start = (struct start){.function = function, .argument = argument};
    rc = pthread_create(thread, NULL, run, start);
    if (rc != 0)
        free(start);
    return outcome(rc);
}

int thrd_join(thrd_t thread, int *ret_result)
{
    void *result = NULL;
    int rc = pthread_join(thread, &result);

    if (rc == 0 && ret_result)
        *ret_result = (int)(intptr_t)result;
    return outcome(rc);
}

int mtx_init(mtx_t *mutex, int kind)
{
    pthread_mutexattr_t attributes;
    int rc;

    pthread_mutexattr_init(&attributes);
    if (kind & mtx_recursive)
        pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    rc = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    __tsan_release(mutex);
    return outcome(rc);
}

/* librdkafka hands a new mutex on under its read-write locks, which the sanitizer does not follow
 * inside that library: whoever locks it has been given it. */
int mtx_lock(mtx_t *mutex)
{
    __tsan_acquire(mutex);
    return outcome(pthread_mutex_lock((pthread_mutex_t *)mutex));
}
int mtx_unlock(mtx_t *mutex)
{
    return outcome(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}
void mtx_destroy(mtx_t *mutex)
{
    pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

int cnd_init(cnd_t *condition)
{
    return outcome(pthread_cond_init((pthread_cond_t *)condition, NULL));
}
int cnd_signal(cnd_t *condition)
{
    return outcome(pthread_cond_signal((pthread_cond_t *)condition));
}
int cnd_broadcast(cnd_t *condition)
{
    return outcome(pthread_cond_broadcast((pthread_cond_t *)condition));
}
void cnd_destroy(cnd_t *condition)
{
    pthread_cond_destroy((pthread_cond_t *)condition);
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return outcome(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                  const struct timespec *restrict until)
{
    return outcome(
        pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until));
}
