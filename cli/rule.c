/* rule.c - rules: pushed, listed, shown in each version, and the steps of their life, each with a
 * reason. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/file.h"
#include "common/text.h"

#define RULE_BYTES_MAX (256 * 1024)

/* The server's errors read "file:line:column: message". */
static void write_push(struct cli *cli, struct text *path)
{
    const char *slash = strrchr(cli->words[0], '/'), *reason = cli_option(cli, "reason");
    char *name = client_escape(cli->client, slash ? slash + 1 : cli->words[0]);
    char *why = reason ? client_escape(cli->client, reason) : NULL;

    text_format(path, "/v1/rules?name=%s%s%s%s%s", name ? name : "",
                cli_flag(cli, "arm") ? "&arm=true" : "",
                cli_flag(cli, "waive-replay") ? "&waive_replay=true" : "", why ? "&reason=" : "",
                why ? why : "");
    free(name);
    free(why);
}

static bool for_programs(const struct cli *cli)
{
    return cli->format == OUTPUT_JSON || cli->format == OUTPUT_JSONL;
}

/* People are not told that there is nothing to tell. */
static void drop_no_warnings(const struct cli *cli, json_t *answer)
{
    if (!for_programs(cli) && json_array_size(json_object_get(answer, "warnings")) == 0)
        json_object_del(answer, "warnings");
}

int rule_push(struct cli *cli)
{
    size_t length;
    char *bytes;
    struct text path = {0};
    json_t *answer = NULL;
    int rc;

    if (cli_flag(cli, "waive-replay") && !(cli_flag(cli, "arm") && cli_option(cli, "reason")))
        return cli_misused(cli, "--waive-replay goes with --arm and --reason");
    bytes = file_read(cli->words[0], RULE_BYTES_MAX, &length, &cli->err);
    if (!bytes)
        return EXIT_USAGE;
    write_push(cli, &path);
    rc = client_call(cli->client,
                     &(struct client_request){.method = "POST",
                                              .path = text_string(&path),
                                              .type = "application/yaml",
                                              .body = bytes,
                                              .length = length},
                     &answer, &cli->err);
    if (rc == EXIT_OK && answer) {
        drop_no_warnings(cli, answer);
        output_object(cli->format, answer);
    }
    json_decref(answer);
    text_clear(&path);
    free(bytes);
    return rc;
}

int rule_list(struct cli *cli)
{
    return cli_list(cli, "/v1/rules", "",
                    "NAME=name STAGE=stage VERSION=version ARMED=active_version "
                    "SHADOW=shadow_version PUSHED_BY=pushed_by PUSHED=pushed_at");
}

/* A version as people write it, "3" or "v3"; NULL with the words set. */
static const char *version_of(struct cli *cli, const char *text)
{
    const char *digits = text + (*text == 'v');

    if (*digits && strlen(digits) <= 10 && strspn(digits, "0123456789") == strlen(digits))
        return digits;
    cli_misused(cli, "'%.40s' is no version: say 3 or v3", text);
    return NULL;
}

/* For people the rule's text stands behind what is known of it, as it was pushed, or not at all. */
static void show_rule(struct cli *cli, json_t *answer, bool with_text)
{
    json_t *text = json_incref(json_object_get(answer, "source"));

    if (!for_programs(cli))
        json_object_del(answer, "source");
    drop_no_warnings(cli, answer);
    output_object(cli->format, answer);
    if (with_text && !for_programs(cli) && json_is_string(text)) {
        putchar('\n');
        output_text(json_string_value(text));
    }
    json_decref(text);
}

int rule_show(struct cli *cli)
{
    const char *version = cli_option(cli, "version");
    struct text query = {0};
    json_t *answer = NULL;
    char *path;
    int rc;

    if (version && !(version = version_of(cli, version)))
        return EXIT_USAGE;
    if (version)
        text_format(&query, "?version=%s", version);
    path = cli_path(cli, "/v1/rules", cli->words[0], text_string(&query));
    rc = client_get(cli->client, path, &answer, &cli->err);
    if (rc == EXIT_OK)
        show_rule(cli, answer, true);
    json_decref(answer);
    free(path);
    text_clear(&query);
    return rc;
}

int rule_history(struct cli *cli)
{
    char *path = cli_path(cli, "/v1/rules", cli->words[0], "/history");
    int rc = cli_list(cli, path, "",
                      "AT=at ACT=act VERSION=version WHO=who REASON=reason REPLAY=replay "
                      "WAIVED=waived DIGEST=digest");

    free(path);
    return rc;
}

/* JSON is the API's body; eyes and pipes get the diff. */
static void show_diff(struct cli *cli, const json_t *answer)
{
    const char *diff = output_member(answer, "diff");

    if (for_programs(cli)) {
        output_object(cli->format, answer);
        return;
    }
    /* A rule's text has no control characters but ends of lines and tabs. */
    fputs(diff, stdout);
}

int rule_diff(struct cli *cli)
{
    const char *from = cli->word_count > 1 ? version_of(cli, cli->words[1]) : "";
    const char *to = from && cli->word_count > 2 ? version_of(cli, cli->words[2]) : "";
    struct text query = {0};
    json_t *answer = NULL;
    char *path;
    int rc;

    if (!from || !to)
        return EXIT_USAGE;
    if (cli->word_count > 3)
        return cli_misused(cli, "a rule and two versions at most");
    text_format(&query, "/diff%s%s%s%s", *from ? "?from=" : "", from, *to ? "&to=" : "", to);
    path = cli_path(cli, "/v1/rules", cli->words[0], text_string(&query));
    rc = client_get(cli->client, path, &answer, &cli->err);
    if (rc == EXIT_OK)
        show_diff(cli, answer);
    json_decref(answer);
    free(path);
    text_clear(&query);
    return rc;
}

/* ---- steps ---- */

/* Every step says why. */
static int take_step(struct cli *cli, const char *verb)
{
    const char *reason = cli_need(cli, "reason"), *version = cli_option(cli, "version");
    json_t *body, *answer = NULL;
    char *path;
    int rc;

    if (!reason || (version && !(version = version_of(cli, version))))
        return EXIT_USAGE;
    body = json_pack("{s:s}", "reason", reason);
    if (version)
        json_object_set_new(body, "version", json_integer(strtoll(version, NULL, 10)));
    if (cli_flag(cli, "waive-replay"))
        json_object_set_new(body, "waive_replay", json_true());
    if (cli_flag(cli, "off"))
        json_object_set_new(body, "off", json_true());
    path = cli_path(cli, "/v1/rules", cli->words[0], verb);
    rc = client_post(cli->client, path, body, &answer, &cli->err);
    if (rc == EXIT_OK)
        show_rule(cli, answer, false);
    json_decref(answer);
    json_decref(body);
    free(path);
    return rc;
}

int rule_arm(struct cli *cli)
{
    return take_step(cli, "/arm");
}

int rule_shadow(struct cli *cli)
{
    return take_step(cli, "/shadow");
}

int rule_disarm(struct cli *cli)
{
    return take_step(cli, "/disarm");
}

int rule_deprecate(struct cli *cli)
{
    return take_step(cli, "/deprecate");
}
