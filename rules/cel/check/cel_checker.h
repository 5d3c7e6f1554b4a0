/* cel_checker.h - what the files of the checker share: one expression while its types are found.
 * cel_check.c walks the tree, cel_check_call.c chooses overloads, cel_check_message.c looks at the
 * fields of messages, cel_check_unknown.c has the words for names that nothing is known of. A part
 * that is wrong is told once and counts as dyn from there on, so that what holds it is not blamed
 * as well.
 */
#pragma once

#include <stdint.h>

#include "rules/cel/cel_ast.h"
#include "rules/cel/check/cel_infer.h"
#include "rules/cel/check/cel_scope.h"

struct cel_checker {
    const struct cel_env *env; /* all borrowed */
    const char *source;
    size_t length;
    struct cel_issues *issues;
    struct cel_infer infer;
};

#define CEL_SHOWN_MAX 200 /* bytes of a type in a message */

/* Returns dyn. */
const struct cel_type *cel_checker_fault(struct cel_checker *checker, uint32_t offset,
                                         const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Types with commas between them, cut to what fits. */
const char *cel_checker_show(struct cel_checker *checker, const struct cel_type *const *types,
                             size_t count, char out[CEL_SHOWN_MAX]);

/* The type of a node, which is set; of all below it as well. */
const struct cel_type *cel_checker_node(struct cel_checker *checker, const struct cel_scope *scope,
                                        struct cel_node *node);
/* The node must be of bool. */
void cel_checker_bool(struct cel_checker *checker, const struct cel_scope *scope,
                      struct cel_node *node);
/* Of an element's value; of what is in the optional when it is written with '?'. */
const struct cel_type *cel_checker_element(struct cel_checker *checker,
                                           const struct cel_scope *scope,
                                           struct cel_element *element);
/* What a field of such a value is; 'type' is known. */
const struct cel_type *cel_checker_field(struct cel_checker *checker, const struct cel_type *type,
                                         const struct cel_node *node, const char *field);

/* ---- cel_check_call.c ---- */

const struct cel_type *cel_checker_call(struct cel_checker *checker, const struct cel_scope *scope,
                                        struct cel_node *node);

/* ---- cel_check_message.c ---- */

const struct cel_type *cel_checker_message(struct cel_checker *checker,
                                           const struct cel_scope *scope, struct cel_node *node);

/* ---- cel_check_unknown.c ---- */

/* 'name' may be dotted; 'offset' is where it begins. Returns dyn. */
const struct cel_type *cel_checker_unknown(struct cel_checker *checker,
                                           const struct cel_scope *scope, uint32_t offset,
                                           const char *name);
/* Told when a call of a.b.f() was meant to be of a function with dots in its name, math.abs() for
 * math.asb(); false: it is a call of something else. */
bool cel_checker_unknown_qualified(struct cel_checker *checker, const struct cel_scope *scope,
                                   const struct cel_node *call);
const struct cel_type *cel_checker_unknown_function(struct cel_checker *checker,
                                                    const struct cel_node *call);
