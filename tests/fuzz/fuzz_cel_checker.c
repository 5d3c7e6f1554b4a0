/* fuzz_cel_checker.c - storey: rules. An expression of CEL over declared names: it is refused with
 * issues, or every node of it has a type without anything left open, and finding types again finds
 * the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_check.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_type.h"
#include "rules/cel/syntax/cel_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char *const VARIABLES[][2] = {
    {"b", "bool"},
    {"i", "int"},
    {"u", "uint"},
    {"d", "double"},
    {"s", "string"},
    {"y", "bytes"},
    {"t", "timestamp"},
    {"p", "duration"},
    {"x", "dyn"},
    {"l", "list<int>"},
    {"m", "map<string, list<string>>"},
    {"o", "optional<map<string, int>>"},
    {"a.b", "string"},
    {"a.b.c", "int"},
    {"a.d", "dyn"},
    {"q", "acme.pair<int, string>"},
    {"w", "wrapper<int>"},
};

static const char *const FUNCTIONS[][2] = {
    {"pair", "(A, B) -> acme.pair<A, B>"}, {"first", "acme.pair<A, B>.() -> A"},
    {"lib.f", "(list<A>) -> A"},           {"lib.f", "(map<A, B>) -> B"},
    {"none", "() -> optional<T>"},
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct cel_env *declare(void)
{
    struct cel_env *env = cel_env_create(cel_libraries, NULL);

    require(env);
    for (size_t i = 0; i < sizeof(VARIABLES) / sizeof(VARIABLES[0]); i++)
        require(cel_env_declare(env, VARIABLES[i][0], VARIABLES[i][1], NULL, NULL) == 0);
    for (size_t i = 0; i < sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0]); i++)
        require(cel_env_declare_function(env, FUNCTIONS[i][0], FUNCTIONS[i][1], NULL) == 0);
    require(cel_env_set_container(env, "a", NULL) == 0);
    return env;
}

static void closed(const struct cel_type *type)
{
    require(type && type->form != CEL_TYPE_PARAMETER && type->name);
    for (size_t i = 0; i < type->count; i++)
        closed(type->parameters[i]);
}

static void walk(void *context, struct cel_node *node)
{
    closed(node->type);
    require(node->slot < 0 || !node->type_value);
    require(node->kind != CEL_NODE_MESSAGE || node->aggregate.shape); /* else refused */
    cel_tree_children(node, walk, context);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const struct cel_env *env;
    const char *source = (const char *)bytes;
    struct cel_arena *arena = cel_arena_create(2 * CEL_TREE_BYTES);
    struct cel_issues issues = {0};
    struct cel_node *tree;

    if (!env)
        env = declare();
    require(arena);
    tree = cel_parse(env, source, length, arena, &issues);
    if (tree && cel_check(env, tree, source, length, arena, &issues) == 0) {
        const struct cel_type *type = tree->type;

        require(issues.count == 0);
        walk(NULL, tree);
        require(cel_check(env, tree, source, length, arena, &issues) == 0);
        require(cel_type_equal(type, tree->type));
    } else {
        require(issues.count > 0);
    }
    cel_issues_clear(&issues);
    cel_arena_destroy(arena);
    return 0;
}
