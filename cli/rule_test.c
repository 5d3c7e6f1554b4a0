/* rule_test.c - the tests of rule files, run without a server: what a rule would decide, on a clock
 * of its own. Each file's tests run though another file is wrong.
 */
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
#include "rules/engine/rule_trial.h"

struct counts {
    size_t passed, failed;
};

/* One of them; what went wrong stands under its name. */
static int run_test(struct cli *cli, struct rule_trial *trial, const char *file, const char *name,
                    size_t number, const char *bytes, size_t length, struct counts *counts)
{
    struct rule_issues issues = {0};
    struct text out = {0};
    int rc = rule_trial_run(trial, number, NULL, &issues, &cli->err);

    text_format(&out, "%s  %s: %s\n", rc > 0 ? "ok  " : "FAIL", file, name);
    rule_issues_write(&issues, file, bytes, length, &out);
    if (rc >= 0)
        fputs(text_string(&out), stdout);
    if (rc > 0)
        counts->passed++;
    else
        counts->failed++;
    if (issues.no_memory)
        rc = error_no_memory(&cli->err);
    text_clear(&out);
    rule_issues_clear(&issues);
    return rc < 0 ? -1 : 0;
}

static int run_tests(struct cli *cli, struct rule_document *document, const char *file,
                     const char *bytes, size_t length, struct counts *counts)
{
    size_t count = document->test_count;
    struct rule_test *tests = document->tests; /* the trial's, as long as it lives */
    struct rule_trial *trial = rule_trial_create(&document, &cli->err);
    int rc = trial ? 0 : -1;

    if (trial && count == 0)
        printf("none  %s: it has no tests\n", file);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = run_test(cli, trial, file, tests[i].name, i, bytes, length, counts);
    rule_trial_destroy(trial);
    return rc;
}

static int run_file(struct cli *cli, const char *file, struct counts *counts)
{
    struct rule_issues issues = {0};
    struct text out = {0};
    struct rule_document *document;
    size_t length;
    /* One byte more than a rule may have: then the parser says that it is too large. */
    char *bytes = file_read(file, YAML_BYTES_MAX + 1, &length, &cli->err);
    int rc = 0;

    if (!bytes)
        return -1;
    document = rule_document_parse(bytes, length, &issues);
    if (document) {
        rc = run_tests(cli, document, file, bytes, length, counts);
    } else if (issues.no_memory) {
        rc = error_no_memory(&cli->err);
    } else {
        rule_issues_write(&issues, file, bytes, length, &out);
        printf("FAIL  %s: the rule is wrong\n%s", file, text_string(&out));
        counts->failed++;
    }
    text_clear(&out);
    rule_issues_clear(&issues);
    free(bytes);
    return rc;
}

int rule_test(struct cli *cli)
{
    struct counts counts = {0};

    for (size_t i = 0; i < cli->word_count; i++)
        if (run_file(cli, cli->words[i], &counts) < 0)
            return EXIT_USAGE;
    printf("%zu passed, %zu failed\n", counts.passed, counts.failed);
    return counts.failed ? EXIT_USAGE : EXIT_OK;
}
