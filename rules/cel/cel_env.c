/* cel_env.c - see cel_env.h. Variables stand in the order of their slots, functions in the order of
 * their names; all of them in the environment's arena. */
#include "rules/cel/cel_env.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_lexer.h"
#include "rules/cel/cel_nearest.h"
#include "rules/cel/cel_signature.h"

#define ARENA_MAX (4 * 1024 * 1024)
#define FUNCTIONS_MAX 512
#define OVERLOADS_MAX 64 /* of one name: _==_ has the most, one of each pair of types */

struct variable {
    const char *name;
    const struct cel_type *type;
};

struct function {
    const char *name;
    struct cel_signature *signatures; /* owned */
    size_t count;
};

struct cel_env {
    struct cel_arena *arena;
    const char *container;
    struct variable variables[CEL_VARIABLES_MAX];
    size_t variable_count;
    struct function functions[FUNCTIONS_MAX];
    size_t function_count;
};

/* ---- functions ---- */

/* Where the function of this name stands, or would. */
static size_t find_function(const struct cel_env *env, const char *name, bool *ret_found)
{
    size_t low = 0, high = env->function_count;

    *ret_found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, env->functions[middle].name);

        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static struct function *function_of(struct cel_env *env, const char *name, struct error *err)
{
    bool found;
    size_t at = find_function(env, name, &found);

    if (found)
        return &env->functions[at];
    if (env->function_count == FUNCTIONS_MAX) {
        error_set_code(err, ERROR_INVALID, "more than %d functions", FUNCTIONS_MAX);
        return NULL;
    }
    memmove(&env->functions[at + 1], &env->functions[at],
            (env->function_count - at) * sizeof(env->functions[0]));
    env->function_count++;
    env->functions[at] = (struct function){.name = name};
    return &env->functions[at];
}

/* 'overload' is borrowed. */
static int add_overload(struct cel_env *env, const struct cel_overload *overload, struct error *err)
{
    struct cel_signature signature = {.overload = overload}, *grown;
    struct function *function;

    if (cel_signature_parse(env->arena, overload->signature, &signature, err) < 0)
        return error_prefix(err, "%s", overload->function);
    function = function_of(env, overload->function, err);
    if (!function)
        return -1;
    if (function->count == OVERLOADS_MAX)
        return error_set_code(err, ERROR_INVALID, "%s: more than %d overloads", function->name,
                              OVERLOADS_MAX);
    grown = realloc(function->signatures, (function->count + 1) * sizeof(*grown));
    if (!grown)
        return error_no_memory(err);
    function->signatures = grown;
    grown[function->count++] = signature;
    return 0;
}

int cel_env_declare_function(struct cel_env *env, const char *function, const char *signature,
                             struct error *err)
{
    struct cel_overload *overload = cel_arena_take(env->arena, sizeof(*overload));

    if (!overload)
        return error_no_memory(err);
    if (strlen(function) == 0 || strlen(function) > CEL_NAME_BYTES_MAX)
        return error_set_code(err, ERROR_INVALID, "a function's name has 1 to %d letters",
                              CEL_NAME_BYTES_MAX);
    overload->function = cel_arena_copy(env->arena, function, strlen(function));
    overload->signature = cel_arena_copy(env->arena, signature, strlen(signature));
    if (!overload->function || !overload->signature)
        return error_no_memory(err);
    return add_overload(env, overload, err);
}

const struct cel_signature *cel_env_signatures(const struct cel_env *env, const char *function,
                                               size_t *ret_count)
{
    bool found;
    size_t at = find_function(env, function, &found);

    *ret_count = found ? env->functions[at].count : 0;
    return found ? env->functions[at].signatures : NULL;
}

/* ---- the environment ---- */

struct cel_env *cel_env_create(struct error *err)
{
    struct cel_env *env = calloc(1, sizeof(*env));

    if (!env || !(env->arena = cel_arena_create(ARENA_MAX))) {
        error_no_memory(err);
        cel_env_destroy(env);
        return NULL;
    }
    env->container = "";
    for (const struct cel_library *const *library = cel_libraries; *library; library++) {
        for (size_t i = 0; i < (*library)->count; i++) {
            if (add_overload(env, &(*library)->overloads[i], err) < 0) {
                error_prefix(err, "%s", (*library)->name);
                cel_env_destroy(env);
                return NULL;
            }
        }
    }
    return env;
}

void cel_env_destroy(struct cel_env *env)
{
    if (!env)
        return;
    for (size_t i = 0; i < env->function_count; i++)
        free(env->functions[i].signatures);
    cel_arena_destroy(env->arena);
    free(env);
}

/* ---- names ---- */

/* "a.b.c", each part a word: a reserved one can be a field's name and is harmless elsewhere. */
static int check_name(const char *name, struct error *err)
{
    char shown[TEXT_SHOW_SIZE];

    if (strlen(name) > CEL_NAME_BYTES_MAX)
        return error_set_code(err, ERROR_INVALID, "a name has at most %d letters",
                              CEL_NAME_BYTES_MAX);
    for (const char *part = name;; part++) {
        size_t length = strcspn(part, ".");

        if (!cel_lexer_is_word(part, length))
            return error_set_code(err, ERROR_INVALID,
                                  "'%s' is not a name: letters, digits and '_' between dots",
                                  text_show(name, shown));
        part += length;
        if (!*part)
            return 0;
    }
}

/* Whether 'inner' is 'outer' or a name below it. */
static bool is_within(const char *inner, const char *outer)
{
    size_t length = strlen(outer);

    return strncmp(inner, outer, length) == 0 && (!inner[length] || inner[length] == '.');
}

int cel_env_declare(struct cel_env *env, const char *name, const char *type, int *ret_slot,
                    struct error *err)
{
    struct variable variable;

    if (check_name(name, err) < 0)
        return -1;
    if (cel_env_find(env, name, NULL) >= 0)
        return error_set_code(err, ERROR_CONFLICT, "'%s' is declared already", name);
    if (env->variable_count == CEL_VARIABLES_MAX)
        return error_set_code(err, ERROR_INVALID, "more than %d variables", CEL_VARIABLES_MAX);
    variable.type = cel_type_parse(env->arena, type, err);
    if (!variable.type)
        return error_prefix(err, "'%s'", name);
    variable.name = cel_arena_copy(env->arena, name, strlen(name));
    if (!variable.name)
        return error_no_memory(err);
    if (ret_slot)
        *ret_slot = (int)env->variable_count;
    env->variables[env->variable_count++] = variable;
    return 0;
}

int cel_env_set_container(struct cel_env *env, const char *container, struct error *err)
{
    const char *copy;

    if (*container && check_name(container, err) < 0)
        return error_prefix(err, "container");
    copy = cel_arena_copy(env->arena, container, strlen(container));
    if (!copy)
        return error_no_memory(err);
    env->container = copy;
    return 0;
}

const char *cel_env_container(const struct cel_env *env)
{
    return env->container;
}

size_t cel_env_slots(const struct cel_env *env)
{
    return env->variable_count;
}

const char *cel_env_slot_name(const struct cel_env *env, int slot)
{
    return env->variables[slot].name;
}

const struct cel_type *cel_env_slot_type(const struct cel_env *env, int slot)
{
    return env->variables[slot].type;
}

int cel_env_find(const struct cel_env *env, const char *name, const struct cel_type **ret_type)
{
    for (size_t i = 0; i < env->variable_count; i++) {
        if (strcmp(env->variables[i].name, name) == 0) {
            if (ret_type)
                *ret_type = env->variables[i].type;
            return (int)i;
        }
    }
    return -1;
}

const char *cel_env_first_within(const struct cel_env *env, const char *name)
{
    for (size_t i = 0; i < env->variable_count; i++) {
        if (is_within(env->variables[i].name, name))
            return env->variables[i].name;
    }
    return NULL;
}

const char *cel_env_nearest(const struct cel_env *env, const char *wrong, bool function)
{
    struct cel_nearest nearest = {.wrong = wrong};

    for (size_t i = 0; !function && i < env->variable_count; i++)
        cel_nearest_offer(&nearest, env->variables[i].name);
    for (size_t i = 0; function && i < env->function_count; i++) {
        if (!strchr("_@!-", env->functions[i].name[0])) /* an operator has no name of its own */
            cel_nearest_offer(&nearest, env->functions[i].name);
    }
    return nearest.name;
}
