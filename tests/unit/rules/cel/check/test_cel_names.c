/* What names mean: unknown ones stay so, the longest wins, containers and comprehensions hide. */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_check.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/env/cel_messages.h"
#include "tests/support/cel_tree_line.h"
#include "tests/support/check_main.h"

static struct cel_env *env;
static struct cel_arena *arena;
static struct cel_issues issues;

static void before(void)
{
    env = cel_env_create(cel_libraries, NULL);
    arena = cel_arena_create(CEL_TREE_BYTES);
    ck_assert_int_eq(cel_env_declare(env, "x", "int", NULL, NULL), 0);
    ck_assert_int_eq(cel_env_declare(env, "event.type", "string", NULL, NULL), 0);
    ck_assert_int_eq(cel_env_declare(env, "event.raw", "dyn", NULL, NULL), 0);
    ck_assert_int_eq(cel_env_declare(env, "a.b.x", "int", NULL, NULL), 0);
    ck_assert_int_eq(cel_env_declare(env, "a.y", "int", NULL, NULL), 0);
    ck_assert_int_eq(cel_env_declare_function(env, "lib.f", "(dyn) -> int", NULL), 0);
    ck_assert_int_eq(cel_env_declare_function(env, "a.g", "() -> int", NULL), 0);
    ck_assert_int_eq(cel_env_declare_function(env, "a.m", "string.() -> int", NULL), 0);
}

static void after(void)
{
    cel_issues_clear(&issues);
    cel_arena_destroy(arena);
    cel_env_destroy(env);
}

static struct cel_node *resolved(const char *source)
{
    struct cel_node *tree;

    cel_arena_reset(arena);
    tree = cel_parse(env, source, strlen(source), arena, &issues);
    ck_assert_msg(tree != NULL, "%s", source);
    cel_resolve(env, tree);
    return tree;
}

static const char *slot_name(const struct cel_node *node)
{
    return node->slot < 0 ? "" : cel_env_slot_name(env, node->slot);
}

START_TEST(what_is_unknown_is_left)
{
    const struct cel_node *tree = resolved("event.tpye");

    ck_assert_int_eq(tree->slot, -1);
    ck_assert_int_eq(tree->select.operand->slot, -1);
    ck_assert_int_eq(resolved(".nothing")->slot, -1);
    ck_assert_int_eq(resolved("event.`type`.`a-b`")->slot, -1);
    ck_assert_ptr_nonnull(resolved("x.f(1)")->call.target);
    ck_assert_ptr_nonnull(resolved("a.m()")->call.target);
    ck_assert_str_eq(resolved("nothing(1)")->call.function, "nothing");
    ck_assert_ptr_null(resolved("Int32Value{}")->aggregate.shape);
    ck_assert_ptr_null(resolved("google.protobuf.Empty{}")->aggregate.shape);
    ck_assert_int_eq(resolved("NullValue.NULL_VALUE")->kind, CEL_NODE_SELECT);
}
END_TEST

START_TEST(names_beyond_any_length_are_unknown)
{
    char source[900];
    size_t used = 0;

    while (used < 600)
        used += (size_t)snprintf(source + used, sizeof(source) - used, "event.");
    snprintf(source + used, sizeof(source) - used, "x");
    ck_assert_int_eq(resolved(source)->slot, -1);
    snprintf(source + used, sizeof(source) - used, "x()");
    ck_assert_ptr_nonnull(resolved(source)->call.target);
    snprintf(source + used, sizeof(source) - used, "x{}");
    ck_assert_ptr_null(resolved(source)->aggregate.shape);
}
END_TEST

START_TEST(the_longest_name_wins)
{
    const struct cel_node *tree = resolved("event.raw.type.x");

    ck_assert_int_eq(tree->slot, -1);
    ck_assert_int_eq(tree->select.operand->slot, -1);
    ck_assert_str_eq(slot_name(tree->select.operand->select.operand), "event.raw");
    ck_assert_str_eq(slot_name(resolved("has(event.type)")), "event.type");
    ck_assert_str_eq(slot_name(resolved(".event.type")), "event.type");
    ck_assert_str_eq(slot_name(resolved("[x]")->aggregate.elements[0].value), "x");
    ck_assert_str_eq(slot_name(resolved("{x: x}")->aggregate.elements[0].key), "x");
    ck_assert_str_eq(slot_name(resolved("size(x)")->call.args[0]), "x");
}
END_TEST

START_TEST(types_are_values)
{
    ck_assert_str_eq(resolved("int")->type_value, "int");
    ck_assert_str_eq(resolved("google.protobuf.Timestamp")->type_value,
                     "google.protobuf.Timestamp");
    ck_assert_str_eq(resolved(".null_type")->type_value, "null_type");
    ck_assert_ptr_null(resolved("timestamp")->type_value);
}
END_TEST

START_TEST(containers_come_first)
{
    ck_assert_int_eq(cel_env_set_container(env, "a.b", NULL), 0);
    ck_assert_str_eq(slot_name(resolved("x")), "a.b.x");
    ck_assert_str_eq(slot_name(resolved(".x")), "x");
    ck_assert_str_eq(slot_name(resolved("y")), "a.y");
    ck_assert_str_eq(slot_name(resolved("b.x")), "a.b.x");
    ck_assert_str_eq(resolved("g()")->call.function, "a.g");
    ck_assert_str_eq(resolved(".g()")->call.function, ".g");
    ck_assert_str_eq(resolved(".a.g()")->call.function, "a.g");
}
END_TEST

static const char *message_of(const char *source)
{
    const struct cel_node *tree = resolved(source);

    ck_assert_ptr_nonnull(tree->aggregate.shape);
    return tree->aggregate.shape->message->name;
}

START_TEST(messages_are_found_as_names_are)
{
    ck_assert_str_eq(message_of("google.protobuf.Value{}"), "google.protobuf.Value");
    ck_assert_str_eq(message_of(".google.protobuf.Value{}"), "google.protobuf.Value");
    ck_assert_int_eq(cel_env_set_container(env, "google.protobuf", NULL), 0);
    ck_assert_str_eq(message_of("Int32Value{value: x}"), "google.protobuf.Int32Value");
    ck_assert_str_eq(message_of("protobuf.Int32Value{}"), "google.protobuf.Int32Value");
    ck_assert_ptr_null(resolved(".Int32Value{}")->aggregate.shape);
    ck_assert_int_eq(resolved("NullValue.NULL_VALUE")->kind, CEL_NODE_LITERAL);
    ck_assert_int_eq(resolved("NullValue.NULL_VALUE")->literal.kind, CEL_NULL);
    ck_assert(resolved("has(NullValue.NULL_VALUE)")->literal.boolean);
    ck_assert_str_eq(slot_name(resolved("Int32Value{value: x}")->aggregate.elements[0].value), "x");
}
END_TEST

START_TEST(functions_may_have_dots)
{
    const struct cel_node *tree = resolved("lib.f(x)");

    ck_assert_ptr_null(tree->call.target);
    ck_assert_str_eq(tree->call.function, "lib.f");
    ck_assert_str_eq(slot_name(tree->call.args[0]), "x");
    tree = resolved("lib.other(x)");
    ck_assert_ptr_nonnull(tree->call.target);
}
END_TEST

START_TEST(comprehensions_hide)
{
    const struct cel_comprehension *fold = &resolved("[x].map(x, x + event.type)")->comprehension;
    const struct cel_node *sum = fold->step->call.args[1]->aggregate.elements[0].value;

    ck_assert_str_eq(slot_name(fold->range->aggregate.elements[0].value), "x");
    ck_assert_int_eq(sum->call.args[0]->slot, -1);
    ck_assert_str_eq(slot_name(sum->call.args[1]), "event.type");

    fold = &resolved("[1].all(event, event.type)")->comprehension;
    ck_assert_int_eq(fold->step->call.args[1]->slot, -1);
    fold = &resolved("[1].exists(i, int, int)")->comprehension;
    ck_assert_ptr_null(fold->step->call.args[1]->type_value);
    fold = &resolved("[1].map(lib, lib.f(1))")->comprehension;
    ck_assert_ptr_nonnull(fold->step->call.args[1]->aggregate.elements[0].value->call.target);
    fold = &resolved("[1].map(x, .x)")->comprehension;
    ck_assert_str_eq(slot_name(fold->step->call.args[1]->aggregate.elements[0].value), "x");
}
END_TEST

START_TEST(a_bound_name_is_not_seen_by_its_value)
{
    const struct cel_comprehension *fold = &resolved("cel.bind(x, x, x)")->comprehension;

    ck_assert_str_eq(slot_name(fold->init), "x");
    ck_assert_int_eq(fold->result->slot, -1);
}
END_TEST

CHECK_MAIN_WITH("cel_names", before, after, what_is_unknown_is_left,
                names_beyond_any_length_are_unknown, the_longest_name_wins, types_are_values,
                containers_come_first, messages_are_found_as_names_are, functions_may_have_dots,
                comprehensions_hide, a_bound_name_is_not_seen_by_its_value)
