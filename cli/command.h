/* command.h - what one invocation of muster is: its noun and verb, its options, the client. One
 * function a verb, in the noun's file; the table is in main.c.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/client.h"
#include "cli/output.h"
#include "common/error.h"

#define CLI_OPTIONS_MAX 128 /* a machine has 64 labels */
#define CLI_WORDS_MAX 1024  /* files that a shell names at once */

struct text;

struct cli {
    struct client *client; /* NULL for verbs that talk to no server */
    enum output_format format;
    const char *limit;
    const char *profile_name, *server, *token_file, *ca_file, *tenant;
    struct {
        const char *name, *value;
    } options[CLI_OPTIONS_MAX];
    size_t option_count;
    const char *words[CLI_WORDS_MAX]; /* behind noun and verb */
    size_t word_count;
    struct error err; /* told by main when a verb does not return EXIT_OK */
};

/* NULL: not given. */
const char *cli_option(const struct cli *cli, const char *name);
bool cli_flag(const struct cli *cli, const char *name);
/* EXIT_USAGE with the words set. */
int cli_misused(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The option's value; NULL with the words set when it is missing. */
const char *cli_need(struct cli *cli, const char *name);

/* Appends "&name=value" of an option that is given. */
void cli_put_query(struct cli *cli, const char *name, struct text *query);
/* GET path?limit&...; prints items. 'query' is "" or "&key=value". */
int cli_list(struct cli *cli, const char *path, const char *query, const char *columns);
/* GET, and print what came back. */
int cli_show(struct cli *cli, const char *path);
/* The same of "prefix/<the first word>". */
int cli_show_one(struct cli *cli, const char *prefix);
/* POST 'body' (stolen; NULL: none) and print what came back. */
int cli_add(struct cli *cli, const char *path, json_t *body);
/* The same where a token is made: it goes into --out, which is not there yet, with --label. */
int cli_add_token(struct cli *cli, const char *path, json_t *body);
/* POST to "prefix/<the first word>suffix". */
int cli_act(struct cli *cli, const char *prefix, const char *suffix, json_t *body);
/* PUT 'body' (stolen) there and print what came back. */
int cli_replace(struct cli *cli, const char *prefix, const char *suffix, json_t *body);
/* PATCH 'body' (stolen) to "prefix/<the first word>" and print what came back. */
int cli_change(struct cli *cli, const char *prefix, json_t *body);
/* Put an option into 'body' as a string or an integer when it was given; -1 with the words set. */
int cli_put(struct cli *cli, json_t *body, const char *option, const char *member);
int cli_put_number(struct cli *cli, json_t *body, const char *option, const char *member);
/* "prefix/<escaped word>suffix"; caller frees. */
char *cli_path(struct cli *cli, const char *prefix, const char *word, const char *suffix);
