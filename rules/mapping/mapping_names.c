/* mapping_names.c - see mapping_names.h. */
#include "rules/mapping/mapping_names.h"

#include <pthread.h>

#include "rules/cel/cel_env.h"
#include "rules/cel/cel_libraries.h"

static const struct rule_name names[] = {
    [MAPPING_SLOT_MESSAGE] = {"message", "dyn", "what came; null when it is no JSON",
                              MAPPING_OF_MESSAGE},
    [MAPPING_SLOT_HEADERS] = {"headers", "map<string, string>",
                              "of the record or request, in lower case, '_' for '-'",
                              MAPPING_OF_MESSAGE},
    [MAPPING_SLOT_RECEIVED] = {"received", "timestamp", "the record's or the request's moment",
                               MAPPING_OF_MESSAGE},
    [MAPPING_SLOT_ITEM] = {"item", "dyn", "the element of each; without each the message",
                           MAPPING_OF_ITEM},
    [MAPPING_SLOT_INDEX] = {"index", "int", "which element it is, from 0", MAPPING_OF_ITEM},
};

static const char *wrong_place(unsigned of)
{
    (void)of;
    return "is not known in each, which says what the items are";
}

const struct rule_vocabulary mapping_words = {
    .what = "a mapping",
    .names = names,
    .count = MAPPING_SLOTS,
    .lets = MAPPING_OF_ITEM,
    .wrong_place = wrong_place,
};

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static struct cel_env *shared; /* never changed once it was extended */

static struct cel_env *make_shared(struct error *err)
{
    struct cel_env *env = cel_env_create(cel_libraries, err);
    int slot;

    for (size_t i = 0; env && i < MAPPING_SLOTS; i++)
        if (cel_env_declare(env, names[i].name, names[i].type, &slot, err) < 0) {
            cel_env_destroy(env);
            return NULL;
        }
    return env;
}

struct cel_env *mapping_env_create(struct error *err)
{
    const struct cel_env *base;

    pthread_mutex_lock(&shared_lock);
    if (!shared)
        shared = make_shared(err);
    base = shared;
    pthread_mutex_unlock(&shared_lock);
    return base ? cel_env_extend(base, err) : NULL;
}
