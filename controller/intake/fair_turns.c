/* fair_turns.c - see fair_turns.h. Invariant: 'now' is the tag of the turn given last and never
 * falls. */
#include "controller/intake/fair_turns.h"

#include <stdlib.h>

#include "common/error.h"

struct share {
    struct uuid tenant;
    uint64_t done; /* where its next turn begins, unless it was idle */
};

struct fair_turns {
    struct share *shares;
    size_t count, room;
    uint64_t now;
};

struct fair_turns *fair_turns_create(struct error *err)
{
    struct fair_turns *turns = calloc(1, sizeof(*turns));

    if (!turns)
        error_no_memory(err);
    return turns;
}

void fair_turns_destroy(struct fair_turns *turns)
{
    if (!turns)
        return;
    free(turns->shares);
    free(turns);
}

static struct share *find(const struct fair_turns *turns, const struct uuid *tenant)
{
    for (size_t i = 0; i < turns->count; i++)
        if (uuid_equal(&turns->shares[i].tenant, tenant))
            return &turns->shares[i];
    return NULL;
}

static struct share *add(struct fair_turns *turns, const struct uuid *tenant)
{
    if (turns->count == turns->room) {
        size_t room = turns->room ? 2 * turns->room : 16;
        struct share *grown = realloc(turns->shares, room * sizeof(*grown));

        if (!grown)
            return NULL;
        turns->shares = grown;
        turns->room = room;
    }
    turns->shares[turns->count] = (struct share){.tenant = *tenant};
    return &turns->shares[turns->count++];
}

uint64_t fair_turns_tag(const struct fair_turns *turns, const struct uuid *tenant)
{
    const struct share *share = find(turns, tenant);

    return share && share->done > turns->now ? share->done : turns->now;
}

void fair_turns_give(struct fair_turns *turns, const struct uuid *tenant, uint64_t work)
{
    uint64_t tag = fair_turns_tag(turns, tenant);
    struct share *share = find(turns, tenant);

    if (!share)
        share = add(turns, tenant);
    if (share)
        share->done = tag + work;
    turns->now = tag;
}
