/* session.c - see session.h. */
#include "diagnostics/session.h"

#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "diagnostics/json_out.h"
#include "diagnostics/json_tree.h"

static struct json_tree tree; /* of the last answer; this program has one thread */

static const struct json_node *answer_of(struct session *session)
{
    return json_tree_parse(&tree, session->reply.body, session->reply.length, NULL);
}

static int call(struct session *session, struct http_request *request, struct error *err)
{
    request->bearer = session->bearer;
    if (http_post_patiently(session->peer, request, session->until_ms, &session->reply, err) < 0)
        return error_prefix(err, "%s", request->path);
    session->last_ms = clock_monotonic_ms();
    return 0;
}

/* The error's name in the answer, for a status that is not 200. */
static int refused(struct session *session, const char *path, struct error *err)
{
    const char *name = json_tree_string(answer_of(session), "error");

    return error_set_code(err, session->reply.status == 403 ? ERROR_FORBIDDEN : ERROR_INVALID,
                          "%s: the agent answered %d %.64s", path, session->reply.status,
                          name ? name : "");
}

int session_log(struct session *session, const char *bytes, size_t length, struct error *err)
{
    struct http_request request = {.path = "/v1/session/log",
                                   .type = "text/plain; charset=utf-8",
                                   .offset = session->log_offset,
                                   .body = bytes,
                                   .length = length};

    if (session->log_closed)
        return 0;
    if (call(session, &request, err) < 0)
        return -1;
    if (session->reply.status == 200) {
        session->log_offset += (int64_t)length;
        return 0;
    }
    /* Full, or a gap we cannot mend: the run goes on without its log. */
    session->log_closed = true;
    refused(session, request.path, err);
    return session->reply.status == 403 ? -1 : 0;
}

int session_progress(struct session *session, const char *check, const char *state,
                     const char *status, struct error *err)
{
    struct json_out body = {0};
    struct http_request request = {
        .path = "/v1/session/progress", .type = "application/json", .offset = -1};
    int rc = -1;

    json_out_open(&body, NULL, '{');
    json_out_string(&body, "check", check);
    json_out_string(&body, "state", state);
    if (status)
        json_out_string(&body, "status", status);
    json_out_integer(&body, "uptime_ms", clock_boottime_us() / 1000);
    json_out_close(&body, '}');
    request.body = text_string(&body.text);
    request.length = body.text.length;
    if (!text_ok(&body.text)) {
        error_set(err, "out of memory");
        goto out;
    }
    if (call(session, &request, err) < 0)
        goto out;
    /* A step the agent does not want is no reason to stop; an ended session is. */
    rc = session->reply.status == 403 ? refused(session, request.path, err) : 0;
out:
    text_clear(&body.text);
    return rc;
}

int session_report(struct session *session, const char *bytes, size_t length, struct error *err)
{
    struct http_request request = {.path = "/v1/session/report",
                                   .type = "application/json",
                                   .offset = -1,
                                   .body = bytes,
                                   .length = length};
    const struct json_node *accepted;

    if (length > SESSION_REPORT_MAX)
        return error_set_code(err, ERROR_INVALID, "the report has %zu bytes, more than %d", length,
                              SESSION_REPORT_MAX);
    if (call(session, &request, err) < 0)
        return -1;
    if (session->reply.status != 200)
        return refused(session, request.path, err);
    accepted = json_tree_member(answer_of(session), "accepted");
    if (!accepted || accepted->kind != JSON_BOOL || !accepted->integer)
        return error_set_code(err, ERROR_INVALID, "%s: the agent did not accept the report",
                              request.path);
    return 0;
}
