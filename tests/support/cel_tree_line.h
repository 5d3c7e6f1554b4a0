/* cel_tree_line.h - a tree of CEL on one line, for tests: calls as f(a, b), receivers as a.f(b),
 * comprehensions as fold(var[, var2] in range; accu = init; condition; step; result). */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "rules/cel/cel_ast.h"

static inline void cel_tree_write(const struct cel_node *node, struct text *out);

static inline void cel_literal_write(struct cel_value value, struct text *out)
{
    switch (value.kind) {
    case CEL_NULL:
        text_format(out, "null");
        break;
    case CEL_BOOL:
        text_format(out, "%s", value.boolean ? "true" : "false");
        break;
    case CEL_INT:
        text_format(out, "%lld", (long long)value.integer);
        break;
    case CEL_UINT:
        text_format(out, "%lluu", (unsigned long long)value.natural);
        break;
    case CEL_DOUBLE:
        text_format(out, "%#g", value.real);
        break;
    default:
        text_format(out, "%s", value.kind == CEL_BYTES ? "b'" : "'");
        for (uint32_t i = 0; i < value.extra; i++) {
            unsigned char c = (unsigned char)value.text[i];

            text_format(out, c < 0x20 || c >= 0x7f ? "\\x%02x" : "%c", c);
        }
        text_format(out, "'");
    }
}

static inline void cel_elements_write(const struct cel_node *node, struct text *out)
{
    for (size_t i = 0; i < node->aggregate.count; i++) {
        const struct cel_element *element = &node->aggregate.elements[i];

        text_format(out, "%s%s", i ? ", " : "", element->optional ? "?" : "");
        if (element->field)
            text_format(out, "%s", element->field);
        if (element->key)
            cel_tree_write(element->key, out);
        if (element->key || element->field)
            text_format(out, ": ");
        cel_tree_write(element->value, out);
    }
}

static inline void cel_fold_write(const struct cel_comprehension *fold, struct text *out)
{
    const struct cel_node *const parts[] = {fold->condition, fold->step, fold->result};

    text_format(out, "fold(%s%s%s in ", fold->var, fold->var2 ? ", " : "",
                fold->var2 ? fold->var2 : "");
    cel_tree_write(fold->range, out);
    text_format(out, "; %s = ", fold->accu);
    cel_tree_write(fold->init, out);
    for (size_t i = 0; i < 3; i++) {
        text_format(out, "; ");
        cel_tree_write(parts[i], out);
    }
    text_format(out, ")");
}

static inline void cel_call_write(const struct cel_node *node, struct text *out)
{
    if (node->call.target) {
        cel_tree_write(node->call.target, out);
        text_format(out, ".");
    }
    text_format(out, "%s(", node->call.function);
    for (size_t i = 0; i < node->call.count; i++) {
        if (i > 0)
            text_format(out, ", ");
        cel_tree_write(node->call.args[i], out);
    }
    text_format(out, ")");
}

static inline void cel_tree_write(const struct cel_node *node, struct text *out)
{
    switch (node->kind) {
    case CEL_NODE_LITERAL:
        cel_literal_write(node->literal, out);
        break;
    case CEL_NODE_IDENT:
        text_format(out, "%s", node->name);
        break;
    case CEL_NODE_SELECT:
        if (node->select.test)
            text_format(out, "has ");
        cel_tree_write(node->select.operand, out);
        text_format(out, ".%s", node->select.field);
        break;
    case CEL_NODE_CALL:
        cel_call_write(node, out);
        break;
    case CEL_NODE_LIST:
        text_format(out, "[");
        cel_elements_write(node, out);
        text_format(out, "]");
        break;
    case CEL_NODE_MAP:
    case CEL_NODE_MESSAGE:
        text_format(out, "%s{", node->kind == CEL_NODE_MESSAGE ? node->aggregate.message : "");
        cel_elements_write(node, out);
        text_format(out, "}");
        break;
    case CEL_NODE_COMPREHENSION:
        cel_fold_write(&node->comprehension, out);
        break;
    }
}

/* The caller's, free(). */
static inline char *cel_tree_line(const struct cel_node *node)
{
    struct text text = {0};

    cel_tree_write(node, &text);
    return text_take(&text);
}
