/* task_chain.c - `muster task show`: the one chain alert -> rule -> task -> epoch -> BMC commands
 * -> evidence -> restore. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "cli/task_steps.h"
#include "common/text.h"

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
    printf("%-10s %s\n", "task", output_member(task, "id"));
    line("machine", output_member(task, "machine"));
    line("image", output_member(task, "image_id"));
    line("state", output_member(task, "state"));
    line("waits on", output_member(task, "waiting_on"));
    line("asked by", output_member(task, "requested_by"));
    line("reason", output_member(task, "reason"));
    line("verdict", output_member(task, "verdict"));
    line("stopped at", output_member(task, "stopped_at"));
    line("cause", output_member(task, "cause"));
    line("remedy", output_member(task, "remedy"));
    line("restore", output_member(task, "restore"));
    line("settled by", output_member(task, "settled_by"));
    if (json_is_object(json_object_get(task, "late_result")))
        printf("%-10s %s, restore %s: came after it was settled\n", "agent said",
               output_member(json_object_get(task, "late_result"), "outcome"),
               output_member(json_object_get(task, "late_result"), "restore"));
    if (json_is_false(json_object_get(task, "facts_agree")))
        line("evidence",
             "the agent signed for other facts than came: compare with its own journal");
}

static void print_origin(const json_t *task)
{
    const json_t *alert = json_object_get(task, "alert"), *rule = json_object_get(task, "rule");

    if (json_is_object(alert)) {
        printf("%-10s %s  %s  ", "alert", output_member(alert, "id"), output_member(alert, "type"));
        output_text(output_member(alert, "event_id"));
        putchar('\n');
    }
    if (json_is_object(rule))
        printf("%-10s %s version %lld\n", "rule", output_member(rule, "name"),
               (long long)json_integer_value(json_object_get(rule, "version")));
}

static void print_reports(const json_t *task)
{
    const json_t *report, *part;
    size_t i, n;

    json_array_foreach(json_object_get(task, "reports"), i, report)
    {
        struct text words = {0};

        text_format(&words, "%s to %s", output_member(report, "event"),
                    output_member(report, "to"));
        json_array_foreach(json_object_get(report, "include"), n, part)
            text_format(&words, "%s%s", n ? ", " : " with ", json_string_value(part));
        text_format(&words, ": %s, not delivered: %s", output_member(report, "delivery"),
                    output_member(report, "why"));
        line("report", text_string(&words));
        text_clear(&words);
    }
}

static void print_limits(const json_t *task)
{
    const json_t *limit;
    size_t i;

    json_array_foreach(json_object_get(task, "limits"), i, limit)
    {
        const char *group = output_member(limit, "group");
        struct text words = {0};

        text_format(&words, "%lld: at most %lld at a time of %s, %lld beside it",
                    (long long)json_integer_value(json_object_get(limit, "entry")),
                    (long long)json_integer_value(json_object_get(limit, "max")),
                    group[0] ? group : "those without a value",
                    (long long)json_integer_value(json_object_get(limit, "taken")));
        line("limit", text_string(&words));
        text_clear(&words);
    }
}

static void print_grants(const json_t *task)
{
    const json_t *grant;
    size_t i;

    json_array_foreach(json_object_get(task, "grants"), i, grant)
    {
        printf("%-10s %lld to agent %s at %s%s%s\n", "epoch",
               (long long)json_integer_value(json_object_get(grant, "epoch")),
               output_member(grant, "agent"), output_member(grant, "granted_at"),
               output_member(grant, "ended")[0] ? ", ended: " : "", output_member(grant, "ended"));
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
        print_limits(task);
        print_reports(task);
        print_grants(task);
        rc = print_events(cli);
    } else {
        output_object(cli->format, task);
    }
    json_decref(task);
    return rc;
}
