/* cli_bench.h - muster from its words to its exit code, in one process, with a server that a test
 * writes down: each call takes the next answer, and is written down in turn. It stands in for
 * cli/client.h, whose own object the linker then leaves out. What HTTP makes of a call is for the
 * scenario 'api'.
 */
#pragma once

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"

int muster_main(int argc, char **argv);
#define main muster_main
#include "cli/main.c" /* the table of commands and their options is what is tested */
#undef main

#define BENCH_CALLS 16

struct bench_call {
    char method[8], path[256], tenant[64];
    json_t *body; /* NULL: none, or no JSON */
    char *bytes;  /* as sent, or the upload's path */
};
struct bench_answer {
    int code;
    const char *json; /* NULL: no body; for EXIT_OK */
    const char *why;  /* otherwise */
};

static struct {
    struct bench_call calls[BENCH_CALLS];
    struct bench_answer answers[BENCH_CALLS];
    size_t called, prepared;
    char folder[32], out[64], err[64];
    char *said, *told; /* standard output and error of the last run */
    bool no_ca;
} bench;

struct client {
    char tenant[64];
};

struct client *client_create(const struct profile *profile, const char *tenant, struct error *err)
{
    struct client *client = calloc(1, sizeof(*client));

    (void)err;
    ck_assert_str_eq(profile->server, "https://10.0.0.1:8443");
    snprintf(client->tenant, sizeof(client->tenant), "%s", tenant ? tenant : "");
    return client;
}

void client_destroy(struct client *client)
{
    free(client);
}

const char *client_server(const struct client *client)
{
    (void)client;
    return "https://10.0.0.1:8443";
}

static char bench_ca[64];
const char *client_ca_file(const struct client *client)
{
    (void)client;
    return bench.no_ca ? NULL : bench_ca;
}

int client_call(struct client *client, const struct client_request *request, json_t **ret_answer,
                struct error *err)
{
    struct bench_call *call = &bench.calls[bench.called];
    const struct bench_answer *answer = &bench.answers[bench.called];

    ck_assert_msg(bench.called < bench.prepared, "nobody expected %s %s", request->method,
                  request->path);
    bench.called++;
    snprintf(call->method, sizeof(call->method), "%s", request->method);
    snprintf(call->path, sizeof(call->path), "%s", request->path);
    snprintf(call->tenant, sizeof(call->tenant), "%s", client->tenant);
    if (request->upload)
        call->bytes = strdup(request->upload);
    else if (request->body)
        call->bytes = strndup(request->body, request->length);
    if (request->body && request->type && strcmp(request->type, "application/json") == 0)
        call->body = json_loadb(request->body, request->length, 0, NULL);
    if (answer->code != EXIT_OK) {
        error_set(err, "%s", answer->why ? answer->why : "no");
        return answer->code;
    }
    if (ret_answer)
        *ret_answer = answer->json ? json_loads(answer->json, JSON_DECODE_ANY, NULL) : NULL;
    return EXIT_OK;
}

int client_get(struct client *client, const char *path, json_t **ret_answer, struct error *err)
{
    return client_call(client, &(struct client_request){.method = "GET", .path = path}, ret_answer,
                       err);
}

static int bench_send(const char *method, struct client *client, const char *path,
                      const json_t *body, json_t **ret_answer, struct error *err)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    int rc = client_call(client,
                         &(struct client_request){.method = method,
                                                  .path = path,
                                                  .type = text ? "application/json" : NULL,
                                                  .body = text,
                                                  .length = text ? strlen(text) : 0},
                         ret_answer, err);

    free(text);
    return rc;
}

int client_post(struct client *client, const char *path, const json_t *body, json_t **ret_answer,
                struct error *err)
{
    return bench_send("POST", client, path, body, ret_answer, err);
}

int client_put(struct client *client, const char *path, const json_t *body, json_t **ret_answer,
               struct error *err)
{
    return bench_send("PUT", client, path, body, ret_answer, err);
}

int client_patch(struct client *client, const char *path, const json_t *body, json_t **ret_answer,
                 struct error *err)
{
    return bench_send("PATCH", client, path, body, ret_answer, err);
}

/* A log's piece: its text, all of it and no more to come. */
int client_fetch(struct client *client, const char *path, int wait_s, struct client_piece *ret,
                 struct error *err)
{
    json_t *answer = NULL;
    int rc = client_call(client,
                         &(struct client_request){.method = "GET", .path = path, .wait_s = wait_s},
                         &answer, err);

    if (rc == EXIT_OK) {
        const char *text = json_string_value(answer);

        *ret = (struct client_piece){.bytes = strdup(text ? text : ""), .final = true};
        ret->length = strlen(ret->bytes);
        ret->next = (long long)ret->length;
    }
    json_decref(answer);
    return rc;
}

char *client_escape(struct client *client, const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, 0), *copy = strdup(escaped);

    (void)client;
    curl_free(escaped);
    return copy;
}

static inline const char *bench_path(const char *name)
{
    static char paths[8][96];
    static size_t next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof(paths[0]), "%s/%s", bench.folder, name);
    return path;
}

static inline void bench_file(const char *name, const char *text, mode_t mode)
{
    ck_assert_int_eq(file_write(bench_path(name), text, strlen(text), mode, NULL), 0);
}

static inline void bench_forget(void)
{
    for (size_t i = 0; i < bench.called; i++) {
        json_decref(bench.calls[i].body);
        free(bench.calls[i].bytes);
    }
    memset(bench.calls, 0, sizeof(bench.calls));
    bench.called = bench.prepared = 0;
    free(bench.said);
    free(bench.told);
    bench.said = bench.told = NULL;
}

static inline void bench_make(void)
{
    memset(&bench, 0, sizeof(bench));
    strcpy(bench.folder, "/tmp/cliXXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(bench.folder));
    setenv("HOME", bench.folder, 1);
    unsetenv("XDG_CONFIG_HOME");
    setenv("MUSTER_SERVER", "https://10.0.0.1:8443/", 1);
    setenv("MUSTER_TOKEN_FILE", bench_path("token"), 1);
    unsetenv("MUSTER_CA");
    bench_file("token", "muster_x\n", 0600);
    snprintf(bench_ca, sizeof(bench_ca), "%s/ca.pem", bench.folder);
}

static inline void bench_unmake(void)
{
    char command[64];

    bench_forget();
    snprintf(command, sizeof(command), "rm -rf %s", bench.folder);
    ck_assert_int_eq(system(command), 0);
}

static inline void bench_answers(int code, const char *json_or_why)
{
    struct bench_answer *answer = &bench.answers[bench.prepared++];

    *answer = (struct bench_answer){.code = code};
    if (code == EXIT_OK)
        answer->json = json_or_why;
    else
        answer->why = json_or_why;
}

static inline int bench_redirect(int fd, const char *name)
{
    int kept = dup(fd), file = open(bench_path(name), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);

    ck_assert_int_ge(kept, 0);
    ck_assert_int_ge(file, 0);
    dup2(file, fd);
    close(file);
    return kept;
}

static inline char *bench_take(int fd, int kept, const char *name)
{
    dup2(kept, fd);
    close(kept);
    return file_read(bench_path(name), 1 << 20, NULL, NULL);
}

/* Its exit code; what it said is in bench.said, what it told on standard error in bench.told. */
static inline int bench_run(const char *const *words)
{
    char *argv[40] = {(char *)"muster"};
    int argc = 1, out, err, rc;

    free(bench.said);
    free(bench.told);
    while (*words)
        argv[argc++] = (char *)*words++;
    fflush(stdout);
    fflush(stderr);
    out = bench_redirect(STDOUT_FILENO, "said");
    err = bench_redirect(STDERR_FILENO, "told");
    rc = muster_main(argc, argv);
    fflush(stdout);
    fflush(stderr);
    bench.said = bench_take(STDOUT_FILENO, out, "said");
    bench.told = bench_take(STDERR_FILENO, err, "told");
    return rc;
}
#define muster(...) bench_run((const char *const[]){__VA_ARGS__, NULL})

/* The call 'at' was this one, with a body equal to 'json' (NULL: none). */
static inline void bench_called(size_t at, const char *method, const char *path, const char *json)
{
    const struct bench_call *call = &bench.calls[at];
    json_t *wanted = json ? json_loads(json, 0, NULL) : NULL;

    ck_assert_msg(bench.called > at, "there was no call %zu; told: %s", at,
                  bench.told ? bench.told : "");
    ck_assert_str_eq(call->method, method);
    ck_assert_str_eq(call->path, path);
    if (json) {
        ck_assert_msg(wanted != NULL, "the test's own JSON: %s", json);
        ck_assert_msg(call->body && json_equal(call->body, wanted), "sent: %s", call->bytes);
    } else {
        ck_assert_msg(!call->body, "sent: %s", call->bytes);
    }
    json_decref(wanted);
}

static inline void bench_misused(int rc, const char *word)
{
    ck_assert_int_eq(rc, EXIT_USAGE);
    ck_assert_uint_eq(bench.called, 0);
    ck_assert_msg(strstr(bench.told, word) != NULL, "told: %s", bench.told);
}
