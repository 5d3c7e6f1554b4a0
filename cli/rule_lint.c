/* rule_lint.c - rules looked at without a server: all that is wrong with a file, at its place; and
 * the schema that editors check them by. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/file.h"
#include "common/text.h"
#include "common/yaml.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_schema.h"
#include "rules/document/rule_warnings.h"

struct lint {
    const char *file;
    char *bytes;
    size_t length;
    struct rule_issues issues;
    char *later; /* what arming would be refused for; NULL: nothing */
    json_t *warnings;
};

static int look(struct cli *cli, struct lint *lint)
{
    struct rule_document *document;
    const char *later;

    /* One byte more than a rule may have: then the parser says that it is too large. */
    lint->bytes = file_read(lint->file, YAML_BYTES_MAX + 1, &lint->length, &cli->err);
    if (!lint->bytes)
        return -1;
    document = rule_document_parse(lint->bytes, lint->length, &lint->issues);
    later = document ? rule_document_not_carried_out(document) : NULL;
    lint->later = later ? strdup(later) : NULL;
    lint->warnings = document ? rule_warnings_make(document) : json_array();
    rule_document_destroy(document);
    return lint->issues.no_memory || !lint->warnings ? error_no_memory(&cli->err) : 0;
}

static void clear(struct lint *lint)
{
    rule_issues_clear(&lint->issues);
    free(lint->bytes);
    free(lint->later);
    json_decref(lint->warnings);
}

static void show(const struct lint *lint)
{
    struct text out = {0};
    const json_t *warning;
    size_t i;

    rule_issues_write(&lint->issues, lint->file, lint->bytes, lint->length, &out);
    if (lint->issues.count == 0)
        text_format(&out, "%s: right%s%s%s\n", lint->file,
                    lint->later ? "; this version does not arm it: " : "",
                    lint->later ? lint->later : "", lint->later ? " is not carried out yet" : "");
    json_array_foreach(lint->warnings, i, warning)
        text_format(&out, "%s: %s\n", lint->file, json_string_value(warning));
    fputs(text_string(&out), stdout);
    text_clear(&out);
}

static int add(const struct lint *lint, json_t *list)
{
    json_t *issues = json_array();

    for (size_t i = 0; i < rule_issues_kept(&lint->issues); i++) {
        const struct rule_issue *issue = &lint->issues.items[i];

        json_array_append_new(issues, json_pack("{s:I, s:I, s:s}", "line", (json_int_t)issue->line,
                                                "column", (json_int_t)issue->column, "message",
                                                issue->message ? issue->message : ""));
    }
    return json_array_append_new(list, json_pack("{s:s, s:o, s:s?, s:O}", "file", lint->file,
                                                 "issues", issues, "not_carried_out", lint->later,
                                                 "warnings", lint->warnings));
}

static bool wants_json(const struct cli *cli)
{
    return cli_flag(cli, "json") || cli->format == OUTPUT_JSON || cli->format == OUTPUT_JSONL;
}

int rule_lint(struct cli *cli)
{
    json_t *list = json_array();
    int rc = EXIT_OK;

    for (size_t i = 0; i < cli->word_count; i++) {
        struct lint lint = {.file = cli->words[i]};

        if (look(cli, &lint) < 0 || (wants_json(cli) && add(&lint, list) < 0)) {
            clear(&lint);
            json_decref(list);
            return EXIT_USAGE;
        }
        if (!wants_json(cli))
            show(&lint);
        if (lint.issues.count)
            rc = EXIT_USAGE;
        clear(&lint);
    }
    if (wants_json(cli)) {
        json_dumpf(list, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(list);
    return rc;
}

int rule_schema(struct cli *cli)
{
    json_t *schema = rule_schema_make();

    if (!schema) {
        error_no_memory(&cli->err);
        return EXIT_SERVER;
    }
    json_dumpf(schema, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(schema);
    return EXIT_OK;
}
