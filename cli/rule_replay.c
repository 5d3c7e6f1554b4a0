/* rule_replay.c - a rule over recorded alerts, told: how often it would act and did, then each
 * decision that would be another, with both sides. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/file.h"
#include "common/text.h"

#define RULE_BYTES_MAX (256 * 1024)

static json_int_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* "acts 3, held 12"; "nothing" */
static void write_counts(const json_t *counts, struct text *out)
{
    const char *ending, *comma = "";
    json_t *times;

    json_object_foreach((json_t *)counts, ending, times)
    {
        text_format(out, "%s%s %" JSON_INTEGER_FORMAT, comma, ending, json_integer_value(times));
        comma = ", ";
    }
    if (!*comma)
        text_format(out, "nothing");
}

static void write_side(const char *what, const json_t *side, struct text *out)
{
    const char *until = output_member(side, "until"), *words = output_member(side, "words");

    if (json_is_null(side)) {
        text_format(out, "    %-6s nothing\n", what);
        return;
    }
    text_format(out, "    %-6s v%" JSON_INTEGER_FORMAT " %s%s%s%s%s\n", what,
                number(side, "version"), output_member(side, "ending"), *until ? " until " : "",
                until, *words ? ": " : "", words);
}

static const char *moment(const json_t *difference)
{
    const json_t *did = json_object_get(difference, "did");

    return output_member(json_is_null(did) ? json_object_get(difference, "would") : did, "at");
}

static void write_answer(const json_t *answer, struct text *out)
{
    const json_t *differences = json_object_get(answer, "differences"), *difference;
    json_int_t all = number(answer, "changed") + number(answer, "new") + number(answer, "gone");
    const char *rule = output_member(answer, "rule");
    size_t i;

    if (*rule)
        text_format(out, "%s v%" JSON_INTEGER_FORMAT, rule, number(answer, "version"));
    else
        text_format(out, "the armed rules");
    text_format(
        out, " over %" JSON_INTEGER_FORMAT " alerts, %s to %s\n  would: ", number(answer, "alerts"),
        output_member(answer, "since"), output_member(answer, "until"));
    write_counts(json_object_get(answer, "would"), out);
    text_format(out, "\n  did:   ");
    write_counts(json_object_get(answer, "did"), out);
    text_format(out,
                "\n  decisions that are the same %" JSON_INTEGER_FORMAT
                ", others %" JSON_INTEGER_FORMAT ", new %" JSON_INTEGER_FORMAT
                ", gone %" JSON_INTEGER_FORMAT "\n",
                number(answer, "same"), number(answer, "changed"), number(answer, "new"),
                number(answer, "gone"));
    json_array_foreach((json_t *)differences, i, difference)
    {
        text_format(out, "%s  %s%s, %s %s\n", moment(difference), output_member(difference, "rule"),
                    json_is_true(json_object_get(difference, "shadow")) ? " (shadow)" : "",
                    output_member(difference, "kind"), output_member(difference, "alert"));
        write_side("did", json_object_get(difference, "did"), out);
        write_side("would", json_object_get(difference, "would"), out);
    }
    if (all > (json_int_t)json_array_size(differences))
        text_format(out, "and %" JSON_INTEGER_FORMAT " more\n",
                    all - (json_int_t)json_array_size(differences));
}

static void show(struct cli *cli, const json_t *answer)
{
    struct text out = {0};

    if (cli->format == OUTPUT_JSON || cli->format == OUTPUT_JSONL) {
        output_object(cli->format, answer);
        return;
    }
    write_answer(answer, &out);
    /* Line by line: words of rules may hold what alerts say. */
    for (const char *at = text_string(&out), *end; *at; at = end + 1) {
        char *line = strndup(at, (size_t)((end = strchr(at, '\n')) - at));

        if (line)
            output_text(line);
        putchar('\n');
        free(line);
    }
    text_clear(&out);
}

int rule_replay(struct cli *cli)
{
    const char *file = cli->words[0], *slash = strrchr(file, '/');
    bool armed = strcmp(file, "armed") == 0;
    char *name, *bytes = NULL;
    struct text path = {0};
    json_t *answer = NULL;
    size_t length = 0;
    int rc;

    if (!armed && !(bytes = file_read(file, RULE_BYTES_MAX, &length, &cli->err)))
        return EXIT_USAGE;
    name = client_escape(cli->client, slash ? slash + 1 : file);
    text_format(&path, "/v1/rules/replay?name=%s", name ? name : "");
    cli_put_query(cli, "since", &path);
    cli_put_query(cli, "until", &path);
    rc = client_call(cli->client,
                     &(struct client_request){.method = "POST",
                                              .path = text_string(&path),
                                              .type = "application/yaml",
                                              .body = bytes ? bytes : "",
                                              .length = length},
                     &answer, &cli->err);
    if (rc == EXIT_OK)
        show(cli, answer);
    json_decref(answer);
    text_clear(&path);
    free(name);
    free(bytes);
    return rc;
}
