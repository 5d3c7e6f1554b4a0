/* cel_env.c - see cel_env.h. Variables stand in the order of their slots, functions in the order of
 * their names; all of them in the environment's arena. */
#include "rules/cel/cel_env.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/env/cel_messages.h"
#include "rules/cel/env/cel_nearest.h"
#include "rules/cel/env/cel_signature.h"

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
    const struct cel_env *base; /* NULL: none; then it has the functions and messages */
    struct cel_arena *arena;
    const char *container;
    struct variable *variables; /* behind those of 'base' */
    size_t variable_count, variable_room;
    struct function *functions; /* room for FUNCTIONS_MAX */
    size_t function_count;
    struct cel_messages messages;
};

static size_t inherited(const struct cel_env *env)
{
    return env->base ? cel_env_slots(env->base) : 0;
}

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

    if (env->base)
        return error_set_code(err, ERROR_INVALID,
                              "an environment on top of another has its functions");
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
    size_t at;

    if (env->base)
        return cel_env_signatures(env->base, function, ret_count);
    at = find_function(env, function, &found);
    *ret_count = found ? env->functions[at].count : 0;
    return found ? env->functions[at].signatures : NULL;
}

/* ---- the environment ---- */

static int add_library(struct cel_env *env, const struct cel_library *library, struct error *err)
{
    for (size_t i = 0; i < library->count; i++) {
        if (add_overload(env, &library->overloads[i], err) < 0)
            return error_prefix(err, "%s", library->name);
    }
    for (size_t i = 0; i < library->message_count; i++) {
        if (cel_messages_add(&env->messages, env->arena, &library->messages[i], err) < 0)
            return error_prefix(err, "%s", library->name);
    }
    return 0;
}

struct cel_env *cel_env_create(const struct cel_library *const *libraries, struct error *err)
{
    struct cel_env *env = calloc(1, sizeof(*env));

    if (!env || !(env->arena = cel_arena_create(ARENA_MAX)) ||
        !(env->functions = calloc(FUNCTIONS_MAX, sizeof(*env->functions)))) {
        error_no_memory(err);
        cel_env_destroy(env);
        return NULL;
    }
    env->container = "";
    for (const struct cel_library *const *library = libraries; *library; library++) {
        if (add_library(env, *library, err) < 0) {
            cel_env_destroy(env);
            return NULL;
        }
    }
    return env;
}

struct cel_env *cel_env_extend(const struct cel_env *base, struct error *err)
{
    struct cel_env *env = calloc(1, sizeof(*env));

    if (!env || !(env->arena = cel_arena_create(ARENA_MAX))) {
        error_no_memory(err);
        cel_env_destroy(env);
        return NULL;
    }
    env->base = base;
    env->container = base->container;
    return env;
}

void cel_env_destroy(struct cel_env *env)
{
    if (!env)
        return;
    for (size_t i = 0; i < env->function_count; i++)
        free(env->functions[i].signatures);
    free(env->functions);
    free(env->variables);
    cel_arena_destroy(env->arena);
    free(env);
}

/* ---- names ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* As the lexer reads one. */
static bool is_word(const char *text, size_t length)
{
    if (length == 0 || !is_letter(text[0]))
        return false;
    for (size_t i = 1; i < length; i++) {
        if (!is_letter(text[i]) && !(text[i] >= '0' && text[i] <= '9'))
            return false;
    }
    return true;
}

/* "a.b.c", each part a word: a reserved one can be a field's name and is harmless elsewhere. */
static int check_name(const char *name, struct error *err)
{
    char shown[TEXT_SHOW_SIZE];

    if (strlen(name) > CEL_NAME_BYTES_MAX)
        return error_set_code(err, ERROR_INVALID, "a name has at most %d letters",
                              CEL_NAME_BYTES_MAX);
    for (const char *part = name;; part++) {
        size_t length = strcspn(part, ".");

        if (!is_word(part, length))
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

static int check_fresh(const struct cel_env *env, const char *name, struct error *err)
{
    if (cel_env_find(env, name, NULL) >= 0)
        return error_set_code(err, ERROR_CONFLICT, "'%s' is declared already", name);
    if (cel_env_slots(env) == CEL_VARIABLES_MAX)
        return error_set_code(err, ERROR_INVALID, "more than %d variables", CEL_VARIABLES_MAX);
    return 0;
}

static int make_room(struct cel_env *env, struct error *err)
{
    size_t room = env->variable_room ? env->variable_room * 2 : 8;
    struct variable *grown;

    if (env->variable_count < env->variable_room)
        return 0;
    grown = realloc(env->variables, room * sizeof(*grown));
    if (!grown)
        return error_no_memory(err);
    env->variables = grown;
    env->variable_room = room;
    return 0;
}

int cel_env_declare(struct cel_env *env, const char *name, const char *type, int *ret_slot,
                    struct error *err)
{
    struct variable variable;

    if (check_name(name, err) < 0 || check_fresh(env, name, err) < 0 || make_room(env, err) < 0)
        return -1;
    variable.type = cel_type_parse(env->arena, type, err);
    if (!variable.type)
        return error_prefix(err, "'%s'", name);
    variable.name = cel_arena_copy(env->arena, name, strlen(name));
    if (!variable.name)
        return error_no_memory(err);
    if (ret_slot)
        *ret_slot = (int)cel_env_slots(env);
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

const struct cel_messages *cel_env_messages(const struct cel_env *env)
{
    return env->base ? cel_env_messages(env->base) : &env->messages;
}

size_t cel_env_slots(const struct cel_env *env)
{
    return inherited(env) + env->variable_count;
}

const char *cel_env_slot_name(const struct cel_env *env, int slot)
{
    size_t before = inherited(env);

    return (size_t)slot < before ? cel_env_slot_name(env->base, slot)
                                 : env->variables[(size_t)slot - before].name;
}

const struct cel_type *cel_env_slot_type(const struct cel_env *env, int slot)
{
    size_t before = inherited(env);

    return (size_t)slot < before ? cel_env_slot_type(env->base, slot)
                                 : env->variables[(size_t)slot - before].type;
}

int cel_env_find(const struct cel_env *env, const char *name, const struct cel_type **ret_type)
{
    for (size_t i = 0; i < env->variable_count; i++) {
        if (strcmp(env->variables[i].name, name) == 0) {
            if (ret_type)
                *ret_type = env->variables[i].type;
            return (int)(inherited(env) + i);
        }
    }
    return env->base ? cel_env_find(env->base, name, ret_type) : -1;
}

const char *cel_env_first_within(const struct cel_env *env, const char *name)
{
    for (size_t i = 0; i < env->variable_count; i++) {
        if (is_within(env->variables[i].name, name))
            return env->variables[i].name;
    }
    return env->base ? cel_env_first_within(env->base, name) : NULL;
}

const char *cel_env_nearest(const struct cel_env *env, const char *wrong, bool function)
{
    struct cel_nearest nearest = {.wrong = wrong};

    size_t slots = cel_env_slots(env);

    if (function && env->base)
        return cel_env_nearest(env->base, wrong, true);
    for (size_t i = 0; !function && i < slots; i++)
        cel_nearest_offer(&nearest, cel_env_slot_name(env, (int)i));
    for (size_t i = 0; function && i < env->function_count; i++) {
        if (!strchr("_@!-", env->functions[i].name[0])) /* an operator has no name of its own */
            cel_nearest_offer(&nearest, env->functions[i].name);
    }
    return nearest.name;
}
