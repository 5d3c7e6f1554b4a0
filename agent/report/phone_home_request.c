/* The four bodies of phone-home, read field by field. */
#include "agent/report/phone_home_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"

#define SECRET_TEXT 43 /* 32 bytes in base64url */

static const size_t BODY_MAX[] = {
    [PHONE_HOME_HELLO] = PHONE_HOME_BODY_MAX,
    [PHONE_HOME_LOG] = PHONE_HOME_LOG_CHUNK_MAX,
    [PHONE_HOME_PROGRESS] = PHONE_HOME_BODY_MAX,
    [PHONE_HOME_REPORT] = PHONE_HOME_REPORT_MAX,
};

size_t phone_home_body_max(enum phone_home_kind kind)
{
    return BODY_MAX[kind];
}

static int refuse(struct phone_home_refusal *refusal, unsigned status, const char *name,
                  const char *detail)
{
    refusal->status = status;
    refusal->name = name;
    snprintf(refusal->detail, sizeof(refusal->detail), "%s", detail);
    return -1;
}

static int refuse_malformed(struct phone_home_refusal *refusal, const struct error *err)
{
    return err->code == ERROR_UNAVAILABLE ? refuse(refusal, 503, "busy", error_text(err))
                                          : refuse(refusal, 400, "malformed", error_text(err));
}

static int decode_secret(const char *text, uint8_t out[PHONE_HOME_SECRET_BYTES])
{
    if (strlen(text) != SECRET_TEXT)
        return -1;
    return text_unbase64url(text, out, PHONE_HOME_SECRET_BYTES) == PHONE_HOME_SECRET_BYTES ? 0 : -1;
}

/* A member that has to be there. The string is borrowed from 'object'. */
static int need_string(const json_t *object, const char *key, size_t cap, const char **ret,
                       struct error *err)
{
    int there = json_read_string(object, key, cap, ret, err);

    if (there == 0)
        return error_set_code(err, ERROR_INVALID, "%s: missing", key);
    return there < 0 ? -1 : 0;
}

static int read_identity(const json_t *hello, struct phone_home_request *request, struct error *err)
{
    const char *text;

    if (need_string(hello, "task", 64, &text, err) < 0)
        return -1;
    if (uuid_parse(text, &request->task_id) < 0)
        return error_set_code(err, ERROR_INVALID, "task: not a UUID");
    if (need_string(hello, "uuid", 64, &text, err) < 0)
        return -1;
    if (uuid_parse(text, &request->machine_uuid) < 0)
        return error_set_code(err, ERROR_INVALID, "uuid: not a UUID");
    if (need_string(hello, "mac", 64, &text, err) < 0)
        return -1;
    if (mac_parse(text, &request->mac) < 0)
        return error_set_code(err, ERROR_INVALID, "mac: not a MAC address");
    if (need_string(hello, "nonce", 64, &text, err) < 0)
        return -1;
    if (decode_secret(text, request->nonce) < 0)
        return error_set_code(err, ERROR_INVALID, "nonce: not 32 bytes in base64url");
    return 0;
}

static int read_system(const json_t *hello, struct phone_home_request *request, struct error *err)
{
    const char *text;
    bool secure;
    int there;

    if (need_string(hello, "kernel", sizeof(request->kernel) - 1, &text, err) < 0)
        return -1;
    snprintf(request->kernel, sizeof(request->kernel), "%s", text);
    if (need_string(hello, "firmware", sizeof(request->firmware) - 1, &text, err) < 0)
        return -1;
    if (strcmp(text, "bios") != 0 && strcmp(text, "uefi") != 0)
        return error_set_code(err, ERROR_INVALID, "firmware: neither bios nor uefi");
    snprintf(request->firmware, sizeof(request->firmware), "%s", text);
    if ((there = json_read_bool(hello, "secure_boot", &secure, err)) < 0)
        return -1;
    request->secure_boot = there ? secure : -1;
    return json_read_int(hello, "uptime_ms", 0, INT64_MAX, &request->uptime_ms, err) < 0 ? -1 : 0;
}

/* The body is what evidence is made of; the secrets of the first word are not evidence. */
static int drop_secrets(json_t *hello, struct phone_home_request *request, struct error *err)
{
    char *clean;

    json_object_del(hello, "token");
    json_object_del(hello, "nonce");
    if (!(clean = json_dumps(hello, JSON_COMPACT)))
        return error_no_memory(err);
    explicit_bzero(request->body, request->body_length);
    free(request->body);
    request->body = clean;
    request->body_length = strlen(clean);
    return 0;
}

static int read_hello(struct phone_home_request *request, struct phone_home_refusal *refusal)
{
    struct error err = {0};
    const char *token = NULL;
    json_t *hello = json_parse(request->body, request->body_length, PHONE_HOME_BODY_MAX, &err);
    int rc = -1;

    if (!hello) {
        refuse_malformed(refusal, &err);
    } else if (!json_is_object(hello)) {
        refuse(refusal, 400, "malformed", "the body is not an object");
    } else if (json_read_string(hello, "token", 64, &token, &err) < 0) {
        refuse_malformed(refusal, &err);
    } else if (!token || decode_secret(token, request->secret) < 0) {
        refuse(refusal, 403, "unknown_token", "token: missing, or not 32 bytes in base64url");
    } else if (read_identity(hello, request, &err) < 0 || read_system(hello, request, &err) < 0 ||
               drop_secrets(hello, request, &err) < 0) {
        refuse_malformed(refusal, &err);
    } else {
        rc = 0;
    }
    json_decref(hello);
    return rc;
}

static int copy_choice(const json_t *object, const char *key, const char *const *choices, char *out,
                       size_t room, struct error *err)
{
    const char *text;
    int there = json_read_string(object, key, room - 1, &text, err);

    if (there <= 0)
        return there;
    for (; *choices; choices++) {
        if (strcmp(text, *choices) == 0) {
            snprintf(out, room, "%s", text);
            return 1;
        }
    }
    return error_set_code(err, ERROR_INVALID, "%s: not one of the known words", key);
}

static int read_progress_fields(const json_t *progress, struct phone_home_request *request,
                                struct error *err)
{
    static const char *const STATES[] = {"started", "running", "finished", NULL};
    static const char *const STATUSES[] = {"passed", "degraded", "failed", "not_run", NULL};
    const char *check;
    int there;

    if (need_string(progress, "check", sizeof(request->check) - 1, &check, err) < 0)
        return -1;
    if (!*check || strspn(check, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(check))
        return error_set_code(err, ERROR_INVALID, "check: only a-z, 0-9, _ and - make a name");
    snprintf(request->check, sizeof(request->check), "%s", check);
    there = copy_choice(progress, "state", STATES, request->state, sizeof(request->state), err);
    if (there == 0)
        return error_set_code(err, ERROR_INVALID, "state: missing");
    if (there < 0)
        return -1;
    there =
        copy_choice(progress, "status", STATUSES, request->status, sizeof(request->status), err);
    if (there < 0)
        return -1;
    if (there == 0 && strcmp(request->state, "finished") == 0)
        return error_set_code(err, ERROR_INVALID, "status: missing, the check is finished");
    return json_read_int(progress, "uptime_ms", 0, INT64_MAX, &request->uptime_ms, err) < 0 ? -1
                                                                                            : 0;
}

static int read_progress(struct phone_home_request *request, struct phone_home_refusal *refusal)
{
    struct error err = {0};
    json_t *progress = json_parse(request->body, request->body_length, PHONE_HOME_BODY_MAX, &err);
    int rc = -1;

    if (!progress)
        refuse_malformed(refusal, &err);
    else if (!json_is_object(progress))
        refuse(refusal, 400, "malformed", "the body is not an object");
    else if (read_progress_fields(progress, request, &err) < 0)
        refuse_malformed(refusal, &err);
    else
        rc = 0;
    json_decref(progress);
    return rc;
}

static int read_report(const struct phone_home_request *request, struct phone_home_refusal *refusal)
{
    struct error err = {0};
    json_t *report = json_parse(request->body, request->body_length, PHONE_HOME_REPORT_MAX, &err);
    int rc = 0;

    if (!report)
        rc = refuse_malformed(refusal, &err);
    else if (!json_is_object(report))
        rc = refuse(refusal, 400, "malformed", "the body is not an object");
    json_decref(report);
    return rc;
}

static int read_log(struct phone_home_request *request, const char *offset,
                    struct phone_home_refusal *refusal)
{
    uint64_t value = 0;
    const char *at = offset;

    /* 16 digits are far above the 16 MiB that a task may log, and do not overflow. */
    if (!offset || !*offset || strlen(offset) > 16)
        return refuse(refusal, 400, "malformed", "Muster-Offset: missing or not a number");
    for (; *at; at++) {
        if (*at < '0' || *at > '9')
            return refuse(refusal, 400, "malformed", "Muster-Offset: missing or not a number");
        value = value * 10 + (uint64_t)(*at - '0');
    }
    if (!text_is_utf8(request->body, request->body_length))
        return refuse(refusal, 400, "malformed", "the log is not UTF-8");
    request->offset = value;
    return 0;
}

int phone_home_request_bearer(struct phone_home_request *request, const char *authorization,
                              struct phone_home_refusal *refusal)
{
    static const char SCHEME[] = "Bearer ";

    if (!authorization || strncasecmp(authorization, SCHEME, sizeof(SCHEME) - 1) != 0 ||
        decode_secret(authorization + sizeof(SCHEME) - 1, request->secret) < 0)
        return refuse(refusal, 403, "unknown_session",
                      "Authorization: missing, or not a Bearer of 32 bytes in base64url");
    return 0;
}

int phone_home_request_read(struct phone_home_request *request, const char *authorization,
                            const char *offset, struct phone_home_refusal *ret_refusal)
{
    request->secure_boot = -1;
    if (request->kind == PHONE_HOME_HELLO)
        return read_hello(request, ret_refusal);
    if (phone_home_request_bearer(request, authorization, ret_refusal) < 0)
        return -1;
    switch (request->kind) {
    case PHONE_HOME_LOG:
        return read_log(request, offset, ret_refusal);
    case PHONE_HOME_PROGRESS:
        return read_progress(request, ret_refusal);
    default:
        return read_report(request, ret_refusal);
    }
}

void phone_home_request_destroy(struct phone_home_request *request)
{
    if (!request)
        return;
    if (request->body)
        explicit_bzero(request->body, request->body_length);
    free(request->body);
    explicit_bzero(request, sizeof(*request));
    free(request);
}
