/* connection_table.h - the connections of the ROUTER, found by the routing id that libzmq drew for
 * them, by our own number, or as the current one of an agent. Used by the socket's thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/dispatch/admitted_keys.h"

struct agent_session;
struct connection_table;
struct error;

#define ROUTING_ID_MAX 8 /* libzmq's own are 5 bytes; peers that set one are refused */

struct connection {
    uint64_t number; /* never used again */
    uint8_t routing[ROUTING_ID_MAX];
    size_t routing_length;
    struct user_id user;
    struct agent_session *session; /* owned */
    uint64_t probe; /* superseded: the PING whose answer would show a second live agent */
    bool current;   /* its agent's session; see connection_table_promote() */
    bool gone;      /* to be removed by the next sweep */
    struct connection *next, *previous;
};

struct connection_table *connection_table_create(struct error *err);
void connection_table_destroy(struct connection_table *table);

/* Borrowed results; NULL: none. */
struct connection *connection_table_routed(struct connection_table *table, const void *routing,
                                           size_t length);
struct connection *connection_table_numbered(struct connection_table *table, uint64_t number);
struct connection *connection_table_of_agent(struct connection_table *table,
                                             const struct uuid *agent);
struct connection *connection_table_first(struct connection_table *table); /* then ->next */
size_t connection_table_count(const struct connection_table *table);

/* Takes 'session' when it succeeds. */
struct connection *connection_table_add(struct connection_table *table, const void *routing,
                                        size_t length, const struct user_id *user,
                                        struct agent_session *session, struct error *err);
/* Make it the current one of its agent; the former one, if any, is no longer. -1: memory. */
int connection_table_promote(struct connection_table *table, struct connection *connection,
                             struct error *err);
void connection_table_remove(struct connection_table *table, struct connection *connection);
