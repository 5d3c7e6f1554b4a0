/* sources.c - /v1/sources: which topic is whose. */
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/intake/source.h"

int sources_list(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor(call, "sources", key, &after) < 0)
        return -1;
    return api_answer_list(
        call, "sources", source_list(call->db, &call->tenant, after, limit + 1, &err), limit, &err);
}

int sources_add(struct api_call *call)
{
    static const char *const known[] = {"name", "topic", NULL};
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *name = NULL, *topic;
    struct error err = {0};
    struct uuid id;

    if (api_known(call, known) < 0 || api_required(call, "topic", 249, &topic) < 0 ||
        api_string(call, "name", 63, &name) < 0)
        return -1;
    if (strspn(topic, allowed) != strlen(topic))
        return problem_field(&call->problem, "topic", "has letters, digits, '.', '_' and '-'");
    name = name ? name : topic;
    if (api_name(call, "name", name, true) < 0)
        return -1;
    api_object(call, "source %s (topic %s)", name, topic);
    if (source_add(call->db, &call->tenant, name, topic, &id, &err) == 0)
        return api_answer_created(call, &id, name, "/v1/sources");
    if (err.code != ERROR_CONFLICT)
        return api_failed(call, &err);
    return problem_set(&call->problem, 409, "source_exists", NULL,
                       "the name %s or the topic %s is a source's already", name, topic);
}
