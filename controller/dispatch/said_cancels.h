/* said_cancels.h - which cancels went out a moment ago: the wish stays in the database until the
 * agent answers, and is said again only now and then. For the database's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/ids.h"

struct error;
struct said_cancels;

struct said_cancels *said_cancels_create(struct error *err);
void said_cancels_destroy(struct said_cancels *said);

/* True: say it now, and it is remembered. False: it was said since the last said_cancels_forget().
 */
bool said_cancels_say(struct said_cancels *said, const struct uuid *task, int64_t now_ms);
void said_cancels_forget(struct said_cancels *said, int64_t before_ms);
