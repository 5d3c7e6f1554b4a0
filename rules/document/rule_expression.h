/* rule_expression.h - a condition or value of a rule: CEL, compiled when the rule is read, with its
 * place in the rule's file. What it may name depends on where it stands (rule_names.h). Spec:
 * docs/rule-language.md, "Expressions".
 */
#pragma once

#include <stddef.h>

struct cel_env;
struct cel_program;
struct rule_issues;
struct rule_source;
struct rule_vocabulary;
struct text;
struct yaml_node;

/* Strings, lists and maps of a run are taken to be no longer than this when the cost of an
 * expression is estimated; what could then cost more than CEL_BUDGET_DEFAULT is refused. */
#define RULE_SIZE_ASSUMED 256

struct rule_expression {
    char *text;                  /* owned; NULL: not written */
    struct cel_program *program; /* owned; it borrows the document's environment */
    unsigned line, column;       /* of the expression's first character in the file */
};

/* Parts of a key: their values, one behind another, name a state of the rule. */
#define RULE_KEY_PARTS_MAX 8
#define RULE_KEY_BYTES_MAX 1024 /* of all parts; more is an evaluation error */
struct rule_key {
    struct rule_expression *parts;
    size_t count; /* 0: not written */
};

/* Where it stands. 'type' is what its value must be: "bool", "int", "string", "number", "key" (what
 * a key is made of: bool, int, uint, string, timestamp), "text" (what has one: a string, a number,
 * a bool), "any", "list"; and "text?", "moment?", "count?", "map?", "labels?" of what may also be
 * null or an optional. A dyn value may be any of them; whether it is shows when it runs. */
struct rule_place {
    const struct cel_env *env;
    const struct rule_source *source;
    struct rule_issues *issues;
    const char *type;
    const struct rule_vocabulary *words; /* of its document */
    unsigned names;                      /* set of what its names belong to: enum rule_names_of */
};

/* -1: 'issues' has at least one more; *ret is as it was. */
int rule_expression_read(const struct rule_place *place, const struct yaml_node *scalar,
                         struct rule_expression *ret);
void rule_expression_clear(struct rule_expression *expression);
void rule_key_clear(struct rule_key *key);

/* Whether it names nothing, so that its value is the same whenever it runs. */
int rule_expression_is_constant(const struct rule_expression *expression);
/* The value of a constant, which was read there, as string() has it; appended to 'out'. -1:
 * 'issues' has one more. */
int rule_expression_text(const struct rule_place *place, const struct yaml_node *scalar,
                         const struct rule_expression *expression, struct text *out);
