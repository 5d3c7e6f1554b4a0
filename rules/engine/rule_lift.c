/* rule_lift.c - see rule_lift.h. The match was compiled before: it is parsed once more, for its
 * shape. */
#include "rules/engine/rule_lift.h"

#include <stdbool.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_check.h"
#include "rules/cel/cel_issues.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_names.h"

struct lifting {
    struct cel_arena *arena;
    struct rule_lift *lifts;
    size_t count;
};

static bool is_call(const struct cel_node *node, const char *function, size_t count)
{
    return node->kind == CEL_NODE_CALL && !node->call.target && node->call.count == count &&
           strcmp(node->call.function, function) == 0;
}

/* A name of the table, or fields below one: a let is not looked through. */
static bool read_path(const struct lifting *lifting, const struct cel_node *node,
                      struct rule_path *path)
{
    char *field;

    if ((node->kind == CEL_NODE_IDENT || node->kind == CEL_NODE_SELECT) && node->slot >= 0) {
        *path = (struct rule_path){.slot = node->slot};
        return (size_t)node->slot < rule_name_count &&
               !(node->kind == CEL_NODE_SELECT && node->select.test);
    }
    if (node->kind != CEL_NODE_SELECT || node->select.test ||
        !read_path(lifting, node->select.operand, path) || path->count == RULE_PATH_MAX)
        return false;
    field = cel_arena_copy(lifting->arena, node->select.field, strlen(node->select.field));
    path->fields[path->count++] = field;
    return field != NULL;
}

static bool read_text(const struct lifting *lifting, const struct cel_node *node, const char **ret)
{
    struct cel_value value = node->literal;

    if (node->kind != CEL_NODE_LITERAL || !cel_is(value, CEL_STRING) ||
        (value.extra && memchr(value.text, '\0', value.extra)))
        return false;
    *ret = cel_arena_copy(lifting->arena, value.text, value.extra);
    return *ret != NULL;
}

static bool read_texts(const struct lifting *lifting, const struct cel_node *node,
                       struct rule_lift *lift)
{
    if (node->kind != CEL_NODE_LIST || node->aggregate.count > RULE_LIFT_TEXTS_MAX)
        return false;
    for (lift->count = 0; lift->count < node->aggregate.count; lift->count++)
        if (node->aggregate.elements[lift->count].optional ||
            !read_text(lifting, node->aggregate.elements[lift->count].value,
                       &lift->texts[lift->count]))
            return false;
    return true;
}

static bool read_lift(const struct lifting *lifting, const struct cel_node *node,
                      struct rule_lift *lift)
{
    if (is_call(node, "@in", 2))
        return read_path(lifting, node->call.args[0], &lift->path) &&
               read_texts(lifting, node->call.args[1], lift);
    if (!is_call(node, "_==_", 2))
        return false;
    lift->count = 1;
    for (size_t i = 0; i < 2; i++)
        if (read_text(lifting, node->call.args[i], &lift->texts[0]))
            return read_path(lifting, node->call.args[1 - i], &lift->path);
    return false;
}

static void lift_from(struct lifting *lifting, const struct cel_node *node)
{
    if (is_call(node, "_&&_", 2)) {
        lift_from(lifting, node->call.args[0]);
        lift_from(lifting, node->call.args[1]);
        return;
    }
    if (lifting->count < RULE_LIFTS_MAX &&
        read_lift(lifting, node, &lifting->lifts[lifting->count]))
        lifting->count++;
}

size_t rule_lift_match(const struct rule_document *rule, struct cel_arena *arena,
                       struct rule_lift ret[RULE_LIFTS_MAX])
{
    struct lifting lifting = {.arena = arena, .lifts = ret};
    struct cel_issues issues = {0};
    struct cel_arena *trees;
    struct cel_node *tree;

    if (!rule->match.text || !(trees = cel_arena_create(CEL_TREE_BYTES)))
        return 0;
    tree = cel_parse(rule->env, rule->match.text, strlen(rule->match.text), trees, &issues);
    if (tree) {
        cel_resolve(rule->env, tree);
        lift_from(&lifting, tree);
    }
    cel_issues_clear(&issues);
    cel_arena_destroy(trees);
    return lifting.count;
}

struct cel_value rule_path_value(const struct rule_path *path, const struct cel_value *slots)
{
    static const struct cel_value absent = {0};
    struct cel_value value = slots[path->slot];

    for (size_t i = 0; i < path->count; i++) {
        const struct cel_value *found =
            cel_is(value, CEL_MAP)
                ? cel_map_find_text(value.map, path->fields[i], strlen(path->fields[i]))
                : NULL;

        if (!found)
            return absent;
        value = *found;
    }
    return value;
}
