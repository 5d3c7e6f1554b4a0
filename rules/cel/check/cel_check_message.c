/* cel_check_message.c - the fields of a message: whether there are such, and what they take. See
 * cel_checker.h. */
#include <string.h>

#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/check/cel_checker.h"
#include "rules/cel/env/cel_messages.h"

static const struct cel_type *unknown_message(struct cel_checker *checker,
                                              const struct cel_node *node)
{
    const char *name = node->aggregate.message, *nearest = NULL;

    name += name[0] == '.';
    if (checker->issues->count < CEL_ISSUES_MAX)
        nearest = cel_messages_nearest(cel_env_messages(checker->env), name);
    return cel_checker_fault(checker, node->offset,
                             "messages are not supported, so no '%s{...}': a map is written "
                             "{'field': value}%s%s%s",
                             name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                             nearest ? "'?" : "");
}

static void unknown_field(struct cel_checker *checker, const struct cel_message *message,
                          const struct cel_element *element)
{
    const char *nearest = cel_message_nearest_field(message, element->field);

    /* Of a single one it is clear what was meant. */
    if (!nearest && message->count == 1)
        nearest = message->fields[0].name;
    cel_checker_fault(checker, element->offset, "%s has no field '%s'%s%s%s", message->name,
                      element->field, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                      nearest ? "'?" : "");
}

static void check_field(struct cel_checker *checker, const struct cel_shape *shape,
                        const struct cel_element *element, const struct cel_type *type,
                        bool given[CEL_FIELDS_MAX])
{
    int at = cel_message_field(shape->message, element->field);
    char wanted[CEL_SHOWN_MAX], found[CEL_SHOWN_MAX];

    if (at < 0) {
        unknown_field(checker, shape->message, element);
        return;
    }
    if (given[at])
        cel_checker_fault(checker, element->offset, "the field '%s' stands twice", element->field);
    given[at] = true;
    if (!cel_infer_assignable(&checker->infer, type, shape->fields[at]))
        cel_checker_fault(checker, element->value->offset,
                          "the field '%s' of %s is of type %s, "
                          "found %s",
                          element->field, shape->message->name,
                          cel_checker_show(checker, &shape->fields[at], 1, wanted),
                          cel_checker_show(checker, &type, 1, found));
}

const struct cel_type *cel_checker_message(struct cel_checker *checker,
                                           const struct cel_scope *scope, struct cel_node *node)
{
    const struct cel_shape *shape = node->aggregate.shape;
    bool given[CEL_FIELDS_MAX] = {false};

    for (size_t i = 0; i < node->aggregate.count; i++) {
        struct cel_element *element = &node->aggregate.elements[i];
        const struct cel_type *type = cel_checker_element(checker, scope, element);

        if (shape)
            check_field(checker, shape, element, type, given);
    }
    return shape ? shape->type : unknown_message(checker, node);
}
