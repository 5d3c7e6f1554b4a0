/* cel_check_call.c - which overloads a call may mean. With arguments of dyn it may be several; what
 * it gives is then their common result, or dyn. See cel_checker.h. */
#include <stdio.h>
#include <string.h>

#include "rules/cel/cel_env.h"
#include "rules/cel/check/cel_checker.h"
#include "rules/cel/env/cel_signature.h"

/* The arguments' types, a receiver's first. */
struct arguments {
    const struct cel_type *types[CEL_PARAMETERS_MAX];
    size_t count;
    bool too_many;
};

#define SHOWN_OVERLOADS 4

/* As it is written: "+" for "_+_". */
static const char *spelled(const char *function, char out[16])
{
    size_t used = 0;

    if (strcmp(function, CEL_MAP_INSERT) == 0)
        return "transformMapEntry";
    if (!strchr("_@!-", function[0]))
        return function;
    for (const char *at = function; *at && used < 15; at++) {
        if (*at != '_' && *at != '@')
            out[used++] = *at;
    }
    out[used] = '\0';
    return out;
}

static void add_argument(struct arguments *arguments, const struct cel_type *type)
{
    if (arguments->count < CEL_PARAMETERS_MAX)
        arguments->types[arguments->count++] = type;
    else
        arguments->too_many = true;
}

static struct arguments check_arguments(struct cel_checker *checker, const struct cel_scope *scope,
                                        struct cel_node *node, bool qualified)
{
    struct arguments arguments = {0};

    if (qualified)
        add_argument(&arguments, &cel_type_dyn);
    else if (node->call.target)
        add_argument(&arguments, cel_checker_node(checker, scope, node->call.target));
    for (size_t i = 0; i < node->call.count; i++)
        add_argument(&arguments, cel_checker_node(checker, scope, node->call.args[i]));
    return arguments;
}

/* What it gives for these arguments; NULL: it does not take them. */
static const struct cel_type *try_overload(struct cel_checker *checker,
                                           const struct cel_signature *signature,
                                           const struct arguments *arguments)
{
    const struct cel_type *parameters[CEL_PARAMETERS_MAX];
    struct cel_infer_names known = {0};

    for (size_t i = 0; i < signature->count; i++)
        parameters[i] = cel_infer_instance(&checker->infer, signature->parameters[i], &known);
    if (!cel_infer_all_assignable(&checker->infer, arguments->types, parameters, signature->count))
        return NULL;
    return cel_infer_instance(&checker->infer, signature->result, &known);
}

static bool same_type(struct cel_checker *checker, const struct cel_type *left,
                      const struct cel_type *right)
{
    return cel_type_equal(cel_infer_final(&checker->infer, left),
                          cel_infer_final(&checker->infer, right));
}

/* "; there is (string) -> int, (bytes) -> int": those that are called as this was, or all, when
 * they are few and a name has them. */
static void show_overloads(const struct cel_signature *signatures, size_t count, bool receiver,
                           char *out, size_t room)
{
    size_t used = 0, alike = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        alike += signatures[i].receiver == receiver;
    if ((alike > 0 ? alike : count) > SHOWN_OVERLOADS ||
        strchr("_@!-", signatures[0].overload->function[0]))
        return;
    for (size_t i = 0; i < count; i++) {
        int length;

        if (alike > 0 && signatures[i].receiver != receiver)
            continue;
        length = snprintf(out + used, room - used, "%s%s", used > 0 ? ", " : "; there is ",
                          signatures[i].overload->signature);
        if (length < 0 || (size_t)length >= room - used)
            return;
        used += (size_t)length;
    }
}

static const struct cel_type *no_overload(struct cel_checker *checker, const struct cel_node *node,
                                          const struct arguments *arguments,
                                          const struct cel_signature *signatures, size_t count)
{
    char receiver[CEL_SHOWN_MAX], given[CEL_SHOWN_MAX], others[300], name[16];
    size_t before = node->call.target ? 1 : 0;

    show_overloads(signatures, count, node->call.target, others, sizeof(others));
    return cel_checker_fault(
        checker, node->offset, "no matching overload of '%s' for %s%s(%s%s)%s",
        spelled(node->call.function, name),
        before ? cel_checker_show(checker, arguments->types, 1, receiver) : "", before ? "." : "",
        cel_checker_show(checker, arguments->types + before, arguments->count - before, given),
        arguments->too_many ? ", ..." : "", others);
}

static const struct cel_type *choose_overload(struct cel_checker *checker,
                                              const struct cel_node *node,
                                              const struct arguments *arguments)
{
    const struct cel_signature *signatures;
    const struct cel_type *result = NULL, *one;
    size_t count;

    signatures = cel_env_signatures(checker->env, node->call.function, &count);
    if (count == 0)
        return cel_checker_unknown_function(checker, node);
    for (size_t i = 0; i < count; i++) {
        if (signatures[i].receiver != !!node->call.target || arguments->too_many ||
            signatures[i].count != arguments->count)
            continue;
        one = try_overload(checker, &signatures[i], arguments);
        if (one)
            result = !result || same_type(checker, result, one) ? one : &cel_type_dyn;
    }
    return result ? result : no_overload(checker, node, arguments, signatures, count);
}

/* ---- operators with rules of their own ---- */

static const struct cel_type *check_logic(struct cel_checker *checker,
                                          const struct cel_scope *scope, struct cel_node *node)
{
    for (size_t i = 0; i < node->call.count; i++)
        cel_checker_bool(checker, scope, node->call.args[i]);
    return cel_type_of(CEL_BOOL);
}

static const struct cel_type *
check_conditional(struct cel_checker *checker, const struct cel_scope *scope, struct cel_node *node)
{
    const struct cel_type *result = cel_infer_fresh(&checker->infer), *ends[2];
    char shown[CEL_SHOWN_MAX];

    cel_checker_bool(checker, scope, node->call.args[0]);
    ends[0] = cel_checker_node(checker, scope, node->call.args[1]);
    ends[1] = cel_checker_node(checker, scope, node->call.args[2]);
    if (cel_infer_all_assignable(&checker->infer, ends, (const struct cel_type *[]){result, result},
                                 2))
        return result;
    return cel_checker_fault(checker, node->offset,
                             "both ends of '? :' are of one type, found %s (dyn(...) makes any "
                             "type pass)",
                             cel_checker_show(checker, ends, 2, shown));
}

/* value.?field */
static const struct cel_type *check_optional_field(struct cel_checker *checker,
                                                   const struct cel_scope *scope,
                                                   struct cel_node *node)
{
    const struct cel_type *type =
        cel_infer_known(cel_checker_node(checker, scope, node->call.args[0]));
    struct cel_value field = node->call.args[1]->literal;
    char name[64];

    cel_checker_node(checker, scope, node->call.args[1]);
    if (type->form == CEL_TYPE_KIND && type->kind == CEL_OPTIONAL)
        type = type->parameters[0];
    snprintf(name, sizeof(name), "%.*s", (int)(field.extra < 60 ? field.extra : 60), field.text);
    return cel_infer_of(&checker->infer, CEL_OPTIONAL, cel_checker_field(checker, type, node, name),
                        NULL);
}

const struct cel_type *cel_checker_call(struct cel_checker *checker, const struct cel_scope *scope,
                                        struct cel_node *node)
{
    const char *function = node->call.function;
    struct arguments arguments;
    bool qualified; /* the target is a part of a wrong function's name */

    if (strcmp(function, "_&&_") == 0 || strcmp(function, "_||_") == 0)
        return check_logic(checker, scope, node);
    if (strcmp(function, "_?_:_") == 0)
        return check_conditional(checker, scope, node);
    if (strcmp(function, "_?._") == 0)
        return check_optional_field(checker, scope, node);
    qualified = node->call.target && cel_checker_unknown_qualified(checker, scope, node);
    arguments = check_arguments(checker, scope, node, qualified);
    return qualified ? &cel_type_dyn : choose_overload(checker, node, &arguments);
}
