/* cel_check_unknown.c - what is said of names that nothing is known of: who reads it made a slip,
 * and should see at once which. See cel_checker.h. */
#include <stdio.h>
#include <string.h>

#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/check/cel_checker.h"
#include "rules/cel/env/cel_nearest.h"
#include "rules/cel/syntax/cel_macros.h"

/* Cuts a dotted name behind its first 'parts' parts; false: it has fewer. */
static bool first_parts(const char *name, size_t parts, char out[CEL_DOTTED_MAX])
{
    size_t length = 0;

    while (parts-- > 0) {
        if (length > 0 && !name[length])
            return false;
        length += length > 0;
        length += strcspn(name + length, ".");
    }
    memcpy(out, name, length);
    out[length] = '\0';
    return true;
}

/* Of the variables below 'prefix' the one whose name from there on is nearest. */
static const char *nearest_below(struct cel_checker *checker, const char *prefix, const char *wrong)
{
    struct cel_nearest nearest = {.wrong = wrong};
    size_t length = strlen(prefix);

    for (size_t slot = 0; slot < cel_env_slots(checker->env); slot++) {
        const char *name = cel_env_slot_name(checker->env, (int)slot);

        if (strncmp(name, prefix, length) == 0 && name[length] == '.')
            cel_nearest_offer(&nearest, name + length + 1);
    }
    return nearest.name ? nearest.name - length - 1 : NULL;
}

/* A name below which others are declared, but not the next part of it: "event.tpye". */
static bool is_below(struct cel_checker *checker, uint32_t offset, const char *name)
{
    char part[CEL_DOTTED_MAX], wrong[CEL_DOTTED_MAX];
    const char *within;
    size_t parts = 0;

    while (first_parts(name, parts + 1, part) && cel_env_first_within(checker->env, part))
        parts++;
    if (parts == 0)
        return false;
    if (!first_parts(name, parts + 1, wrong)) {
        within = cel_env_first_within(checker->env, name);
        cel_checker_fault(checker, offset, "'%s' is no value by itself, only what is below it: %s",
                          name, within);
        return true;
    }
    first_parts(name, parts, part);
    within = nearest_below(checker, part, wrong + strlen(part) + 1);
    if (within)
        cel_checker_fault(checker, offset, "undeclared reference to '%s'; did you mean '%s'?",
                          wrong, within);
    else
        cel_checker_fault(checker, offset, "undeclared reference to '%s'", wrong);
    return true;
}

/* The nearest variable of a comprehension, or declared, to the name or its beginning. */
static const char *nearest_to(struct cel_checker *checker, const struct cel_scope *scope,
                              const char *name, char wrong[CEL_DOTTED_MAX])
{
    struct cel_nearest local = {.wrong = wrong};

    first_parts(name, 1, wrong);
    for (; scope; scope = scope->outer) {
        if (scope->name[0] != '@')
            cel_nearest_offer(&local, scope->name);
    }
    if (local.name)
        return local.name;
    for (size_t parts = 3; parts > 0; parts--) {
        const char *nearest;

        if (!first_parts(name, parts, wrong))
            continue;
        nearest = cel_env_nearest(checker->env, wrong, false);
        if (nearest)
            return nearest;
    }
    return NULL; /* 'wrong' is the first part alone */
}

const struct cel_type *cel_checker_unknown(struct cel_checker *checker,
                                           const struct cel_scope *scope, uint32_t offset,
                                           const char *name)
{
    char wrong[CEL_DOTTED_MAX];
    const char *nearest;
    size_t count;

    name += name[0] == '.';
    if (checker->issues->count >= CEL_ISSUES_MAX) /* not shown: not worth a search */
        return cel_checker_fault(checker, offset, "undeclared reference");
    if (is_below(checker, offset, name))
        return &cel_type_dyn;
    nearest = nearest_to(checker, scope, name, wrong);
    if (nearest)
        return cel_checker_fault(
            checker, offset, "undeclared reference to '%s'; did you mean '%s'?", wrong, nearest);
    cel_env_signatures(checker->env, wrong, &count);
    if (count > 0)
        return cel_checker_fault(checker, offset, "'%s' is a function: it is called as %s(...)",
                                 wrong, wrong);
    return cel_checker_fault(checker, offset, "undeclared reference to '%s'", wrong);
}

bool cel_checker_unknown_qualified(struct cel_checker *checker, const struct cel_scope *scope,
                                   const struct cel_node *call)
{
    char name[CEL_DOTTED_MAX], whole[CEL_DOTTED_MAX + CEL_NAME_BYTES_MAX];
    const char *nearest;

    if (checker->issues->count >= CEL_ISSUES_MAX || call->call.target->slot >= 0 ||
        !cel_scope_dotted(scope, call->call.target, name))
        return false;
    snprintf(whole, sizeof(whole), "%s.%s", name, call->call.function);
    nearest = cel_env_nearest(checker->env, whole, true);
    if (!nearest || !strchr(nearest, '.'))
        return false;
    cel_checker_fault(checker, call->offset, "undeclared function '%s'; did you mean '%s'?", whole,
                      nearest);
    return true;
}

/* Of the functions and the macros. */
static const char *nearest_function(const struct cel_checker *checker, const char *wrong)
{
    struct cel_nearest nearest = {.wrong = wrong};
    const char *function = cel_env_nearest(checker->env, wrong, true), *macro;

    if (function)
        cel_nearest_offer(&nearest, function);
    for (size_t i = 0; (macro = cel_macros_name(i)); i++)
        cel_nearest_offer(&nearest, macro);
    return nearest.name;
}

const struct cel_type *cel_checker_unknown_function(struct cel_checker *checker,
                                                    const struct cel_node *call)
{
    const char *nearest = NULL;

    if (checker->issues->count < CEL_ISSUES_MAX)
        nearest = nearest_function(checker, call->call.function);
    if (nearest)
        return cel_checker_fault(checker, call->offset,
                                 "undeclared function '%s'; did you mean '%s'?",
                                 call->call.function, nearest);
    return cel_checker_fault(checker, call->offset, "undeclared function '%s'",
                             call->call.function);
}
