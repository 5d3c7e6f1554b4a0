/* routes.h - the one table of what can be asked: method and path -> function -> permission. A route
 * without a permission does not start (api_server_create refuses it), and a test compares the table
 * with the contract.
 */
#pragma once

#include <stddef.h>

#include "controller/access/role.h"
#include "controller/api/api_call.h"

#define API_BODY_MAX (64 * 1024)
#define API_RULE_MAX (256 * 1024)
#define API_MESSAGE_MAX (1024 * 1024)

/* For whom a route acts. */
enum api_scope {
    SCOPE_NOBODY,   /* no principal: public routes, agents */
    SCOPE_PLATFORM, /* platform objects */
    SCOPE_TENANT, /* objects of one tenant: the principal's, or the one that an administrator names
                   */
    SCOPE_EITHER, /* a tenant's, or without one the platform's own */
};

enum api_body {
    BODY_NONE,
    BODY_JSON,    /* an object, at most API_BODY_MAX */
    BODY_YAML,    /* text, at most API_RULE_MAX */
    BODY_MESSAGE, /* anything, at most API_MESSAGE_MAX, with its headers */
    BODY_FILE,    /* streamed to the image store */
};

struct api_route {
    const char *method;
    const char *path; /* "/v1/tasks/{id}" */
    api_function function;
    enum permission permission;
    enum api_scope scope;
    enum api_body body;
    const char *action; /* writes: the audit row's; NULL: reads */
    const char *query;  /* allowed keys, separated by spaces; NULL: none */
};

extern const struct api_route API_ROUTES[];
extern const size_t API_ROUTE_COUNT;

/* The route of a path without its query, and the path's arguments, decoded. NULL: none;
 * *ret_allowed then holds the methods that the path has ("GET, POST"; "" when there is no such
 * path). A HEAD finds GET's. */
const struct api_route *api_route_find(const char *method, const char *path,
                                       char ret_arguments[API_ARGUMENTS_MAX][API_ARGUMENT_SIZE],
                                       char ret_allowed[64]);
int api_route_takes_query(const struct api_route *route, const char *key);
