/* cel_scope.c - see cel_scope.h. */
#include "rules/cel/check/cel_scope.h"

#include <string.h>

#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_env.h"

const struct cel_scope *cel_scope_find(const struct cel_scope *scope, const char *name)
{
    for (; scope; scope = scope->outer) {
        if (strcmp(scope->name, name) == 0)
            return scope;
    }
    return NULL;
}

/* A field that was written between backquotes is no part of a name. */
static bool is_plain(const char *field)
{
    return !strpbrk(field, ".-/ ");
}

static bool append(char *out, size_t *length, const char *part)
{
    size_t more = strlen(part);

    if (*length + more > CEL_NAME_BYTES_MAX)
        return false;
    memcpy(out + *length, part, more + 1);
    *length += more;
    return true;
}

bool cel_scope_dotted(const struct cel_scope *scope, const struct cel_node *node,
                      char out[CEL_DOTTED_MAX])
{
    const char *fields[CEL_DEPTH_MAX];
    size_t count = 0, length = 0;

    for (; node->kind == CEL_NODE_SELECT; node = node->select.operand) {
        /* Only the whole of a name may be asked for with has(). */
        if (!is_plain(node->select.field) || (node->select.test && count > 0))
            return false;
        fields[count++] = node->select.field;
    }
    if (node->kind != CEL_NODE_IDENT || cel_scope_find(scope, node->name) ||
        !append(out, &length, node->name))
        return false;
    while (count > 0) {
        if (!append(out, &length, ".") || !append(out, &length, fields[--count]))
            return false;
    }
    return true;
}
