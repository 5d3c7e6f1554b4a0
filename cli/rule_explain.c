/* rule_explain.c - an alert, told: what became of it, what each rule made of it, and of one that no
 * rule took which came nearest. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/text.h"

static void write_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void write_line(const char *format, ...)
{
    struct text line = {0};
    va_list args;
    char *words;

    va_start(args, format);
    if (vasprintf(&words, format, args) >= 0) {
        text_format(&line, "%s", words);
        free(words);
    }
    va_end(args);
    output_text(text_string(&line)); /* words of alerts: control characters are shown */
    putchar('\n');
    text_clear(&line);
}

static void show_decision(const json_t *decision)
{
    json_int_t version = json_integer_value(json_object_get(decision, "rule_version"));
    const char *until = output_member(decision, "until"), *words = output_member(decision, "words");
    const char *task = output_member(decision, "task"), *ticket = output_member(decision, "ticket");

    write_line("  %s v%" JSON_INTEGER_FORMAT "%s, %s: %s%s%s%s%s", output_member(decision, "rule"),
               version, json_is_true(json_object_get(decision, "shadow")) ? " (shadow)" : "",
               output_member(decision, "trigger"), output_member(decision, "ending"),
               *until ? " until " : "", until, *words ? ": " : "", words);
    if (*task)
        write_line("    task %s", task);
    if (*ticket)
        write_line("    ticket %s", ticket);
}

static void show(struct cli *cli, const json_t *answer)
{
    const json_t *alert = json_object_get(answer, "alert"), *decision;
    const char *nearest = output_member(answer, "nearest");
    size_t i;

    if (cli->format == OUTPUT_JSON || cli->format == OUTPUT_JSONL) {
        output_object(cli->format, answer);
        return;
    }
    write_line("%s %s %s of %s, %s", output_member(alert, "type"), output_member(alert, "status"),
               output_member(alert, "event_id"), output_member(alert, "machine"),
               output_member(alert, "decided_at"));
    write_line("%s: %s", output_member(alert, "disposition"), output_member(alert, "reason"));
    json_array_foreach(json_object_get(alert, "decisions"), i, decision) show_decision(decision);
    if (*nearest)
        write_line("now: %s", nearest);
}

int rule_explain(struct cli *cli)
{
    char *path = cli_path(cli, "/v1/alerts", cli->words[0], "/explanation");
    json_t *answer = NULL;
    int rc = client_get(cli->client, path, &answer, &cli->err);

    if (rc == EXIT_OK)
        show(cli, answer);
    json_decref(answer);
    free(path);
    return rc;
}
