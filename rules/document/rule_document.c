/* rule_document.c - see rule_document.h. Invariant: every node of the file was read by somebody, or
 * there is an issue for it and no document. The walk itself is rule_reader.c's.
 */
#include "rules/document/rule_document.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_program.h"
#include "rules/document/rule_fields.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_names.h"
#include "rules/document/rule_reader.h"

static int keep_later(struct rule_document *document, const struct rule_reader *reader)
{
    struct text words = {0};

    if (!reader->later)
        return 0;
    text_format(&words, "'%s' (line %u)", reader->later, reader->later_line);
    document->later = text_take(&words);
    return document->later ? 0 : rule_issues_no_memory(reader->issues);
}

/* Whether an expression is of the machine alone; a let stands for what it names. */
static bool is_of_machine(const struct rule_document *document,
                          const struct rule_expression *expression)
{
    const int *slots;
    size_t count = cel_program_slots(expression->program, &slots);

    for (size_t i = 0; i < count; i++) {
        const struct rule_let *let = NULL;

        for (size_t n = 0; n < document->let_count; n++)
            if (document->lets[n].slot == slots[i])
                let = &document->lets[n];
        if (let ? !is_of_machine(document, &let->expression)
                : (size_t)slots[i] >= rule_name_count ||
                      strncmp(rule_names[slots[i]].name, "asset.", 6) != 0)
            return false;
    }
    return true;
}

/* A percentage is of machines: they are counted by the same expression. */
static void check_limits(const struct rule_document *document, struct rule_issues *issues)
{
    for (size_t i = 0; i < document->limit_count; i++) {
        const struct rule_limit *limit = &document->limits[i];

        if (limit->max_percent > 0 && !is_of_machine(document, &limit->by))
            rule_issues_add(issues, limit->by.line, limit->by.column,
                            "a share of machines is of what asset.* says: use 'max', or a 'by' of "
                            "asset.* alone");
    }
}

/* What is held is told apart by the key of dedup, before the window counts. */
static void check_hold(const struct rule_document *document, struct rule_issues *issues)
{
    for (size_t i = 0; document->hold_ms && i < document->dedup.count; i++) {
        const struct rule_expression *part = &document->dedup.parts[i];
        const int *slots;

        for (size_t n = cel_program_slots(part->program, &slots); n-- > 0;)
            if ((size_t)slots[n] < rule_name_count && rule_names[slots[n]].of == RULE_OF_WINDOW) {
                rule_issues_add(issues, part->line, part->column,
                                "%s is not known yet: what holds is told apart by this key before "
                                "the window counts",
                                rule_names[slots[n]].name);
                break;
            }
    }
}

static void read_file(struct rule_reader *reader, struct rule_document *document)
{
    const struct yaml_node *root = yaml_root(reader->yaml);
    const struct yaml_node *spec = root ? yaml_member(root, "spec") : NULL;
    struct error err = {0};

    if (!root) {
        rule_issues_add(reader->issues, 1, 1, "the file is empty");
        return;
    }
    if (!(document->env = rule_env_create(&err))) {
        rule_issues_take(reader->issues, 1, 1, &err);
        return;
    }
    reader->env = document->env;
    reader->has_window = yaml_member(spec, "window") != NULL;
    rule_reader_map(reader, root, &rule_file_shape, document);
    if (!document->title && document->id && !(document->title = strdup(document->id)))
        rule_issues_no_memory(reader->issues);
    if (reader->issues->count == 0 && !reader->issues->no_memory) {
        check_limits(document, reader->issues);
        check_hold(document, reader->issues);
    }
    keep_later(document, reader);
}

struct rule_document *rule_document_parse(const char *bytes, size_t length,
                                          struct rule_issues *issues)
{
    struct error err = {0};
    struct yaml *yaml = yaml_parse_keeping("", bytes, length, &err);
    struct rule_reader reader = {.yaml = yaml,
                                 .source = {bytes, length},
                                 .issues = issues,
                                 .words = &rule_words,
                                 .top = &rule_file_shape};
    struct rule_document *document;

    if (!yaml) {
        rule_issues_take(issues, 1, 1, &err);
        return NULL;
    }
    document = calloc(1, sizeof(*document));
    if (document)
        read_file(&reader, document);
    else
        rule_issues_no_memory(issues);
    rule_issues_sort(issues);
    if (issues->count || issues->no_memory) {
        rule_document_destroy(document);
        document = NULL;
    }
    yaml_destroy(yaml);
    return document;
}

void rule_document_destroy(struct rule_document *document)
{
    if (!document)
        return;
    rule_fields_clear(&rule_file_shape, document);
    cel_env_destroy(document->env);
    free(document->later);
    free(document);
}

const char *rule_document_not_carried_out(const struct rule_document *document)
{
    return document->later;
}
