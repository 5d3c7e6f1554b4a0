/* cel_op.h - what an expression is compiled to: one array of operations, those that belong to one
 * stand side by side. For the compiler, the evaluator and the cost estimate alone. Nothing of it
 * changes after the compiler is done.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_run.h"
#include "rules/cel/cel_value.h"

struct cel_overload;
struct cel_shape;

#define CEL_CALL_ARGS_MAX 8

enum cel_op_code {
    CEL_OP_VALUE,    /* value; an error: what is known to fail */
    CEL_OP_SLOT,     /* slot; value: the error when it was not given */
    CEL_OP_HAS_SLOT, /* slot */
    CEL_OP_LOCAL,    /* slot: of the frame */
    CEL_OP_SELECT,   /* args[0].value */
    CEL_OP_HAS,      /* has(args[0].value) */
    CEL_OP_INDEX,    /* args[0][args[1]] */
    CEL_OP_OPTIONAL, /* args[0][?args[1]] */
    CEL_OP_AND,      /* of all args, two or more */
    CEL_OP_OR,
    CEL_OP_NOT,
    CEL_OP_CHOOSE,             /* args[0] ? args[1] : args[2] */
    CEL_OP_NOT_STRICTLY_FALSE, /* args[0] */
    CEL_OP_IS,                 /* args[0] == value */
    CEL_OP_IS_NOT,
    CEL_OP_EQUAL, /* args[0] == args[1] */
    CEL_OP_NOT_EQUAL,
    CEL_OP_LESS,
    CEL_OP_LESS_EQUAL,
    CEL_OP_GREATER,
    CEL_OP_GREATER_EQUAL,
    CEL_OP_IN_TEXTS, /* args[0] in texts */
    CEL_OP_MATCHES,  /* args[0].matches(regex) */
    CEL_OP_CALL,     /* call, of args */
    CEL_OP_LIST,     /* of args; optional: NULL, or for each whether it is an optional */
    CEL_OP_MAP,      /* the same of keys and values in turn; optional: for each pair */
    CEL_OP_MESSAGE,  /* message, of its fields' values */
    CEL_OP_LET,      /* slot = args[0] in args[1] */
    CEL_OP_LOOP,     /* loop */
    CEL_OP_COLLECT,  /* loop: its accumulator is a list that grows by one element or none a turn */
    CEL_OP_INSERT,   /* loop: the same, a map that grows by one key */
};

/* A slot beside a constant of the kind that the slot must have (cel_leaf.h). */
enum cel_leaf {
    CEL_LEAF_NONE,
    CEL_LEAF_IS_TEXT,
    CEL_LEAF_IS_NOT_TEXT,
    CEL_LEAF_IN_TEXTS,
    CEL_LEAF_IS_INT,
    CEL_LEAF_IS_NOT_INT,
    CEL_LEAF_LESS,
    CEL_LEAF_LESS_EQUAL,
    CEL_LEAF_GREATER,
    CEL_LEAF_GREATER_EQUAL,
};

struct cel_op {
    uint8_t code; /* enum cel_op_code */
    uint8_t leaf; /* enum cel_leaf, over slot and value */
    uint32_t offset;
    uint32_t slot;
    uint32_t count; /* of args */
    const struct cel_op *args;
    struct cel_value value;
    union {
        const struct cel_call *call;
        const struct cel_loop *loop;
        const struct cel_text_set *texts;
        const struct cel_regex *regex;
        const bool *optional;
        const struct cel_literal *message;
    };
};

/* A message that is written down: what each of the op's args is. */
struct cel_literal {
    const struct cel_shape *shape;
    const uint8_t *fields; /* in the shape */
    const bool *optional;  /* written with '?' */
};

struct cel_candidate {
    const struct cel_overload *overload;
    uint8_t kinds[CEL_CALL_ARGS_MAX]; /* CEL_KINDS: any */
};

/* All overloads that take so many arguments. */
struct cel_call {
    const char *function;
    size_t count;
    const struct cel_candidate *candidates;
};

#define CEL_LOCAL_NONE UINT32_MAX

/* The op's args, by these names. Of CEL_OP_COLLECT, step is the element; of CEL_OP_INSERT the key,
 * and the value stands behind it. */
enum cel_loop_arg {
    CEL_LOOP_RANGE,
    CEL_LOOP_INIT,
    CEL_LOOP_CONDITION, /* of CEL_OP_COLLECT and CEL_OP_INSERT: whether this turn adds one */
    CEL_LOOP_STEP,
    CEL_LOOP_RESULT, /* of CEL_OP_INSERT: the value */
    CEL_LOOP_ARGS,
};

struct cel_loop {
    uint32_t var, var2, accu; /* locals */
    uint32_t turn_cost;       /* of its own nodes, without those of loops within */
};

/* cel_evaluate.c */
struct cel_frame {
    struct cel_run *run;
    const struct cel_value *slots;
    struct cel_value *locals;
};
struct cel_value cel_evaluate(const struct cel_op *op, struct cel_frame *frame);
/* An error that has no place yet happened here. */
static inline struct cel_value cel_place(const struct cel_op *op, struct cel_value value)
{
    if (value.kind == CEL_ERROR && value.extra == CEL_NOWHERE)
        value.extra = op->offset;
    return value;
}

/* cel_call.c */
struct cel_value cel_evaluate_call(const struct cel_op *op, struct cel_frame *frame);
/* cel_aggregate.c */
struct cel_value cel_evaluate_list(const struct cel_op *op, struct cel_frame *frame);
struct cel_value cel_evaluate_map(const struct cel_op *op, struct cel_frame *frame);
struct cel_value cel_evaluate_message(const struct cel_op *op, struct cel_frame *frame);
/* cel_loop.c */
struct cel_value cel_evaluate_loop(const struct cel_op *op, struct cel_frame *frame);
struct cel_value cel_evaluate_collect(const struct cel_op *op, struct cel_frame *frame);
struct cel_value cel_evaluate_insert(const struct cel_op *op, struct cel_frame *frame);
