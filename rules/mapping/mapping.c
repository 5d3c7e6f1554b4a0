/* mapping.c - see mapping.h. Invariant: every node of the file was read by somebody, or there is an
 * issue for it and no mapping. The walk itself is rules/document/rule_reader.c's. */
#include "rules/mapping/mapping.h"

#include <stdlib.h>

#include "common/error.h"
#include "common/yaml.h"
#include "rules/cel/cel_env.h"
#include "rules/document/rule_fields.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_reader.h"
#include "rules/mapping/mapping_fields.h"
#include "rules/mapping/mapping_names.h"

static void read_file(struct rule_reader *reader, struct mapping *mapping)
{
    const struct yaml_node *root = yaml_root(reader->yaml);
    struct error err = {0};

    if (!root) {
        rule_issues_add(reader->issues, 1, 1, "the file is empty");
        return;
    }
    mapping->env = mapping_env_create(&err);
    if (!mapping->env) {
        rule_issues_take(reader->issues, 1, 1, &err);
        return;
    }
    reader->env = mapping->env;
    rule_reader_map(reader, root, &mapping_file_shape, mapping);
}

struct mapping *mapping_parse(const char *bytes, size_t length, struct rule_issues *issues)
{
    struct error err = {0};
    struct yaml *yaml = yaml_parse_keeping("", bytes, length, &err);
    struct rule_reader reader = {.yaml = yaml,
                                 .source = {bytes, length},
                                 .issues = issues,
                                 .has_window = true, /* no name is a window's here */
                                 .words = &mapping_words,
                                 .top = &mapping_file_shape};
    struct mapping *mapping;

    if (!yaml) {
        rule_issues_take(issues, 1, 1, &err);
        return NULL;
    }
    mapping = calloc(1, sizeof(*mapping));
    if (mapping)
        read_file(&reader, mapping);
    else
        rule_issues_no_memory(issues);
    rule_issues_sort(issues);
    if (issues->count || issues->no_memory) {
        mapping_destroy(mapping);
        mapping = NULL;
    }
    yaml_destroy(yaml);
    return mapping;
}

void mapping_destroy(struct mapping *mapping)
{
    if (!mapping)
        return;
    rule_fields_clear(&mapping_file_shape, mapping);
    cel_env_destroy(mapping->env);
    free(mapping);
}
