/* cel_type.c - see cel_type.h. Types of one kind without parameters of their own are static; all
 * others live in the arena of who asked for them. */
#include "rules/cel/cel_type.h"

#include <ctype.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"

#define NAME_MAX_BYTES 128

static const struct cel_type *const dyns[] = {&cel_type_dyn, &cel_type_dyn};

#define PLAIN(of, as)                                                                              \
    {                                                                                              \
        .form = CEL_TYPE_KIND, .kind = (of), .name = (as)                                          \
    }
#define WRAPPED(of, as)                                                                            \
    {                                                                                              \
        .form = CEL_TYPE_KIND, .kind = (of), .nullable = true, .name = (as)                        \
    }
#define OF_DYN(of, as, n)                                                                          \
    {                                                                                              \
        .form = CEL_TYPE_KIND, .kind = (of), .name = (as), .parameters = dyns, .count = (n)        \
    }

const struct cel_type cel_type_dyn = {.form = CEL_TYPE_DYN, .name = "dyn"};
static const struct cel_type kinds[] = {
    PLAIN(CEL_NULL, "null"),
    PLAIN(CEL_BOOL, "bool"),
    PLAIN(CEL_INT, "int"),
    PLAIN(CEL_UINT, "uint"),
    PLAIN(CEL_DOUBLE, "double"),
    PLAIN(CEL_STRING, "string"),
    PLAIN(CEL_BYTES, "bytes"),
    PLAIN(CEL_TIMESTAMP, "timestamp"),
    PLAIN(CEL_DURATION, "duration"),
    OF_DYN(CEL_LIST, "list", 1),
    OF_DYN(CEL_MAP, "map", 2),
    PLAIN(CEL_TYPE, "type"),
    OF_DYN(CEL_OPTIONAL, "optional", 1),
    PLAIN(CEL_ADDRESS, "net.IP"),
    PLAIN(CEL_CIDR, "net.CIDR"),
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct cel_type wrappers[] = {
    WRAPPED(CEL_BOOL, "bool"),     WRAPPED(CEL_INT, "int"),       WRAPPED(CEL_UINT, "uint"),
    WRAPPED(CEL_DOUBLE, "double"), WRAPPED(CEL_STRING, "string"), WRAPPED(CEL_BYTES, "bytes"),
};

const struct cel_type *cel_type_of(enum cel_kind kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].kind == kind)
            return &kinds[i];
    }
    return &cel_type_dyn;
}

const struct cel_type *cel_type_named(const char *name)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(cel_kind_name(kinds[i].kind), name) == 0)
            return &kinds[i];
    }
    return NULL;
}

const struct cel_type *cel_type_with(struct cel_arena *arena, const struct cel_type *type,
                                     const struct cel_type *const *parameters, size_t count)
{
    struct cel_type *made = cel_arena_take(arena, sizeof(*made));
    const struct cel_type **copies = cel_arena_take(arena, count * sizeof(const void *));

    if (!made || !copies)
        return NULL;
    *made = *type;
    for (size_t i = 0; i < count; i++)
        copies[i] = parameters[i];
    made->parameters = copies;
    made->count = count;
    return made;
}

/* wrapper<T>: of these alone, the others take null by themselves or never. */
static const struct cel_type *wrapper_of(const struct cel_type *type)
{
    for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
        if (type->form == CEL_TYPE_KIND && !type->nullable && wrappers[i].kind == type->kind)
            return &wrappers[i];
    }
    return NULL;
}

static bool is_wrapper(const struct cel_type *type)
{
    return type->form == CEL_TYPE_OPAQUE && strcmp(type->name, "wrapper") == 0;
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static void skip_spaces(const char **at)
{
    while (**at == ' ')
        (*at)++;
}

/* The type of that name, its parameters still missing. */
static const struct cel_type *by_name(struct cel_arena *arena, const char *name, size_t length)
{
    struct cel_type *type;

    if (length == strlen(cel_type_dyn.name) && memcmp(name, cel_type_dyn.name, length) == 0)
        return &cel_type_dyn;
    for (size_t i = 0; i < KINDS; i++) {
        if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, name, length) == 0)
            return &kinds[i];
    }
    type = cel_arena_take(arena, sizeof(*type));
    if (!type)
        return NULL;
    type->form =
        length == 1 && isupper((unsigned char)name[0]) ? CEL_TYPE_PARAMETER : CEL_TYPE_OPAQUE;
    type->name = cel_arena_copy(arena, name, length);
    return type->name ? type : NULL;
}

/* How many parameters may be written: list<T> and so on; bare names stand for "of dyn". */
static bool takes(const struct cel_type *type, size_t count)
{
    if (count == 0 || type->form == CEL_TYPE_OPAQUE)
        return true;
    if (type->form != CEL_TYPE_KIND)
        return false;
    return type->kind == CEL_TYPE ? count == 1 : count == type->count;
}

static const struct cel_type *read_type(struct cel_arena *arena, const char **at, int depth,
                                        struct error *err);

/* "<T, U>" behind a name; *ret_count 0: nothing of the kind stands there. */
static int read_parameters(struct cel_arena *arena, const char **at, int depth,
                           const struct cel_type **parameters, size_t *ret_count, struct error *err)
{
    size_t count = 0;

    *ret_count = 0;
    if (**at != '<')
        return 0;
    do {
        (*at)++;
        if (count == CEL_TYPE_PARAMETERS_MAX)
            return error_set_code(err, ERROR_INVALID, "a type has at most %d parameters",
                                  CEL_TYPE_PARAMETERS_MAX);
        parameters[count] = read_type(arena, at, depth + 1, err);
        if (!parameters[count++])
            return -1;
        skip_spaces(at);
    } while (**at == ',');
    if (**at != '>')
        return error_set_code(err, ERROR_INVALID, "a type lacks its '>'");
    (*at)++;
    *ret_count = count;
    return 0;
}

static const struct cel_type *read_type(struct cel_arena *arena, const char **at, int depth,
                                        struct error *err)
{
    const struct cel_type *parameters[CEL_TYPE_PARAMETERS_MAX], *type;
    const char *name;
    size_t length = 0, count;

    if (depth > CEL_TYPE_DEPTH_MAX) {
        error_set_code(err, ERROR_INVALID, "a type nests at most %d deep", CEL_TYPE_DEPTH_MAX);
        return NULL;
    }
    skip_spaces(at);
    name = *at;
    while (is_name(name[length]))
        length++;
    if (length == 0 || length > NAME_MAX_BYTES || isdigit((unsigned char)name[0]) ||
        name[0] == '.' || name[length - 1] == '.') {
        error_set_code(err, ERROR_INVALID,
                       "a type is a name such as int, list<string> or map<string, dyn>");
        return NULL;
    }
    *at += length;
    type = by_name(arena, name, length);
    if (!type) {
        error_no_memory(err);
        return NULL;
    }
    if (read_parameters(arena, at, depth, parameters, &count, err) < 0)
        return NULL;
    if (!takes(type, count)) {
        error_set_code(err, ERROR_INVALID, "%s does not take %zu parameters", type->name, count);
        return NULL;
    }
    if (is_wrapper(type)) {
        type = count == 1 ? wrapper_of(parameters[0]) : NULL;
        if (!type)
            error_set_code(err, ERROR_INVALID,
                           "a wrapper is one of bool, int, uint, double, string or bytes, such as "
                           "wrapper<int>");
        return type;
    }
    if (count > 0 && !(type = cel_type_with(arena, type, parameters, count)))
        error_no_memory(err);
    return type;
}

const struct cel_type *cel_type_read(struct cel_arena *arena, const char **at, struct error *err)
{
    return read_type(arena, at, 1, err);
}

const struct cel_type *cel_type_parse(struct cel_arena *arena, const char *text, struct error *err)
{
    const struct cel_type *type = read_type(arena, &text, 1, err);

    if (!type)
        return NULL;
    skip_spaces(&text);
    if (*text) {
        error_set_code(err, ERROR_INVALID, "a type ends before '%c'", *text);
        return NULL;
    }
    return type;
}

void cel_type_write(const struct cel_type *type, struct text *out)
{
    text_format(out, type->nullable ? "wrapper<%s>" : "%s", type->name);
    for (size_t i = 0; i < type->count; i++) {
        text_format(out, "%s", i == 0 ? "<" : ", ");
        cel_type_write(type->parameters[i], out);
    }
    if (type->count > 0)
        text_format(out, ">");
}

bool cel_type_equal(const struct cel_type *left, const struct cel_type *right)
{
    if (left == right)
        return true;
    if (left->form != right->form || left->kind != right->kind ||
        left->nullable != right->nullable || left->count != right->count)
        return false;
    if (left->form != CEL_TYPE_KIND && strcmp(left->name, right->name) != 0)
        return false;
    for (size_t i = 0; i < left->count; i++) {
        if (!cel_type_equal(left->parameters[i], right->parameters[i]))
            return false;
    }
    return true;
}
