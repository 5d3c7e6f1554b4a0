/* sources.c - /v1/sources: which topic or webhook is whose, how far it was read, and where a halted
 * partition goes on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/api/source_reading.h"
#include "controller/intake/source.h"

int sources_list(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor(call, "sources", key, &after) < 0)
        return -1;
    return api_answer_list(call, "sources",
                           source_list(call->db, &call->tenant, after, NULL, limit + 1, &err),
                           limit, &err);
}

/* A topic, or none where its messages come by HTTP. */
static int read_topic(struct api_call *call, const char **ret)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *kind = "kafka";

    if (api_string(call, "kind", 16, &kind) < 0 || api_string(call, "topic", 249, ret) < 0)
        return -1;
    if (strcmp(kind, "webhook") == 0)
        return *ret ? problem_field(&call->problem, "topic", "is not a webhook's: leave it out")
                    : 0;
    if (strcmp(kind, "kafka") != 0)
        return problem_field(&call->problem, "kind", "is kafka or webhook");
    if (!*ret || !**ret)
        return problem_field(&call->problem, "topic", "is missing");
    if (strspn(*ret, allowed) != strlen(*ret))
        return problem_field(&call->problem, "topic", "has letters, digits, '.', '_' and '-'");
    return 0;
}

int sources_add(struct api_call *call)
{
    static const char *const known[] = {"name", "topic", "kind", "format", "mapping", NULL};
    const char *name = NULL, *topic = NULL;
    struct source_reading reading = {0};
    char who[API_ACTOR_SIZE], format[SOURCE_FORMAT_SIZE];
    struct error err = {0};
    struct uuid id;

    if (api_known(call, known) < 0 || read_topic(call, &topic) < 0 ||
        api_string(call, "name", 63, &name) < 0)
        return -1;
    name = name ? name : topic;
    if (!name)
        return problem_field(&call->problem, "name", "is missing");
    if (api_name(call, "name", name, true) < 0 || source_reading_take(call, format, &reading) < 0)
        return -1;
    api_actor(call, who);
    reading.who = who;
    api_object(call, "source %s (%s%s, %s)", name, topic ? "topic " : "webhook", topic ? topic : "",
               format);
    if (source_add(call->db, &call->tenant, name, topic, &reading, &id, &err) == 0)
        return api_answer_created(call, &id, name, "/v1/sources");
    if (err.code != ERROR_CONFLICT)
        return api_failed(call, &err);
    return problem_set(&call->problem, 409, "source_exists", NULL,
                       "the name %s%s%s is a source's already", name, topic ? " or the topic " : "",
                       topic ? topic : "");
}

int sources_show(struct api_call *call)
{
    const char *name = call->arguments[0];
    struct error err = {0};

    return api_answer_row(call, source_list(call->db, &call->tenant, NULL, name, 1, &err), "source",
                          name, &err);
}

static int read_from(struct api_call *call, struct source_resume *resume)
{
    const json_t *from = json_object_get(call->json, "from");
    const char *word = json_string_value(from);

    if (!from || json_is_null(from))
        return 0;
    if (json_is_integer(from) && json_integer_value(from) >= 0) {
        resume->from = SOURCE_FROM_OFFSET;
        resume->offset = json_integer_value(from);
    } else if (word && strcmp(word, "earliest") == 0) {
        resume->from = SOURCE_FROM_EARLIEST;
    } else if (word && strcmp(word, "latest") == 0) {
        resume->from = SOURCE_FROM_LATEST;
    } else {
        return problem_field(&call->problem, "from", "is an offset, \"earliest\" or \"latest\"");
    }
    return 0;
}

static int refuse_resume(struct api_call *call, const struct source_resume *resume,
                         enum source_resumed rc, const struct error *err)
{
    switch (rc) {
    case SOURCE_UNKNOWN:
        return api_not_found(call, "source", resume->name);
    case SOURCE_PARTITION_UNKNOWN:
        return problem_set(&call->problem, 404, "unknown_partition", NULL,
                           "partition %" PRId64 " of source %s was never consumed",
                           resume->partition, resume->name);
    case SOURCE_NOT_HALTED:
        return problem_set(&call->problem, 409, "not_halted", NULL,
                           "partition %" PRId64 " of source %s is not halted", resume->partition,
                           resume->name);
    default:
        return api_failed(call, err);
    }
}

static void tell_where(const struct source_resume *resume, const struct source_halt *halt,
                       char *out, size_t size)
{
    if (resume->from == SOURCE_FROM_EARLIEST || resume->from == SOURCE_FROM_LATEST)
        snprintf(out, size, "the log's %s", resume->from == SOURCE_FROM_EARLIEST ? "start" : "end");
    else
        snprintf(out, size, "%" PRId64,
                 resume->from == SOURCE_FROM_OFFSET ? resume->offset : halt->next);
}

int sources_resume(struct api_call *call)
{
    static const char *const known[] = {"partition", "from", NULL};
    struct source_resume resume = {.name = call->arguments[0], .partition = -1};
    struct source_halt halt;
    struct error err = {0};
    enum source_resumed rc;
    char where[40];

    if (api_known(call, known) < 0 ||
        api_int(call, "partition", 0, INT32_MAX, &resume.partition) < 0 ||
        read_from(call, &resume) < 0)
        return -1;
    if (resume.partition < 0)
        return problem_field(&call->problem, "partition", "is missing");
    api_object(call, "source %s", resume.name);
    rc = source_resume(call->db, &call->tenant, &resume, &halt, &err);
    if (rc != SOURCE_RESUMED)
        return refuse_resume(call, &resume, rc, &err);
    tell_where(&resume, &halt, where, sizeof(where));
    snprintf(call->why, sizeof(call->why),
             "partition %" PRId64 " goes on at %s; it stood at %" PRId64 ": %.160s",
             resume.partition, where, halt.next, halt.because);
    text_mend_utf8(call->why);
    return sources_show(call);
}
