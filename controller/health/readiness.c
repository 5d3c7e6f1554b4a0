/* readiness.c - see readiness.h. */
#include "controller/health/readiness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/log.h"
#include "common/text.h"

struct part {
    const char *name;
    char waiting_on[256];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct part parts[READY_PARTS] = {
    [READY_DATABASE] = {"database", "not asked yet"},
    [READY_INTAKE] = {"intake", "not started yet"},
    [READY_DISPATCH] = {"dispatch", "not started yet"},
    [READY_TIMERS] = {"timers", "not started yet"},
};

void readiness_set(enum readiness_part part, const char *waiting_on)
{
    struct part *at = &parts[part];
    char now[sizeof(at->waiting_on)];
    bool changed;

    snprintf(now, sizeof(now), "%s", waiting_on ? waiting_on : "");
    pthread_mutex_lock(&lock);
    changed = strcmp(at->waiting_on, now) != 0;
    memcpy(at->waiting_on, now, sizeof(now));
    pthread_mutex_unlock(&lock);
    if (changed && now[0])
        log_warn("services", "waiting", "part=%s on=%s", at->name, log_quote(now));
    else if (changed)
        log_info("services", "ready", "part=%s", at->name);
}

bool readiness_all(void)
{
    bool ready = true;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < READY_PARTS; i++)
        ready = ready && !parts[i].waiting_on[0];
    pthread_mutex_unlock(&lock);
    return ready;
}

void readiness_json(struct text *out)
{
    json_t *list = json_array(), *whole = NULL;
    bool ready = true;
    char *dump;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < READY_PARTS; i++) {
        bool one = !parts[i].waiting_on[0];

        ready = ready && one;
        json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "name", parts[i].name, "ready",
                                              one, "waiting_on", parts[i].waiting_on));
    }
    pthread_mutex_unlock(&lock);
    whole = json_pack("{s:b, s:o}", "ready", ready, "parts", list);
    dump = whole ? json_dumps(whole, JSON_COMPACT) : NULL;
    if (dump)
        text_format(out, "%s", dump);
    else
        out->broken = true;
    free(dump);
    json_decref(whole);
}
