/* A program: which slots it reads, what it needs no memory for, and that threads share it. */
#include "rules/cel/cel_program.h"

#include <pthread.h>

#include "rules/cel/cel_type.h"
#include "rules/cel/compile/cel_compile.h"
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

static struct cel_test test;

static void open_it(void)
{
    cel_test_open(&test,
                  "{\"event.type\": \"raid\", \"event.severity\": \"critical\", "
                  "\"event.count\": 7, \"asset\": {\"site\": \"berlin\", \"tags\": [\"a\"]}, "
                  "\"unused\": 1}");
}

static void close_it(void)
{
    cel_test_close(&test);
}

static struct cel_program *compile(const char *source)
{
    struct cel_issues issues = {0};
    struct cel_program *program = cel_test_compile(&test, source, false, &issues);

    ck_assert_msg(program, "%s: %s", source, issues.items[0].message);
    return program;
}

START_TEST(wrong_sources_are_told_with_their_place)
{
    struct cel_issues issues = {0};

    ck_assert_ptr_null(cel_test_compile(&test, "1 +\n  * 2", false, &issues));
    ck_assert_uint_ge(issues.count, 1);
    ck_assert_uint_eq(issues.items[0].line, 2);
    ck_assert_uint_eq(issues.items[0].column, 3);
    cel_issues_clear(&issues);
    ck_assert_ptr_null(cel_test_compile(&test, "1 + Point{x: 1}", false, &issues));
    ck_assert_msg(strstr(issues.items[0].message, "messages are not supported"), "%s",
                  issues.items[0].message);
    cel_issues_clear(&issues);
    /* What nothing can make right is told before it runs. */
    ck_assert_ptr_null(cel_test_compile(
        &test, "1 + google.protobuf.Int32Value{value: 1 + 2147483647}", true, &issues));
    ck_assert_msg(strstr(issues.items[0].message, "2147483648 is out of range"), "%s",
                  issues.items[0].message);
    ck_assert_uint_eq(issues.items[0].column, 41);
    cel_issues_clear(&issues);
    cel_program_destroy(NULL);
}
END_TEST

START_TEST(it_knows_which_slots_it_reads)
{
    struct cel_program *program =
        compile("asset.site == 'x' || event.count > 1 && asset.tags.exists(t, t == event.type)");
    const int *slots;

    ck_assert_uint_eq(cel_program_slots(program, &slots), 3);
    ck_assert_str_eq(cel_env_slot_name(test.env, slots[0]), "event.type");
    ck_assert_str_eq(cel_env_slot_name(test.env, slots[1]), "event.count");
    ck_assert_str_eq(cel_env_slot_name(test.env, slots[2]), "asset");
    ck_assert(cel_program_type(program)->form == CEL_TYPE_DYN);
    cel_program_destroy(program);
    program = compile("1 < 2");
    ck_assert_uint_eq(cel_program_slots(program, &slots), 0);
    cel_program_destroy(program);
}
END_TEST

START_TEST(what_was_not_given_is_an_error_or_asked_for)
{
    int slot = cel_env_find(test.env, "event.type", NULL);
    struct cel_program *program = compile("event.type == 'raid'");
    struct cel_program *asked = compile("has(event.type)");
    struct cel_value value;

    ck_assert(cel_test_run(&test, program).boolean);
    ck_assert(cel_test_run(&test, asked).boolean);
    test.slots[slot] = (struct cel_value){0};
    value = cel_test_run(&test, program);
    ck_assert(cel_is(value, CEL_ERROR));
    ck_assert_str_eq(value.text, "no such attribute: 'event.type' was not given");
    value = cel_test_run(&test, asked);
    ck_assert(cel_is(value, CEL_BOOL) && !value.boolean);
    /* An error as a variable goes on as one, at the place where it is used. */
    test.slots[slot] = cel_error("no such asset");
    value = cel_test_run(&test, program);
    ck_assert_str_eq(value.text, "no such asset");
    ck_assert_uint_ne(value.extra, CEL_NOWHERE);
    cel_program_destroy(program);
    cel_program_destroy(asked);
}
END_TEST

static const char PLAIN[] =
    "event.type == 'raid' && event.severity in ['critical', 'major'] && event.count > 5 && "
    "asset.site != 'paris' && !(event.type != 'raid') && has(asset.tags) && (event.count < 9 ? "
    "true : false) && event.count + 1 == 8 && asset.tags.exists(t, t == 'a') && "
    "asset.site.startsWith('ber')";

START_TEST(the_plain_path_takes_no_memory)
{
    struct cel_program *program = compile(PLAIN);
    size_t before = cel_arena_used(test.arena);
    struct cel_value value = cel_test_run(&test, program);

    ck_assert_msg(cel_is(value, CEL_BOOL) && value.boolean, "%s", value.text);
    ck_assert_uint_eq(cel_arena_used(test.arena), before);
    cel_program_destroy(program);
}
END_TEST

static void is_compiled_to(const char *source, enum cel_op_code code)
{
    struct cel_program *program = compile(source);

    ck_assert_msg(program->root->code == code, "%s: operation %d", source, program->root->code);
    cel_program_destroy(program);
}

START_TEST(common_shapes_have_operations_of_their_own)
{
    is_compiled_to("event.type == 'raid'", CEL_OP_IS);
    is_compiled_to("'raid' == event.type", CEL_OP_IS);
    is_compiled_to("event.count == 7", CEL_OP_IS);
    is_compiled_to("event.type != 'raid'", CEL_OP_IS_NOT);
    is_compiled_to("event.type in ['a', 'b']", CEL_OP_IN_TEXTS);
    is_compiled_to("event.type.matches('a+')", CEL_OP_MATCHES);
    is_compiled_to("matches(event.type, 'a+')", CEL_OP_MATCHES);
    is_compiled_to("[1].map(x, x)", CEL_OP_COLLECT);
    is_compiled_to("[1].filter(x, true)", CEL_OP_COLLECT);
    is_compiled_to("[[1]].map(x, x.map(y, y))", CEL_OP_COLLECT);
    is_compiled_to("[1].transformMap(i, v, v)", CEL_OP_INSERT);
    is_compiled_to("[1].transformMapEntry(i, v, {v: i})", CEL_OP_INSERT);
    is_compiled_to("[1].transformMapEntry(i, v, {v: i, i: v})", CEL_OP_LOOP);
    is_compiled_to("[1].all(x, true)", CEL_OP_LOOP);
    is_compiled_to("cel.bind(a, event.type, a)", CEL_OP_LET);
}
END_TEST

static void is_leaf(const char *source, enum cel_leaf leaf)
{
    struct cel_program *program = compile(source);

    ck_assert_msg(program->root->leaf == leaf, "%s: leaf %d", source, program->root->leaf);
    cel_program_destroy(program);
}

START_TEST(a_slot_beside_a_constant_is_a_leaf)
{
    is_leaf("event.type == 'raid'", CEL_LEAF_IS_TEXT);
    is_leaf("'raid' != event.type", CEL_LEAF_IS_NOT_TEXT);
    is_leaf("event.type in ['a', 'b']", CEL_LEAF_IN_TEXTS);
    is_leaf("7 == event.count", CEL_LEAF_IS_INT);
    is_leaf("event.count != 7", CEL_LEAF_IS_NOT_INT);
    is_leaf("event.count < 7", CEL_LEAF_LESS);
    is_leaf("7 < event.count", CEL_LEAF_GREATER);
    is_leaf("7 <= event.count", CEL_LEAF_GREATER_EQUAL);
    is_leaf("event.count >= 7", CEL_LEAF_GREATER_EQUAL);
    is_leaf("7 >= event.count", CEL_LEAF_LESS_EQUAL);
    is_leaf("7 > event.count", CEL_LEAF_LESS);
    is_leaf("event.count > 7.0", CEL_LEAF_NONE);
    is_leaf("event.count > event.count", CEL_LEAF_NONE);
    is_leaf("asset.site == 'x'", CEL_LEAF_NONE);
    is_leaf("event.type in ['a', 1]", CEL_LEAF_NONE);
}
END_TEST

/* The same answer by the leaf, and by the operation that it stands for. */
START_TEST(a_leaf_answers_as_its_operation_does)
{
    static const char *const TAILS[] = {
        " == 'raid'", " != 'raid'", " in ['raid', 'x']", " == 7", " != 7", " < 7", " <= 7",
        " > 7",       " >= 7",
    };
    const struct cel_value values[] = {
        cel_string("raid", 4),
        cel_string("rai", 3),
        cel_string("raic", 4),
        cel_int(7),
        cel_int(-7),
        cel_int(8),
        cel_double(7),
        cel_uint(8),
        cel_null(),
        {0},
    };
    int slot = cel_env_find(test.env, "event.count", NULL);
    char source[128];

    for (size_t i = 0; i < sizeof(TAILS) / sizeof(TAILS[0]); i++) {
        struct cel_program *leaf, *whole;

        snprintf(source, sizeof(source), "event.count%s", TAILS[i]);
        leaf = compile(source);
        snprintf(source, sizeof(source), "(true ? [event.count] : [])[0]%s", TAILS[i]);
        whole = compile(source);
        ck_assert_int_ne(leaf->root->leaf, CEL_LEAF_NONE);
        ck_assert_int_eq(whole->root->leaf, CEL_LEAF_NONE);
        for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
            struct cel_value one, other;

            test.slots[slot] = values[j];
            one = cel_test_run(&test, leaf);
            other = cel_test_run(&test, whole);
            ck_assert_msg(one.kind == other.kind &&
                              (one.kind != CEL_BOOL || one.boolean == other.boolean),
                          "%s of %zu", TAILS[i], j);
        }
        cel_program_destroy(leaf);
        cel_program_destroy(whole);
    }
}
END_TEST

START_TEST(constants_are_computed_once)
{
    is_compiled_to("1 + 2 * 3", CEL_OP_VALUE);
    is_compiled_to("duration('1h') + duration('1m')", CEL_OP_VALUE);
    is_compiled_to("timestamp('2024-01-01T00:00:00Z').getFullYear() > 2000", CEL_OP_VALUE);
    is_compiled_to("[1, {'a': 'b'}.a]", CEL_OP_VALUE);
    is_compiled_to("event.count > 5 && false", CEL_OP_VALUE);
    is_compiled_to("true ? event.type : 'x'", CEL_OP_SLOT);
    /* Not what fails: it is told when, and if, it is evaluated. */
    is_compiled_to("1 / 0", CEL_OP_CALL);
    is_compiled_to("duration('x')", CEL_OP_CALL);
}
END_TEST

START_TEST(messages_are_refused)
{
    struct cel_issues issues = {0};

    ck_assert_ptr_null(cel_test_compile(&test, "true || a.B{}.c", false, &issues));
    ck_assert_uint_eq(issues.items[0].column > 8, 1);
    cel_issues_clear(&issues);
}
END_TEST

static void is_refused(const char *source, unsigned column, const char *words)
{
    struct cel_issues issues = {0};

    ck_assert_msg(!cel_test_compile(&test, source, true, &issues), "%s", source);
    ck_assert_uint_eq(issues.count, 1);
    ck_assert_msg(issues.items[0].column == column && strstr(issues.items[0].message, words),
                  "%s: %u: %s", source, issues.items[0].column, issues.items[0].message);
    cel_issues_clear(&issues);
}

START_TEST(constants_that_are_no_patterns_or_times_are_refused_when_checked)
{
    is_refused("true || event.type.matches('a(')", 28, "pattern");
    is_refused("timestamp(0) < timestamp('2024-13-01T00:00:00Z')", 26, "");
    is_refused("duration('5 minutes') > duration('1s')", 10, "");
    /* Unchecked, they fail where they are evaluated. */
    cel_fails_at("duration('5 minutes')", NULL, 0, "");
    cel_is_true("true || duration('5 minutes') > duration('1s')");
}
END_TEST

static void *run_often(void *argument)
{
    const struct cel_program *program = argument;
    struct cel_arena *arena = cel_arena_create(1 << 20);
    intptr_t right = 0;

    for (int i = 0; i < 2000; i++) {
        struct cel_run run = {.slots = test.slots, .arena = arena, .budget = CEL_BUDGET_DEFAULT};
        struct cel_value value = cel_program_run(program, &run);

        right += cel_is(value, CEL_BOOL) && value.boolean;
        cel_arena_reset(arena);
    }
    cel_arena_destroy(arena);
    return (void *)right;
}

START_TEST(threads_share_it)
{
    struct cel_program *program =
        compile("event.type.matches('r[a-z]+d') && [1, 2].map(x, x + event.count) == [8, 9] && "
                "event.severity in ['critical'] && timestamp(0).getHours('Europe/Berlin') == 1");
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_often, program), 0);
    for (int i = 0; i < 4; i++) {
        void *right;

        pthread_join(threads[i], &right);
        ck_assert_int_eq((intptr_t)right, 2000);
    }
    cel_program_destroy(program);
}
END_TEST

START_TEST(a_budget_too_small_for_the_nodes_runs_nothing)
{
    struct cel_program *program = compile("event.count + 1 > 2");
    struct cel_value value;

    test.budget = 2;
    value = cel_test_run(&test, program);
    ck_assert(cel_is(value, CEL_ERROR));
    ck_assert_msg(strstr(value.text, "over budget"), "%s", value.text);
    test.budget = 5;
    ck_assert(cel_is(cel_test_run(&test, program), CEL_BOOL));
    cel_program_destroy(program);
}
END_TEST

START_TEST(many_locals_come_from_the_arena)
{
    char source[8192] = "";
    struct cel_program *program;

    for (int i = 0; i < 60; i++)
        sprintf(source + strlen(source), "cel.bind(v%d, %d, ", i, i);
    strcat(source, "v0 + v59");
    for (int i = 0; i < 60; i++)
        strcat(source, ")");
    program = compile(source);
    ck_assert_int_eq(cel_test_run(&test, program).integer, 59);
    cel_program_destroy(program);
}
END_TEST

CHECK_MAIN_WITH("cel_program", open_it, close_it, wrong_sources_are_told_with_their_place,
                it_knows_which_slots_it_reads, what_was_not_given_is_an_error_or_asked_for,
                the_plain_path_takes_no_memory, common_shapes_have_operations_of_their_own,
                a_slot_beside_a_constant_is_a_leaf, a_leaf_answers_as_its_operation_does,
                constants_are_computed_once,
                constants_that_are_no_patterns_or_times_are_refused_when_checked,
                messages_are_refused, threads_share_it,
                a_budget_too_small_for_the_nodes_runs_nothing, many_locals_come_from_the_arena)
