/* replay_waiting.h - alerts that something waits for: a timer that refers to one finds it here as
 * its rules saw it, and asks nobody. What does not fit is forgotten, and asked for.
 */
#pragma once

#include <stdbool.h>

#include "common/ids.h"

struct alert_words;
struct error;
struct replay_alert;
struct replay_waiting;

/* Of texts and JSON together: some ten thousand alerts. */
#define REPLAY_WAITING_BYTES_MAX (32 * 1024 * 1024)

/* NULL: out of memory. */
struct replay_waiting *replay_waiting_create(struct error *err);
void replay_waiting_destroy(struct replay_waiting *waiting);

/* An alert that was shown to rules; is copied. */
int replay_waiting_add(struct replay_waiting *waiting, const struct replay_alert *alert,
                       struct error *err);
/* Its words, without machine and asset; borrowed until the next one is added. False: it is not
 * here. */
bool replay_waiting_find(const struct replay_waiting *waiting, const struct uuid *alert,
                         struct alert_words *ret, struct uuid *ret_machine);
