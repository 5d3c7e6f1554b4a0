/* replays.c - /v1/rules/replay: what a rule would have made of the alerts of a time, before anybody
 * arms it; without a rule, whether the armed ones would decide as they did. One at a time: it takes
 * a worker and a processor for up to a minute. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/resources.h"
#include "controller/replay/replay.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define LONGEST_US (400 * DAY_US)

static atomic_flag running = ATOMIC_FLAG_INIT;

/* "7d", "36h", "90m": so long before 'now_us'. 0 or -1. */
static int read_span(const char *text, int64_t now_us, int64_t *ret_us)
{
    char *unit;
    long long number = strtoll(text, &unit, 10);
    int64_t each = strcmp(unit, "d") == 0   ? DAY_US
                   : strcmp(unit, "h") == 0 ? DAY_US / 24
                   : strcmp(unit, "m") == 0 ? DAY_US / 1440
                                            : 0;

    if (*text < '0' || *text > '9' || strlen(text) > 8 || !each || number * each > LONGEST_US)
        return -1;
    *ret_us = now_us - number * each;
    return 0;
}

static int read_moment(struct api_call *call, const char *key, int64_t now_us, int64_t *ret_us)
{
    const char *text = api_query(call, key);

    if (!text || read_span(text, now_us, ret_us) == 0 || clock_parse(text, ret_us) == 0)
        return 0;
    return problem_set(&call->problem, 400, "invalid_query", NULL,
                       "%s is a moment with an offset, or so long ago: 7d, 36h, 90m", key);
}

static int refuse(struct api_call *call, const struct error *err)
{
    if (err->code == ERROR_TIMEOUT || strcmp(err->sqlstate, "57014") == 0)
        return problem_set(&call->problem, 409, "replay_too_long",
                           "Replay a shorter time: since=24h.", "%s",
                           err->code == ERROR_TIMEOUT && !err->sqlstate[0]
                               ? error_text(err)
                               : "reading the recorded alerts took too long");
    if (err->code == ERROR_CONFLICT && !err->sqlstate[0])
        return problem_set(&call->problem, 409, "replay_too_large",
                           "Replay a shorter time: since=24h.", "%s", error_text(err));
    return api_failed(call, err);
}

static int replay(struct api_call *call, struct replay_request *request)
{
    char who[API_ACTOR_SIZE];
    struct error err = {0};
    json_t *summary = NULL;
    int rc;

    api_actor(call, who);
    request->made_by = who;
    if (atomic_flag_test_and_set(&running))
        return problem_set(&call->problem, 503, "busy", "Come again when it is over.",
                           "another replay is under way");
    rc = replay_run(call->db, request, &summary, &err);
    atomic_flag_clear(&running);
    return rc < 0 ? refuse(call, &err) : api_answer_json(call, summary);
}

int rules_replay(struct api_call *call)
{
    int64_t now_us = call->services->now_us();
    struct replay_request request = {
        .tenant = call->tenant, .since_us = now_us - 7 * DAY_US, .until_us = now_us};

    api_object(call, "replay");
    if (read_moment(call, "since", now_us, &request.since_us) < 0 ||
        read_moment(call, "until", now_us, &request.until_us) < 0)
        return -1;
    if (request.until_us > now_us)
        request.until_us = now_us;
    if (request.since_us >= request.until_us || request.until_us - request.since_us > LONGEST_US)
        return problem_set(&call->problem, 400, "invalid_query", NULL,
                           "since is before until, 400 days at most");
    if (call->body_length > 0) {
        if (rules_check(call) < 0)
            return -1;
        request.text = call->body;
        request.length = call->body_length;
    }
    return replay(call, &request);
}
