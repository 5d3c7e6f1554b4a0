/* replay.h - rules over recorded history: what they would have made of the alerts of a time, beside
 * what really was decided. The alerts, the machines as they were, the moments of timers and what
 * stood in an act's way are those that were kept when it happened; what rules remember begins
 * empty. Spec: docs/rule-language.md, "Replay".
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;

#define REPLAY_SECONDS_MAX 50      /* of the clock on the wall */
#define REPLAY_DIFFERENCES_MAX 200 /* that are told; all are counted */

struct replay_request {
    struct uuid tenant;
    /* A rule's text: takes the place of the armed rule of its name, beside all that are armed.
     * NULL: the rules that are armed and in shadow, as they are. */
    const char *text;
    size_t length;
    int64_t since_us, until_us;
    const char *made_by;
};

/* In the caller's transaction, for its tenant. *ret is what came of it; of a text a row of
 * rule_replay is left, too. -1: ERROR_INVALID: the text is no rule; ERROR_TIMEOUT: it took more
 * than REPLAY_SECONDS_MAX; ERROR_CONFLICT: it remembers more than fits. */
int replay_run(struct db *db, const struct replay_request *request, json_t **ret,
               struct error *err);
