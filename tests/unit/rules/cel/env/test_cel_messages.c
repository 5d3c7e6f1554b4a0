/* Messages: what may be none, and how they and their fields are found. */
#include "rules/cel/env/cel_messages.h"

#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"
#include "tests/support/check_main.h"

static struct cel_arena *arena;
static struct cel_messages messages;

static const struct cel_field FIELDS[] = {{.name = "value", .type = "int"},
                                          {.name = "string_value", .type = "map<string, dyn>"}};

static void before(void)
{
    arena = cel_arena_create(1 << 20);
    messages = (struct cel_messages){0};
}

static void after(void)
{
    cel_arena_destroy(arena);
}

static void refused(struct cel_message message, const char *words)
{
    struct error err = {0};

    ck_assert_int_lt(cel_messages_add(&messages, arena, &message, &err), 0);
    ck_assert_msg(strstr(error_text(&err), words), "%s", error_text(&err));
}

START_TEST(what_is_no_message_is_refused)
{
    static const struct cel_field WRONG[] = {{.name = "x", .type = "list<"}};
    static const struct cel_message GOOD = {"a.B", "int", NULL, FIELDS, 1};

    refused((struct cel_message){"a.B", "int", NULL, FIELDS, 0}, "a.B: a message has 1 to 8");
    refused((struct cel_message){"a.B", "int", NULL, FIELDS, CEL_FIELDS_MAX + 1}, "1 to 8");
    refused((struct cel_message){"a.B", "wrapper<a>", NULL, FIELDS, 1}, "a.B: a wrapper is");
    refused((struct cel_message){"a.B", "int", NULL, WRONG, 1}, "a.B: x: ");
    ck_assert_uint_eq(messages.count, 0);
    ck_assert_int_eq(cel_messages_add(&messages, arena, &GOOD, NULL), 0);
    refused(GOOD, "a.B: it stands already");
    while (messages.count < CEL_MESSAGES_MAX)
        messages.items[messages.count++] = messages.items[0];
    refused((struct cel_message){"a.C", "int", NULL, FIELDS, 1}, "more than 32 messages");
}
END_TEST

START_TEST(they_are_found_by_their_names)
{
    static const struct cel_message ONE = {"acme.Number", "wrapper<int>", NULL, FIELDS, 2},
                                    OTHER = {"acme.Text", "string", NULL, FIELDS, 1};
    const struct cel_shape *shape;

    ck_assert_int_eq(cel_messages_add(&messages, arena, &ONE, NULL), 0);
    ck_assert_int_eq(cel_messages_add(&messages, arena, &OTHER, NULL), 0);
    ck_assert_ptr_null(cel_messages_find(&messages, "Number"));
    ck_assert_ptr_null(cel_messages_find(&messages, ""));
    shape = cel_messages_find(&messages, "acme.Number");
    ck_assert_ptr_eq(shape->message, &ONE);
    ck_assert(shape->type->nullable && shape->type->kind == CEL_INT);
    ck_assert_int_eq(shape->fields[1]->kind, CEL_MAP);
    ck_assert_str_eq(cel_messages_nearest(&messages, "acme.Nubmer"), "acme.Number");
    ck_assert_str_eq(cel_messages_nearest(&messages, "Txet"), "acme.Text");
    ck_assert_str_eq(cel_messages_nearest(&messages, "amce.Text"), "acme.Text");
    ck_assert_ptr_null(cel_messages_nearest(&messages, "acme.Map"));
    ck_assert_ptr_null(cel_messages_nearest(&messages, "a.B"));
    ck_assert_ptr_null(cel_messages_nearest(&messages, "acme."));
    ck_assert_ptr_null(cel_messages_nearest(&messages, ""));
}
END_TEST

START_TEST(so_are_their_fields)
{
    static const struct cel_message MESSAGE = {"a.B", "int", NULL, FIELDS, 2};

    ck_assert_int_eq(cel_message_field(&MESSAGE, "valu"), -1);
    ck_assert_int_eq(cel_message_field(&MESSAGE, "value"), 0);
    ck_assert_int_eq(cel_message_field(&MESSAGE, "string_value"), 1);
    ck_assert_str_eq(cel_message_nearest_field(&MESSAGE, "vaule"), "value");
    ck_assert_ptr_null(cel_message_nearest_field(&MESSAGE, "x"));
}
END_TEST

CHECK_MAIN_WITH("cel_messages", before, after, what_is_no_message_is_refused,
                they_are_found_by_their_names, so_are_their_fields)
