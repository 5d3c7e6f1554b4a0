/* cel_tree_dump.c - storey: rules. Expressions in, their trees out, to be held against those of
 * other parsers (tests/conformance/trees.mjs): a line {"expr":"..."} each, answered by
 * {"tree":{...}} in the proto-JSON form of cel.expr.Expr, or {"error":"..."}. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_libraries.h"

static json_t *dump(const struct cel_node *node);

static json_t *base64(const char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct text out = {0};
    json_t *made;

    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        unsigned group = (unsigned)(unsigned char)bytes[i] << 16;

        if (left > 1)
            group |= (unsigned)(unsigned char)bytes[i + 1] << 8;
        if (left > 2)
            group |= (unsigned char)bytes[i + 2];
        text_format(&out, "%c%c%c%c", digits[group >> 18], digits[group >> 12 & 63],
                    left > 1 ? digits[group >> 6 & 63] : '=', left > 2 ? digits[group & 63] : '=');
    }
    made = json_string(text_string(&out));
    text_clear(&out);
    return made;
}

static json_t *dump_literal(struct cel_value value)
{
    switch (value.kind) {
    case CEL_NULL:
        return json_pack("{s:n}", "nullValue");
    case CEL_BOOL:
        return json_pack("{s:b}", "boolValue", value.boolean);
    case CEL_INT: {
        char text[32];

        snprintf(text, sizeof(text), "%lld", (long long)value.integer);
        return json_pack("{s:s}", "int64Value", text);
    }
    case CEL_UINT: {
        char text[32];

        snprintf(text, sizeof(text), "%llu", (unsigned long long)value.natural);
        return json_pack("{s:s}", "uint64Value", text);
    }
    case CEL_DOUBLE:
        return json_pack("{s:f}", "doubleValue", value.real);
    case CEL_STRING:
        return json_pack("{s:s%}", "stringValue", value.text, (size_t)value.extra);
    default:
        return json_pack("{s:o}", "bytesValue", base64(value.text, value.extra));
    }
}

static json_t *dump_call(const struct cel_node *node)
{
    json_t *call = json_pack("{s:s}", "function", node->call.function), *args = json_array();

    for (size_t i = 0; i < node->call.count; i++)
        json_array_append_new(args, dump(node->call.args[i]));
    json_object_set_new(call, "args", args);
    if (node->call.target)
        json_object_set_new(call, "target", dump(node->call.target));
    return json_pack("{s:o}", "callExpr", call);
}

static json_t *dump_list(const struct cel_node *node)
{
    json_t *elements = json_array(), *optional = json_array();

    for (size_t i = 0; i < node->aggregate.count; i++) {
        json_array_append_new(elements, dump(node->aggregate.elements[i].value));
        if (node->aggregate.elements[i].optional)
            json_array_append_new(optional, json_integer((json_int_t)i));
    }
    return json_pack("{s:{s:o,s:o}}", "listExpr", "elements", elements, "optionalIndices",
                     optional);
}

static json_t *dump_entries(const struct cel_node *node)
{
    json_t *entries = json_array();

    for (size_t i = 0; i < node->aggregate.count; i++) {
        const struct cel_element *element = &node->aggregate.elements[i];
        json_t *entry = json_pack("{s:o,s:b}", "value", dump(element->value), "optionalEntry",
                                  element->optional);

        if (element->key)
            json_object_set_new(entry, "mapKey", dump(element->key));
        else
            json_object_set_new(entry, "fieldKey", json_string(element->field));
        json_array_append_new(entries, entry);
    }
    return json_pack("{s:{s:s,s:o}}", "structExpr", "messageName",
                     node->aggregate.message ? node->aggregate.message : "", "entries", entries);
}

static json_t *dump_comprehension(const struct cel_comprehension *fold)
{
    return json_pack("{s:{s:s,s:s,s:o,s:s,s:o,s:o,s:o,s:o}}", "comprehensionExpr", "iterVar",
                     fold->var, "iterVar2", fold->var2 ? fold->var2 : "", "iterRange",
                     dump(fold->range), "accuVar", fold->accu, "accuInit", dump(fold->init),
                     "loopCondition", dump(fold->condition), "loopStep", dump(fold->step), "result",
                     dump(fold->result));
}

static json_t *dump(const struct cel_node *node)
{
    switch (node->kind) {
    case CEL_NODE_LITERAL:
        return json_pack("{s:o}", "constExpr", dump_literal(node->literal));
    case CEL_NODE_IDENT:
        return json_pack("{s:{s:s}}", "identExpr", "name", node->name);
    case CEL_NODE_SELECT:
        return json_pack("{s:{s:o,s:s,s:b}}", "selectExpr", "operand", dump(node->select.operand),
                         "field", node->select.field, "testOnly", node->select.test);
    case CEL_NODE_CALL:
        return dump_call(node);
    case CEL_NODE_LIST:
        return dump_list(node);
    case CEL_NODE_MAP:
    case CEL_NODE_MESSAGE:
        return dump_entries(node);
    case CEL_NODE_COMPREHENSION:
        return dump_comprehension(&node->comprehension);
    }
    return NULL;
}

static json_t *answer(const struct cel_env *env, const json_t *request)
{
    const json_t *source = json_object_get(request, "expr");
    struct cel_arena *arena = cel_arena_create(CEL_TREE_BYTES);
    struct cel_issues issues = {0};
    struct error err = {0};
    const struct cel_node *tree;
    json_t *made;

    if (!json_is_string(source) || !arena) {
        cel_arena_destroy(arena);
        return json_pack("{s:s}", "error", "no expression");
    }
    tree = cel_parse(env, json_string_value(source), json_string_length(source), arena, &issues);
    if (tree) {
        made = json_pack("{s:o}", "tree", dump(tree));
    } else {
        cel_issues_error(&issues, &err);
        made = json_pack("{s:s}", "error", error_text(&err));
    }
    cel_issues_clear(&issues);
    cel_arena_destroy(arena);
    return made;
}

int main(void)
{
    struct error err = {0};
    struct cel_env *env = cel_env_create(cel_libraries, &err);
    char *line = NULL;
    size_t room = 0;

    if (!env) {
        fprintf(stderr, "%s\n", error_text(&err));
        return EXIT_FAILURE;
    }
    while (getline(&line, &room, stdin) > 0) {
        json_t *request = json_loads(line, JSON_ALLOW_NUL, NULL), *made = answer(env, request);

        json_dumpf(made, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(made);
        json_decref(request);
    }
    free(line);
    cel_env_destroy(env);
    return EXIT_SUCCESS;
}
