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

static int tell_end(const json_t *task)
{
    const char *state = output_member(task, "state"), *verdict = output_member(task, "verdict");

    printf("%s%s%s, restore %s\n", state, verdict[0] ? ", verdict " : "", verdict,
           output_member(task, "restore"));
    if (output_member(task, "cause")[0])
        printf("  cause:  %s\n", output_member(task, "cause"));
    if (output_member(task, "remedy")[0])
        printf("  remedy: %s\n", output_member(task, "remedy"));
    return strcmp(state, "succeeded") == 0 ? EXIT_OK : EXIT_TASK_FAILED;
}

/* Events that are not in 'told' (by id) yet. Not by their number alone: rows of several writers may
 * be committed in another order than their ids, and then stand between those that were told. */
static int tell_news(struct cli *cli, const char *id, json_t *told)
{
    char suffix[64], *path;
    json_t *answer = NULL, *event;
    size_t i;
    int rc;

    snprintf(suffix, sizeof(suffix), "/events?have=%zu", json_object_size(told));
    path = cli_path(cli, "/v1/tasks", id, suffix);
    rc = client_call(cli->client,
                     &(struct client_request){.method = "GET", .path = path, .wait_s = WAIT_S},
                     &answer, &cli->err);
    free(path);
    if (rc != EXIT_OK)
        return rc;
    json_array_foreach(json_object_get(answer, "items"), i, event)
    {
        if (json_object_get(told, output_member(event, "id")))
            continue;
        json_object_set_new(told, output_member(event, "id"), json_true());
        task_steps_print(event);
    }
    fflush(stdout);
    json_decref(answer);
    return EXIT_OK;
}

static int follow(struct cli *cli, const char *id, long timeout_s, json_t *told)
{
    int64_t until = timeout_s > 0 ? clock_monotonic_ms() + timeout_s * 1000 : INT64_MAX;
    json_t *task;
    int rc;

    for (;;) {
        if ((rc = get_task(cli, id, &task)) != EXIT_OK)
            return rc;
        if (is_final(output_member(task, "state"))) {
            rc = tell_news(cli, id, told);
            rc = rc == EXIT_OK ? tell_end(task) : rc;
            json_decref(task);
            return rc;
        }
        json_decref(task);
        if (clock_monotonic_ms() >= until) {
            error_set(&cli->err, "the task goes on; stopped waiting after %ld s", timeout_s);
            return EXIT_STOPPED_WAITING;
        }
        if ((rc = tell_news(cli, id, told)) != EXIT_OK)
            return rc;
    }
}

int task_follow(struct cli *cli, const char *id, long timeout_s)
{
    json_t *told = json_object();
    int rc = id ? follow(cli, id, timeout_s, told) : cli_misused(cli, "the server named no task");

    json_decref(told);
    return rc;
}
