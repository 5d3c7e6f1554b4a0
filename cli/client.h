/* client.h - one HTTPS connection to the API (libcurl). The token is read from its file and goes
 * into a header; errors are told in the server's own words with its remedy.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct client;
struct error;
struct profile;

/* The exit codes of muster (docs/man/muster.1). */
enum exit_code {
    EXIT_OK = 0,
    EXIT_SERVER = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_AUTH = 4,
    EXIT_CONFLICT = 5,
    EXIT_UNREACHABLE = 7,
    EXIT_TASK_FAILED = 8,
    EXIT_STOPPED_WAITING = 9,
};

/* 'tenant' may be NULL. Files named in the profile are read now. */
struct client *client_create(const struct profile *profile, const char *tenant, struct error *err);
void client_destroy(struct client *client);

/* As the profile has them; borrowed. The second is NULL when the system's authorities are meant. */
const char *client_server(const struct client *client);
const char *client_ca_file(const struct client *client);

struct client_request {
    const char *method, *path; /* "/v1/tasks?limit=10" */
    const char *type;          /* of the body; NULL: none */
    const char *body;
    size_t length;
    const char *upload; /* a file to stream instead of 'body' */
    const char *key;    /* Idempotency-Key, or NULL */
    int wait_s;         /* Prefer: wait=N; 0: none */
};
/* EXIT_OK and *ret_answer (may be NULL when the body is empty), else the exit code with 'err' for
 * the reader. */
int client_call(struct client *client, const struct client_request *request, json_t **ret_answer,
                struct error *err);
int client_get(struct client *client, const char *path, json_t **ret_answer, struct error *err);
int client_post(struct client *client, const char *path, const json_t *body, json_t **ret_answer,
                struct error *err);
int client_put(struct client *client, const char *path, const json_t *body, json_t **ret_answer,
               struct error *err);
int client_patch(struct client *client, const char *path, const json_t *body, json_t **ret_answer,
                 struct error *err);
/* Bytes of a log as they came. */
struct client_piece {
    char *bytes; /* the caller's, free() */
    size_t length;
    long long
        next;   /* the byte of the log that follows: marks for what is missing are not counted */
    bool final; /* no more will come */
};
int client_fetch(struct client *client, const char *path, int wait_s, struct client_piece *ret,
                 struct error *err);
/* Percent-encoded for a path segment or a query value; caller frees. */
char *client_escape(struct client *client, const char *text);
