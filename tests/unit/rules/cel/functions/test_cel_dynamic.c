/* What google.protobuf.Value holds of a value: what has no form there, what it costs, then each. */
#include "rules/cel/functions/cel_dynamic.h"

#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

#define LIST "google.protobuf.ListValue"

START_TEST(what_json_has_no_form_for_is_refused)
{
    cel_fails(LIST "{values: [int]}", "JSON has no form for a value of type type");
    cel_fails(LIST "{values: [[optional.of(1)]]}", "of type optional_type");
    cel_fails(LIST "{values: [{'a': ip('10.0.0.1')}]}", "of type net.IP");
    cel_fails(LIST "{values: [{1: 2, '1': 2}]}", "repeated key: '1'");
    cel_fails_at(LIST "{values: [x, int]}", "{\"x\": 1}", 34, "conversion error");
}
END_TEST

/* A list of two, and of two of these, and so on. */
static struct cel_value doubling(struct cel_list *lists, struct cel_value (*pairs)[2], size_t count)
{
    struct cel_value value = cel_null();

    for (size_t i = 0; i < count; i++) {
        pairs[i][0] = pairs[i][1] = value;
        lists[i] = (struct cel_list){.count = 2, .items = pairs[i]};
        value = cel_list(&lists[i]);
    }
    return value;
}

START_TEST(shared_parts_are_paid_for_each_time)
{
    struct cel_arena *arena = cel_arena_create(1 << 20);
    struct cel_run run = {.arena = arena, .budget = 1000};
    static struct cel_value pairs[64][2];
    static struct cel_list lists[64];
    struct cel_value value = cel_dynamic(&run, doubling(lists, pairs, 64));

    ck_assert_int_eq(value.kind, CEL_ERROR);
    ck_assert_str_eq(value.text, cel_over_budget().text);
    run.budget = 1000;
    ck_assert_int_eq(cel_dynamic(&run, doubling(lists, pairs, 4)).kind, CEL_LIST);
    ck_assert_uint_eq(run.budget, 1000 - 31);
    run.budget = UINT64_MAX;
    value = cel_dynamic(&run, doubling(lists, pairs, 64));
    ck_assert_str_eq(value.text, cel_out_of_memory().text);
    cel_arena_destroy(arena);
}
END_TEST

START_TEST(depth_is_capped)
{
    struct cel_arena *arena = cel_arena_create(1 << 20);
    struct cel_run run = {.arena = arena, .budget = UINT64_MAX};
    static struct cel_list lists[CEL_VALUE_DEPTH_MAX];
    static struct cel_value items[CEL_VALUE_DEPTH_MAX];
    struct cel_value value = cel_null();

    for (size_t i = 0; i < CEL_VALUE_DEPTH_MAX; i++) {
        items[i] = value;
        lists[i] = (struct cel_list){.count = 1, .items = &items[i]};
        value = cel_list(&lists[i]);
    }
    ck_assert_int_eq(cel_dynamic(&run, *value.list->items).kind, CEL_LIST);
    value = cel_dynamic(&run, value);
    ck_assert_int_eq(value.kind, CEL_ERROR);
    ck_assert_ptr_nonnull(strstr(value.text, "nested too deeply"));
    cel_arena_destroy(arena);
}
END_TEST

START_TEST(numbers_are_double_while_they_can_be)
{
    cel_holds("type(" LIST "{values: [1]}[0]) == double && " LIST
              "{values: [1u, -2]} == [1.0, -2.0]");
    cel_holds(LIST "{values: [9007199254740991, -9007199254740991]} == "
                   "[9007199254740991.0, -9007199254740991.0]");
    cel_holds(LIST "{values: [9007199254740992, -9007199254740992, 9007199254740993u]} == "
                   "['9007199254740992', '-9007199254740992', '9007199254740993']");
}
END_TEST

START_TEST(the_others_are_text)
{
    cel_holds(LIST "{values: [b'abc', b'']} == ['YWJj', '']");
    cel_holds(LIST "{values: [timestamp(0), duration('1.5s')]} == "
                   "['1970-01-01T00:00:00Z', '1.500s']");
    cel_holds(LIST "{values: [null, true, 'a', 1.5]} == [null, true, 'a', 1.5]");
    cel_holds(LIST "{values: [{1: 2, true: [3u], 4u: {}}]} == "
                   "[{'1': 2.0, 'true': [3.0], '4': {}}]");
}
END_TEST

CHECK_MAIN("cel_dynamic", what_json_has_no_form_for_is_refused, shared_parts_are_paid_for_each_time,
           depth_is_capped, numbers_are_double_while_they_can_be, the_others_are_text)
