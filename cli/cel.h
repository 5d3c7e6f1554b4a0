/* cel.h - muster cel: expressions outside of rules. Needs no server and no login. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct cel_env;
struct error;

/* 'argv' begins with "cel". Returns the exit code. */
int cli_cel(int argc, char **argv);

/* cel_declarations.c: the declarations of "type_env" as JSON: {"x": "list<int>", "f": ["(int) ->
 * int"]}, or the proto-JSON form of a list of cel.expr.Decl. -1 with 'err'. */
int cel_declare(struct cel_env *env, const json_t *declarations, struct error *err);
/* true, false, null: a variable of this name is hidden by the constant, wherever it is used. */
bool cel_is_constant(const char *name);
