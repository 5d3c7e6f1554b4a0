/* scarce_memory.h - the N-th allocation fails, of this program and of the libraries that it calls:
 * what could not be read for want of memory must not be called malformed. Included by one file of
 * a program.
 */
#pragma once

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/error.h"

static _Thread_local unsigned scarce_left; /* allocations until one fails; 0: memory is plenty */
static _Thread_local bool scarce_stays, scarce_fired;

/* A sanitizer's own start allocates. */
#define SCARCE_UNSEEN __attribute__((no_sanitize_thread))

SCARCE_UNSEEN static bool scarce_now(void)
{
    if (scarce_left == 0 || --scarce_left > 0)
        return false;
    if (scarce_stays)
        scarce_left = 1;
    scarce_fired = true;
    errno = ENOMEM;
    return true;
}

#ifdef __SANITIZE_THREAD__
/* Nothing can be looked up then; its own are known by name. */
void *__interceptor_malloc(size_t size);
void *__interceptor_calloc(size_t count, size_t size);
void *__interceptor_realloc(void *block, size_t size);
#define SCARCE_NEXT(name) __interceptor_##name
#else
#define SCARCE_NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#endif

SCARCE_UNSEEN void *malloc(size_t size)
{
    static __typeof__(&malloc) next;

    if (!next)
        next = SCARCE_NEXT(malloc);
    return scarce_now() ? NULL : next(size);
}

SCARCE_UNSEEN void *calloc(size_t count, size_t size)
{
    static __typeof__(&calloc) next;

    if (!next)
        next = SCARCE_NEXT(calloc);
    return scarce_now() ? NULL : next(count, size);
}

SCARCE_UNSEEN void *realloc(void *block, size_t size)
{
    static __typeof__(&realloc) next;

    if (!next)
        next = SCARCE_NEXT(realloc);
    return scarce_now() ? NULL : next(block, size);
}

/* 'call' (0 or -1, with its error) meets every allocation that fails, once by itself and once with
 * all that follow. It may do without the memory, but what it cannot do is nobody's fault. Check's
 * own macros allocate: 'call' sets scarce_left to 0 in front of them. */
static inline void scarce_memory_check(int (*call)(void *context, struct error *err), void *context)
{
    struct error none = {0};
    unsigned refused = 0;

    /* What a library makes once and keeps is there from here on. */
    ck_assert_msg(call(context, &none) == 0, "%s", none.text);
    for (int stays = 0; stays < 2; stays++) {
        bool fired = true;

        for (unsigned at = 1; fired; at++) {
            struct error err = {0};
            int rc;

            scarce_stays = stays;
            scarce_fired = false;
            scarce_left = at;
            rc = call(context, &err);
            scarce_left = 0;
            fired = scarce_fired;
            if (rc == 0)
                continue;
            ck_assert_msg(fired, "failed with memory to spare: %s", err.text);
            ck_assert_msg(err.code == ERROR_UNAVAILABLE, "allocation %u: code %d, %s", at, err.code,
                          err.text);
            refused++;
        }
    }
    ck_assert_uint_gt(refused, 0);
}
