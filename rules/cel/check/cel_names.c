/* cel_names.c - cel_resolve() of cel_check.h. A name is looked for in the container and in all that
 * are around it, innermost first; one with a leading dot only by itself. The variables of
 * comprehensions hide all others.
 * Spec: the public CEL language definition, "Name Resolution". */
#include <stdio.h>
#include <string.h>

#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_check.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_type.h"
#include "rules/cel/check/cel_scope.h"
#include "rules/cel/env/cel_messages.h"
#include "rules/cel/syntax/cel_tree.h"

/* The one enum that the language itself knows is null. */
#define NULL_VALUE "google.protobuf.NullValue.NULL_VALUE"

/* The names that 'name' may stand for: a.b.name, a.name, name. */
struct candidates {
    const char *name;
    const char *container;
    size_t length; /* of the container's part that comes next */
    bool done;
    char text[CEL_DOTTED_MAX + CEL_NAME_BYTES_MAX];
};

static struct candidates begin(const struct cel_env *env, const char *name)
{
    struct candidates candidates = {.name = name, .container = cel_env_container(env)};

    if (name[0] == '.')
        candidates.name++;
    else
        candidates.length = strlen(candidates.container);
    return candidates;
}

static const char *next(struct candidates *candidates)
{
    if (candidates->done)
        return NULL;
    if (candidates->length == 0) {
        candidates->done = true;
        return candidates->name;
    }
    snprintf(candidates->text, sizeof(candidates->text), "%.*s.%s", (int)candidates->length,
             candidates->container, candidates->name);
    do
        candidates->length--;
    while (candidates->length > 0 && candidates->container[candidates->length] != '.');
    return candidates->text;
}

/* The variable, type or constant of that name. */
static bool names_value(const struct cel_env *env, const char *name, struct cel_node *node)
{
    struct candidates candidates = begin(env, name);

    for (const char *candidate; (candidate = next(&candidates));) {
        const struct cel_type *type;

        node->slot = cel_env_find(env, candidate, NULL);
        if (node->slot >= 0)
            return true;
        type = cel_type_named(candidate);
        if (type) {
            node->type_value = cel_kind_name(type->kind);
            return true;
        }
        if (strcmp(candidate, NULL_VALUE) == 0) {
            bool asked = node->kind == CEL_NODE_SELECT && node->select.test;

            node->kind = CEL_NODE_LITERAL;
            node->literal = asked ? cel_bool(true) : cel_null();
            return true;
        }
    }
    return false;
}

/* The function of that name which has no receiver, as the environment spells it. */
static const char *names_function(const struct cel_env *env, const char *name)
{
    struct candidates candidates = begin(env, name);

    for (const char *candidate; (candidate = next(&candidates));) {
        size_t count;
        const struct cel_signature *signatures = cel_env_signatures(env, candidate, &count);

        for (size_t i = 0; i < count; i++) {
            if (!signatures[i].receiver)
                return signatures[i].overload->function;
        }
    }
    return NULL;
}

static void resolve(const struct cel_env *env, const struct cel_scope *scope,
                    struct cel_node *node);

static void resolve_name(const struct cel_env *env, const struct cel_scope *scope,
                         struct cel_node *node)
{
    char name[CEL_DOTTED_MAX];

    if (cel_scope_dotted(scope, node, name) && names_value(env, name, node))
        return;
    if (node->kind == CEL_NODE_SELECT)
        resolve(env, scope, node->select.operand);
}

static void resolve_call(const struct cel_env *env, const struct cel_scope *scope,
                         struct cel_node *node)
{
    struct cel_node *target = node->call.target;
    char name[CEL_DOTTED_MAX + CEL_NAME_BYTES_MAX + 2] = "";
    const char *function = NULL;

    if (!target) {
        function = names_function(env, node->call.function);
    } else if (strlen(node->call.function) <= CEL_NAME_BYTES_MAX &&
               cel_scope_dotted(scope, target, name)) {
        strcat(name, ".");
        strcat(name, node->call.function);
        function = strlen(name) <= CEL_NAME_BYTES_MAX ? names_function(env, name) : NULL;
    }
    if (function) {
        node->call.function = function;
        node->call.target = NULL;
    } else if (target) {
        resolve(env, scope, target);
    }
    for (size_t i = 0; i < node->call.count; i++)
        resolve(env, scope, node->call.args[i]);
}

static void resolve_comprehension(const struct cel_env *env, const struct cel_scope *scope,
                                  struct cel_comprehension *fold)
{
    struct cel_scope accu = {.outer = scope, .name = fold->accu};
    struct cel_scope var = {.outer = &accu, .name = fold->var};
    struct cel_scope var2 = {.outer = &var, .name = fold->var2 ? fold->var2 : fold->var};

    resolve(env, scope, fold->range);
    resolve(env, scope, fold->init);
    resolve(env, &var2, fold->condition);
    resolve(env, &var2, fold->step);
    resolve(env, &accu, fold->result);
}

/* The message of that name. */
static const struct cel_shape *names_message(const struct cel_env *env, const char *name)
{
    const struct cel_shape *shape = NULL;
    struct candidates candidates;

    if (strlen(name) > CEL_NAME_BYTES_MAX)
        return NULL;
    candidates = begin(env, name);
    for (const char *candidate; !shape && (candidate = next(&candidates));)
        shape = cel_messages_find(cel_env_messages(env), candidate);
    return shape;
}

struct place {
    const struct cel_env *env;
    const struct cel_scope *scope;
};

static void resolve_child(void *context, struct cel_node *child)
{
    const struct place *place = context;

    resolve(place->env, place->scope, child);
}

static void resolve(const struct cel_env *env, const struct cel_scope *scope, struct cel_node *node)
{
    struct place place = {env, scope};

    switch (node->kind) {
    case CEL_NODE_IDENT:
    case CEL_NODE_SELECT:
        resolve_name(env, scope, node);
        break;
    case CEL_NODE_CALL:
        resolve_call(env, scope, node);
        break;
    case CEL_NODE_COMPREHENSION:
        resolve_comprehension(env, scope, &node->comprehension);
        break;
    case CEL_NODE_MESSAGE:
        node->aggregate.shape = names_message(env, node->aggregate.message);
        cel_tree_children(node, resolve_child, &place);
        break;
    default:
        cel_tree_children(node, resolve_child, &place);
    }
}

void cel_resolve(const struct cel_env *env, struct cel_node *tree)
{
    resolve(env, NULL, tree);
}
