/* cel_compile_leaf.c - which operations are leaves: a slot beside a constant of a kind for which
 * that is a machine word or a text to look at. */
#include "rules/cel/cel_env.h"
#include "rules/cel/compile/cel_compile.h"

static enum cel_leaf order_leaf(enum cel_op_code code, bool mirrored)
{
    switch (code) {
    case CEL_OP_LESS:
        return mirrored ? CEL_LEAF_GREATER : CEL_LEAF_LESS;
    case CEL_OP_LESS_EQUAL:
        return mirrored ? CEL_LEAF_GREATER_EQUAL : CEL_LEAF_LESS_EQUAL;
    case CEL_OP_GREATER:
        return mirrored ? CEL_LEAF_LESS : CEL_LEAF_GREATER;
    default:
        return mirrored ? CEL_LEAF_LESS_EQUAL : CEL_LEAF_GREATER_EQUAL;
    }
}

/* slot < 5, or 5 < slot: the other way round. */
static void find_order(struct cel_op *op)
{
    bool mirrored = op->args[0].code == CEL_OP_VALUE;
    const struct cel_op *slot = &op->args[mirrored ? 1 : 0],
                        *constant = &op->args[mirrored ? 0 : 1];

    if (slot->code != CEL_OP_SLOT || constant->code != CEL_OP_VALUE ||
        constant->value.kind != CEL_INT)
        return;
    op->leaf = (uint8_t)order_leaf(op->code, mirrored);
    op->slot = slot->slot;
    op->value = constant->value;
}

static void find_equality(struct cel_op *op)
{
    bool is = op->code == CEL_OP_IS;

    if (op->args[0].code != CEL_OP_SLOT)
        return;
    op->slot = op->args[0].slot;
    if (op->value.kind == CEL_STRING)
        op->leaf = is ? CEL_LEAF_IS_TEXT : CEL_LEAF_IS_NOT_TEXT;
    else if (op->value.kind == CEL_INT)
        op->leaf = is ? CEL_LEAF_IS_INT : CEL_LEAF_IS_NOT_INT;
}

void cel_find_leaf(struct cel_op *op)
{
    switch ((enum cel_op_code)op->code) {
    case CEL_OP_IS:
    case CEL_OP_IS_NOT:
        find_equality(op);
        break;
    case CEL_OP_LESS:
    case CEL_OP_LESS_EQUAL:
    case CEL_OP_GREATER:
    case CEL_OP_GREATER_EQUAL:
        find_order(op);
        break;
    case CEL_OP_IN_TEXTS:
        if (op->args[0].code != CEL_OP_SLOT)
            break;
        op->leaf = CEL_LEAF_IN_TEXTS;
        op->slot = op->args[0].slot;
        op->value = cel_string("", 0);
        break;
    default:
        break;
    }
}
