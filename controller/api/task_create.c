/* task_create.c - POST /v1/tasks: {target_mac, image_id, schedule_time} suffices. The image's
 * version is settled here; parameters are checked against its profile before anything is stored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/resources.h"
#include "controller/fleet/machine.h"
#include "controller/images/image.h"
#include "controller/images/image_profile.h"
#include "controller/tasks/task.h"
#include "controller/tasks/task_view.h"

#define AHEAD_MAX_US (INT64_C(366) * 86400 * 1000000)
#define LABELS_MAX 32

/* What was asked, as far as it has been understood. Strings are borrowed from the body but the two
 * that end in
 * '_json'. */
struct wish {
    const char *image, *after, *reason, *ticket;
    struct machine_found machine;
    struct image_version version;
    int64_t now_us, schedule_us, expires_us;
    bool timed; /* schedule_time was given */
    char *params_json, *labels_json;
};

static void wish_clear(struct wish *wish)
{
    image_version_clear(&wish->version);
    free(wish->params_json);
    free(wish->labels_json);
}

static int read_machine(struct api_call *call, struct wish *wish)
{
    const char *text;
    struct error err = {0};
    struct mac mac;
    int found;

    if (api_required(call, "target_mac", 64, &text) < 0)
        return -1;
    if (mac_parse(text, &mac) < 0)
        return problem_field(&call->problem, "target_mac",
                             "is no MAC address, as 00:1a:2b:3c:4d:5e");
    if ((found = machine_find(call->db, &call->tenant, text, &wish->machine, &err)) < 0)
        return api_failed(call, &err);
    if (found > 0)
        return 0;
    problem_set(&call->problem, 404, "unknown_machine", "See muster machine list.",
                "target_mac: there is no machine with %s here", text);
    return problem_field(&call->problem, "target_mac", "no machine of this tenant has it");
}

static int read_image(struct api_call *call, struct wish *wish)
{
    struct error err = {0};
    char show[TEXT_SHOW_SIZE];
    int found;

    if (api_required(call, "image_id", IMAGE_REFERENCE_MAX, &wish->image) < 0)
        return -1;
    found = image_version_find(call->db, &call->tenant, wish->image, &wish->version, &err);
    if (found < 0)
        return api_failed(call, &err);
    if (found > 0)
        return 0;
    problem_set(&call->problem, 404, "unknown_image", "See muster image list.",
                "image_id: there is no image '%s' here", text_show(wish->image, show));
    return problem_field(&call->problem, "image_id",
                         "no image that is granted to this tenant has this name");
}

static int read_times(struct api_call *call, struct wish *wish)
{
    struct error err = {0};
    int64_t start;
    int timed;

    if (task_view_now(call->db, &wish->now_us, &err) < 0)
        return api_failed(call, &err);
    wish->schedule_us = wish->now_us;
    if ((timed = api_time(call, "schedule_time", &wish->schedule_us)) < 0)
        return -1;
    wish->timed = timed > 0 && wish->schedule_us > wish->now_us;
    if (wish->schedule_us > wish->now_us + AHEAD_MAX_US)
        return problem_field(&call->problem, "schedule_time", "is more than a year ahead");
    start = wish->schedule_us > wish->now_us ? wish->schedule_us : wish->now_us;
    wish->expires_us = start + TASK_START_WINDOW_US;
    if (api_time(call, "expires_at", &wish->expires_us) < 0)
        return -1;
    if (wish->expires_us <= start)
        return problem_field(&call->problem, "expires_at",
                             "must be after schedule_time and after now");
    return 0;
}

/* An object of short strings, as JSON of our own making. */
static int read_strings(struct api_call *call, const char *key, size_t most, size_t value_max,
                        char **ret_json)
{
    json_t *object = json_object_get(call->json, key), *value;
    const char *name;

    if (object && !json_is_null(object) && !json_is_object(object))
        return problem_field(&call->problem, key, "must be an object of strings");
    if (json_object_size(object) > most)
        return problem_field(&call->problem, key, "has more than %zu members", most);
    json_object_foreach(object, name, value)
    {
        if (!json_is_string(value) || json_string_length(value) > value_max || strlen(name) > 64)
            return problem_field(&call->problem, key,
                                 "values must be strings of at most %zu bytes, names of at most 64",
                                 value_max);
    }
    *ret_json =
        json_object_size(object) ? json_dumps(object, JSON_SORT_KEYS | JSON_COMPACT) : strdup("{}");
    return *ret_json ? 0 : problem_set(&call->problem, 503, "unavailable", NULL, "out of memory");
}

static int check_params(struct api_call *call, const struct wish *wish)
{
    struct image_param params[IMAGE_PARAMS_MAX];
    json_t *object = json_object_get(call->json, "params"), *value;
    struct error err = {0};
    const char *name;
    size_t count = 0;

    json_object_foreach(object, name, value) params[count++] =
        (struct image_param){name, json_string_value(value)};
    if (image_profile_check_params(wish->version.document, NULL, params, count, &err) < 0)
        return problem_field(&call->problem, "params", "%s", error_text(&err));
    return 0;
}

static int read_after(struct api_call *call, struct wish *wish)
{
    static const char *const ends[] = {"as_found", "power_off", "local_disk", "stay", NULL};
    const char *action = "boot";

    wish->after = "as_found";
    if (api_string(call, "after", 32, &wish->after) < 0 ||
        api_string(call, "action", 32, &action) < 0)
        return -1;
    if (strcmp(action, "boot") != 0)
        return problem_field(&call->problem, "action", "is boot");
    for (size_t i = 0; ends[i]; i++)
        if (strcmp(ends[i], wish->after) == 0)
            return 0;
    return problem_field(&call->problem, "after", "is as_found, power_off, local_disk or stay");
}

static int read_wish(struct api_call *call, struct wish *wish)
{
    static const char *const known[] = {
        "target_mac", "image_id", "schedule_time", "action", "expires_at", "after",
        "reason",     "ticket",   "labels",        "params", NULL};

    if (api_known(call, known) < 0 || read_machine(call, wish) < 0 || read_image(call, wish) < 0 ||
        read_times(call, wish) < 0 || read_after(call, wish) < 0 ||
        api_string(call, "reason", 500, &wish->reason) < 0 ||
        api_string(call, "ticket", 100, &wish->ticket) < 0 ||
        read_strings(call, "labels", LABELS_MAX, 128, &wish->labels_json) < 0 ||
        read_strings(call, "params", IMAGE_PARAMS_MAX, IMAGE_PARAM_BYTES_MAX, &wish->params_json) <
            0)
        return -1;
    return check_params(call, wish);
}

/* Without an Idempotency-Key the same wish twice is most likely one person's second click. */
static int refuse_twin(struct api_call *call, const struct wish *wish)
{
    struct uuid twin;
    struct error err = {0};
    char id[UUID_TEXT_SIZE];
    int found;

    if (call->once)
        return 0;
    found = task_view_twin(call->db, &call->tenant, &wish->machine.id, &wish->version.id,
                           wish->params_json, wish->after,
                           wish->timed ? wish->schedule_us : INT64_MIN, &twin, &err);
    if (found <= 0)
        return found < 0 ? api_failed(call, &err) : 0;
    uuid_format(&twin, id);
    return problem_set(&call->problem, 409, "task_exists",
                       "Follow that one, cancel it, or send an Idempotency-Key to have another.",
                       "task %s asks for the same and has not ended", id);
}

static int store(struct api_call *call, const struct wish *wish, const struct uuid *id)
{
    char who[API_ACTOR_SIZE];
    struct error err = {0};
    struct task_request request = {.id = *id,
                                   .tenant = call->tenant,
                                   .class = TASK_OPERATOR,
                                   .holding = wish->machine.holding,
                                   .machine = wish->machine.id,
                                   .site = wish->machine.site,
                                   .grant = wish->version.grant,
                                   .image_version = wish->version.id,
                                   .params_json = wish->params_json,
                                   .after = wish->after,
                                   .schedule_us = wish->schedule_us,
                                   .expires_us = wish->expires_us,
                                   .deadline_s = wish->version.deadline_s,
                                   .reason = wish->reason,
                                   .ticket = wish->ticket,
                                   .labels_json = wish->labels_json,
                                   .requested_by = who};

    api_actor(call, who);
    call->audited = true; /* by task_create() */
    return task_create(call->db, &request, &err) < 0 ? api_failed(call, &err) : 0;
}

int tasks_create(struct api_call *call)
{
    struct uuid id = uuid_make();
    struct wish wish = {0};
    struct error err = {0};
    char text[UUID_TEXT_SIZE];
    int rc = -1;

    if (read_wish(call, &wish) < 0 || refuse_twin(call, &wish) < 0 || store(call, &wish, &id) < 0)
        goto out;
    uuid_format(&id, text);
    api_object(call, "task %s", text);
    call->status = 201;
    snprintf(call->location, sizeof(call->location), "/v1/tasks/%s", text);
    rc = api_answer_row(call, task_view_show(call->db, &call->tenant, &id, &err), "task", text,
                        &err);
out:
    wish_clear(&wish);
    return rc;
}
