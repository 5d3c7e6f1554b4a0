/* api_call.c - see api_call.h. */
#include "controller/api/api_call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/json.h"
#include "common/log.h"
#include "controller/api/cursor.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db_rows.h"
#include "controller/images/image_store.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000

void api_actor(const struct api_call *call, char out[API_ACTOR_SIZE])
{
    snprintf(out, API_ACTOR_SIZE, "%s%s",
             uuid_equal(&call->principal.tenant, &PLATFORM_TENANT) ? "platform/" : "",
             call->principal.name);
}

void api_object(struct api_call *call, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(call->object, sizeof(call->object), format, args);
    va_end(args);
}

int api_failed(struct api_call *call, const struct error *err)
{
    switch (err->code) {
    case ERROR_INVALID:
        /* A room's own sentence is for people; the database's (with an SQLSTATE) is not. */
        return problem_set(&call->problem, 400, "invalid", NULL, "%s",
                           err->sqlstate[0] ? "a value does not fit what is stored of it"
                                            : error_text(err));
    case ERROR_NOT_FOUND:
        return problem_set(&call->problem, 404, "not_found", NULL, "%s", error_text(err));
    case ERROR_CONFLICT:
        return problem_set(&call->problem, 409, "conflict", NULL, "%s",
                           err->sqlstate[0] ? "it is in conflict with what is there"
                                            : error_text(err));
    case ERROR_FORBIDDEN:
        if (err->sqlstate[0])
            break;
        return problem_set(&call->problem, 403, "forbidden", NULL, "%s", error_text(err));
    case ERROR_UNAVAILABLE:
    case ERROR_TIMEOUT:
        log_warn("api", "not now", "request=%s reason=%s", call->request_id,
                 log_quote(error_text(err)));
        return problem_set(&call->problem, 503, "unavailable", "Try again in a few seconds.",
                           "the database does not answer in time");
    default:
        break;
    }
    log_error("api", "failed", "request=%s sqlstate=%s reason=%s", call->request_id, err->sqlstate,
              log_quote(error_text(err)));
    return problem_set(&call->problem, 500, "internal",
                       "Give the request_id to who runs the controller; its log has the reason.",
                       "the controller could not do it");
}

int api_not_found(struct api_call *call, const char *what, const char *name)
{
    char show[TEXT_SHOW_SIZE], code[40];

    snprintf(code, sizeof(code), "unknown_%s", what);
    for (char *space = code; (space = strchr(space, ' '));)
        *space = '_';
    return problem_set(&call->problem, 404, code, NULL, "there is no %s '%s' here", what,
                       text_show(name, show));
}

const char *api_query(const struct api_call *call, const char *name)
{
    for (size_t i = 0; i < call->query_count; i++)
        if (strcmp(call->query[i].name, name) == 0)
            return call->query[i].value;
    return NULL;
}

int64_t api_limit(struct api_call *call)
{
    const char *text = api_query(call, "limit");
    char *end;
    long limit;

    if (!text)
        return LIMIT_DEFAULT;
    limit = strtol(text, &end, 10);
    if (*end || end == text || limit < 1 || limit > LIMIT_MAX)
        return problem_set(&call->problem, 400, "invalid_query", NULL, "limit is a number, 1 to %d",
                           LIMIT_MAX);
    return limit;
}

int api_cursor(struct api_call *call, const char *list, char *ret_key, const char **ret)
{
    const char *text = api_query(call, "cursor");

    *ret = NULL;
    if (!text)
        return 0;
    if (cursor_decode(list, text, ret_key) < 0)
        return problem_set(&call->problem, 400, "invalid_query",
                           "Use next_cursor of the answer before, or leave it out.",
                           "cursor is not one that this list gave");
    *ret = ret_key;
    return 0;
}

int api_cursor_uuid(struct api_call *call, const char *list, char *ret_key, const char **ret,
                    struct uuid *ret_id)
{
    if (api_cursor(call, list, ret_key, ret) < 0)
        return -1;
    if (*ret && uuid_parse(*ret, ret_id) < 0)
        return problem_set(&call->problem, 400, "invalid_query", NULL,
                           "cursor is not one that this list gave");
    return 0;
}

int api_name(struct api_call *call, const char *field, const char *name, bool dots)
{
    size_t length = strspn(name, dots ? "abcdefghijklmnopqrstuvwxyz0123456789-."
                                      : "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (length == 0 || length > 63 || name[length] || name[0] == '-' || name[0] == '.')
        return problem_field(&call->problem, field,
                             "has 1 to 63 of a-z, 0-9 and '-'%s, a letter or digit first",
                             dots ? " and '.'" : "");
    return 0;
}

int api_taken(struct api_call *call, const char *what, const char *name, const struct error *err)
{
    char code[40];

    if (err->code != ERROR_CONFLICT)
        return api_failed(call, err);
    snprintf(code, sizeof(code), "%s_exists", what);
    return problem_set(&call->problem, 409, code, NULL, "%s %s is there already", what, name);
}

static int field_failed(struct api_call *call, const char *key, const struct error *err)
{
    return problem_field(&call->problem, key, "%s", error_text(err));
}

int api_string(struct api_call *call, const char *key, size_t cap, const char **ret)
{
    struct error err = {0};
    int rc = json_read_string(call->json, key, cap, ret, &err);

    return rc < 0 ? field_failed(call, key, &err) : rc;
}

int api_required(struct api_call *call, const char *key, size_t cap, const char **ret)
{
    int rc = api_string(call, key, cap, ret);

    if (rc == 0 || (rc > 0 && !**ret))
        return problem_field(&call->problem, key, "is missing");
    return rc < 0 ? -1 : 0;
}

int api_int(struct api_call *call, const char *key, int64_t min, int64_t max, int64_t *ret)
{
    struct error err = {0};
    int rc = json_read_int(call->json, key, min, max, ret, &err);

    return rc < 0 ? field_failed(call, key, &err) : rc;
}

int api_bool(struct api_call *call, const char *key, bool *ret)
{
    struct error err = {0};
    int rc = json_read_bool(call->json, key, ret, &err);

    return rc < 0 ? field_failed(call, key, &err) : rc;
}

int api_time(struct api_call *call, const char *key, int64_t *ret_us)
{
    const char *text;
    int rc = api_string(call, key, 64, &text);

    if (rc <= 0)
        return rc;
    if (clock_parse(text, ret_us) < 0)
        return problem_field(&call->problem, key,
                             "must be a time with an offset, as 2025-04-05T02:00:00Z or "
                             "2025-04-05T10:00:00+08:00");
    return 1;
}

int api_known(struct api_call *call, const char *const *keys)
{
    struct error err = {0};
    const char *key;
    json_t *value;

    if (json_refuse_unknown(call->json, keys, &err) == 0)
        return 0;
    json_object_foreach(call->json, key, value)
    {
        char show[TEXT_SHOW_SIZE];
        size_t i = 0;

        while (keys[i] && strcmp(keys[i], key) != 0)
            i++;
        if (!keys[i])
            return problem_field(&call->problem, text_show(key, show), "%s", error_text(&err));
    }
    return api_failed(call, &err);
}

int api_answer_list(struct api_call *call, const char *list, struct db_rows *rows, int64_t limit,
                    const struct error *err)
{
    char cursor[CURSOR_SIZE] = "";
    size_t count;

    if (!rows)
        return api_failed(call, err);
    count = db_rows_count(rows);
    if (count > (size_t)limit) {
        count = (size_t)limit;
        if (cursor_encode(list, db_text(rows, count - 1, 1), cursor) < 0)
            cursor[0] = '\0';
    }
    text_format(&call->answer, "{\"items\":[");
    for (size_t i = 0; i < count; i++)
        text_format(&call->answer, "%s%s", i ? ",\n" : "", db_text(rows, i, 0));
    if (cursor[0])
        text_format(&call->answer, "],\"next_cursor\":\"%s\"}", cursor);
    else
        text_format(&call->answer, "],\"next_cursor\":null}");
    db_rows_destroy(rows);
    return 0;
}

int api_answer_row(struct api_call *call, struct db_rows *rows, const char *what, const char *name,
                   const struct error *err)
{
    if (!rows)
        return api_failed(call, err);
    if (db_rows_count(rows) == 0)
        api_not_found(call, what, name);
    else
        text_format(&call->answer, "%s", db_text(rows, 0, 0));
    db_rows_destroy(rows);
    return call->problem.status ? -1 : 0;
}

int api_answer_json(struct api_call *call, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    if (text)
        text_append(&call->answer, text, strlen(text));
    else
        call->answer.broken = true;
    free(text);
    return 0;
}

int api_answer_created(struct api_call *call, const struct uuid *id, const char *name,
                       const char *location_format, ...)
{
    char text[UUID_TEXT_SIZE];
    va_list args;

    uuid_format(id, text);
    va_start(args, location_format);
    vsnprintf(call->location, sizeof(call->location), location_format, args);
    va_end(args);
    call->status = 201;
    return api_answer_json(call, json_pack("{s:s, s:s}", "id", text, "name", name));
}

void api_call_clear_query(struct api_call *call)
{
    for (size_t i = 0; i < call->query_count; i++) {
        free(call->query[i].name);
        free(call->query[i].value);
    }
    call->query_count = 0;
}

void api_call_clear(struct api_call *call)
{
    for (size_t i = 0; i < call->header_count; i++) {
        free(call->headers[i].name);
        free(call->headers[i].value);
    }
    free(call->headers);
    api_call_clear_query(call);
    json_decref(call->json);
    json_decref(call->changed);
    text_clear(&call->answer);
    problem_clear(&call->problem);
    if (call->file_fd >= 0)
        close(call->file_fd);
    free(call->replay);
    image_upload_abort(call->upload);
}
