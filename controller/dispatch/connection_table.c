/* connection_table.c - see connection_table.h. Three balanced trees (tsearch(3)) over the same
 * structs and a list to walk them.
 */
#include "controller/dispatch/connection_table.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/dispatch/agent_session.h"

struct connection_table {
    void *by_routing, *by_number, *by_agent;
    struct connection *first;
    size_t count;
    uint64_t last_number;
};

static int compare_routing(const void *a, const void *b)
{
    const struct connection *x = a, *y = b;

    if (x->routing_length != y->routing_length)
        return x->routing_length < y->routing_length ? -1 : 1;
    return memcmp(x->routing, y->routing, x->routing_length);
}

static int compare_number(const void *a, const void *b)
{
    const struct connection *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

static int compare_agent(const void *a, const void *b)
{
    const struct connection *x = a, *y = b;

    return memcmp(x->user.agent.bytes, y->user.agent.bytes, sizeof(x->user.agent.bytes));
}

static struct connection *find(void *const *root, const struct connection *wanted,
                               int (*compare)(const void *, const void *))
{
    struct connection **at = tfind(wanted, root, compare);

    return at ? *at : NULL;
}

struct connection_table *connection_table_create(struct error *err)
{
    struct connection_table *table = calloc(1, sizeof(*table));

    if (!table)
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for the connections");
    return table;
}

void connection_table_destroy(struct connection_table *table)
{
    if (!table)
        return;
    while (table->first)
        connection_table_remove(table, table->first);
    free(table);
}

struct connection *connection_table_routed(struct connection_table *table, const void *routing,
                                           size_t length)
{
    struct connection wanted = {.routing_length = length};

    if (length > ROUTING_ID_MAX)
        return NULL;
    memcpy(wanted.routing, routing, length);
    return find(&table->by_routing, &wanted, compare_routing);
}

struct connection *connection_table_numbered(struct connection_table *table, uint64_t number)
{
    struct connection wanted = {.number = number};

    return find(&table->by_number, &wanted, compare_number);
}

struct connection *connection_table_of_agent(struct connection_table *table,
                                             const struct uuid *agent)
{
    struct connection wanted = {.user.agent = *agent};

    return find(&table->by_agent, &wanted, compare_agent);
}

struct connection *connection_table_first(struct connection_table *table)
{
    return table->first;
}

size_t connection_table_count(const struct connection_table *table)
{
    return table->count;
}

struct connection *connection_table_add(struct connection_table *table, const void *routing,
                                        size_t length, const struct user_id *user,
                                        struct agent_session *session, struct error *err)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (length > ROUTING_ID_MAX || !connection) {
        error_set(err, connection ? "a routing id of the peer's own" : "out of memory");
        free(connection);
        return NULL;
    }
    connection->number = ++table->last_number;
    memcpy(connection->routing, routing, length);
    connection->routing_length = length;
    connection->user = *user;
    if (!tsearch(connection, &table->by_routing, compare_routing))
        goto no_memory;
    if (!tsearch(connection, &table->by_number, compare_number)) {
        tdelete(connection, &table->by_routing, compare_routing);
        goto no_memory;
    }
    connection->session = session;
    connection->next = table->first;
    if (table->first)
        table->first->previous = connection;
    table->first = connection;
    table->count++;
    return connection;
no_memory:
    free(connection);
    error_set_code(err, ERROR_UNAVAILABLE, "out of memory for a connection");
    return NULL;
}

static void demote(struct connection_table *table, struct connection *connection)
{
    if (!connection->current)
        return;
    tdelete(connection, &table->by_agent, compare_agent);
    connection->current = false;
}

int connection_table_promote(struct connection_table *table, struct connection *connection,
                             struct error *err)
{
    struct connection *former = connection_table_of_agent(table, &connection->user.agent);

    if (former == connection)
        return 0;
    if (former)
        demote(table, former);
    if (!tsearch(connection, &table->by_agent, compare_agent))
        return error_set_code(err, ERROR_UNAVAILABLE, "out of memory for a connection");
    connection->current = true;
    return 0;
}

void connection_table_remove(struct connection_table *table, struct connection *connection)
{
    demote(table, connection);
    tdelete(connection, &table->by_routing, compare_routing);
    tdelete(connection, &table->by_number, compare_number);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        table->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    table->count--;
    agent_session_destroy(connection->session);
    free(connection);
}
