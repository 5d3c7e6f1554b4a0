/* cel_infer.c - see cel_infer.h. Each walk over a type counts its steps and its depth: types are
 * graphs that share parts, and a walk over one that doubles at each level would never end. */
#include "rules/cel/check/cel_infer.h"

#include <string.h>

#include "rules/cel/cel_arena.h"

/* Every type of form PARAMETER here is the first member of one of these. */
struct variable {
    struct cel_type type;
    const struct cel_type *found; /* NULL: nothing yet */
};

struct cel_binding {
    struct cel_binding *before;
    struct variable *variable;
    const struct cel_type *found; /* what it was until then */
};

static struct variable *variable_of(const struct cel_type *type)
{
    return (struct variable *)type; /* none of them is const */
}

static bool is_variable(const struct cel_type *type)
{
    return type->form == CEL_TYPE_PARAMETER;
}

static bool is_dyn(const struct cel_type *type)
{
    return type->form == CEL_TYPE_DYN;
}

/* False: too much of it; the caller says the simplest thing there is. */
static bool spend(struct cel_infer *infer, int depth)
{
    if (infer->steps >= CEL_INFER_STEPS_MAX || depth > CEL_INFER_DEPTH_MAX)
        infer->exhausted = true;
    infer->steps++;
    return !infer->exhausted;
}

static void *take(struct cel_infer *infer, size_t size)
{
    void *taken = infer->exhausted ? NULL : cel_arena_take(infer->arena, size);

    if (!taken)
        infer->exhausted = true;
    return taken;
}

/* ---- making types ---- */

const struct cel_type *cel_infer_fresh(struct cel_infer *infer)
{
    struct variable *variable = take(infer, sizeof(*variable));

    if (!variable)
        return &cel_type_dyn;
    variable->type.form = CEL_TYPE_PARAMETER;
    variable->type.name = "_";
    return &variable->type;
}

static const struct cel_type *with(struct cel_infer *infer, const struct cel_type *type,
                                   const struct cel_type *const *parameters, size_t count)
{
    const struct cel_type *made =
        infer->exhausted ? NULL : cel_type_with(infer->arena, type, parameters, count);

    if (made)
        return made;
    infer->exhausted = true;
    return &cel_type_dyn;
}

const struct cel_type *cel_infer_of(struct cel_infer *infer, enum cel_kind kind,
                                    const struct cel_type *first, const struct cel_type *second)
{
    const struct cel_type *parameters[] = {first, second};

    return with(infer, cel_type_of(kind), parameters, second ? 2 : 1);
}

/* The type, or a copy in which each of its parameters went through 'each'. */
static const struct cel_type *
rebuilt(struct cel_infer *infer, const struct cel_type *type, void *context, int depth,
        const struct cel_type *(*each)(struct cel_infer *infer, const struct cel_type *type,
                                       void *context, int depth))
{
    const struct cel_type *parameters[CEL_TYPE_PARAMETERS_MAX];
    bool same = true;

    for (size_t i = 0; i < type->count; i++) {
        parameters[i] = each(infer, type->parameters[i], context, depth + 1);
        same = same && parameters[i] == type->parameters[i];
    }
    return same ? type : with(infer, type, parameters, type->count);
}

static const struct cel_type *instance(struct cel_infer *infer, const struct cel_type *type,
                                       void *context, int depth)
{
    struct cel_infer_names *known = context;

    if (!spend(infer, depth))
        return &cel_type_dyn;
    if (!is_variable(type))
        return rebuilt(infer, type, context, depth, instance);
    for (size_t i = 0; i < known->count; i++) {
        if (strcmp(known->names[i], type->name) == 0)
            return known->variables[i];
    }
    if (known->count == sizeof(known->names) / sizeof(known->names[0]))
        return &cel_type_dyn;
    known->names[known->count] = type->name;
    known->variables[known->count] = cel_infer_fresh(infer);
    return known->variables[known->count++];
}

const struct cel_type *cel_infer_instance(struct cel_infer *infer, const struct cel_type *type,
                                          struct cel_infer_names *known)
{
    return instance(infer, type, known, 0);
}

const struct cel_type *cel_infer_known(const struct cel_type *type)
{
    while (is_variable(type) && variable_of(type)->found)
        type = variable_of(type)->found;
    return type;
}

static const struct cel_type * final(struct cel_infer *infer, const struct cel_type *type,
                                     void *context, int depth)
{
    type = cel_infer_known(type);
    if (!spend(infer, depth) || is_variable(type))
        return &cel_type_dyn;
    return rebuilt(infer, type, context, depth, final);
}

const struct cel_type *cel_infer_final(struct cel_infer *infer, const struct cel_type *type)
{
    return final(infer, type, NULL, 0);
}

/* ---- what is found out ---- */

static bool found(struct cel_infer *infer, struct variable *variable, const struct cel_type *type)
{
    struct cel_binding *change = take(infer, sizeof(*change));

    if (!change)
        return false;
    *change = (struct cel_binding){
        .before = infer->changes, .variable = variable, .found = variable->found};
    infer->changes = change;
    variable->found = type;
    return true;
}

static void take_back(struct cel_infer *infer, struct cel_binding *mark)
{
    for (; infer->changes != mark; infer->changes = infer->changes->before)
        infer->changes->variable->found = infer->changes->found;
}

/* Whether the variable is a part of the type: then it cannot be that type. */
static bool occurs(struct cel_infer *infer, const struct variable *variable,
                   const struct cel_type *type, int depth)
{
    if (!spend(infer, depth))
        return true;
    while (is_variable(type)) {
        if (variable_of(type) == variable)
            return true;
        if (!variable_of(type)->found)
            return false;
        type = variable_of(type)->found;
    }
    for (size_t i = 0; i < type->count; i++) {
        if (occurs(infer, variable, type->parameters[i], depth + 1))
            return true;
    }
    return false;
}

/* Null may stand for what has no plain zero: the types that are messages elsewhere. */
static bool takes_null(const struct cel_type *type)
{
    if (type->form == CEL_TYPE_OPAQUE || type->nullable)
        return true;
    switch (type->kind) {
    case CEL_NULL:
    case CEL_TIMESTAMP:
    case CEL_DURATION:
    case CEL_OPTIONAL:
    case CEL_ADDRESS:
    case CEL_CIDR:
        return true;
    default:
        return false;
    }
}

static bool is_null(const struct cel_type *type)
{
    return type->form == CEL_TYPE_KIND && type->kind == CEL_NULL;
}

/* Whether all values of 'right' are of 'left', too, or the two are equal. */
static bool is_general(struct cel_infer *infer, const struct cel_type *left,
                       const struct cel_type *right, int depth)
{
    left = cel_infer_known(left);
    right = cel_infer_known(right);
    if (!spend(infer, depth) || is_dyn(left) || is_variable(left))
        return true;
    if (is_dyn(right) || is_variable(right))
        return false;
    if (is_null(right))
        return takes_null(left);
    if (left->form != right->form || left->kind != right->kind ||
        (right->nullable && !left->nullable))
        return false;
    if (left->form == CEL_TYPE_KIND && left->kind == CEL_TYPE)
        return true;
    if (left->count != right->count ||
        (left->form == CEL_TYPE_OPAQUE && strcmp(left->name, right->name) != 0))
        return false;
    for (size_t i = 0; i < left->count; i++) {
        if (!is_general(infer, left->parameters[i], right->parameters[i], depth + 1))
            return false;
    }
    return true;
}

static bool assignable(struct cel_infer *infer, const struct cel_type *from,
                       const struct cel_type *to, int depth);

/* 0, 1; -1: nothing is known of the variable, and it cannot be that type. */
static int is_or_becomes(struct cel_infer *infer, struct variable *variable,
                         const struct cel_type *type, int depth)
{
    const struct cel_type *now = variable->found, *general;

    if (!now)
        return !occurs(infer, variable, type, depth) && found(infer, variable, type) ? 1 : -1;
    if (now == type)
        return 1;
    if (!assignable(infer, type, now, depth + 1))
        return 0;
    general = is_general(infer, type, now, depth) ? type : now;
    if (general != now && !occurs(infer, variable, general, depth))
        return found(infer, variable, general);
    return 1;
}

static bool assignable(struct cel_infer *infer, const struct cel_type *from,
                       const struct cel_type *to, int depth)
{
    if (from == to || !spend(infer, depth))
        return true;
    if (is_variable(to)) {
        int is = is_or_becomes(infer, variable_of(to), from, depth);

        if (is >= 0)
            return is;
    }
    if (is_variable(from))
        return is_or_becomes(infer, variable_of(from), to, depth) == 1;
    if (is_variable(to))
        return false;
    if (is_dyn(from) || is_dyn(to))
        return true;
    if (is_null(from) || is_null(to))
        return takes_null(is_null(from) ? to : from);
    if (from->form != to->form || from->kind != to->kind)
        return false;
    if (from->form == CEL_TYPE_KIND && from->kind == CEL_TYPE)
        return true;
    if (from->count != to->count ||
        (from->form == CEL_TYPE_OPAQUE && strcmp(from->name, to->name) != 0))
        return false;
    for (size_t i = 0; i < from->count; i++) {
        if (!assignable(infer, from->parameters[i], to->parameters[i], depth + 1))
            return false;
    }
    return true;
}

bool cel_infer_all_assignable(struct cel_infer *infer, const struct cel_type *const *from,
                              const struct cel_type *const *to, size_t count)
{
    struct cel_binding *mark = infer->changes;

    for (size_t i = 0; i < count; i++) {
        if (!assignable(infer, from[i], to[i], 0)) {
            take_back(infer, mark);
            return false;
        }
    }
    return true;
}

bool cel_infer_assignable(struct cel_infer *infer, const struct cel_type *from,
                          const struct cel_type *to)
{
    return cel_infer_all_assignable(infer, &from, &to, 1);
}

const struct cel_type *cel_infer_join(struct cel_infer *infer, const struct cel_type *left,
                                      const struct cel_type *right)
{
    if (!left)
        return right;
    if (!cel_infer_assignable(infer, left, right))
        return &cel_type_dyn;
    return is_general(infer, left, right, 0) ? left : right;
}
