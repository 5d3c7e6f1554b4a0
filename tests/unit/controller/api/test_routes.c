/* The route table: finding, decoding, and that the contract and the table say the same. */
#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "controller/api/openapi.json.h"
#include "controller/api/routes.h"
#include "tests/support/check_main.h"

static char arguments[API_ARGUMENTS_MAX][API_ARGUMENT_SIZE];
static char allowed[64];

static const char *found(const char *method, const char *path)
{
    const struct api_route *route = api_route_find(method, path, arguments, allowed);

    return route ? route->path : NULL;
}

START_TEST(what_is_no_route_is_not_found)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "/v1",
                                        "/v1/tasks/",
                                        "/v1/tasks//events",
                                        "/v1/tasks/a/b",
                                        "/v1/tasks/a/events/",
                                        "/V1/tasks",
                                        "/v1/tasksx",
                                        "/healthz/",
                                        "//v1/tasks"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ck_assert_msg(!found("GET", paths[i]), "%s", paths[i]);
        ck_assert_str_eq(allowed, "");
    }
}
END_TEST

START_TEST(hostile_segments_are_not_found)
{
    static const char *const names[] = {"%",    "%2",   "%zz",    "%00",   "%2f",
                                        "a%0a", "%c3(", "%2e%2f", "a%7fb", "%ff"};
    char path[400], longest[API_ARGUMENT_SIZE + 1];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "/v1/tasks/%s", names[i]);
        ck_assert_msg(!found("GET", path), "%s", path);
    }
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    snprintf(path, sizeof(path), "/v1/tasks/%s", longest);
    ck_assert_ptr_null(found("GET", path));
    snprintf(path, sizeof(path), "/v1/tasks/%s", longest + 1);
    ck_assert_ptr_nonnull(found("GET", path));
}
END_TEST

START_TEST(a_path_with_another_method_names_those_it_has)
{
    ck_assert_ptr_null(found("DELETE", "/v1/tasks"));
    ck_assert_str_eq(allowed, "GET, POST");
    ck_assert_ptr_null(found("", "/v1/tasks"));
    ck_assert_ptr_null(found("get", "/v1/tasks"));
}
END_TEST

START_TEST(arguments_come_decoded_and_in_order)
{
    ck_assert_str_eq(found("GET", "/v1/machines/52%3A54%3a00:00:00:01"), "/v1/machines/{target}");
    ck_assert_str_eq(arguments[0], "52:54:00:00:00:01");
    ck_assert_str_eq(found("PUT", "/v1/images/diag/versions/v1.0/files/kernel"),
                     "/v1/images/{name}/versions/{version}/files/{role}");
    ck_assert_str_eq(arguments[0], "diag");
    ck_assert_str_eq(arguments[1], "v1.0");
    ck_assert_str_eq(arguments[2], "kernel");
    ck_assert_str_eq(found("HEAD", "/healthz"), "/healthz");
}
END_TEST

START_TEST(every_route_names_its_permission_and_writes_an_action)
{
    for (size_t i = 0; i < API_ROUTE_COUNT; i++) {
        const struct api_route *route = &API_ROUTES[i];

        ck_assert_int_ne(route->permission, PERMISSION_UNNAMED);
        ck_assert_ptr_nonnull(route->function);
        ck_assert_msg((strcmp(route->method, "GET") == 0) == (route->action == NULL), "%s %s",
                      route->method, route->path);
        ck_assert_msg((route->scope == SCOPE_NOBODY) == (route->permission == PERMISSION_PUBLIC ||
                                                         route->permission == PERMISSION_JOIN ||
                                                         route->permission == PERMISSION_SOURCE ||
                                                         route->permission == PERMISSION_AGENT),
                      "%s", route->path);
    }
}
END_TEST

START_TEST(queries_are_taken_by_whole_words)
{
    const struct api_route *route = api_route_find("GET", "/v1/machines", arguments, allowed);

    ck_assert(api_route_takes_query(route, "limit"));
    ck_assert(api_route_takes_query(route, "site"));
    ck_assert(!api_route_takes_query(route, "sit"));
    ck_assert(!api_route_takes_query(route, "sites"));
    ck_assert(!api_route_takes_query(route, ""));
    ck_assert(!api_route_takes_query(route, "limit cursor"));
}
END_TEST

static void lower(const char *from, char out[8])
{
    size_t i = 0;

    for (; from[i] && i < 7; i++)
        out[i] = (char)tolower((unsigned char)from[i]);
    out[i] = '\0';
}

static const json_t *operation(const json_t *contract, const struct api_route *route)
{
    char method[8];

    lower(route->method, method);
    return json_object_get(json_object_get(json_object_get(contract, "paths"), route->path),
                           method);
}

/* Every query key of the contract is taken, and as many are taken as the contract has. */
static void compare_queries(const json_t *said, const struct api_route *route)
{
    const json_t *parameter;
    size_t i, in_contract = 0, in_table = 0;

    json_array_foreach(json_object_get(said, "parameters"), i, parameter)
    {
        const char *where = json_string_value(json_object_get(parameter, "in"));

        if (!where || strcmp(where, "query") != 0)
            continue;
        in_contract++;
        ck_assert_msg(
            api_route_takes_query(route, json_string_value(json_object_get(parameter, "name"))),
            "%s: %s", route->path, json_string_value(json_object_get(parameter, "name")));
    }
    for (const char *at = route->query; at && *at; at += strspn(at, " ")) {
        in_table++;
        at += strcspn(at, " ");
    }
    ck_assert_msg(in_contract == in_table, "%s: %zu keys in the contract, %zu in the table",
                  route->path, in_contract, in_table);
}

static bool takes_header(const json_t *said, const char *name)
{
    const json_t *parameter;
    char wanted[80];
    size_t i;

    snprintf(wanted, sizeof(wanted), "#/components/parameters/%s", name);
    json_array_foreach(json_object_get(said, "parameters"), i, parameter)
    {
        const char *reference = json_string_value(json_object_get(parameter, "$ref"));

        if (reference && strcmp(reference, wanted) == 0)
            return true;
    }
    return false;
}

/* As api_gate.c: who is about a tenant's objects may be told which, what writes is done once. */
static void compare_headers(const json_t *said, const struct api_route *route)
{
    bool of_tenant = route->scope == SCOPE_TENANT || route->scope == SCOPE_EITHER;
    bool once = route->action && route->scope != SCOPE_NOBODY && route->body != BODY_FILE;

    ck_assert_msg(takes_header(said, "Tenant") == of_tenant, "%s %s: Muster-Tenant", route->method,
                  route->path);
    ck_assert_msg(takes_header(said, "IdempotencyKey") == once, "%s %s: Idempotency-Key",
                  route->method, route->path);
}

START_TEST(the_contract_has_every_route_with_its_permission_and_keys)
{
    json_t *contract = json_loads(OPENAPI_JSON, JSON_REJECT_DUPLICATES, NULL);

    ck_assert_ptr_nonnull(contract);
    for (size_t i = 0; i < API_ROUTE_COUNT; i++) {
        const json_t *said = operation(contract, &API_ROUTES[i]);

        ck_assert_msg(said != NULL, "%s %s is not in the contract", API_ROUTES[i].method,
                      API_ROUTES[i].path);
        ck_assert_str_eq(json_string_value(json_object_get(said, "x-permission")),
                         permission_name(API_ROUTES[i].permission));
        ck_assert_msg((API_ROUTES[i].body != BODY_NONE) ==
                          (json_object_get(said, "requestBody") != NULL),
                      "%s %s", API_ROUTES[i].method, API_ROUTES[i].path);
        compare_queries(said, &API_ROUTES[i]);
        compare_headers(said, &API_ROUTES[i]);
    }
    json_decref(contract);
}
END_TEST

START_TEST(the_contract_has_no_route_beyond_the_table)
{
    json_t *contract = json_loads(OPENAPI_JSON, 0, NULL), *operations, *said;
    const char *path, *method;
    size_t count = 0;

    json_object_foreach(json_object_get(contract, "paths"), path, operations)
    {
        json_object_foreach(operations, method, said)
        {
            count++;
        }
    }
    ck_assert_uint_eq(count, API_ROUTE_COUNT);
    json_decref(contract);
}
END_TEST

CHECK_MAIN("routes", what_is_no_route_is_not_found, hostile_segments_are_not_found,
           a_path_with_another_method_names_those_it_has, arguments_come_decoded_and_in_order,
           every_route_names_its_permission_and_writes_an_action, queries_are_taken_by_whole_words,
           the_contract_has_every_route_with_its_permission_and_keys,
           the_contract_has_no_route_beyond_the_table)
