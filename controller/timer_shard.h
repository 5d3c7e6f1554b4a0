/* timer_shard.h - which controller does one of the things that the clock brings: a row with a fence
 * and an end, renewed at a third of its life. A lapsed one is anybody's. It spares work; what is
 * done under it must be right when two do it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;

#define TIMER_SHARD_LIFE_S 9

struct timer_shard {
    const char *name;
    bool ours;
    int64_t fence;    /* of our last claim */
    int64_t asked_ms; /* 0: never */
};

/* 1: ours, claimed or renewed when it was time to; 0: another controller's; -1. */
int timer_shard_hold(struct timer_shard *shard, struct db *db, const struct uuid *controller,
                     int64_t now_ms, struct error *err);
/* The next one need not wait for its end. */
int timer_shard_give_up(struct timer_shard *shard, struct db *db, const struct uuid *controller,
                        struct error *err);
