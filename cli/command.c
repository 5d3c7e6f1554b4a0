/* command.c - see command.h. */
#include "cli/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

const char *cli_option(const struct cli *cli, const char *name)
{
    for (size_t i = 0; i < cli->option_count; i++)
        if (strcmp(cli->options[i].name, name) == 0)
            return cli->options[i].value;
    return NULL;
}

bool cli_flag(const struct cli *cli, const char *name)
{
    return cli_option(cli, name) != NULL;
}

int cli_misused(struct cli *cli, const char *format, ...)
{
    va_list args;
    char words[400];

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    error_set_code(&cli->err, ERROR_INVALID, "%s", words);
    return EXIT_USAGE;
}

const char *cli_need(struct cli *cli, const char *name)
{
    const char *value = cli_option(cli, name);

    if (!value)
        cli_misused(cli, "--%s is missing", name);
    return value;
}

void cli_put_query(struct cli *cli, const char *name, struct text *query)
{
    const char *value = cli_option(cli, name);
    char *escaped = value ? client_escape(cli->client, value) : NULL;

    if (escaped)
        text_format(query, "&%s=%s", name, escaped);
    free(escaped);
}

int cli_list(struct cli *cli, const char *path, const char *query, const char *columns)
{
    struct text whole = {0};
    json_t *answer = NULL, *items;
    int rc;

    text_format(&whole, "%s?limit=%s%s", path, cli->limit ? cli->limit : "100", query);
    rc = client_get(cli->client, text_string(&whole), &answer, &cli->err);
    text_clear(&whole);
    if (rc != EXIT_OK)
        return rc;
    items = json_object_get(answer, "items");
    if (json_is_array(items)) {
        output_items(cli->format, items, columns);
        if (!cli->limit && json_is_string(json_object_get(answer, "next_cursor")))
            fprintf(stderr, "muster: there are more; ask with --limit N\n");
    } else {
        error_set(&cli->err, "the server's answer holds no items");
        rc = EXIT_SERVER;
    }
    json_decref(answer);
    return rc;
}

/* Takes the answer. */
static int tell(struct cli *cli, int rc, json_t *answer)
{
    if (rc == EXIT_OK && answer)
        output_object(cli->format, answer);
    json_decref(answer);
    return rc;
}

int cli_show(struct cli *cli, const char *path)
{
    json_t *answer = NULL;
    int rc = client_get(cli->client, path, &answer, &cli->err);

    return tell(cli, rc, answer);
}

int cli_show_one(struct cli *cli, const char *prefix)
{
    char *path = cli_path(cli, prefix, cli->words[0], "");
    int rc = cli_show(cli, path);

    free(path);
    return rc;
}

int cli_add(struct cli *cli, const char *path, json_t *body)
{
    json_t *answer = NULL;
    int rc = client_post(cli->client, path, body, &answer, &cli->err);

    json_decref(body);
    return tell(cli, rc, answer);
}

int cli_act(struct cli *cli, const char *prefix, const char *suffix, json_t *body)
{
    char *path = cli_path(cli, prefix, cli->words[0], suffix);
    int rc = cli_add(cli, path, body);

    free(path);
    return rc;
}

int cli_replace(struct cli *cli, const char *prefix, const char *suffix, json_t *body)
{
    char *path = cli_path(cli, prefix, cli->words[0], suffix);
    json_t *answer = NULL;
    int rc = client_put(cli->client, path, body, &answer, &cli->err);

    free(path);
    json_decref(body);
    return tell(cli, rc, answer);
}

int cli_change(struct cli *cli, const char *prefix, json_t *body)
{
    char *path = cli_path(cli, prefix, cli->words[0], "");
    json_t *answer = NULL;
    int rc = client_patch(cli->client, path, body, &answer, &cli->err);

    free(path);
    json_decref(body);
    return tell(cli, rc, answer);
}

int cli_put(struct cli *cli, json_t *body, const char *option, const char *member)
{
    const char *value = cli_option(cli, option);

    if (value && json_object_set_new(body, member, json_string(value)) < 0)
        return cli_misused(cli, "--%s is not UTF-8", option), -1;
    return 0;
}

int cli_put_number(struct cli *cli, json_t *body, const char *option, const char *member)
{
    const char *value = cli_option(cli, option);
    char *end;
    long long number;

    if (!value)
        return 0;
    errno = 0;
    number = strtoll(value, &end, 10);
    if (errno || *end || end == value)
        return cli_misused(cli, "--%s takes a number, not '%.40s'", option, value), -1;
    json_object_set_new(body, member, json_integer(number));
    return 0;
}

char *cli_path(struct cli *cli, const char *prefix, const char *word, const char *suffix)
{
    char *escaped = client_escape(cli->client, word);
    struct text path = {0};

    text_format(&path, "%s/%s%s", prefix, escaped ? escaped : "", suffix);
    free(escaped);
    return text_take(&path);
}
