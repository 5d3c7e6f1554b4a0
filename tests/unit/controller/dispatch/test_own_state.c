/* What a connected agent takes in musterd beside libzmq's own: the structs of the socket's thread
 * and of the database's, and its key. docs/guarantees.md names the bound. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "controller/dispatch/admitted_keys.h"
#include "controller/dispatch/agent_session.h"
#include "controller/dispatch/connection_table.h"
#include "controller/dispatch/live_sessions.h"
#include "tests/support/check_main.h"

#define AGENTS 4000
#define BOUND_BYTES 8192

/* Every allocation of these rooms, as the allocator rounds it. Sanitizers have allocators of their
 * own, which do not say. */
static size_t allocated(void)
{
    return mallinfo2().uordblks;
}

static struct connection *add_agent(struct connection_table *table, struct live_sessions *sessions,
                                    const struct admitted_key *key, unsigned number)
{
    struct live_session session = {.agent = key->agent, .site = uuid_make()};
    struct connection *connection;
    struct user_id user;

    user_id_of(key, &user);
    connection = connection_table_add(table, &number, sizeof(number), &user,
                                      agent_session_create(&key->agent, 0, NULL), NULL);
    ck_assert_ptr_nonnull(connection);
    ck_assert_int_eq(connection_table_promote(table, connection, NULL), 0);
    ck_assert_ptr_nonnull(live_sessions_add(sessions, &session, connection->number, NULL));
    return connection;
}

START_TEST(an_agents_own_state_is_small)
{
    struct admitted_keys *admitted = admitted_keys_create(NULL);
    struct connection_table *table = connection_table_create(NULL);
    struct live_sessions *sessions = live_sessions_create(NULL);
    struct admitted_key *keys = calloc(AGENTS, sizeof(*keys));
    size_t before = allocated(), each;

    for (unsigned i = 0; i < AGENTS; i++) {
        keys[i].agent = uuid_make();
        memcpy(keys[i].curve, keys[i].agent.bytes, sizeof(keys[i].agent.bytes));
    }
    ck_assert_int_eq(admitted_keys_replace(admitted, keys, AGENTS, NULL), 0);
    for (unsigned i = 0; i < AGENTS; i++)
        add_agent(table, sessions, &keys[i], i + 1);
    each = (allocated() - before) / AGENTS;
    printf("own state of an agent: %zu bytes\n", each);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    ck_assert_uint_gt(each, sizeof(struct connection) + sizeof(struct live));
#endif
    ck_assert_uint_le(each, BOUND_BYTES);
    live_sessions_destroy(sessions);
    connection_table_destroy(table);
    admitted_keys_destroy(admitted);
    free(keys);
}
END_TEST

CHECK_MAIN("own_state", an_agents_own_state_is_small)
