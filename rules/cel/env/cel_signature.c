/* cel_signature.c - see cel_signature.h. */
#include "rules/cel/env/cel_signature.h"

#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"

static void skip_spaces(const char **at)
{
    while (**at == ' ')
        (*at)++;
}

static int expect(const char **at, const char *what, struct error *err)
{
    skip_spaces(at);
    if (strncmp(*at, what, strlen(what)) != 0)
        return error_set_code(err, ERROR_INVALID,
                              "a signature is written as (int, string) -> bool or "
                              "string.(int) -> bool: '%s' is missing",
                              what);
    *at += strlen(what);
    return 0;
}

static int add(const struct cel_type **parameters, size_t *count, const struct cel_type *type,
               struct error *err)
{
    if (!type)
        return -1;
    if (*count == CEL_PARAMETERS_MAX)
        return error_set_code(err, ERROR_INVALID, "a function takes at most %d arguments",
                              CEL_PARAMETERS_MAX);
    parameters[(*count)++] = type;
    return 0;
}

/* "string." of "string.(int) -> bool". */
static int read_receiver(struct cel_arena *arena, const char **at,
                         const struct cel_type **parameters, size_t *count, struct error *err)
{
    const char *open = strchr(*at, '(');
    char *text;

    if (!open || open == *at)
        return 0;
    if (open[-1] != '.')
        return expect(at, ".(", err);
    text = cel_arena_copy(arena, *at, (size_t)(open - 1 - *at));
    *at = open;
    return text ? add(parameters, count, cel_type_parse(arena, text, err), err)
                : error_no_memory(err);
}

static int read_parameters(struct cel_arena *arena, const char **at,
                           const struct cel_type **parameters, size_t *count, struct error *err)
{
    if (expect(at, "(", err) < 0)
        return -1;
    skip_spaces(at);
    if (**at == ')') {
        (*at)++;
        return 0;
    }
    for (;; (*at)++) {
        if (add(parameters, count, cel_type_read(arena, at, err), err) < 0)
            return -1;
        skip_spaces(at);
        if (**at != ',')
            return expect(at, ")", err);
    }
}

int cel_signature_parse(struct cel_arena *arena, const char *text, struct cel_signature *ret,
                        struct error *err)
{
    const struct cel_type *parameters[CEL_PARAMETERS_MAX], **copies;
    struct cel_signature signature = {0};
    const char *at = text;

    if (read_receiver(arena, &at, parameters, &signature.count, err) < 0)
        return -1;
    signature.receiver = signature.count > 0;
    if (read_parameters(arena, &at, parameters, &signature.count, err) < 0 ||
        expect(&at, "->", err) < 0)
        return -1;
    skip_spaces(&at);
    signature.result = cel_type_parse(arena, at, err);
    if (!signature.result)
        return -1;
    copies = cel_arena_take(arena, signature.count * sizeof(const void *));
    if (!copies)
        return error_no_memory(err);
    for (size_t i = 0; i < signature.count; i++)
        copies[i] = parameters[i];
    signature.parameters = copies;
    signature.overload = ret->overload;
    *ret = signature;
    return 0;
}
