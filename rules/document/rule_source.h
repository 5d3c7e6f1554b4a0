/* rule_source.h - where a character of a value stands in the file. YAML folds lines, takes quotes
 * and escapes away and strips indentation, so that a place in an expression's text is not one in
 * the file. Spec: YAML 1.1, chapter 9, the five styles of a scalar.
 */
#pragma once

#include <stddef.h>

struct yaml_node;

struct rule_source {
    const char *bytes; /* the file, borrowed */
    size_t length;
};

/* Of the byte 'offset' of the scalar's text (its length: behind the last). */
void rule_source_place(const struct rule_source *source, const struct yaml_node *scalar,
                       size_t offset, unsigned *ret_line, unsigned *ret_column);
