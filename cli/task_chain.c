/* task_chain.c - `muster task show`: the one chain alert -> rule -> task -> epoch -> BMC commands
 * -> evidence -> restore. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "cli/task_steps.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static void line(const char *what, const char *text)
{
    if (!text[0])
        return;
    printf("%-10s ", what);
    output_text(text);
    putchar('\n');
}

static void print_head(const json_t *task)
{
    printf("%-10s %s\n", "task", text_of(task, "id"));
    line("machine", text_of(task, "machine"));
    line("image", text_of(task, "image_id"));
    line("state", text_of(task, "state"));
    line("waits on", text_of(task, "waiting_on"));
    line("asked by", text_of(task, "requested_by"));
    line("reason", text_of(task, "reason"));
    line("verdict", text_of(task, "verdict"));
    line("stopped at", text_of(task, "stopped_at"));
    line("cause", text_of(task, "cause"));
    line("remedy", text_of(task, "remedy"));
    line("restore", text_of(task, "restore"));
}

static void print_origin(const json_t *task)
{
    const json_t *alert = json_object_get(task, "alert"), *rule = json_object_get(task, "rule");

    if (json_is_object(alert)) {
        printf("%-10s %s  %s  ", "alert", text_of(alert, "id"), text_of(alert, "type"));
        output_text(text_of(alert, "event_id"));
        putchar('\n');
    }
    if (json_is_object(rule))
        printf("%-10s %s version %lld\n", "rule", text_of(rule, "name"),
               (long long)json_integer_value(json_object_get(rule, "version")));
}

static void print_grants(const json_t *task)
{
    const json_t *grant;
    size_t i;

    json_array_foreach(json_object_get(task, "grants"), i, grant)
    {
        printf("%-10s %lld to agent %s at %s%s%s\n", "epoch",
               (long long)json_integer_value(json_object_get(grant, "epoch")),
               text_of(grant, "agent"), text_of(grant, "granted_at"),
               text_of(grant, "ended")[0] ? ", ended: " : "", text_of(grant, "ended"));
    }
}

static int print_events(struct cli *cli)
{
    char *path = cli_path(cli, "/v1/tasks", cli->words[0], "/events");
    json_t *answer = NULL, *event;
    size_t i;
    int rc = client_get(cli->client, path, &answer, &cli->err);

    free(path);
    json_array_foreach(json_object_get(answer, "items"), i, event) task_steps_print(event);
    json_decref(answer);
    return rc;
}

int task_show(struct cli *cli)
{
    char *path = cli_path(cli, "/v1/tasks", cli->words[0], "");
    json_t *task = NULL;
    int rc = client_get(cli->client, path, &task, &cli->err);

    free(path);
    if (rc != EXIT_OK)
        return rc;
    if (cli->format == OUTPUT_AUTO || cli->format == OUTPUT_TABLE) {
        print_head(task);
        print_origin(task);
        print_grants(task);
        rc = print_events(cli);
    } else {
        output_object(cli->format, task);
    }
    json_decref(task);
    return rc;
}
