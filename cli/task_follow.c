/* task_follow.c - see task_follow.h. Asks for the events with Prefer: wait, so that news come as
 * they happen. */
#include "cli/task_follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/task_steps.h"
#include "common/clock.h"
#include "common/text.h"

#define WAIT_S 20

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static bool is_final(const char *state)
{
    return strcmp(state, "succeeded") == 0 || strcmp(state, "failed") == 0 ||
           strcmp(state, "cancelled") == 0 || strcmp(state, "expired") == 0;
}

static int get_task(struct cli *cli, const char *id, json_t **ret)
{
    char *path = cli_path(cli, "/v1/tasks", id, "");
    int rc = client_get(cli->client, path, ret, &cli->err);

    free(path);
    return rc;
}

int task_has_ended(struct cli *cli, const char *id, bool *ret_ended)
{
    json_t *task = NULL;
    int rc = get_task(cli, id, &task);

    if (rc == EXIT_OK)
        *ret_ended = is_final(text_of(task, "state"));
    json_decref(task);
    return rc;
}

static int tell_end(const json_t *task)
{
    const char *state = text_of(task, "state"), *verdict = text_of(task, "verdict");

    printf("%s%s%s, restore %s\n", state, verdict[0] ? ", verdict " : "", verdict,
           text_of(task, "restore"));
    if (text_of(task, "cause")[0])
        printf("  cause:  %s\n", text_of(task, "cause"));
    if (text_of(task, "remedy")[0])
        printf("  remedy: %s\n", text_of(task, "remedy"));
    return strcmp(state, "succeeded") == 0 ? EXIT_OK : EXIT_TASK_FAILED;
}

/* Events that are new since 'told' of them were shown. */
static int tell_news(struct cli *cli, const char *id, size_t *told)
{
    char suffix[64], *path;
    json_t *answer = NULL, *event;
    size_t i;
    int rc;

    snprintf(suffix, sizeof(suffix), "/events?have=%zu", *told);
    path = cli_path(cli, "/v1/tasks", id, suffix);
    rc = client_call(cli->client,
                     &(struct client_request){.method = "GET", .path = path, .wait_s = WAIT_S},
                     &answer, &cli->err);
    free(path);
    if (rc != EXIT_OK)
        return rc;
    json_array_foreach(json_object_get(answer, "items"), i, event)
    {
        if (i >= *told)
            task_steps_print(event);
    }
    if (json_array_size(json_object_get(answer, "items")) > *told)
        *told = json_array_size(json_object_get(answer, "items"));
    fflush(stdout);
    json_decref(answer);
    return EXIT_OK;
}

int task_follow(struct cli *cli, const char *id, long timeout_s)
{
    int64_t until = timeout_s > 0 ? clock_monotonic_ms() + timeout_s * 1000 : INT64_MAX;
    size_t told = 0;
    json_t *task;
    int rc;

    if (!id)
        return cli_misused(cli, "the server named no task");
    for (;;) {
        if ((rc = get_task(cli, id, &task)) != EXIT_OK)
            return rc;
        if (is_final(text_of(task, "state"))) {
            rc = tell_news(cli, id, &told);
            rc = rc == EXIT_OK ? tell_end(task) : rc;
            json_decref(task);
            return rc;
        }
        json_decref(task);
        if (clock_monotonic_ms() >= until) {
            error_set(&cli->err, "the task goes on; stopped waiting after %ld s", timeout_s);
            return EXIT_STOPPED_WAITING;
        }
        if ((rc = tell_news(cli, id, &told)) != EXIT_OK)
            return rc;
    }
}
