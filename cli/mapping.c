/* mapping.c - how messages of other formats become events, looked at and tried without a server:
 * those that are part of muster, and files of one's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/file.h"
#include "common/text.h"
#include "common/yaml.h"
#include "rules/document/rule_issues.h"
#include "rules/mapping/mapping.h"
#include "rules/mapping/mapping_formats.h"
#include "rules/mapping/mapping_run.h"
#include "rules/mapping/mapping_trial.h"

int mapping_list(struct cli *cli)
{
    json_t *items = json_array();

    for (size_t i = 0; i < mapping_format_count; i++) {
        const char *text = mapping_formats[i].text;
        struct rule_issues issues = {0};
        struct mapping *mapping = mapping_parse(text, strlen(text), &issues);

        json_array_append_new(items,
                              json_pack("{s:s, s:s, s:I}", "name", mapping_formats[i].name, "title",
                                        mapping && mapping->title ? mapping->title : "", "version",
                                        (json_int_t)(mapping ? mapping->version : 0)));
        mapping_destroy(mapping);
        rule_issues_clear(&issues);
    }
    output_items(cli->format, items, "NAME=name VERSION=version TITLE=title");
    json_decref(items);
    return EXIT_OK;
}

int mapping_show(struct cli *cli)
{
    const struct mapping_format *format = mapping_format_find(cli->words[0]);
    const char *near = mapping_format_nearest(cli->words[0]);

    if (!format)
        return cli_misused(cli, "no format is called %s%s%s; muster mapping list has them all",
                           cli->words[0], near ? ": is it " : "", near ? near : "");
    fputs(format->text, stdout);
    return EXIT_OK;
}

/* ---- files ---- */

struct file {
    const char *name;
    char *bytes;
    size_t length;
    struct rule_issues issues;
    struct mapping *mapping; /* NULL: 'issues' says why */
};

static int file_open(struct cli *cli, const char *name, struct file *file)
{
    *file = (struct file){.name = name};
    /* One byte more than a mapping may have: then the parser says that it is too large. */
    file->bytes = file_read(name, YAML_BYTES_MAX + 1, &file->length, &cli->err);
    if (!file->bytes)
        return -1;
    file->mapping = mapping_parse(file->bytes, file->length, &file->issues);
    return file->issues.no_memory ? error_no_memory(&cli->err) : 0;
}

static void file_close(struct file *file)
{
    mapping_destroy(file->mapping);
    rule_issues_clear(&file->issues);
    free(file->bytes);
}

static void write_issues(const struct file *file, const struct rule_issues *issues)
{
    struct text out = {0};

    rule_issues_write(issues, file->name, file->bytes, file->length, &out);
    fputs(text_string(&out), stdout);
    text_clear(&out);
}

int mapping_lint(struct cli *cli)
{
    int rc = EXIT_OK;

    for (size_t i = 0; i < cli->word_count; i++) {
        struct file file;

        if (file_open(cli, cli->words[i], &file) < 0) {
            file_close(&file);
            return EXIT_USAGE;
        }
        write_issues(&file, &file.issues);
        if (file.mapping)
            printf("%s: right\n", file.name);
        else
            rc = EXIT_USAGE;
        file_close(&file);
    }
    return rc;
}

/* ---- tests ---- */

struct counts {
    size_t passed, failed;
};

static int run_test(struct cli *cli, struct mapping_run *run, const struct file *file, size_t which,
                    struct counts *counts)
{
    struct rule_issues issues = {0};
    int rc = mapping_trial(run, file->mapping, which, &issues, &cli->err);

    if (rc >= 0) {
        printf("%s  %s: %s\n", rc > 0 ? "ok  " : "FAIL", file->name,
               file->mapping->tests[which].name);
        write_issues(file, &issues);
        *(rc > 0 ? &counts->passed : &counts->failed) += 1;
    }
    rule_issues_clear(&issues);
    return rc < 0 ? -1 : 0;
}

static int run_file(struct cli *cli, struct mapping_run *run, const char *name,
                    struct counts *counts)
{
    struct file file;
    int rc = file_open(cli, name, &file);

    if (rc == 0 && !file.mapping) {
        printf("FAIL  %s: the mapping is wrong\n", name);
        write_issues(&file, &file.issues);
        counts->failed++;
    } else if (rc == 0 && file.mapping->test_count == 0) {
        printf("none  %s: it has no tests\n", name);
    }
    for (size_t i = 0; rc == 0 && file.mapping && i < file.mapping->test_count; i++)
        rc = run_test(cli, run, &file, i, counts);
    file_close(&file);
    return rc;
}

int mapping_test(struct cli *cli)
{
    struct mapping_run *run = mapping_run_create(&cli->err);
    struct counts counts = {0};
    int rc = run ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < cli->word_count; i++)
        rc = run_file(cli, run, cli->words[i], &counts);
    mapping_run_destroy(run);
    if (rc < 0)
        return EXIT_USAGE;
    printf("%zu passed, %zu failed\n", counts.passed, counts.failed);
    return counts.failed ? EXIT_USAGE : EXIT_OK;
}
