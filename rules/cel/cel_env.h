/* cel_env.h - what an expression may name: variables with their types, and the functions and
 * messages of the libraries it was given. Declared once, then shared by all expressions and
 * threads: nothing changes it after the first compile.
 *
 * A variable may have a dotted name: "event.type" is one variable in one slot, and `event` alone is
 * then no value. has(event.type) asks whether it was given. What is below it is reached by kind:
 * fields of a map, unchecked when the type is dyn.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/cel/cel_type.h"

struct cel_env;
struct cel_run;
struct error;

#define CEL_VARIABLES_MAX 256
#define CEL_NAME_BYTES_MAX 256 /* of a variable or function, with its dots */

/* The arguments are of the kinds that the signature names (dyn: any but CEL_ERROR); a receiver
 * comes first. Returns a value of the run's arena, or an error. */
typedef struct cel_value cel_function(struct cel_run *run, const struct cel_value *args,
                                      size_t count);

struct cel_overload {
    const char *function;  /* "_+_", "size", "charAt", "math.abs" */
    const char *signature; /* "(string) -> int", of a receiver: "string.(int) -> string" */
    cel_function *call;
    bool sized; /* its cost grows with the length of its arguments */
};

/* A message that is a plain value here: Name{field: value} gives what is made of its fields. */
struct cel_field {
    const char *name;
    const char *type;      /* "int" */
    struct cel_value zero; /* when it was not given; CEL_ABSENT: none */
    cel_function *take;    /* of a value of that type: what is kept of it. NULL: all */
};

#define CEL_FIELDS_MAX 8

struct cel_message {
    const char *name;   /* "google.protobuf.Int32Value" */
    const char *type;   /* of the value: "wrapper<int>" */
    cel_function *make; /* of all fields in their order, taken or zero. NULL: the first */
    const struct cel_field *fields;
    size_t count;
};

struct cel_library {
    const char *name;
    const struct cel_overload *overloads;
    size_t count;
    const struct cel_message *messages;
    size_t message_count;
};

/* With all that is in 'libraries', NULL behind the last: all there are is cel_libraries
 * (cel_libraries.h). NULL with 'err'. */
struct cel_env *cel_env_create(const struct cel_library *const *libraries, struct error *err);
/* With all that 'base' has (borrowed, and unchanged from here on), and variables of its own behind
 * it. Its functions and messages are those of 'base'. */
struct cel_env *cel_env_extend(const struct cel_env *base, struct error *err);
void cel_env_destroy(struct cel_env *env);

/* *ret_slot: where cel_run.slots holds its value; slots count from 0. -1: a name that is none, or
 * that stands already. Of a.b and a.b.c, the expression a.b.c is the longer one. */
int cel_env_declare(struct cel_env *env, const char *name, const char *type, int *ret_slot,
                    struct error *err);
/* For the checker alone: a call of it is refused when the expression is compiled. */
int cel_env_declare_function(struct cel_env *env, const char *function, const char *signature,
                             struct error *err);
/* "a.b": names are looked for as a.b.x, a.x, x. */
int cel_env_set_container(struct cel_env *env, const char *container, struct error *err);

size_t cel_env_slots(const struct cel_env *env);
const char *cel_env_slot_name(const struct cel_env *env, int slot);
const struct cel_type *cel_env_slot_type(const struct cel_env *env, int slot);

/* ---- for the checker and the compiler ---- */

struct cel_signature {
    const struct cel_overload *overload;
    bool receiver; /* the first parameter stands before the dot */
    const struct cel_type *const *parameters;
    size_t count;
    const struct cel_type *result;
};
/* All of one name; count 0: there is no such function. Borrowed. */
const struct cel_signature *cel_env_signatures(const struct cel_env *env, const char *function,
                                               size_t *ret_count);
/* cel_messages.h has what is asked of them. Borrowed. */
struct cel_messages;
const struct cel_messages *cel_env_messages(const struct cel_env *env);
/* The variable of exactly this name: its slot, or -1. */
int cel_env_find(const struct cel_env *env, const char *name, const struct cel_type **ret_type);
const char *cel_env_container(const struct cel_env *env); /* "" */
/* Of all functions or all variables, the nearest by edit distance; NULL: none is near. */
const char *cel_env_nearest(const struct cel_env *env, const char *wrong, bool function);
/* The first variable that is called 'name' or stands below it ("event.type" for "event"); NULL: no
 * variable begins so. */
const char *cel_env_first_within(const struct cel_env *env, const char *name);
