/* cel_declarations.c - the variables and functions that a line of `muster cel eval` declares, in
 * the notation of rules/cel/cel_type.h or as proto-JSON of cel.expr.Decl.
 */
#include <jansson.h>
#include <string.h>

#include "cli/cel.h"
#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_type.h"

bool cel_is_constant(const char *name)
{
    return strcmp(name, "true") == 0 || strcmp(name, "false") == 0 || strcmp(name, "null") == 0;
}

static int refuse(struct error *err, const char *name, const char *what)
{
    char shown[TEXT_SHOW_SIZE];

    return error_set_code(err, ERROR_INVALID, "type_env: %s: %s", text_show(name, shown), what);
}

static const char *string_of(const json_t *object, const char *member)
{
    const char *string = json_string_value(json_object_get(object, member));

    return string ? string : "";
}

static const struct {
    const char *proto, *notation;
} NAMES[] = {
    {"BOOL", "bool"},     {"INT64", "int"},           {"UINT64", "uint"},
    {"DOUBLE", "double"}, {"STRING", "string"},       {"BYTES", "bytes"},
    {"ANY", "dyn"},       {"TIMESTAMP", "timestamp"}, {"DURATION", "duration"},
};

static int write_name(struct text *out, const char *proto)
{
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (strcmp(NAMES[i].proto, proto) == 0) {
            text_format(out, "%s", NAMES[i].notation);
            return 0;
        }
    }
    return -1;
}

/* Of messages only those that are plain values here. */
static int write_message(struct text *out, const char *name)
{
    for (size_t i = 0; i < cel_well_known.message_count; i++) {
        const struct cel_message *message = &cel_well_known.messages[i];

        if (strcmp(message->name, name) == 0) {
            text_format(out, "%s", message->type);
            return 0;
        }
    }
    return -1;
}

static int write_wrapper(struct text *out, const char *primitive)
{
    text_format(out, "wrapper<");
    if (write_name(out, primitive) < 0)
        return -1;
    text_format(out, ">");
    return 0;
}

static int write_type(struct text *out, const json_t *type, unsigned depth);

static int write_map(struct text *out, const json_t *map, unsigned depth)
{
    text_format(out, "map<");
    if (write_type(out, json_object_get(map, "keyType"), depth) < 0)
        return -1;
    text_format(out, ", ");
    if (write_type(out, json_object_get(map, "valueType"), depth) < 0)
        return -1;
    text_format(out, ">");
    return 0;
}

static int write_one(struct text *out, const char *name, const json_t *parameter, unsigned depth)
{
    text_format(out, "%s", name);
    if (json_object_size(parameter) == 0)
        return 0;
    text_format(out, "<");
    if (write_type(out, parameter, depth) < 0)
        return -1;
    text_format(out, ">");
    return 0;
}

static int write_abstract(struct text *out, const json_t *abstract, unsigned depth)
{
    const char *name = string_of(abstract, "name");
    const json_t *parameters = json_object_get(abstract, "parameterTypes");

    text_format(out, "%s", strcmp(name, "optional_type") == 0 ? "optional" : name);
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        text_format(out, "%s", i == 0 ? "<" : ", ");
        if (write_type(out, json_array_get(parameters, i), depth) < 0)
            return -1;
    }
    text_format(out, "%s", json_array_size(parameters) ? ">" : "");
    return 0;
}

/* cel.expr.Type; -1: one that is not supported. */
static int write_type(struct text *out, const json_t *type, unsigned depth)
{
    if (depth == 0)
        return -1;
    if (json_object_get(type, "primitive"))
        return write_name(out, string_of(type, "primitive"));
    if (json_object_get(type, "wellKnown"))
        return write_name(out, string_of(type, "wellKnown"));
    if (json_object_get(type, "wrapper"))
        return write_wrapper(out, string_of(type, "wrapper"));
    if (json_object_get(type, "messageType"))
        return write_message(out, string_of(type, "messageType"));
    if (json_object_get(type, "listType"))
        return write_one(out, "list",
                         json_object_get(json_object_get(type, "listType"), "elemType"), depth - 1);
    if (json_object_get(type, "mapType"))
        return write_map(out, json_object_get(type, "mapType"), depth - 1);
    if (json_object_get(type, "type"))
        return write_one(out, "type", json_object_get(type, "type"), depth - 1);
    if (json_object_get(type, "abstractType"))
        return write_abstract(out, json_object_get(type, "abstractType"), depth - 1);
    if (json_object_get(type, "typeParam"))
        text_format(out, "%s", string_of(type, "typeParam"));
    else if (json_object_get(type, "null"))
        text_format(out, "null");
    else if (json_object_get(type, "dyn"))
        text_format(out, "dyn");
    else
        return -1;
    return 0;
}

static int declare_variable(struct cel_env *env, const char *name, const char *type,
                            struct error *err)
{
    int slot;

    return cel_is_constant(name) ? 0 : cel_env_declare(env, name, type, &slot, err);
}

static int declare_proto_overload(struct cel_env *env, const char *name, const json_t *overload,
                                  struct error *err)
{
    const json_t *parameters = json_object_get(overload, "params");
    size_t receiver = json_is_true(json_object_get(overload, "isInstanceFunction")) ? 1 : 0;
    struct text text = {0};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < receiver; i++)
        rc = write_type(&text, json_array_get(parameters, i), CEL_TYPE_DEPTH_MAX);
    text_format(&text, receiver ? ".(" : "(");
    for (size_t i = receiver; rc == 0 && i < json_array_size(parameters); i++) {
        text_format(&text, "%s", i == receiver ? "" : ", ");
        rc = write_type(&text, json_array_get(parameters, i), CEL_TYPE_DEPTH_MAX);
    }
    text_format(&text, ") -> ");
    if (rc == 0)
        rc = write_type(&text, json_object_get(overload, "resultType"), CEL_TYPE_DEPTH_MAX);
    if (rc < 0)
        refuse(err, name, "a type that is not supported");
    else
        rc = cel_env_declare_function(env, name, text_string(&text), err);
    text_clear(&text);
    return rc;
}

static int declare_proto(struct cel_env *env, const json_t *declaration, struct error *err)
{
    const json_t *overloads =
        json_object_get(json_object_get(declaration, "function"), "overloads");
    const json_t *type = json_object_get(json_object_get(declaration, "ident"), "type");
    const char *name = string_of(declaration, "name");
    struct text text = {0};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < json_array_size(overloads); i++)
        rc = declare_proto_overload(env, name, json_array_get(overloads, i), err);
    if (overloads)
        return rc;
    if (write_type(&text, type, CEL_TYPE_DEPTH_MAX) < 0)
        rc = refuse(err, name, "a type that is not supported");
    else
        rc = declare_variable(env, name, text_string(&text), err);
    text_clear(&text);
    return rc;
}

static int declare_plain(struct cel_env *env, const char *name, const json_t *value,
                         struct error *err)
{
    int rc = 0;

    if (json_is_string(value))
        return declare_variable(env, name, json_string_value(value), err);
    if (!json_is_array(value))
        return refuse(err, name, "needs a type, or a list of signatures");
    for (size_t i = 0; rc == 0 && i < json_array_size(value); i++) {
        const char *signature = json_string_value(json_array_get(value, i));

        rc = signature ? cel_env_declare_function(env, name, signature, err)
                       : refuse(err, name, "a signature is a string");
    }
    return rc;
}

int cel_declare(struct cel_env *env, const json_t *declarations, struct error *err)
{
    const char *name;
    json_t *value;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < json_array_size(declarations); i++)
        rc = declare_proto(env, json_array_get(declarations, i), err);
    if (json_is_array(declarations))
        return rc;
    if (!json_is_object(declarations))
        return refuse(err, "it", "needs an object or a list");
    json_object_foreach((json_t *)declarations, name, value)
    {
        if (declare_plain(env, name, value, err) < 0)
            return -1;
    }
    return 0;
}
