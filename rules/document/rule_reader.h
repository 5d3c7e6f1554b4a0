/* rule_reader.h - the walk over a rule file along its table of fields (rule_fields.h): fills the
 * structs and tells all that is wrong. A field that was refused is as if it were not written, so
 * that the walk goes on behind it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "rules/document/rule_source.h"

struct cel_env;
struct rule_field;
struct rule_issues;
struct rule_shape;
struct rule_vocabulary;
struct yaml;
struct yaml_node;

struct rule_reader {
    const struct yaml *yaml;
    struct rule_source source;
    struct rule_issues *issues;
    struct cel_env *env;
    const struct rule_vocabulary *words; /* of the document: rule_names.h */
    const struct rule_shape *top;        /* of its file */
    bool has_window;
    /* The first field that is read and not carried out: */
    const char *later; /* NULL: none */
    unsigned later_line, later_column;
};

void rule_reader_map(struct rule_reader *reader, const struct yaml_node *map,
                     const struct rule_shape *shape, void *base);
/* One member, whatever its form: rule_values.c, rule_lists.c, rule_data.c. -1: an issue more. */
int rule_reader_value(struct rule_reader *reader, const struct yaml_node *node,
                      const struct rule_field *field, void *base);
int rule_reader_list(struct rule_reader *reader, const struct yaml_node *node,
                     const struct rule_field *field, void *base);
int rule_reader_data(struct rule_reader *reader, const struct yaml_node *node,
                     const struct rule_field *field, void *base);

/* What is wrong with a node, and with its name. Return -1. */
int rule_reader_refuse(struct rule_reader *reader, const struct yaml_node *at, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));
int rule_reader_refuse_key(struct rule_reader *reader, const struct yaml_node *at,
                           const char *format, ...) __attribute__((format(printf, 3, 4)));
void rule_reader_later(struct rule_reader *reader, const struct yaml_node *node);
/* Each member of 'map' must be a name of of.* (rule_names.h), or 'also' (may be NULL). */
void rule_reader_members(struct rule_reader *reader, const struct yaml_node *map, const char *of,
                         const char *also);
/* And the value that was made of it must be of that name's type. */
void rule_reader_kinds(struct rule_reader *reader, const struct yaml_node *map, const json_t *data,
                       const char *of);
