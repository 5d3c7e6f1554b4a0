/* Connections: found three ways, one current a agent, numbers never used again. */
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "controller/dispatch/agent_session.h"
#include "controller/dispatch/connection_table.h"
#include "tests/support/check_main.h"

static struct connection_table *table;

static void make(void)
{
    table = connection_table_create(NULL);
    ck_assert_ptr_nonnull(table);
}

static void unmake(void)
{
    connection_table_destroy(table);
    connection_table_destroy(NULL);
}

static struct connection *add(uint8_t routing, uint8_t agent)
{
    const uint8_t id[5] = {0, 0, 0, 0, routing};
    struct user_id user = {{{agent}}, {agent}};

    return connection_table_add(table, id, sizeof(id), &user,
                                agent_session_create(&user.agent, 0, NULL), NULL);
}

START_TEST(a_routing_id_of_the_peers_own_is_refused)
{
    const uint8_t id[ROUTING_ID_MAX + 1] = {1};
    struct user_id user = {{{1}}, {1}};
    struct error err = {0};

    ck_assert_ptr_null(connection_table_add(table, id, sizeof(id), &user, NULL, &err));
    ck_assert_str_ne(err.text, "");
    ck_assert_ptr_null(connection_table_routed(table, id, sizeof(id)));
}
END_TEST

START_TEST(found_by_routing_id_and_number)
{
    const uint8_t id[5] = {0, 0, 0, 0, 2};
    struct connection *one = add(1, 1), *two = add(2, 2);

    ck_assert_ptr_eq(connection_table_routed(table, id, sizeof(id)), two);
    ck_assert_ptr_null(connection_table_routed(table, id, 4));
    ck_assert_ptr_eq(connection_table_numbered(table, one->number), one);
    ck_assert_ptr_null(connection_table_numbered(table, 77));
    ck_assert_uint_eq(connection_table_count(table), 2);
}
END_TEST

START_TEST(one_is_its_agents_current)
{
    struct connection *old = add(1, 9), *new = add(2, 9);

    ck_assert_ptr_null(connection_table_of_agent(table, &old->user.agent));
    ck_assert_int_eq(connection_table_promote(table, old, NULL), 0);
    ck_assert_int_eq(connection_table_promote(table, old, NULL), 0);
    ck_assert_ptr_eq(connection_table_of_agent(table, &old->user.agent), old);
    ck_assert_int_eq(connection_table_promote(table, new, NULL), 0);
    ck_assert_ptr_eq(connection_table_of_agent(table, &old->user.agent), new);
    ck_assert(new->current && !old->current);
    connection_table_remove(table, old); /* must not take the new one out */
    ck_assert_ptr_eq(connection_table_of_agent(table, &new->user.agent), new);
    connection_table_remove(table, new);
    ck_assert_uint_eq(connection_table_count(table), 0);
    ck_assert_ptr_null(connection_table_first(table));
}
END_TEST

START_TEST(numbers_are_never_used_again)
{
    uint64_t last = 0;

    for (int i = 0; i < 100; i++) {
        struct connection *connection = add(1, 1);

        ck_assert_uint_gt(connection->number, last);
        last = connection->number;
        connection_table_remove(table, connection);
    }
}
END_TEST

START_TEST(the_list_holds_all_and_survives_removal)
{
    struct connection *middle = NULL, *connection;
    size_t count = 0;

    for (uint8_t i = 1; i <= 50; i++)
        if (i == 25)
            middle = add(i, i);
        else
            add(i, i);
    connection_table_remove(table, middle);
    connection_table_remove(table, connection_table_first(table));
    for (connection = connection_table_first(table); connection; connection = connection->next)
        count++;
    ck_assert_uint_eq(count, 48);
    ck_assert_uint_eq(connection_table_count(table), 48);
}
END_TEST

CHECK_MAIN_WITH("connection_table", make, unmake, a_routing_id_of_the_peers_own_is_refused,
                found_by_routing_id_and_number, one_is_its_agents_current,
                numbers_are_never_used_again, the_list_holds_all_and_survives_removal)
